package record_test

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"citywatch/video"
)

// steady is footage of 2 Mbit/s: 25 pictures a second of 10 kB, a key frame
// every two seconds.
func steady(length time.Duration) footage {
	f := still(length)
	f.units = nil
	key, other := make([]byte, 40_000), make([]byte, 9_388)
	key[0], other[0] = 0x65, 0x41
	for n := 0; time.Duration(n)*40*time.Millisecond < length; n++ {
		at := time.Duration(n) * 40 * time.Millisecond
		u := video.Unit{Data: [][]byte{other}, DTS: at, PTS: at}
		if n%50 == 0 {
			u.Data, u.Key = [][]byte{key}, true
		}
		f.units = append(f.units, u)
	}
	return f
}

// BenchmarkRecord records seconds of 200 cameras of 2 Mbit/s as fast as they
// come: one operation is one second of all.
func BenchmarkRecord(b *testing.B) {
	const cameras = 200
	ids := make([]string, cameras)
	for i := range ids {
		ids[i] = fmt.Sprintf("cam%03d", i)
	}
	s := open(b, set{ids: ids})
	f := steady(2 * time.Second)
	for _, id := range ids {
		s.begin(id, f)
	}
	second := func(n int) {
		var all sync.WaitGroup
		for w := range 2 {
			all.Go(func() {
				for i := w; i < cameras; i += 2 {
					for _, u := range f.units[n%2*25 : n%2*25+25] {
						at := time.Duration(n/2) * f.length
						u.DTS, u.PTS = u.DTS+at, u.PTS+at
						u.Arrived = epoch.Add(u.DTS)
						s.scripts[ids[i]].items <- video.Item{Unit: u}
					}
				}
			})
		}
		all.Wait()
	}
	for n := range 4 {
		second(n)
	}
	b.ReportAllocs()
	b.SetBytes(cameras * 250_000)
	cpu, writes := processorTime(), syscalls(b)
	n := 4
	for b.Loop() {
		second(n)
		n++
	}
	seconds := float64(n - 4)
	b.ReportMetric((processorTime()-cpu).Seconds()/seconds*100, "%cpu")
	b.ReportMetric((syscalls(b)-writes)/seconds/cameras, "writes/camera/s")
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// syscalls returns how often the process wrote.
func syscalls(b *testing.B) float64 {
	data, err := os.ReadFile("/proc/self/io")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		var n float64
		if _, err := fmt.Sscanf(line, "syscw: %f", &n); err == nil {
			return n
		}
	}
	return 0
}

// BenchmarkClip makes clips of an hour and reads a megabyte from the middle of
// each.
func BenchmarkClip(b *testing.B) {
	for _, length := range []time.Duration{time.Minute, time.Hour} {
		b.Run(length.String(), func(b *testing.B) {
			s := open(b, set{now: epoch})
			f := still(10 * time.Second)
			f.units = nil
			for n, u := range steady(10 * time.Second).units {
				u.Data = [][]byte{make([]byte, 200)}
				u.Data[0][0] = 0x41
				u.Key = n%50 == 0
				f.units = append(f.units, u)
			}
			s.begin("cam", f)
			for at := time.Duration(0); at < length; at += f.length {
				s.shoot("cam", f, at, epoch.Add(at))
			}
			s.settle("cam", f)
			b.ReportAllocs()
			for b.Loop() {
				c, err := s.rec.Clip("cam", epoch, epoch.Add(length))
				if err != nil {
					b.Fatal(err)
				}
				if _, err := c.Seek(c.Size/2, io.SeekStart); err != nil {
					b.Fatal(err)
				}
				if _, err := io.CopyN(io.Discard, c, min(1<<20, c.Size/4)); err != nil {
					b.Fatal(err)
				}
				if err := c.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
