package alerts

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"time"

	"citywatch"
)

// A window judges not a value by itself but what became of it over a time.
// Its verdict may change with values that arrive late, as long as they were
// measured within the time.
type window interface {
	// span is how far back points matter to what is said of a moment, and the
	// last before that.
	span() time.Duration
	// look judges the points, which are in the order of time, as at the last
	// of them. There is at least one, and there may be some of no use.
	look(points []point) verdict
	// figure is what it says of a level: the number that was judged.
	figure(points []point, level citywatch.Level) figure
}

// A point is a number and when it was measured, in nanoseconds since 1970.
type point struct {
	at    int64
	value float64
}

// points are in the order of time.
type points []point

// MarshalJSON writes the times between points and their numbers, some twelve
// bytes each: a window has many, and a checkpoint those of every key.
func (ps points) MarshalJSON() ([]byte, error) {
	unit, last := int64(time.Second), int64(0)
	for _, p := range ps {
		for p.at%unit != 0 {
			unit /= 1000
		}
	}
	b := binary.AppendVarint(make([]byte, 0, 12*len(ps)+8), unit)
	for _, p := range ps {
		b = binary.AppendVarint(b, p.at/unit-last)
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p.value))
		last = p.at / unit
	}
	return json.Marshal(b)
}

var errPoints = errors.New("the values in the window of an alert's key cannot be read")

// UnmarshalJSON reads what MarshalJSON wrote.
func (ps *points) UnmarshalJSON(text []byte) error {
	var b []byte
	if err := json.Unmarshal(text, &b); err != nil {
		return err
	}
	unit, n := binary.Varint(b)
	*ps = make(points, 0, len(b)/9)
	for last := int64(0); n > 0 && len(b) > n; {
		b = b[n:]
		var passed int64
		if passed, n = binary.Varint(b); n <= 0 || len(b) < n+8 {
			return errPoints
		}
		last += passed
		*ps = append(*ps, point{last * unit, math.Float64frombits(binary.LittleEndian.Uint64(b[n:]))})
		n += 8
	}
	if n <= 0 {
		return errPoints
	}
	return nil
}

// A figure is a number made of several measured ones.
type figure struct {
	fn     string
	number float64
	over   time.Duration
	bound  *float64
}

// unsure holds every level: what is not wholly known does not clear.
const unsure = citywatch.MaxLevel

// insert puts a point where its time is, forgets those of before a horizon but
// the last, and reports what the point was: late, if it is of no use. Of two
// with the same time the later word counts: it is a correction.
func insert(points []point, p point, horizon int64) ([]point, order) {
	i, found := seek(points, p.at)
	switch {
	case found && points[i].value == p.value:
		return points, duplicate
	case found:
		points[i].value = p.value
	default:
		points = slices.Insert(points, i, p)
	}
	keep := after(points, horizon)
	if points = slices.Delete(points, 0, len(points)-len(keep)); points[0].at > p.at {
		return points, late
	}
	return points, newest
}

// ceases is from when on the point of a time says nothing any more: in the window
// of a later one it is then not even the last before it. Zero is never.
func ceases(points []point, at, span int64) (until time.Time) {
	next, _ := seek(points, at+1)
	if next == len(points) {
		return until
	}
	if i, _ := seek(points, points[next].at+span); i < len(points) {
		until = time.Unix(0, points[i].at).UTC()
	}
	return until
}

// upTo returns the points up to a time.
func upTo(points []point, at int64) []point {
	i, found := seek(points, at)
	if found {
		i++
	}
	return points[:i]
}

// seek returns the index of the point of a time, or where it would be.
func seek(points []point, at int64) (i int, found bool) {
	return slices.BinarySearchFunc(points, at, func(p point, at int64) int { return cmp.Compare(p.at, at) })
}

// after returns the points after at, with the one before them, from which the
// first of them is reckoned.
func after(points []point, at int64) []point {
	i, _ := seek(points, at+1)
	return points[max(i-1, 0):]
}

// A rising window is about how fast a value rises, or falls.
type rising struct {
	ladder    *ladder
	over      time.Duration
	minPoints int
}

func (w *rising) span() time.Duration { return w.over }

func (w *rising) look(points []point) verdict {
	perHour, ok := w.slope(points)
	if !ok {
		return verdict{held: unsure}
	}
	v, _ := w.ladder.judge(citywatch.Value{Number: perHour})
	return v
}

