package hub_test

import (
	"fmt"
	"sync"
	"testing"

	"citywatch"
	"citywatch/dashboards/hub"
)

// TestResumeAtEverySeq: wherever a client left, it is told what it missed,
// once and in order, while more is published.
func TestResumeAtEverySeq(t *testing.T) {
	const before, total = 80, 100
	b := start(t, fast)
	for i := range before {
		b.publish(alert(fmt.Sprintf("a%d", i), "z", 1), citywatch.ReasonFired)
	}
	var clients sync.WaitGroup
	for since := range uint64(before + 1) {
		c := b.dial(t, fmt.Sprintf("epoch=e1&since=%d", since))
		clients.Go(func() {
			first := c.next("resumed")
			if first.Seq != since || first.Alerts != nil {
				t.Errorf("since %d is answered with %+v", since, first)
			}
			want := since
			for _, f := range c.alertsUntil(total) {
				if want++; f.Seq != want {
					t.Errorf("since %d: got %d, want %d", since, f.Seq, want)
				}
			}
			if want != total {
				t.Errorf("since %d: everything is said to have been told, but the last was %d", since, want)
			}
		})
	}
	for i := before; i < total; i++ {
		b.publish(alert(fmt.Sprintf("a%d", i), "z", 1), citywatch.ReasonFired)
	}
	clients.Wait()
}

// TestNoResume: where what was missed is not known, everything is told anew.
func TestNoResume(t *testing.T) {
	options := fast
	options.History = 10
	b := start(t, options, func(p *picture) { p.seq = 100 })
	for i := range 40 {
		b.publish(alert(fmt.Sprintf("a%d", i), "z", 1), citywatch.ReasonFired)
	}
	for name, query := range map[string]string{
		"another epoch":     "epoch=e0&since=140",
		"no epoch":          "since=140",
		"before this began": "epoch=e1&since=99",
		"forgotten":         "epoch=e1&since=105",
		"not yet":           "epoch=e1&since=141",
		"not a number":      "epoch=e1&since=x",
		"nothing asked":     "",
	} {
		c := b.dial(t, query)
		f, err := c.read()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if f.Type != "snapshot" || f.Seq != 140 || len(f.Alerts) != 40 {
			t.Errorf("%s: answered with %s of %d with %d alerts", name, f.Type, f.Seq, len(f.Alerts))
		}
	}
	if f, err := b.dial(t, "epoch=e1&since=140").read(); err != nil || f.Type != "resumed" {
		t.Errorf("nothing missed: answered with %s, %v", f.Type, err)
	}
}

// TestResumeBehind: who missed more than a client may be behind gets a
// snapshot, which is shorter.
func TestResumeBehind(t *testing.T) {
	options := fast
	options.MaxBehindBytes = 4096
	b := start(t, options)
	a := alert("a", "z", 1)
	for range 100 {
		b.publish(a, citywatch.ReasonFired)
		a.Version++
	}
	if f, err := b.dial(t, "epoch=e1&since=0").read(); err != nil || f.Type != "snapshot" || f.Seq != 100 {
		t.Errorf("answered with %s of %d, %v", f.Type, f.Seq, err)
	}
}

// TestToldOnce: a transition that the journal's reader hands over again, as it
// does after a crash, is not told again.
func TestToldOnce(t *testing.T) {
	b := start(t, fast)
	c := b.dial(t, "")
	tr := citywatch.Transition{ID: "a/1", Seq: 1, Alert: alert("a", "z", 1)}
	for range 3 {
		b.Transition(&tr)
	}
	tr.ID, tr.Seq = "a/2", 2
	b.Transition(&tr)
	b.Transition(&tr)
	if frames := c.alertsUntil(2); len(frames) != 2 || frames[0].Seq != 1 || frames[1].Seq != 2 {
		t.Errorf("told %+v", frames)
	}
}

