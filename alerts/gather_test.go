package alerts

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"citywatch"
)

const gatherDevices = `classes:
  - {id: smoke, name: {vi: a, en: a}, sector: fire, period: 20s}
  - {id: heat, name: {vi: b, en: b}, sector: fire, period: 20s}
  - {id: camera, name: {vi: c, en: c}, sector: fire, period: 20s}
  - {id: button, name: {vi: d, en: d}, sector: fire, period: 20s}
devices:
  - {id: s1, class: smoke, at: [103.9700, 22.48]}
  - {id: s2, class: smoke, at: [103.9704, 22.48]}
  - {id: s3, class: smoke, at: [103.9708, 22.48]}
  - {id: h1, class: heat, at: [103.9702, 22.48]}
  - {id: h2, class: heat, at: [103.9712, 22.48]}
  - {id: k1, class: camera, at: [103.9706, 22.48]}
  - {id: b1, class: button, at: [103.9710, 22.48]}
`

const gatherRules = `rules:
  - id: fire
    name: {vi: a, en: a}
    hazard: fire
    latch: true
    corroborate:
      within: 60
      over: 40s
      levels: {to_verify: 2, confirmed: 4}
      kinds:
        - {kind: smoke, class: smoke, value: v, at_least: 1}
        - {kind: heat, class: heat, value: v, at_least: 1}
        - {kind: camera, class: camera, value: v, at_least: 1, decay: 30s}
        - {kind: person, class: button, value: v, at_least: 1, alone: true}
      recover: {for: 20s}
  - id: blaze
    name: {vi: b, en: b}
    hazard: fire
    corroborate:
      within: 90
      over: 10s
      needs: 3
      levels: {to_verify: 1, confirmed: 3}
      kinds:
        - {kind: smoke, class: smoke, value: v, at_least: 1}
        - {kind: heat, class: heat, value: v, at_least: 1}
        - {kind: camera, class: camera, value: v, at_least: 1, decay: 15s}
  - id: smoky
    name: {vi: c, en: c}
    hazard: fire
    select: {class: smoke}
    threshold: {value: v, levels: {1: 1, 2: 2}, for: 5s, recover: {for: 10s}}
  - id: hot
    name: {vi: d, en: d}
    hazard: fire
    select: {class: heat}
    threshold: {value: v, levels: {2: 1}}
  - id: deaf
    name: {vi: e, en: e}
    hazard: device
    select: {class: camera}
    silence: {after: 12s, level: 1}
  - id: both
    name: {vi: f, en: f}
    hazard: fire
    all:
      within: 30s
      levels: {2: {smoky: 1, hot: 2}, 3: {smoky: 2, hot: 2}}
      for: 3s
      recover: {for: 15s}
  - id: unseen
    name: {vi: g, en: g}
    hazard: fire
    all: {levels: {3: {fire: 2, deaf: 1}}}
  - id: thick
    name: {vi: h, en: h}
    hazard: fire
    select: {class: smoke}
    threshold: {value: v, levels: {1: 1, 3: 2}, for: 2s, recover: {margin: 0.2, for: 10s}}
    aggregate: {over: zone, fn: mean, min_devices: 2}
  - id: thickens
    name: {vi: i, en: i}
    hazard: fire
    select: {class: smoke}
    rate: {value: v, over: 60s, levels: {1: 30, 2: 200}, min_points: 2}
    aggregate: {over: zone, fn: max}
  - id: heats
    name: {vi: k, en: k}
    hazard: fire
    select: {class: heat}
    accumulate: {value: v, of: amount, windows: {60s: {1: 4}, 180s: {2: 20}}, completeness: 0.3}
    aggregate: {over: zone, fn: p90}
  - id: told
    name: {vi: l, en: l}
    hazard: fire
    select: {class: smoke}
    external: {severity: v, levels: {"1": 1, "2": 3}, id: event, ended: {is: ["0", "3"]}}
    overrides: [{device: [s2], off: true}]
  - id: by-day
    name: {vi: m, en: m}
    hazard: fire
    select: {class: heat}
    threshold: {value: v, levels: {1: 1, 2: 2, 3: 3}, recover: {for: 5s, step_down: false, levels: {2: {for: 20s}}}}
    schedule: [{from: "00:05", to: "00:15"}]
inhibit:
  - {source: both, target: [hot], same: [zone]}
`

