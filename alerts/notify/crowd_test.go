package notify

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"citywatch"
)

// TestMany: beyond so many in ten minutes a phone is told of one notification
// that counts; what is worse, and what is given to the team, has its own.
func TestMany(t *testing.T) {
	c := crowd{phones: map[string][]toldAlert{}}
	now := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	next := 0
	tell := func(level citywatch.Level, to string) *fold {
		next++
		now = now.Add(time.Second)
		return c.take("lan", &Message{Alert: fmt.Sprint(next), Level: level, To: to}, now)
	}
	for range crowdLimit {
		if many := tell(2, ""); many != nil {
			t.Fatalf("number %d is one of %d", next, many.alerts)
		}
	}
	if many := tell(2, ""); many == nil || many.alerts != crowdLimit+1 || many.level != 2 {
		t.Errorf("beyond the limit: %+v", many)
	}
	if many := tell(1, ""); many == nil || many.alerts != crowdLimit+2 || many.level != 2 {
		t.Errorf("a lower one: %+v", many)
	}
	if tell(3, "") != nil {
		t.Error("what is worse than all before is one of many")
	}
	if many := tell(3, ""); many == nil || many.level != 3 {
		t.Errorf("as bad as one that was told by itself: %+v", many)
	}
	if tell(1, "doi-3") != nil {
		t.Error("what is given to the team is one of many")
	}
	if c.take("lan", &Message{Alert: "1", Level: 2}, now) != nil {
		t.Error("what has a notification of its own is told as one of many")
	}
	if c.take("lan", &Message{Alert: "8", Level: 4}, now) != nil {
		t.Error("what has become worse than all is one of many")
	}
	if c.take("lan", &Message{}, now) != nil || c.take("minh", &Message{Alert: "99", Level: 1}, now) != nil {
		t.Error("a trial, or what another phone is told")
	}
	now = now.Add(crowdOver + time.Second)
	if tell(1, "") != nil {
		t.Error("after ten minutes of silence it is still many")
	}
	if n := len(c.phones["lan"]); n != 1 {
		t.Errorf("%d alerts are remembered", n)
	}
}

// TestAStormIsFolded: through the notifier to the phone, under one topic.
func TestAStormIsFolded(t *testing.T) {
	service, j := newPushService(t), newTransitions()
	n := open(t, t.TempDir(), loopback(), j)
	service.key = n.PublicKey()
	subscribe(t, n, service.subscription("lan"))
	start(t, n)
	const all = 30
	for i := range all {
		flood := flood(fmt.Sprintf("f%d", i), 2)
		flood.Alert.Exercise = true
		j.happen(flood)
	}
	grave := j.happen(flood("grave", 5))
	eventually(t, "everything is told", func() bool { return service.total("lan") == all+1 })
	service.mu.Lock()
	defer service.mu.Unlock()
	topics := map[string]bool{}
	most := 0
	for i, p := range service.got["lan"] {
		topics[service.heads[i].Get("Topic")] = true
		var minutes, alerts, level int
		if p.Tag == "" {
			if p.ID == grave.ID && p.Level != 5 {
				t.Errorf("the worst is told as %+v", p)
			}
			continue
		}
		if p.ID == grave.ID {
			t.Errorf("the worst is one of many: %+v", p)
		}
		if _, err := fmt.Sscanf(p.Title, "DIỄN TẬP · %d cảnh báo trong %d phút, cao nhất cấp %d", &alerts, &minutes, &level); err != nil {
			t.Fatalf("%q: %v", p.Title, err)
		}
		if !strings.HasPrefix(p.Body, "Mới nhất: Cấp 2 · Lũ vượt mức báo động\nCầu Cốc Lếu") {
			t.Errorf("the body is %q", p.Body)
		}
		most = max(most, alerts)
	}
	alone := slices.IndexFunc(service.got["lan"], func(p pushed) bool { return p.ID == grave.ID && p.Tag == "" })
	if alone < 0 || most < all || len(topics) > crowdLimit+2 {
		t.Errorf("the worst is at %d, at most %d are counted, under %d topics", alone, most, len(topics))
	}
}
