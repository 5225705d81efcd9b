package alerts

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"time"

	"citywatch"
)

// A window judges not a value by itself but what became of it over a time.
// Its verdict may change with values that arrive late, as long as they were
// measured within the time.
type window interface {
	// trim drops the points that are of no use, or not any more. The points
	// are in the order of time, and there is at least one; the last is the
	// newest.
	trim(points []point) []point
	// span is how far back the points matter to what is said of now.
	span() time.Duration
	// backfills reports whether a point that arrives late counts.
	backfills() bool
	// look judges the points.
	look(points []point) verdict
	// figure is what it says of a level: the number that was judged.
	figure(points []point, level citywatch.Level) figure
}

// A point is a number and when it was measured, in nanoseconds since 1970.
type point struct {
	at    int64
	value float64
}

// MarshalJSON writes a point as a pair: a window has many.
func (p point) MarshalJSON() ([]byte, error) { return json.Marshal([2]any{p.at, p.value}) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *point) UnmarshalJSON(b []byte) error {
	return json.Unmarshal(b, &[2]any{&p.at, &p.value})
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

// insert puts a point where its time is, and reports what it was: late, if it
// is of no use to the window. Of two with the same time the later word counts:
// it is a correction.
func insert(w window, points []point, p point) ([]point, order) {
	i, found := seek(points, p.at)
	switch {
	case found && points[i].value == p.value:
		return points, duplicate
	case found:
		points[i].value = p.value
	default:
		points = slices.Insert(points, i, p)
	}
	points = w.trim(points)
	if _, kept := seek(points, p.at); !kept {
		return points, late
	}
	return points, newest
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

func (w *rising) backfills() bool { return true }

func (w *rising) span() time.Duration { return w.over }

func (w *rising) trim(points []point) []point { return trimmed(points, w.over) }

func trimmed(points []point, over time.Duration) []point {
	keep := after(points, points[len(points)-1].at-int64(over))
	return slices.Delete(points, 0, len(points)-len(keep))
}

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

func (w *total) backfills() bool { return true }

func (w *total) span() time.Duration { return w.sums[len(w.sums)-1].over }

func (w *total) trim(points []point) []point {
	return trimmed(points, w.sums[len(w.sums)-1].over)
}

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

// A still window is about a value that does not change any more.
type still struct {
	after     time.Duration
	tolerance float64
	level     citywatch.Level
}

// backfills is false: what was between the points that are kept is forgotten.
func (w *still) backfills() bool { return false }

func (w *still) span() time.Duration { return w.after }

// trim keeps the newest point and the first that does not differ from it.
func (w *still) trim(points []point) []point {
	newest, first := len(points)-1, w.first(points)
	points = slices.Delete(points, min(first+1, newest), newest)
	return slices.Delete(points, 0, first)
}

// first returns from which point on none differs from the newest.
func (w *still) first(points []point) int {
	i := len(points) - 1
	for newest := points[i].value; i > 0 && math.Abs(points[i-1].value-newest) <= w.tolerance; {
		i--
	}
	return i
}

func (w *still) unchanged(points []point) time.Duration {
	return time.Duration(points[len(points)-1].at - points[w.first(points)].at)
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
