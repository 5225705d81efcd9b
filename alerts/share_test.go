package alerts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"citywatch"
	"citywatch/internal/partition"
	"citywatch/internal/registry"
)

// The zones are z0 to z9, a tenth of a degree wide. Detectors stand on both sides
// of the border between z3 and z4; a gateway in z0 serves devices in four zones
// and is itself reached through a site in z9.
const shareDevices = `classes:
  - {id: gateway, name: {vi: Cổng, en: Gateway}, sector: environment, period: 20s}
  - {id: gauge, name: {vi: Trạm, en: Gauge}, sector: disaster, period: 20s}
  - {id: smoke, name: {vi: Khói, en: Smoke}, sector: fire, period: 20s}
  - {id: heat, name: {vi: Nhiệt, en: Heat}, sector: fire, period: 20s}
devices:
  - {id: site, class: gateway, at: [104.95, 22]}
  - {id: gw, class: gateway, at: [104.05, 22], via: site}
  - {id: g0, class: gauge, at: [104.02, 22], via: gw}
  - {id: g1, class: gauge, at: [104.12, 22], via: gw}
  - {id: g2, class: gauge, at: [104.22, 22], via: gw}
  - {id: g3, class: gauge, at: [104.32, 22], via: gw}
  - {id: g3b, class: gauge, at: [104.33, 22]}
  - {id: g5, class: gauge, at: [104.52, 22]}
  - {id: g6, class: gauge, at: [104.62, 22]}
  - {id: s3, class: smoke, at: [104.3999, 22]}
  - {id: h4, class: heat, at: [104.4001, 22]}
  - {id: s7, class: smoke, at: [104.75, 22]}
  - {id: h8, class: heat, at: [104.85, 22]}
`

const shareRules = `inhibit:
  - {source: silent, target: [high], same: [device]}
  - {source: high, target: [wet], same: [zone]}
  - {source: fire, target: [damaged], same: [sector]}
rules:
  - {id: silent, name: {vi: a, en: a}, hazard: device, select: {class: gauge}, silence: {periods: 3, level: 2}}
  - {id: lost, name: {vi: a, en: a}, hazard: device, select: {class: gateway}, silence: {periods: 3, level: 2}}
  - {id: high, name: {vi: b, en: b}, hazard: flood, select: {class: gauge}, threshold: {value: level, levels: {1: 10, 2: 15, 3: 20}}}
  - {id: wet, name: {vi: c, en: c}, hazard: rain, select: {class: gauge}, threshold: {value: rain, levels: {1: 10}}}
  - {id: damaged, name: {vi: d, en: d}, hazard: device, select: {sector: fire}, state: {value: state, levels: {fault: 1}}}
  - id: fire
    name: {vi: e, en: e}
    hazard: fire
    select: {sector: fire}
    corroborate:
      kinds: [{kind: smoke, class: smoke, value: state, is: [fire]}, {kind: heat, class: heat, value: state, is: [fire]}]
      within: 60
      over: 3m
      levels: {to_verify: 2, confirmed: 4}
  - {id: both, name: {vi: f, en: f}, hazard: slide, select: {class: gauge}, all: {levels: {3: {high: 1, wet: 1}}, within: 1m}}
  - {id: mean, name: {vi: g, en: g}, hazard: flood, select: {class: gauge}, aggregate: {over: zone, fn: mean, min_devices: 1}, threshold: {value: level, levels: {2: 15}}}
`

// shareWorld reads them; only the zones are not newWorld's.
func shareWorld(t testing.TB) *world {
	t.Helper()
	w := &world{}
	zone := func(p orb.Point) string { return fmt.Sprintf("z%d", int(math.Floor((p.Lon()-104)*10))) }
	var problems []citywatch.Problem
	w.classes, w.listed, _, problems = registry.Parse([]byte(shareDevices), zone)
	if len(problems) > 0 {
		t.Fatal("devices:", problems)
	}
	w.devices = registry.New(w.classes, w.listed, 10)
	var zones []citywatch.Zone
	for i := range 10 {
		zones = append(zones, citywatch.Zone{ID: fmt.Sprintf("z%d", i)})
	}
	rules, _, problems := Parse([]byte(shareRules), Catalogue{Classes: w.classes, Devices: w.listed, Zones: zones})
	if len(problems) > 0 {
		t.Fatal("rules:", problems)
	}
	w.rules = rules
	return w
}

// A cluster is engines over the shards of one journal, as the program has them.
type cluster struct {
	t       *testing.T
	world   *world
	journal *memory
	plan    *partition.Plan
	entries [][]citywatch.Entry // by shard
	engines []*Engine
	// cut is after how many writes the first try to reshard is killed; 0 never.
	cut int
}

