package sim

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/paulmach/orb"
)

// The clock of the weather.
const (
	// Cycle is how long the story takes before it begins again.
	Cycle = 10 * time.Minute
	// step is the grain of the tables below, and hoursPerStep what it is in
	// the weather: ten minutes.
	step         = time.Second
	hoursPerStep = 1.0 / 6
	steps        = int(Cycle / step)
	// day, halfDay and hour are in steps.
	day, halfDay, hour = 144, 72, 6
)

// A cell is one storm: rain that falls off with the distance from a centre,
// which moves in a straight line.
type cell struct {
	from, to   orb.Point
	begin, end float64 // in steps since the cycle began
	peak       float64 // mm/h in the centre
	radius     float64 // km; the standard deviation of the bell
}

// cells returns the storms of the n-th cycle.
func cells(seed uint64, n int) []cell {
	r := rand.New(rand.NewPCG(seed, uint64(int64(n))))
	about := func(x, share float64) float64 { return x * (1 + share*(2*r.Float64()-1)) }
	near := func(lon, lat float64) orb.Point {
		const jitter = 0.02 // about 2 km
		return orb.Point{lon + jitter*(2*r.Float64()-1), lat + jitter*(2*r.Float64()-1)}
	}
	return []cell{
		// Along the right bank: Y Tý, Bát Xát, Sa Pa, Tả Van.
		{from: near(103.60, 22.72), to: near(104.00, 22.25), begin: 3, end: 48, peak: about(34, 0.08), radius: 13},
		// Along the left bank: Si Ma Cai, Bắc Hà, Bảo Yên.
		{from: near(104.24, 22.72), to: near(104.52, 22.25), begin: 6, end: 46, peak: about(26, 0.08), radius: 14},
		// Steady rain over all of it.
		{from: near(104.0, 22.45), to: near(104.5, 21.9), begin: 4, end: 60, peak: about(3, 0.2), radius: 60},
	}
}

// rain returns the intensity in mm/h at a place, at a time in steps.
func (c cell) rain(at orb.Point, t float64) float64 {
	if t <= c.begin || t >= c.end {
		return 0
	}
	x := (t - c.begin) / (c.end - c.begin)
	// It dwells where it begins: air is lifted there.
	way := x * x
	centre := orb.Point{c.from[0] + way*(c.to[0]-c.from[0]), c.from[1] + way*(c.to[1]-c.from[1])}
	return c.peak * smooth(x/0.08) * smooth((1-x)/0.3) * bump(distance(centre, at), c.radius)
}

// rainAt returns the intensity of all storms in mm/h.
func rainAt(storms []cell, at orb.Point, t float64) float64 {
	var sum float64
	for _, c := range storms {
		sum += c.rain(at, t)
	}
	return sum
}

// distance returns km between two places of the province, on a plane.
func distance(a, b orb.Point) float64 {
	const kmPerDegree, cosLatitude = 111.2, 0.926 // at 22.2° north
	return math.Hypot((a[0]-b[0])*kmPerDegree*cosLatitude, (a[1]-b[1])*kmPerDegree)
}

// A series is one quantity at every step from the start of the cycle before
// the one it stands for to that one's end: 2·steps + 1 numbers. What happened
// earlier is forgotten; the rivers have forgotten it too.
type series []float64

func newSeries() series { return make(series, 2*steps+1) }

// at returns the quantity t steps after the cycle began, between the steps too.
func (s series) at(t float64) float64 {
	x := min(max(t+float64(steps), 0), float64(len(s)-1))
	k := min(int(x), len(s)-2)
	return s[k] + (x-float64(k))*(s[k+1]-s[k])
}

// fallen returns, for each step, the mm that have fallen on the places since
// the series began, on average.
func fallen(seed uint64, n int, places ...orb.Point) series {
	storms := [2][]cell{cells(seed, n-1), cells(seed, n)}
	s := newSeries()
	for k := 1; k < len(s); k++ {
		// The middle of the step that ends at k.
		cycle, t := 0, float64(k)-0.5
		if k > steps {
			cycle, t = 1, t-float64(steps)
		}
		var sum float64
		for _, p := range places {
			sum += rainAt(storms[cycle], p, t)
		}
		s[k] = s[k-1] + sum/float64(len(places))*hoursPerStep
	}
	return s
}

// soaked returns the soil moisture in % under the rain of a place.
func soaked(rain series, dry float64) series {
	const (
		perMM = 0.40 // % that a mm adds to dry soil
		full  = 98
		keeps = 13 // hours in which it dries to 1/e
	)
	s := newSeries()
	s[0] = dry
	var wet float64
	for k := 1; k < len(s); k++ {
		wet = wet*math.Exp(-hoursPerStep/keeps) + perMM*(rain[k]-rain[k-1])
		s[k] = dry + (full-dry)*(1-math.Exp(-wet/(full-dry)))
	}
	return s
}
