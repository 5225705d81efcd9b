package sim

import (
	"testing"
	"time"

	"citywatch"
)

// An onset is when a device first passed a level, in seconds since the cycle
// began.
type onsets map[string]map[int]int

// watch holds a cycle of the world, second by second, against the rules of the
// province, and returns when each device first reached each level. In the
// quiet stretches nothing may be within the margin of the lowest.
func watch(t *testing.T, w *World, n int, quiet func(second int) bool) onsets {
	t.Helper()
	levels, margins := bounds(t)
	first := onsets{}
	for i := range w.devices {
		d := &w.devices[i]
		for s := range steps {
			after := time.Duration(n)*Cycle + time.Duration(s)*time.Second
			for name, table := range levels[d.Class] {
				v, _ := w.value(i, name, after)
				for level, bound := range table {
					first.add(d.ID, level, s, v.Number >= bound)
					if quiet(s) && v.Number >= bound-margins[d.Class] {
						t.Errorf("cycle %d, second %d: %s of %s is %v: not quiet", n, s, name, d.ID, v.Number)
					}
				}
				for level, bound := range d.Bounds[name] {
					if bound == nil {
						continue
					}
					first.add(d.ID, int(level), s, v.Number >= *bound)
					if quiet(s) && v.Number >= *bound-margins[d.Class] {
						t.Errorf("cycle %d, second %d: %s of %s is %v: not quiet", n, s, name, d.ID, v.Number)
					}
				}
			}
			state, _ := w.value(i, "state", after)
			first.add(d.ID, 4, s, state.Text == "fire")
			first.add(d.ID, 2, s, state.Text == "fault")
			if d.Indicator != nil {
				continue // no rule raises anything for it
			}
			_, heard := w.Observe(i, start.Add(after))
			first.add(d.ID, silence, s, !heard)
			if quiet(s) && (!heard || state.Text == "fire" || state.Text == "fault") {
				t.Errorf("cycle %d, second %d: %s: heard %v, state %q: not quiet", n, s, d.ID, heard, state.Text)
			}
		}
	}
	return first
}

// silence stands for a level among onsets.
const silence = 0

func (o onsets) add(device string, level, second int, reached bool) {
	if !reached {
		return
	}
	if o[device] == nil {
		o[device] = map[int]int{}
	}
	if _, already := o[device][level]; !already {
		o[device][level] = second
	}
}

// between checks when a device reached a level.
func (o onsets) between(t *testing.T, device string, level, from, to int) {
	t.Helper()
	at, reached := o[device][level]
	if !reached || at < from || at > to {
		t.Errorf("%s reaches level %d at %d s (%v), want between %d and %d", device, level, at, reached, from, to)
	}
}

// TestTheStory checks the times that the package's documentation promises, for
// several kinds of weather.
func TestTheStory(t *testing.T) {
	quiet := func(s int) bool { return s < 10 || s >= 220 && s < 380 || s >= 460 }
	for seed := range uint64(3) {
		w := world(t, seed)
		even, odd := watch(t, w, 0, quiet), watch(t, w, 1, quiet)
		for _, o := range []onsets{even, odd} {
			earliest, raining := steps, 0
			for i := range w.devices {
				if d := &w.devices[i]; d.Class == rainGauge {
					if at, reached := o[d.ID][2]; reached {
						earliest, raining = min(earliest, at), raining+1
					}
				}
			}
			if earliest < 10 || earliest > 18 || raining < 6 || raining > 18 {
				t.Errorf("seed %d: the first heavy rain at %d s, of %d gauges", seed, earliest, raining)
			}
			o.between(t, "lao-cai-thao", 1, 20, 50)
			o.between(t, "bao-yen-chay", 1, 30, 55)
			o.between(t, "yen-bai-thao", 1, 60, 120)
			o.between(t, "khong-khi-lao-cai", 1, 380, 400)
			o.between(t, "bao-chay-cho-pom-han", 2, 395, 395)
		}
		even.between(t, "mua-ban-ho", silence, 22, 22)
		even.between(t, "khoi-may-trang-301", 2, 26, 26)
		even.between(t, "bao-chay-khach-san-may-trang", 4, 35, 35)
		odd.between(t, "mua-cao-son", silence, 22, 22)
		odd.between(t, "nhiet-doi-thong-bep", 2, 26, 26)
		odd.between(t, "bao-chay-khach-san-doi-thong", 4, 35, 35)
	}
}

// TestTheStoryIsAboutThisProvince finds an event whose device is not there, or
// that does nothing to a device of its class.
func TestTheStoryIsAboutThisProvince(t *testing.T) {
	classes := map[effect]string{
		smokes: smokeDetector, heats: heatDetector, burns: firePanel, faulty: firePanel, tested: firePanel,
		silent: rainGauge, hazy: airStation,
	}
	devices := map[string]citywatch.Device{}
	for _, d := range province(t) {
		devices[d.ID] = d
	}
	for n := range 2 {
		for _, e := range story(n) {
			if d, exists := devices[e.device]; !exists || d.Class != classes[e.effect] {
				t.Errorf("%s happens to %s (%s)", e.effect, e.device, d.Class)
			}
			if e.from >= e.to || e.to > Cycle {
				t.Errorf("%s happens to %s from %v to %v", e.effect, e.device, e.from, e.to)
			}
		}
	}
	for _, r := range reaches() {
		if devices[r.gauge].Class != riverGauge {
			t.Errorf("no gauge %s", r.gauge)
		}
	}
}