func newCluster(t *testing.T, shards int) *cluster {
	t.Helper()
	c := &cluster{t: t, world: shareWorld(t), journal: newMemory()}
	c.reshard(shards)
	return c
}

func (c *cluster) deps(shard int) Deps {
	d := c.journal.deps(c.world.rules, c.world.devices)
	d.Shard, d.Share = shard, c.plan
	return d
}

// reshard ends all engines and goes on with so many.
func (c *cluster) reshard(shards int) {
	c.t.Helper()
	c.plan = partition.New(c.world.listed, shards, func(tie func(a, b *citywatch.Device)) { c.world.rules.Together(c.world.listed, tie) })
	for len(c.entries) < shards {
		c.entries = append(c.entries, nil)
	}
	r := Resharding{
		Shards: shards, Share: c.plan, Sum: c.plan.Sum(), Rules: c.world.rules, Devices: c.world.devices, Journal: c.journal,
		Transitions: c.journal.deps(nil, nil).Transitions,
		Entries: func(shard int, from uint64) Reader[citywatch.Entry] {
			return &memoryReader[citywatch.Entry]{c.journal, int(from) - 1, func() []citywatch.Entry { return c.entries[shard] }}
		},
		EntryBounds: func(_ context.Context, shard int) (uint64, uint64, error) {
			return 1, uint64(len(c.entries[shard])), nil
		},
		Append: func(_ context.Context, shard int, readings []citywatch.Reading) (uint64, error) {
			return c.append(shard, citywatch.Entry{Readings: readings}).Seq, nil
		},
		Log: slog.New(slog.DiscardHandler),
	}
	if c.cut > 0 {
		r.Journal = cutLedger{c.journal, &c.cut}
		if err := Reshard(c.t.Context(), r); err != nil && !errors.Is(err, errCrash) {
			c.t.Fatal(err)
		}
		r.Journal = c.journal
	}
	if err := Reshard(c.t.Context(), r); err != nil {
		c.t.Fatal(err)
	}
	c.engines = make([]*Engine, shards)
	for i := range c.engines {
		c.restart(i)
	}
}

func (c *cluster) append(shard int, e citywatch.Entry) citywatch.Entry {
	e.Seq = uint64(len(c.entries[shard]) + 1)
	c.entries[shard] = append(c.entries[shard], e)
	return e
}

