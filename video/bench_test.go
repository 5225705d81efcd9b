package video

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"
)

// benchGroup is a group of 2 s of 25 frames a second and 2 Mbit/s: a key frame
// and small ones after it.
func benchGroup() []Unit {
	units := make([]Unit, 50)
	for i := range units {
		size := 8_000
		if i == 0 {
			size = 100_000
		}
		data := make([]byte, size)
		data[0] = 0x41
		at := time.Duration(i) * 40 * time.Millisecond
		units[i] = Unit{Data: [][]byte{data}, PTS: at, DTS: at, Key: i == 0}
		if i == 0 {
			data[0] = 0x65
		}
	}
	return units
}

// BenchmarkFeed is the way of one unit from the source to subscribers that
// fetch it.
func BenchmarkFeed(b *testing.B) {
	for _, subscribers := range []int{0, 1, 4} {
		b.Run(fmt.Sprintf("subscribers=%d", subscribers), func(b *testing.B) {
			f := newFeed(testShared(Options{}), origin{camera: "a", quality: Main, account: newAccount()})
			f.primary = true
			s := &session{feed: f, cancel: func(error) {}}
			f.begin(s)
			s.Tracks([]Track{{Codec: H264}})
			var subs []*Subscription
			for range subscribers {
				sub, err := f.subscribe()
				if err != nil {
					b.Fatal(err)
				}
				subs = append(subs, sub)
			}
			units := benchGroup()
			at := time.Now()
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				u := units[i%len(units)]
				at = at.Add(40 * time.Millisecond)
				u.Arrived = at
				s.Unit(u)
				for _, sub := range subs {
					for {
						if _, ok := sub.pop(); !ok {
							break
						}
					}
				}
				i++
			}
		})
	}
}

// BenchmarkSweep is what looking at 200 cameras costs, once a second.
func BenchmarkSweep(b *testing.B) {
	var specs []Spec
	for i := range 200 {
		var s Spec
		s.Camera.ID, s.Camera.Gateway = fmt.Sprint(i), fmt.Sprint(i/10)
		specs = append(specs, s)
	}
	v := New(specs, Options{}, Deps{})
	b.ReportAllocs()
	for b.Loop() {
		v.tick(time.Now())
		v.sweep(time.Now(), false)
	}
}

// paced sends the frames of 2 Mbit/s in time, each made anew as a source makes
// them.
type paced struct {
	group  []Unit
	offset time.Duration
}

func (p paced) Play(ctx context.Context, to Sink) error {
	to.Tracks([]Track{{Codec: H264, Width: 1920, Height: 1080}})
	time.Sleep(p.offset)
	ticker := time.NewTicker(40 * time.Millisecond)
	defer ticker.Stop()
	for n := 0; ; n++ {
		u := p.group[n%len(p.group)]
		data := make([]byte, len(u.Data[0]))
		copy(data, u.Data[0][:1])
		data[1], data[2] = byte(n), byte(n>>8)
		u.Data, u.Arrived = [][]byte{data}, time.Now()
		to.Unit(u)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// BenchmarkCameras pulls 200 cameras of 2 Mbit/s for some seconds, with nothing
// but this package, and reports what that takes.
func BenchmarkCameras(b *testing.B) {
	const cameras, span = 200, 6 * time.Second
	group := benchGroup()
	for b.Loop() {
		var specs []Spec
		for i := range cameras {
			s := Spec{Main: paced{group: group, offset: time.Duration(i) * 10 * time.Millisecond}}
			s.Camera.ID = fmt.Sprint(i)
			specs = append(specs, s)
		}
		v := New(specs, Options{}, Deps{})
		ctx, cancel := context.WithCancel(b.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = v.Run(ctx)
		}()
		before := cpuTime(b)
		time.Sleep(span)
		used := cpuTime(b) - before
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(used.Seconds()/span.Seconds(), "cores")
		b.ReportMetric(float64(m.HeapAlloc)/mib, "heap-MiB")
		b.ReportMetric(float64(m.Sys-m.HeapReleased)/mib, "sys-MiB")
		b.ReportMetric(float64(v.budget.used.Load())/mib, "cached-MiB")
		cancel()
		<-done
	}
}
