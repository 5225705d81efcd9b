package alerts

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"citywatch"
)

// crowd is a world of n gauges with a threshold and a silence rule each.
func crowd(b testing.TB, n int) *fold {
	w := newWorld(b, crowdDevices(n), crowdRules)
	f := newFold(Options{}, newMemory().deps(w.rules, w.devices))
	f.start()
	return f
}

func crowdDevices(n int) string {
	var devices strings.Builder
	devices.WriteString("classes:\n  - {id: gauge, name: {vi: Trạm, en: Gauge}, sector: disaster, period: 1m}\ndevices:\n")
	for i := range n {
		fmt.Fprintf(&devices, "  - {id: gauge-%d, class: gauge, at: [103.97, 22.48], bounds: {level: {1: 80, 2: 82, 3: 84}}}\n", i)
	}
	return devices.String()
}

const crowdRules = `rules:
  - id: flood
    name: {vi: Lũ, en: Flood}
    hazard: flood
    select: {class: gauge}
    threshold: {value: level, levels: device, for: 10m, recover: {margin: 0.1, for: 10m}}
  - id: silent
    name: {vi: Mất tín hiệu, en: Silent}
    hazard: device
    select: {class: gauge}
    silence: {periods: 5, level: 2}
`

func crowdEntries(n int) []citywatch.Entry {
	const batch = 500
	entries := make([]citywatch.Entry, 0, n/batch+1)
	for i := 0; i < n; i += batch {
		var e citywatch.Entry
		for k := i; k < min(i+batch, n); k++ {
			e.Readings = append(e.Readings, citywatch.Reading{
				Device: fmt.Sprintf("gauge-%d", k), Class: "gauge", Zone: "zone", Sector: "disaster",
				Values: []citywatch.Value{{Name: "battery", Number: 3.6}, {Name: "level", Number: 79.5}, {Name: "temperature", Number: 20}},
			})
		}
		entries = append(entries, e)
	}
	return entries
}

// BenchmarkSteady is the usual case: readings that move nothing, each of them
// judged by a threshold and noted by a silence rule.
func BenchmarkSteady(b *testing.B) {
	for _, devices := range []int{500, 5_000, 100_000} {
		b.Run(fmt.Sprintf("devices=%d", devices), func(b *testing.B) {
			f, entries := crowd(b, devices), crowdEntries(devices)
			b.ReportAllocs()
			readings, seq := 0, uint64(0)
			now := day
			for b.Loop() {
				now = now.Add(time.Millisecond)
				e := &entries[int(seq)%len(entries)]
				seq++
				e.Seq = seq
				for i := range e.Readings {
					e.Readings[i].Time, e.Readings[i].Arrived = now, now
				}
				f.apply(e)
				readings += len(e.Readings)
			}
			b.ReportMetric(float64(readings)/b.Elapsed().Seconds(), "readings/s")
		})
	}
}

// BenchmarkTick is a second that passes with nothing to do.
func BenchmarkTick(b *testing.B) {
	for _, devices := range []int{5_000, 100_000} {
		b.Run(fmt.Sprintf("devices=%d", devices), func(b *testing.B) {
			f := crowd(b, devices)
			b.ReportAllocs()
			now, seq := day, uint64(0)
			for b.Loop() {
				seq++
				now = now.Add(time.Millisecond)
				f.apply(&citywatch.Entry{Seq: seq, Tick: now})
			}
		})
	}
}

// BenchmarkRise is the worst case: every reading raises or lowers an alert.
func BenchmarkRise(b *testing.B) {
	w := newWorld(b, engineDevices, engineRules)
	f := newFold(Options{}, newMemory().deps(w.rules, w.devices))
	f.start()
	b.ReportAllocs()
	now, seq := day, uint64(0)
	for b.Loop() {
		seq++
		now = now.Add(time.Second)
		e := levelAt(now, float64(5+10*(seq%2)))
		e.Seq = seq
		f.apply(&e)
		f.out = f.out[:0]
	}
}

func BenchmarkCheckpoint(b *testing.B) {
	for _, devices := range []int{5_000, 100_000} {
		f := crowd(b, devices)
		now := day
		for i, e := range crowdEntries(devices) {
			e.Seq = uint64(i + 1)
			for i := range e.Readings {
				e.Readings[i].Time, e.Readings[i].Arrived = now, now
			}
			f.apply(&e)
		}
		b.Run(fmt.Sprintf("copy/devices=%d", devices), func(b *testing.B) {
			for b.Loop() {
				f.checkpoint()
			}
		})
		b.Run(fmt.Sprintf("longest-step/devices=%d", devices), func(b *testing.B) {
			var longest time.Duration
			for b.Loop() {
				begun := time.Now()
				s := f.begin()
				longest = max(longest, time.Since(begun))
				for done := false; !done; {
					begun := time.Now()
					done = s.step(f, keysAtOnce)
					longest = max(longest, time.Since(begun))
				}
			}
			b.ReportMetric(float64(longest.Microseconds())/1000, "longest-ms")
		})
		b.Run(fmt.Sprintf("encode/devices=%d", devices), func(b *testing.B) {
			c := f.checkpoint()
			for b.Loop() {
				data, err := json.Marshal(c)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(data)), "bytes")
			}
		})
	}
}