// gatherHistory makes some hours of devices that begin and cease to say things,
// of their readings coming late, of stops and of people.
func gatherHistory(r *rand.Rand, n int) []moment {
	devices := []string{"s1", "s2", "s3", "h1", "h2", "k1", "b1"}
	classes := map[byte]string{'s': "smoke", 'h': "heat", 'k': "camera", 'b': "button"}
	says := map[string]float64{}
	rules := []string{"fire", "blaze", "smoky", "hot", "both", "unseen", "thick", "thickens", "heats", "told", "by-day"}
	now := day
	moments := make([]moment, n)
	for i := range moments {
		m := &moments[i]
		now = now.Add(time.Duration(r.IntN(4000)) * time.Millisecond)
		switch dice := r.IntN(100); {
		case dice == 0:
			now = now.Add(time.Duration(r.IntN(200)) * time.Second)
			m.entry.Tick = now
		case dice < 40:
			m.entry.Tick = now
		default:
			for range 1 + r.IntN(3) {
				d := devices[r.IntN(len(devices))]
				if r.IntN(6) == 0 {
					says[d] = float64(r.IntN(4) * r.IntN(2))
				}
				m.entry.Readings = append(m.entry.Readings, citywatch.Reading{
					Device: d, Class: classes[d[0]], Zone: "zone", Sector: "fire", Arrived: now,
					Time:   now.Add(-time.Duration(r.IntN(3)*r.IntN(20)) * time.Second),
					Values: []citywatch.Value{{Name: "event", Number: float64(r.IntN(3))}, {Name: "v", Number: says[d]}},
				})
			}
		}
		if r.IntN(5) == 0 {
			of := devices[r.IntN(len(devices))]
			m.key = rules[r.IntN(len(rules))] + "~"
			if m.key == "unseen~" || strings.HasPrefix(m.key, "thick") || m.key == "both~" || m.key == "heats~" {
				of = "zone"
			}
			m.key += of
			m.act = randomAction(r, now)
		}
	}
	return moments
}

// TestGatheringsKilledAnywhere: what several devices say together makes the
// same transitions wherever the process ends.
func TestGatheringsKilledAnywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, gatherDevices, gatherRules)
	made := map[string]int{}
	for seed := range uint64(10) {
		history := gatherHistory(rand.New(rand.NewPCG(seed, 7)), 600)
		want := live(t, w, history, nil)
		for _, tr := range want {
			made[tr.Alert.Rule+" "+string(tr.Reason)]++
		}
		for run := range uint64(crashRuns) {
			sameTransitions(t, want, live(t, w, history, rand.New(rand.NewPCG(seed, run))))
		}
	}
	for _, often := range []string{
		"fire fired", "fire confirmed", "fire witnessed", "fire recovered", "blaze false_alarm", "blaze confirmed", "blaze relapsed",
		"both fired", "both raised", "both lowered", "both recovered", "unseen fired", "unseen recovered", "thick raised", "thick recovered", "thickens fired", "thickens recovered", "heats fired", "heats recovered",
		"told raised", "told recovered", "by-day raised", "by-day recovered",
	} {
		if made[often] == 0 {
			t.Errorf("never %s: the histories show nothing of it; %v", often, made)
		}
	}
}

// TestOneFireIsOneAlert: whatever the devices around one place say, there is at
// most one open alert that is about them, and what nobody confirms calls
// nobody.
func TestOneFireIsOneAlert(t *testing.T) {
	t.Parallel()
	w := newWorld(t, gatherDevices, gatherRules)
	for seed := range uint64(20) {
		f := newFold(Options{}, newMemory().deps(w.rules, w.devices))
		f.start()
		for i, m := range gatherHistory(rand.New(rand.NewPCG(seed, 8)), 400) {
			m.entry.Seq = uint64(i + 1)
			f.apply(&m.entry)
			for _, tr := range f.out {
				if tr.Alert.ToVerify && tr.Notice == citywatch.NoticeSound && tr.Alert.Rule == "fire" {
					t.Fatalf("seed %d: what is to be verified sounds: %s", seed, text(tr))
				}
			}
			f.out = f.out[:0]
			if err := apart(f, "fire"); err != nil {
				t.Fatalf("seed %d, entry %d: %v", seed, i, err)
			}
		}
	}
}

// apart returns an error if two alerts of a rule are about devices that stand
// near one another.
func apart(f *fold, rule string) error {
	p := f.places[rule]
	for _, k := range p.witnesses {
		if k.Episode == nil || k.Episode.Level == citywatch.None {
			continue
		}
		for _, other := range p.around(k) {
			if other != k && other.Episode != nil && other.Episode.Level > citywatch.None {
				return fmt.Errorf("%s and %s have an alert each", k.id.device, other.id.device)
			}
		}
	}
	return nil
}