// slope is that of the line through the points with the least squares, so that
// one bad reading weighs little. It reports false when there are too few
// points, or they lie too close together to say anything about the whole time.
func (w *rising) slope(points []point) (perHour float64, ok bool) {
	last := points[len(points)-1]
	points = after(points, last.at-int64(w.over))
	if last.at-points[0].at > int64(w.over)*3/2 {
		points = points[1:] // from before a hole: what it says is of then
	}
	first := points[0]
	if len(points) < w.minPoints || last.at-first.at < int64(w.over)/2 {
		return 0, false
	}
	var sumT, sumV float64
	for _, p := range points {
		sumT += float64(p.at - first.at)
		sumV += p.value
	}
	n := float64(len(points))
	meanT, meanV := sumT/n, sumV/n
	var along, square float64
	for _, p := range points {
		t := float64(p.at-first.at) - meanT
		along += t * (p.value - meanV)
		square += t * t
	}
	return rounded(along / square * float64(time.Hour)), true
}

func (w *rising) figure(points []point, level citywatch.Level) figure {
	f := figure{fn: "rate", over: w.over, bound: w.ladder.bound(level)}
	f.number, _ = w.slope(points)
	return f
}

// A total window is about how much came together, over several times at once.
type total struct {
	sums    []sum // the shortest first
	counter bool
	// every is how often a point is expected, and complete which share of
	// them has to be there before a sum may clear anything.
	every    time.Duration
	complete float64
}

type sum struct {
	over   time.Duration
	ladder *ladder
}

func (w *total) span() time.Duration { return w.sums[len(w.sums)-1].over }

func (w *total) look(points []point) verdict {
	var all verdict
	for _, s := range w.sums {
		number, complete := w.add(points, s.over)
		v, _ := s.ladder.judge(citywatch.Value{Number: number})
		all.reached, all.held = max(all.reached, v.reached), max(all.held, v.held)
		if !complete {
			all.held = unsure
		}
	}
	return all
}

// add returns what came during the last so much time before the newest point:
// at least, if it is not complete.
func (w *total) add(points []point, over time.Duration) (number float64, complete bool) {
	edge := points[len(points)-1].at - int64(over)
	within := after(points, edge)
	covered := within[0].at <= edge
	for i, p := range within {
		if p.at <= edge {
			continue
		}
		if i == 0 {
			if !w.counter {
				number += p.value
			}
			continue // nobody knows where the counter began
		}
		before := within[i-1]
		came := p.value
		if w.counter && p.value >= before.value {
			came -= before.value
		} // else it began anew, at 0
		if before.at < edge {
			came *= float64(p.at-edge) / float64(p.at-before.at)
		}
		number += came
	}
	expected := float64(over) / float64(w.every)
	return rounded(number), covered && float64(len(within)-1) >= w.complete*expected
}

func (w *total) figure(points []point, level citywatch.Level) figure {
	f := figure{fn: "sum"}
	for _, s := range w.sums {
		number, _ := w.add(points, s.over)
		f.number, f.over, f.bound = number, s.over, s.ladder.bound(level)
		if v, _ := s.ladder.judge(citywatch.Value{Number: number}); v.reached >= level {
			break
		}
	}
	return f
}

// A still window is about a value that does not change any more. What nothing is
// known of may have changed: a hole in the data begins it anew.
type still struct {
	after, hole time.Duration
	tolerance   float64
	level       citywatch.Level
}

// span is that of the hole too: what is before the time is of use if it is the
// last before.
func (w *still) span() time.Duration { return w.after + w.hole }

// unchanged is for how long no value has differed from the newest.
func (w *still) unchanged(points []point) time.Duration {
	i := len(points) - 1
	newest := points[i]
	for i > 0 && math.Abs(points[i-1].value-newest.value) <= w.tolerance && points[i].at-points[i-1].at <= int64(w.hole) {
		i--
	}
	return time.Duration(newest.at - points[i].at)
}

func (w *still) look(points []point) verdict {
	if w.unchanged(points) >= w.after {
		return verdict{w.level, w.level}
	}
	return verdict{}
}

func (w *still) figure(points []point, _ citywatch.Level) figure {
	return figure{fn: "unchanged", number: points[len(points)-1].value, over: w.unchanged(points)}
}
