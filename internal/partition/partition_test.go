package partition_test

import (
	"fmt"
	"slices"
	"testing"

	"citywatch"
	"citywatch/ingest"
	"citywatch/internal/partition"
)

// province has n zones of two devices each, the second reached through a gateway
// in the first zone, and that through the broker's canary, which is in none.
func province(n int) []citywatch.Device {
	devices := []citywatch.Device{{ID: "canary"}, {ID: "gateway", Zone: "zone-0", Via: "canary"}}
	for i := range n {
		zone := fmt.Sprintf("zone-%d", i)
		devices = append(devices,
			citywatch.Device{ID: fmt.Sprintf("a-%d", i), Zone: zone},
			citywatch.Device{ID: fmt.Sprintf("b-%d", i), Zone: zone, Via: "gateway"})
	}
	return devices
}

func TestAZoneLiesInOneShard(t *testing.T) {
	devices := province(40)
	p := partition.New(devices, 4, nil)
	for i := 2; i < len(devices); i += 2 {
		a, b := &devices[i], &devices[i+1]
		if p.Home(a.Zone, a.ID) != p.Home(b.Zone, b.ID) {
			t.Errorf("%s and %s lie apart", a.ID, b.ID)
		}
		if home, _ := p.Route(&citywatch.Reading{Device: a.ID, Zone: a.Zone}); home != ingest.ShardOf(a.Zone, 4) {
			t.Errorf("%s moved to shard %d for no reason", a.Zone, home)
		}
	}
	if sizes := p.Sizes(); slices.Contains(sizes, 0) || len(sizes) != 4 {
		t.Errorf("devices by shard: %v", sizes)
	}
}

func TestWhatIsJudgedTogetherLiesTogether(t *testing.T) {
	devices := province(40)
	pairs := [][2]int{{2, 10}, {11, 20}, {30, 32}, {21, 2}} // zones 0-4-9, and 14-15
	together := func(tie func(a, b *citywatch.Device)) {
		for _, p := range pairs {
			tie(&devices[p[0]], &devices[p[1]])
		}
	}
	p := partition.New(devices, 16, together)
	for _, pair := range pairs {
		a, b := &devices[pair[0]], &devices[pair[1]]
		if p.Home(a.Zone, a.ID) != p.Home(b.Zone, b.ID) {
			t.Errorf("%s and %s lie apart", a.Zone, b.Zone)
		}
	}
	slices.Reverse(pairs)
	if q := partition.New(devices, 16, together); q.Sum() != p.Sum() {
		t.Error("the order in which it is said makes a difference")
	}
	q := partition.New(devices, 16, nil)
	if at, moved := q.Moved(p); p.Sum() == q.Sum() || !moved || at == "" {
		t.Errorf("ties change nothing: moved %v, %q", moved, at)
	}
	if at, moved := p.Moved(p); moved {
		t.Error("moved from itself:", at)
	}
}

func TestCausesAreCopiedToThoseBehindThem(t *testing.T) {
	devices := province(40)
	p := partition.New(devices, 4, nil)
	home, copies := p.Route(&citywatch.Reading{Device: "gateway", Zone: "zone-0"})
	all := append([]int{home}, copies...)
	slices.Sort(all)
	if !slices.Equal(all, []int{0, 1, 2, 3}) {
		t.Errorf("the gateway's readings are in %v", all)
	}
	if _, copies := p.Route(&citywatch.Reading{Device: "b-1", Zone: "zone-1"}); len(copies) > 0 {
		t.Error("nothing is behind b-1")
	}
	for shard := range 4 {
		var ids []string
		for _, d := range p.Causes(shard) {
			ids = append(ids, d.ID)
		}
		want := []string{"canary", "gateway"}
		want = slices.DeleteFunc(want, func(id string) bool {
			return id == "gateway" && shard == home || id == "canary" && shard == p.Home("", "canary")
		})
		if !slices.Equal(ids, want) {
			t.Errorf("shard %d watches %v, want %v", shard, ids, want)
		}
	}
}

func TestOneShardHasEverything(t *testing.T) {
	devices := province(3)
	p := partition.New(devices, 1, func(tie func(a, b *citywatch.Device)) { tie(&devices[2], &devices[4]) })
	if home, copies := p.Route(&citywatch.Reading{Device: "gateway", Zone: "zone-0"}); home != 0 || copies != nil {
		t.Error(home, copies)
	}
	if p.Sum() != partition.New(province(9), 1, nil).Sum() {
		t.Error("a new device would have the alerts shared out anew")
	}
}
