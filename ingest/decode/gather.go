package decode

import (
	"cmp"
	"slices"
	"time"

	"citywatch"
)

// A gather makes readings of values that come one by one, of several devices
// and times in any order: one reading for each device and time.
type gather struct {
	samples []sample
}

// A sample is one value on its way into a reading.
type sample struct {
	device  string
	time    time.Time
	assumed bool
	part    part
	value   citywatch.Value
}

// A part is what a sample is for a reading.
type part uint8

const (
	partValue part = iota
	// partDefault is a value that gives way to a partValue of its name.
	partDefault
	partLongitude
	partLatitude
)

func (g *gather) reset() { g.samples = g.samples[:0] }

func (g *gather) add(s sample) { g.samples = append(g.samples, s) }

// readings appends the readings to dst, ordered by device and time. Of two
// values with one name the first stands; the other is a fault. Positions
// without any value are no readings.
func (g *gather) readings(dst []citywatch.Reading, arrived time.Time, f *faults) []citywatch.Reading {
	slices.SortStableFunc(g.samples, func(a, b sample) int {
		return cmp.Or(cmp.Compare(a.device, b.device), a.time.Compare(b.time),
			cmp.Compare(a.value.Name, b.value.Name), cmp.Compare(a.part, b.part))
	})
	for rest := g.samples; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].device == rest[0].device && rest[n].time.Equal(rest[0].time) {
			n++
		}
		if r, ok := oneReading(rest[:n], arrived, f); ok {
			dst = append(dst, r)
		}
		rest = rest[n:]
	}
	return dst
}

// oneReading makes the reading of samples of the same device and time, sorted
// by name.
func oneReading(samples []sample, arrived time.Time, f *faults) (citywatch.Reading, bool) {
	r := citywatch.Reading{Device: samples[0].device, Time: samples[0].time, TimeAssumed: samples[0].assumed, Arrived: arrived}
	var lon, lat *float64
	values := make([]citywatch.Value, 0, min(len(samples), maxValues))
	for i := range samples {
		s := &samples[i]
		switch s.part {
		case partLongitude:
			lon = &s.value.Number
			continue
		case partLatitude:
			lat = &s.value.Number
			continue
		}
		if n := len(values); n > 0 && values[n-1].Name == s.value.Name {
			if s.part != partDefault && values[n-1] != s.value {
				f.add(refuse(citywatch.RefusedDecode, "the value %s of %s occurs twice with the time %s", clip(s.value.Name), clip(s.device), s.time.Format(time.RFC3339Nano)))
			}
			continue
		}
		if len(values) == maxValues {
			f.add(refuse(citywatch.RefusedDecode, "%s has more than %d values at one time", clip(s.device), maxValues))
			break
		}
		values = append(values, s.value)
	}
	if lon != nil && lat != nil {
		p, err := place(*lon, *lat)
		if err != nil {
			f.add(err)
		}
		r.Position = p
	}
	r.Values = values
	return r, len(values) > 0
}
