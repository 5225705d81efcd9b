package sim

import (
	"math"

	"github.com/paulmach/orb"

	"citywatch"
)

// A reach is the river down to one gauge. Rain on its catchment and what comes
// from the gauges upstream run through two linear reservoirs, of which the
// second empties past the gauge: the further down, the later and the flatter
// the wave.
type reach struct {
	gauge string
	// upstream are gauges whose water comes by here, after so many hours.
	upstream map[string]float64
	// rain is where the rain of the catchment is looked at.
	rain []orb.Point
	area float64 // km² of the catchment below the upstream gauges
	// keeps is each reservoir's constant in hours.
	keeps float64
	// base is the discharge in m³/s without rain, and normal the level then.
	base, normal float64
	// rating is the rise in m while the discharge goes from base to 4·base.
	rating float64
}

// runoff is the share of the rain that runs off at once.
const runoff = 0.55

// reaches returns the rivers of Lào Cai, upstream before downstream. The
// levels are those of the stations' alarm tables; areas, constants and ratings
// are made up to give floods of the right height and pace.
func reaches() []reach {
	return []reach{
		{gauge: "lao-cai-thao", rain: []orb.Point{{103.62, 22.70}, {103.74, 22.58}, {103.62, 22.82}},
			area: 3000, keeps: 4, base: 500, normal: 76.50, rating: 2.3},
		{gauge: "bao-ha-thao", upstream: map[string]float64{"lao-cai-thao": 2.5}, rain: []orb.Point{{103.90, 22.32}, {104.15, 22.25}},
			area: 1800, keeps: 2, base: 620, normal: 54.20, rating: 2.2},
		{gauge: "yen-bai-thao", upstream: map[string]float64{"bao-ha-thao": 4}, rain: []orb.Point{{104.45, 22.0}, {104.6, 21.8}},
			area: 2600, keeps: 2.5, base: 760, normal: 27.30, rating: 2.75},
		{gauge: "bac-ha-chay", rain: []orb.Point{{104.22, 22.70}, {104.30, 22.56}},
			area: 900, keeps: 1.3, base: 60, normal: 107.50, rating: 0.6},
		{gauge: "bao-yen-chay", upstream: map[string]float64{"bac-ha-chay": 1}, rain: []orb.Point{{104.36, 22.46}, {104.46, 22.36}},
			area: 1100, keeps: 2, base: 110, normal: 68.60, rating: 0.68},
		{gauge: "luc-yen-chay", upstream: map[string]float64{"bao-yen-chay": 3}, rain: []orb.Point{{104.62, 22.2}},
			area: 500, keeps: 1.5, base: 130, normal: 58.40, rating: 0.9},
	}
}

// brook returns a reach for a gauge that reaches does not know: a stream that
// rises and falls with the rain around it.
func brook(seed uint64, d *citywatch.Device) reach {
	r := reach{
		gauge: d.ID, rain: []orb.Point{d.Position}, area: 120, keeps: 0.8, base: 9,
		normal: 60 + math.Round(1500*unit(seed, d.ID, 0))/10, rating: 0.35,
	}
	// Where it has an alarm table it stays below it.
	if first := d.Bounds["water_level"][1]; first != nil {
		r.normal = *first - 4
	}
	return r
}

// flow returns the discharge at a gauge in m³/s, given what fell on its
// catchment and the discharges computed before.
func (r reach) flow(rain series, discharges map[string]series) series {
	q := newSeries()
	q[0] = r.base
	kept := 1 - math.Exp(-hoursPerStep/r.keeps)
	var slope, channel float64 // what leaves the hillsides, and then the river
	for k := 1; k < len(q); k++ {
		// 1 mm/h on 1 km² is 1/3.6 m³/s.
		in := runoff * (rain[k] - rain[k-1]) / hoursPerStep * r.area / 3.6
		for up, hours := range r.upstream {
			if before, known := discharges[up]; known {
				late := max(k-int(hours/hoursPerStep), 0)
				in += before[late] - before[0]
			}
		}
		slope += (in - slope) * kept
		channel += (slope - channel) * kept
		q[k] = r.base + channel
	}
	return q
}

// level returns the water level in m at a discharge.
func (r reach) level(discharge float64) float64 {
	return r.normal + r.rating*(math.Sqrt(discharge/r.base)-1)
}