func TestFilters(t *testing.T) {
	b := start(t, fast, func(p *picture) {
		p.addDevice("d1", "lao-cai", 0)
		p.addDevice("d2", "sa-pa", 0)
		held := alert("held", "lao-cai", 4)
		held.Version = 3
		p.open["held"], p.seq = held, 7
	})
	inside := b.dial(t, "zone=lao-cai,bac-ha&level=3&sector=disaster&bbox=103,22,104,23")
	elsewhere := b.dial(t, "zone=sa-pa")
	outside := b.dial(t, "bbox=105,20,106,21")
	first := inside.next("snapshot")
	if len(first.Alerts) != 1 || len(first.Devices) != 1 || first.Devices[0].ID != "d1" {
		t.Errorf("the snapshot lets %+v and %+v pass", first.Alerts, first.Devices)
	}
	if f := elsewhere.next("snapshot"); len(f.Alerts) != 0 || len(f.Devices) != 1 || f.Devices[0].ID != "d2" {
		t.Errorf("the snapshot of another zone lets %+v and %+v pass", f.Alerts, f.Devices)
	}

	step := func(a *citywatch.Alert, level citywatch.Level, reason citywatch.Reason) uint64 {
		a.Version++
		a.Level = level
		return b.publish(*a, reason)
	}
	a := alert("a", "lao-cai", 2)
	a.Version = 0
	step(&a, 2, citywatch.ReasonFired)   // too low
	step(&a, 3, citywatch.ReasonRaised)  // passes
	step(&a, 4, citywatch.ReasonRaised)  // passes
	step(&a, 2, citywatch.ReasonLowered) // leaves
	step(&a, 1, citywatch.ReasonLowered) // is not told twice
	held := alert("held", "lao-cai", 1)
	held.Version = 4
	b.publish(held, citywatch.ReasonLowered) // leaves, though this hub never told of it
	closed := alert("b", "lao-cai", 5)
	b.publish(closed, citywatch.ReasonFired)
	closed.Version, closed.Handling = 2, citywatch.Closed
	last := b.publish(closed, citywatch.ReasonAcknowledged)

	var told []string
	for _, f := range inside.alertsUntil(last) {
		text := fmt.Sprintf("%s:%d", f.Feature.ID, f.Feature.Properties.Level)
		if f.Removed == true {
			text += " removed"
		}
		if !f.Feature.Properties.Open {
			text += " closed"
		}
		told = append(told, text)
	}
	want := "[a:3 a:4 a:2 removed held:1 removed b:5 b:5 closed]"
	if fmt.Sprint(told) != want {
		t.Errorf("told  %v\nwant  %s", told, want)
	}
	for _, c := range []*client{elsewhere, outside} {
		if frames := c.alertsUntil(last); len(frames) != 0 {
			t.Errorf("another place was told %+v", frames)
		}
	}
}

// TestFilterAfterRestart: a hub that does not know what an alert was before
// says that it has left, rather than leaving it on a screen for ever.
func TestFilterAfterRestart(t *testing.T) {
	b := start(t, fast)
	c := b.dial(t, "level=3")
	c.next("snapshot")
	a := alert("a", "z", 1)
	a.Version = 5
	b.publish(a, citywatch.ReasonLowered)
	if f := c.next("alert"); f.Removed != true {
		t.Errorf("told %+v", f)
	}
}

func TestFilteredDevices(t *testing.T) {
	b := start(t, hub.Options{DevicesEvery: fast.DevicesEvery, HeartbeatEvery: fast.HeartbeatEvery}, func(p *picture) {
		p.addDevice("d1", "lao-cai", 0)
		p.addDevice("d2", "sa-pa", 0)
	})
	c := b.dial(t, "zone=sa-pa")
	c.next("snapshot")
	b.Readings([]citywatch.Reading{{Device: "d1"}})
	b.Readings([]citywatch.Reading{{Device: "d1"}, {Device: "d2"}})
	if f := c.next("devices"); len(f.Features) != 1 || f.Features[0].ID != "d2" {
		t.Errorf("told of %+v", f.Features)
	}
}
