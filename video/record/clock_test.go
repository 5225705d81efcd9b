package record

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestClock holds where a clock puts a stream that comes with some delay, the
// shortest of which is nothing.
func TestClock(t *testing.T) {
	wall := time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name    string
		arrives func(dts time.Duration) time.Duration
		off     time.Duration // in the end
		within  time.Duration
		steps   int
	}{
		{"jitter", func(dts time.Duration) time.Duration { return dts + rand.N(400*time.Millisecond) }, 0, 400 * time.Millisecond, 0},
		{"a camera that is 80 ppm slow", func(dts time.Duration) time.Duration { return dts + dts*80/1e6 }, 3600 * 80 * time.Microsecond, 50 * time.Millisecond, 0},
		{"a camera that is a per mille fast", func(dts time.Duration) time.Duration { return dts - dts/1000 }, -3600 * time.Millisecond, 1500 * time.Millisecond, 3},
		{"a first frame that came late", func(dts time.Duration) time.Duration {
			if dts < 3*time.Second {
				return 3 * time.Second
			}
			return dts
		}, 0, 200 * time.Millisecond, 1},
		{"a minute's stall", func(dts time.Duration) time.Duration {
			if dts > 10*time.Minute && dts < 11*time.Minute {
				return 11 * time.Minute
			}
			return dts
		}, 0, time.Second, 2},
		{"set back", func(dts time.Duration) time.Duration {
			if dts > 10*time.Minute {
				return dts - time.Hour
			}
			return dts
		}, -time.Hour, time.Millisecond, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var k clock
			k.start(0, wall.Add(c.arrives(0)))
			zero := wall
			steps := 0
			for dts := 40 * time.Millisecond; dts <= time.Hour; dts += 40 * time.Millisecond {
				k.observe(dts, wall.Add(c.arrives(dts)))
				switch {
				case dts%time.Second == 0 && k.trouble():
					steps++
					k.settle(dts, wall.Add(c.arrives(dts)))
				case dts%(5*time.Minute) == 0:
					k.settle(dts, wall.Add(c.arrives(dts)))
				}
			}
			if off := k.at(0).Sub(zero) - c.off; off.Abs() > c.within {
				t.Errorf("it is off by %v", off)
			}
			if steps > c.steps {
				t.Errorf("%d segments were begun for it, want at most %d", steps, c.steps)
			}
		})
	}
}

func TestNTP(t *testing.T) {
	for range 1000 {
		at := time.Unix(rand.Int64N(1<<31), rand.Int64N(1e9))
		if got := fromNTP(toNTP(at)); got.Sub(at).Abs() > time.Nanosecond {
			t.Fatalf("%v is read as %v", at, got)
		}
	}
}

func TestSegmentNames(t *testing.T) {
	start := time.Date(2026, 11, 22, 23, 59, 59, 120e6, time.FixedZone("", 7*3600))
	for length, want := range map[time.Duration]string{
		0:                         "2026-11-22/20261122T165959.120Z.mp4",
		300040 * time.Millisecond: "2026-11-22/20261122T165959.120Z_300040ms.mp4",
	} {
		name := segmentName(start, length)
		if name != want {
			t.Errorf("%v: %s, want %s", length, name, want)
		}
		if at, l, ok := parseSegmentName(name); !ok || !at.Equal(start) || l != length {
			t.Errorf("%s is read as %v, %v, %v", name, at, l, ok)
		}
	}
	for _, name := range []string{
		"", "2026-11-22/", "2026-11-22/notes.txt", "2026-11-22/20261122T165959.120Z.mp4.part",
		"2026-11-23/20261122T165959.120Z.mp4", "2026-11-22/20261122T165959.120Z_0ms.mp4",
		"2026-11-22/20261122T165959.120Z_-5ms.mp4", "2026-11-22/20261122T165959.120Z_99999999999999ms.mp4",
		"2026-11-22/20261122T165959.120Z_ms.mp4", "20261122T165959.120Z.mp4",
	} {
		if _, _, ok := parseSegmentName(name); ok {
			t.Errorf("%q passes for a segment", name)
		}
	}
}

func TestOptions(t *testing.T) {
	good := Options{Dir: "x", Segment: time.Minute, MinFreePercent: 10, MinFreeBytes: 1 << 30, MaxClip: 2 * time.Hour}
	if p := good.Problems(); len(p) > 0 {
		t.Errorf("problems in good options: %v", p)
	}
	if p := (Options{}).Problems(); len(p) > 0 {
		t.Errorf("problems in no options: %v", p)
	}
	bad := Options{Segment: time.Second, MinFreePercent: 100, MinFreeBytes: -1, MaxClip: time.Second}
	paths := map[string]bool{}
	for _, p := range bad.Problems() {
		paths[p.Path] = true
		if p.Hint == "" || p.Message == "" {
			t.Errorf("%+v says too little", p)
		}
	}
	for _, path := range []string{"$.segment", "$.min_free_percent", "$.min_free_bytes", "$.max_clip"} {
		if !paths[path] {
			t.Errorf("no problem at %s among %v", path, paths)
		}
	}
	o := Options{}.withDefaults()
	if got := o.floor(1 << 40); got != (1<<40)/20 {
		t.Errorf("%d bytes of a terabyte are kept free", got)
	}
	if got := o.floor(1 << 30); got != 1<<30 {
		t.Errorf("%d bytes of a gigabyte are kept free", got)
	}
	for keep, want := range map[time.Duration]time.Duration{
		7 * 24 * time.Hour: 5 * time.Minute, time.Hour: 3 * time.Minute, 10 * time.Minute: 30 * time.Second, MinKeep: minSegment,
	} {
		if got := o.segmentOf(keep); got != want {
			t.Errorf("segments of what is kept for %v are %v, want %v", keep, got, want)
		}
	}
}
