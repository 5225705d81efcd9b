package hub_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"citywatch"
	"citywatch/dashboards/hub"

	"github.com/gorilla/websocket"
)

func (p *picture) storm(time.Time) citywatch.Storm {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.folded
}

// fold has it be a storm of so many alerts, or none.
func (p *picture) fold(alerts int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.folded = citywatch.Storm{On: alerts > 0, Recent: alerts, Limit: 10, Over: 600, Open: alerts}
	if alerts > 0 {
		p.folded.Rows = []citywatch.StormRow{{Key: "zone/sa-pa", Kind: "zone", ID: "sa-pa", Count: alerts, Level: 3}}
	}
}

// storms reads the frames of one connection, and sends on what they say of
// storms, until it closes.
func (b *bench) storms(t *testing.T, query string) <-chan string {
	t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial(b.url+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	told := make(chan string, 1000)
	go func() {
		defer close(told)
		for {
			_, data, err := conn.ReadMessage()
			if err != nil {
				return
			}
			var f struct {
				Type string
				citywatch.Storm
			}
			if err := json.Unmarshal(data, &f); err != nil {
				t.Error(err)
			}
			if f.Type == "storm" {
				told <- fmt.Sprint(f.On, f.Open, len(f.Rows))
			} else if f.Type != "snapshot" && f.Type != "devices" {
				told <- f.Type
			}
		}
	}()
	return told
}

func next(t *testing.T, told <-chan string) string {
	t.Helper()
	select {
	case s := <-told:
		return s
	case <-time.After(10 * time.Second):
		t.Fatal("nothing is told")
		return ""
	}
}

// TestStorms are told to who asked, when they come, change and go; and the
// alerts beside them all the same.
func TestStorms(t *testing.T) {
	b := start(t, hub.Options{DevicesEvery: 5 * time.Millisecond, HeartbeatEvery: time.Hour})
	asked, other := b.storms(t, "?storm=true"), b.storms(t, "")
	expect := func(want string) {
		t.Helper()
		if got := next(t, asked); got != want {
			t.Fatalf("told %q, want %q", got, want)
		}
	}
	expect("false 0 0")
	b.picture.fold(25)
	expect("true 25 1")
	b.publish(alert("a1", "sa-pa", 2), citywatch.ReasonFired)
	expect("alert")
	b.picture.fold(26)
	expect("true 26 1")
	late := b.storms(t, "?storm=true") // comes in the middle of it
	got := next(t, late)
	if got == "alert" { // its snapshot was of before
		got = next(t, late)
	}
	if got != "true 26 1" {
		t.Errorf("who comes in a storm is told %q", got)
	}
	b.picture.fold(0)
	expect("false 0 0")
	if got := next(t, other); got != "alert" {
		t.Errorf("who did not ask is told %q", got)
	}
	select {
	case got := <-other:
		t.Errorf("who did not ask is told %q", got)
	case got := <-asked:
		t.Errorf("nothing changes, and %q is told", got)
	case <-time.After(50 * time.Millisecond):
	}
}
