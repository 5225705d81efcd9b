package video

import (
	"math"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// feed gives the meter frames so far apart, from at on, and returns when the
// next would come.
func (m *meter) feed(at time.Time, every time.Duration, frames, size, group int) time.Time {
	for n := range frames {
		m.frame(at, size, group > 0 && n%group == 0)
		at = at.Add(every)
	}
	return at
}

func TestRatesAreMeasured(t *testing.T) {
	for _, c := range []struct {
		name         string
		every        time.Duration
		frames, size int
		fps, bitrate float64
	}{
		{"25 a second", 40 * time.Millisecond, 1000, 10_000, 25, 2e6},
		{"just begun", 40 * time.Millisecond, 5, 10_000, 25, 2e6},
		{"100 a second", 10 * time.Millisecond, 3000, 100, 100, 8e4},
		{"one in 10 s", 10 * time.Second, 20, 50_000, 0.1, 4e4},
		{"one a minute", time.Minute, 20, 60_000, 1. / 60, 8e3},
	} {
		var m meter
		m.begin()
		m.feed(noon, c.every, c.frames, c.size, 0)
		fps, bitrate, ok := m.rates()
		if !ok || math.Abs(fps-c.fps) > c.fps/1000 || math.Abs(bitrate-c.bitrate) > c.bitrate/1000 {
			t.Errorf("%s: %v frames and %v bits a second", c.name, fps, bitrate)
		}
	}
}

func TestRatesFollowAChange(t *testing.T) {
	var m meter
	m.begin()
	at := m.feed(noon, 40*time.Millisecond, 1000, 1000, 0)
	m.feed(at, 200*time.Millisecond, 60, 1000, 0)
	if fps, _, _ := m.rates(); math.Abs(fps-5) > 0.1 {
		t.Errorf("%v a second, 12 s after it became 5", fps)
	}
}

func TestRatesOfOneFrameAreUnknown(t *testing.T) {
	var m meter
	m.begin()
	m.frame(noon, 1000, true)
	if fps, bitrate, ok := m.rates(); ok {
		t.Errorf("%v, %v", fps, bitrate)
	}
	if d, ok := m.keyInterval(); ok {
		t.Errorf("a key frame each %v", d)
	}
}

func TestRatesBeginAnewWithASession(t *testing.T) {
	var m meter
	m.begin()
	at := m.feed(noon, 40*time.Millisecond, 1000, 1000, 25)
	m.begin()
	m.feed(at.Add(time.Hour), 100*time.Millisecond, 20, 1000, 5)
	if fps, _, _ := m.rates(); math.Abs(fps-10) > 0.01 {
		t.Errorf("%v a second", fps)
	}
	if d, _ := m.keyInterval(); d != 500*time.Millisecond {
		t.Errorf("a key frame each %v", d)
	}
}

func TestSoundCountsAsBitsOnly(t *testing.T) {
	var m meter
	m.begin()
	for n := range 101 {
		m.frame(noon.Add(time.Duration(n)*100*time.Millisecond), 1000, false)
		if n < 100 {
			m.sound(500)
		}
	}
	if fps, bitrate, _ := m.rates(); math.Abs(fps-10) > .01 || math.Abs(bitrate-120_000) > 100 {
		t.Errorf("%v, %v", fps, bitrate)
	}
}

func TestPatience(t *testing.T) {
	second := time.Second
	for _, c := range []struct {
		name string
		play func(m *meter)
		want time.Duration
	}{
		{"nothing known", func(*meter) {}, firstPatience},
		{"one frame", func(m *meter) { m.feed(noon, second, 1, 1, 0) }, firstPatience},
		{"25 a second", func(m *meter) { m.feed(noon, 40*time.Millisecond, 100, 1, 0) }, leastPatience},
		{"one in 10 s", func(m *meter) { m.feed(noon, 10*second, 10, 1, 0) }, 30 * second},
		{"one a minute", func(m *meter) { m.feed(noon, time.Minute, 10, 1, 0) }, mostPatience},
		{"in bursts each 8 s", func(m *meter) {
			at := noon
			for range 10 {
				at = m.feed(at, time.Millisecond, 30, 1, 0).Add(8 * second)
			}
		}, 24*second + 3*time.Millisecond},
		{"one fault of 40 s is not usual", func(m *meter) {
			at := m.feed(noon, 40*time.Millisecond, 100, 1, 0)
			m.feed(at.Add(40*second), 40*time.Millisecond, 100, 1, 0)
		}, leastPatience},
		{"what was usual minutes ago is forgotten", func(m *meter) {
			at := m.feed(noon, 10*second, 10, 1, 0)
			m.feed(at, 40*time.Millisecond, 25*60*5, 1, 0)
		}, leastPatience},
		{"what is usual outlives a session", func(m *meter) {
			at := m.feed(noon, 10*second, 10, 1, 0)
			m.begin()
			m.feed(at, second, 1, 1, 0)
		}, 30 * second},
		{"the time between sessions is no distance of frames", func(m *meter) {
			at := noon
			for range 10 {
				m.begin()
				at = m.feed(at, 40*time.Millisecond, 50, 1, 0).Add(time.Minute)
			}
		}, leastPatience},
	} {
		var m meter
		m.begin()
		c.play(&m)
		if got := m.patience(); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