// restart has one engine go on from its last checkpoint.
func (c *cluster) restart(shard int) {
	c.t.Helper()
	e := New(Options{}, c.deps(shard))
	if err := e.restore(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	c.engines[shard] = e
	for _, entry := range c.entries[shard] {
		if entry.Seq > e.fold.last.Seq {
			c.evaluate(shard, entry)
		}
	}
}

func (c *cluster) evaluate(shard int, entry citywatch.Entry) {
	c.t.Helper()
	c.engines[shard].apply(&entry)
	if err := c.engines[shard].flush(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
}

// keep writes a checkpoint of an engine.
func (c *cluster) keep(shard int) {
	e := c.engines[shard]
	e.save(c.t.Context(), (&saver{engine: e}).snapshot())
}

func (c *cluster) tick(at time.Time) {
	for i := range c.engines {
		c.evaluate(i, c.append(i, citywatch.Entry{Tick: at}))
	}
}

func (c *cluster) reading(r citywatch.Reading) {
	home, copies := c.plan.Route(&r)
	for _, shard := range append([]int{home}, copies...) {
		c.evaluate(shard, c.append(shard, citywatch.Entry{Readings: []citywatch.Reading{r}}))
	}
}

// act has a person do something about the open alert of a key, or a device.
func (c *cluster) act(rule string, a Action) {
	c.t.Helper()
	about := a.Device
	for _, e := range c.engines {
		for id, k := range e.fold.open {
			if a.Alert == "" && k.id.rule == rule && k.id.device == about {
				a.Alert, a.Device = id, ""
			}
		}
	}
	if rule != "" && a.Alert == "" {
		return
	}
	for _, e := range c.engines {
		_, err := e.fold.do(a)
		if flushed := e.flush(c.t.Context()); flushed != nil {
			c.t.Fatal(flushed)
		}
		if err == nil {
			return
		}
	}
}

// history is what happened to each alert, in an order that does not depend on
// the shards, and with places of the journal left out.
func (c *cluster) history() []string {
	names := map[string]string{"": "-"}
	var lines []string
	for _, t := range c.journal.written() {
		a := t.Alert
		names[a.ID] = a.Rule + "/" + a.Device + a.Zone
		why := ""
		for _, e := range a.Evidence {
			why += fmt.Sprintf(" %s.%s=%v%s@%d", e.Device, e.Value, e.Number, e.Text, e.Time.Unix())
		}
		lines = append(lines, fmt.Sprintf("%s %s v%03d %s by %q: level %d %s %s stale=%v verify=%v out=%v notice=%s suppressed by %s%s",
			t.At.Format(time.TimeOnly), names[a.ID], a.Version, t.Reason, t.Actor, a.Level, a.Condition, a.Handling, a.Stale, a.ToVerify,
			a.OutOfService, t.Notice, "{"+a.SuppressedBy+"}", why))
	}
	for i, line := range lines {
		id, _, _ := strings.Cut(line[strings.Index(line, "{")+1:], "}")
		lines[i] = strings.Replace(line, "{"+id+"}", names[id], 1)
	}
	slices.Sort(lines)
	return lines
}

// play plays a random history of some hours. Meanwhile is called between two
// things that happen.
func (c *cluster) play(seed uint64, steps int, meanwhile func(step int)) {
	r := rand.New(rand.NewPCG(seed, 25))
	now, quiet := day, map[string]time.Time{}
	for step := range steps {
		meanwhile(step)
		now = now.Add(time.Second)
		c.tick(now)
		if r.IntN(40) == 0 {
			who := c.world.listed[r.IntN(len(c.world.listed))].ID
			quiet[who] = now.Add(time.Duration(30+r.IntN(150)) * time.Second)
		}
		for i := range c.world.listed {
			d := &c.world.listed[i]
			if (step+i)%10 != 0 || now.Before(quiet[d.ID]) || d.Via != "" && (now.Before(quiet[d.Via]) || now.Before(quiet["site"])) {
				continue
			}
			state := []string{"ok", "ok", "ok", "fault", "fire"}[r.IntN(5)]
			at := now.Add(time.Duration(i) * time.Millisecond)
			c.reading(citywatch.Reading{
				Device: d.ID, Class: d.Class, Zone: d.Zone, Sector: string(d.Sector), Time: at, Arrived: at,
				Values: []citywatch.Value{{Name: "level", Number: float64(r.IntN(25))}, {Name: "rain", Number: float64(r.IntN(14))}, {Name: "state", Text: state}},
			})
		}
		about := c.world.listed[r.IntN(len(c.world.listed))].ID
		switch r.IntN(30) {
		case 0:
			c.act([]string{"high", "wet", "fire", "silent", "damaged"}[r.IntN(5)], Action{Verb: Acknowledge, Actor: "lan", Device: about})
		case 1:
			c.act([]string{"high", "wet", "fire", "silent"}[r.IntN(4)], Action{Verb: FalseAlarm, Actor: "minh", Note: "thử", Device: about})
		case 2:
			c.act("", Action{Verb: OutOfService, Actor: "hoa", Note: "thay pin", Device: about})
		case 3:
			c.act("", Action{Verb: BackInService, Actor: "hoa", Device: about})
		}
	}
}

// TestAnyNumberOfShardsMakesTheSameAlerts: what lies in other shards is seen as
// if there were one, over kills and changes of their number.
func TestAnyNumberOfShardsMakesTheSameAlerts(t *testing.T) {
	t.Parallel()
	histories, steps := 2*crashRuns, 1500
	if testing.Short() {
		histories = 2
	}
	for seed := range uint64(histories) {
		one := newCluster(t, 1)
		one.play(seed, steps, func(int) {})
		want := one.history()
		four := newCluster(t, 4)
		four.play(seed, steps, func(int) {})
		sameHistory(t, fmt.Sprintf("seed %d, four shards", seed), want, four.history())

		dice := rand.New(rand.NewPCG(seed, 26))
		killed := newCluster(t, 4)
		killed.play(seed, steps, func(int) {
			if shard := dice.IntN(4); dice.IntN(60) == 0 {
				killed.keep(shard)
			} else if dice.IntN(60) == 0 {
				killed.restart(shard)
			}
		})
		sameHistory(t, fmt.Sprintf("seed %d, four shards and kills", seed), want, killed.history())
		if seed > 0 {
			continue
		}
		crossing := map[string]bool{"fire/": false, "lost/": false, "silent/": false, "both/": false, "mean/": false, "suppressed by fire/": false, "suppressed by high/": false}
		for _, line := range want {
			for what := range crossing {
				crossing[what] = crossing[what] || strings.Contains(line, what)
			}
		}
		for what, seen := range crossing {
			if !seen {
				t.Errorf("nothing in the history has %q: it proves little", what)
			}
		}
		t.Logf("%d transitions", len(want))
	}
}

// TestReshard: the number of shards changes while alerts are open, and those that
// are go on.
func TestReshard(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		one := newCluster(t, 1)
		one.play(seed, 1200, func(int) {})
		moving := newCluster(t, 1)
		moving.play(seed, 1200, func(step int) {
			if shards := map[int]int{300: 4, 600: 3, 900: 8, 1100: 1}[step]; shards > 0 {
				for i := range moving.engines {
					moving.keep(i)
				}
				moving.reshard(shards)
			}
		})
		sameHistory(t, fmt.Sprintf("seed %d", seed), one.history(), moving.history())
	}
}

// TestReshardBringsWhatWasNotRead: readings that the engine had not seen before
// the number of shards changed are evaluated where they now belong.
func TestReshardBringsWhatWasNotRead(t *testing.T) {
	c := newCluster(t, 1)
	c.tick(day)
	c.keep(0)
	for i := range c.world.listed {
		d := &c.world.listed[i]
		at := day.Add(time.Second)
		c.append(0, citywatch.Entry{Readings: []citywatch.Reading{{
			Device: d.ID, Class: d.Class, Zone: d.Zone, Sector: string(d.Sector), Time: at, Arrived: at,
			Values: []citywatch.Value{{Name: "level", Number: 22}},
		}}})
	}
	c.reshard(4)
	gauges := 0
	for _, line := range c.history() {
		if strings.Contains(line, " high/") && strings.Contains(line, "fired") {
			gauges++
		}
	}
	if gauges != 7 {
		t.Errorf("%d of 7 gauges have an alert:\n%s", gauges, strings.Join(c.history(), "\n"))
	}
}

func sameHistory(t *testing.T, what string, want, got []string) {
	t.Helper()
	for i := range max(len(want), len(got)) {
		w, g := "(nothing)", "(nothing)"
		if i < len(want) {
			w = want[i]
		}
		if i < len(got) {
			g = got[i]
		}
		if w != g {
			t.Fatalf("%s: %d transitions, want %d; the first that differs:\n got %s\nwant %s", what, len(got), len(want), g, w)
		}
	}
}

func TestTogether(t *testing.T) {
	w := shareWorld(t)
	var tied []string
	w.rules.Together(w.listed, func(a, b *citywatch.Device) {
		pair := []string{a.ID, b.ID}
		slices.Sort(pair)
		tied = append(tied, strings.Join(pair, "-"))
	})
	slices.Sort(tied)
	// h4-s3 stand near one another; what explains within a sector ties them all.
	if want := []string{"h4-s3", "h4-s3", "h8-s3", "s3-s7"}; !slices.Equal(tied, want) {
		t.Errorf("tied %v, want %v", tied, want)
	}
}

// TestNeighboursAreAllFound compares the search in cells with one of all pairs.
func TestNeighboursAreAllFound(t *testing.T) {
	w := shareWorld(t)
	r := rand.New(rand.NewPCG(1, 27))
	var devices []citywatch.Device
	for i := range 600 {
		devices = append(devices, citywatch.Device{
			ID: fmt.Sprint(i), Class: "smoke", Sector: citywatch.SectorFire,
			Position: orb.Point{104 + r.Float64()*0.01, 22 + r.Float64()*0.01},
		})
	}
	rule := w.rules.rule("fire")
	found := map[string]bool{}
	rule.neighbours(devices, func(a, b *citywatch.Device) { found[a.ID+"-"+b.ID] = true })
	n := 0
	for i := range devices {
		for j := range i {
			if near := (&place{rule: rule, witnesses: []*key{{device: &devices[j]}}, near: map[*key][]*key{}}).around(&key{device: &devices[i]}); len(near) > 0 {
				n++
				if !found[devices[i].ID+"-"+devices[j].ID] {
					t.Errorf("%d and %d are neighbours and were not found", i, j)
				}
			}
		}
	}
	if n == 0 || n != len(found) {
		t.Errorf("%d pairs found, want %d", len(found), n)
	}
}

// TestReshardCutShort: killed after each of its writes, it loses nothing and
// brings nothing back.
func TestReshardCutShort(t *testing.T) {
	t.Parallel()
	one := newCluster(t, 1)
	one.play(7, 700, func(int) {})
	want := one.history()
	for writes := range 12 {
		c := newCluster(t, 1)
		c.play(7, 700, func(step int) {
			if step != 350 {
				return
			}
			for i := range c.engines {
				c.keep(i)
			}
			c.cut = writes
			c.reshard(4)
		})
		sameHistory(t, fmt.Sprintf("cut short after %d writes", writes), want, c.history())
	}
}

// A cutLedger takes so many checkpoints, and then no more.
type cutLedger struct {
	*memory
	left *int
}

func (l cutLedger) Save(ctx context.Context, key string, data []byte) error {
	if *l.left == 0 {
		return errCrash
	}
	*l.left--
	return l.memory.Save(ctx, key, data)
}
