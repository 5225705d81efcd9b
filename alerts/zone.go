package alerts

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"citywatch"
)

// aggregate makes a rule one about a zone: its number is made of those of the
// zone's devices.
type aggregate struct {
	// Fn is max, mean or p90.
	Fn string `json:"fn"`
	// MinDevices is how many devices have to say something.
	MinDevices int `json:"min_devices"`
}

type aggregateEntry struct {
	Over       string `yaml:"over"`
	Fn         string `yaml:"fn"`
	MinDevices int    `yaml:"min_devices"`
}

func (p *parser) aggregate(e *aggregateEntry, r *rule, path string) {
	if e == nil {
		return
	}
	if e.Over != "zone" {
		p.report(path+".over", "over: zone", "nothing can be made over %q", e.Over)
	}
	if !slices.Contains([]string{"max", "mean", "p90"}, e.Fn) {
		p.report(path+".fn", "max, mean or p90", "unknown fn %q", e.Fn)
	}
	if e.MinDevices < 0 {
		p.report(path+".min_devices", "1 if left out", "%d is negative", e.MinDevices)
	}
	if r.Threshold == nil && r.Rate == nil && r.Accumulate == nil {
		p.report(path, "threshold, rate and accumulate can", "rule %q cannot be about a whole zone", r.ID)
	}
	if r.Threshold != nil && r.Threshold.Levels == nil {
		p.report(path, "levels: {1: 50, 2: 100}", "the devices of a zone have no table in common")
	}
	r.Aggregate = &aggregate{Fn: e.Fn, MinDevices: max(e.MinDevices, 1)}
}

// A member is what is known of one device of a zone: its last numbers.
type member struct {
	Device string  `json:"device"`
	Points []point `json:"points"`
}

// A gauge is a window that makes numbers, which may then be those of a zone.
type gauge interface {
	window
	// numbers is how many it makes, each with its own steps.
	numbers() int
	// number is the one at i, and whether it is known wholly. It reports
	// nothing where too little is known to say anything.
	number(points []point, i int) (number float64, complete, known bool)
	steps(i int) (*ladder, time.Duration)
}

// instant is the gauge of the last number itself.
type instant struct{ ladder *ladder }

func (g instant) trim(points []point) []point {
	return slices.Delete(points, 0, len(points)-1)
}
func (g instant) span() time.Duration { return 0 }
func (g instant) backfills() bool     { return false }
func (g instant) look(points []point) verdict {
	v, _ := g.ladder.judge(citywatch.Value{Number: points[len(points)-1].value})
	return v
}

func (g instant) figure(points []point, level citywatch.Level) figure {
	return figure{number: points[len(points)-1].value, bound: g.ladder.bound(level)}
}

func (g instant) numbers() int { return 1 }
func (g instant) number(points []point, _ int) (float64, bool, bool) {
	return points[len(points)-1].value, true, true
}
func (g instant) steps(int) (*ladder, time.Duration) { return g.ladder, 0 }

func (w *rising) numbers() int { return 1 }
func (w *rising) number(points []point, _ int) (float64, bool, bool) {
	n, ok := w.slope(points)
	return n, ok, ok
}
func (w *rising) steps(int) (*ladder, time.Duration) { return w.ladder, w.over }

func (w *total) numbers() int { return len(w.sums) }
func (w *total) number(points []point, i int) (float64, bool, bool) {
	n, complete := w.add(points, w.sums[i].over)
	return n, complete, true
}
func (w *total) steps(i int) (*ladder, time.Duration) { return w.sums[i].ladder, w.sums[i].over }

// A zonal window is about all devices of a zone.
type zonal struct {
	gauge
	aggregate *aggregate
	// patience is how much older than the newest a device's last number may be.
	patience time.Duration
	places   map[string]orb.Point // of the devices
}

// zoneKey returns the key of a rule for the zone of a device; nil if the rule
// can say nothing of it.
func (f *fold) zoneKey(r *rule, d *citywatch.Device) *key {
	c := compile(r, d)
	if c == nil || d.Zone == "" {
		return nil
	}
	z, ok := f.zones[keyID{r.ID, d.Zone}]
	if !ok {
		c.zone = &zonal{aggregate: r.Aggregate, patience: c.patience, places: map[string]orb.Point{}}
		switch w := c.window.(type) {
		case gauge:
			c.zone.gauge = w
		default:
			c.zone.gauge = instant{c.judge.(*ladder)}
		}
		c.judge, c.window = nil, c.zone
		c.lanes(&f.options, d)
		z = f.key(c, &citywatch.Device{ID: d.Zone, Class: d.Class, Zone: d.Zone, Sector: d.Sector, Period: d.Period})
		f.zones[keyID{r.ID, d.Zone}] = z
	}
	if !d.Auto {
		z.check.zone.places[d.ID] = d.Position
	}
	return z
}

// tellZone shows a number of one of its devices to the key of a zone.
func (f *fold) tellZone(k *key, device string, o *sample) {
	z := k.check.zone
	i, found := slices.BinarySearchFunc(k.Members, device, func(m member, id string) int { return strings.Compare(m.Device, id) })
	if !found {
		k.Members = slices.Insert(k.Members, i, member{Device: device})
	}
	m := &k.Members[i]
	if n := len(m.Points); n > 0 && o.time.UnixNano() < m.Points[n-1].at && !z.backfills() || o.time.Unix() < 0 {
		f.stats.late++
		return
	}
	points, placed := insert(z.gauge, m.Points, point{o.time.UnixNano(), o.value.Number})
	m.Points = points
	switch placed {
	case late:
		f.stats.late++
		return
	case duplicate:
		f.stats.duplicates++
		return
	}
	if o.time.Before(k.Last) {
		o.time = k.Last
	}
	v, number := z.verdict(k.Members, o.time)
	if !k.check.rule.during(o.time) {
		v = verdict{}
	}
	o.value, o.at = citywatch.Value{Number: number}, nil
	f.stats.evaluated++
	f.moved(k, k.state.observe(k.check, v, o, &f.clk))
}

// An opinion is the number of one device.
type opinion struct {
	device   string
	number   float64
	complete bool
	at       int64
}

// opinions returns the numbers of the devices that are not long silent, the
// highest first.
func (z *zonal) opinions(members []member, now time.Time, i int) []opinion {
	var all []opinion
	for _, m := range members {
		if n := len(m.Points); n == 0 || m.Points[n-1].at < now.Add(-z.patience).UnixNano() {
			continue
		}
		if number, complete, known := z.number(m.Points, i); known {
			all = append(all, opinion{m.Device, number, complete, m.Points[len(m.Points)-1].at})
		}
	}
	slices.SortStableFunc(all, func(a, b opinion) int { return cmp.Compare(b.number, a.number) })
	return all
}

// made is the number that the devices' make together.
func (z *zonal) made(all []opinion) float64 {
	switch z.aggregate.Fn {
	case "mean":
		sum := 0.0
		for _, o := range all {
			sum += o.number
		}
		return rounded(sum / float64(len(all)))
	case "p90":
		// The nearest rank: the number that nine in ten do not exceed.
		return all[len(all)-int(math.Ceil(0.9*float64(len(all))))].number
	}
	return all[0].number
}

// verdict judges what the members say. What some do not know wholly holds every
// level; with too few of them nothing is known.
func (z *zonal) verdict(members []member, now time.Time) (all verdict, number float64) {
	for i := range z.numbers() {
		opinions := z.opinions(members, now, i)
		if len(opinions) < z.aggregate.MinDevices {
			all.held = unsure
			continue
		}
		n := z.made(opinions)
		if i == 0 {
			number = n
		}
		steps, _ := z.steps(i)
		v, _ := steps.judge(citywatch.Value{Number: n})
		all.reached, all.held = max(all.reached, v.reached), max(all.held, v.held)
		if slices.ContainsFunc(opinions, func(o opinion) bool { return !o.complete }) {
			all.held = unsure
		}
	}
	return all, number
}

// look is not asked: the points are the members'.
func (z *zonal) look([]point) verdict { return verdict{held: unsure} }

// figure stands for the members': evidence tells them.
func (z *zonal) figure([]point, citywatch.Level) figure { return figure{fn: z.aggregate.Fn} }

// most is how many devices' numbers stand beside that of the zone.
const most = 3

// evidence is the zone's number, and those of the devices that say most.
func (f *fold) zoneEvidence(k *key) []citywatch.Evidence {
	z, level := k.check.zone, k.Episode.Alert.Level
	unit := f.rules.units[quantity{k.device.Class, k.check.value}]
	found := []citywatch.Evidence{}
	for i := range z.numbers() {
		opinions := z.opinions(k.Members, k.Last, i)
		if len(opinions) < z.aggregate.MinDevices {
			continue
		}
		steps, over := z.steps(i)
		n := z.made(opinions)
		if v, _ := steps.judge(citywatch.Value{Number: n}); v.reached < level && i+1 < z.numbers() {
			continue // another is what it is about
		}
		found = append(found, citywatch.Evidence{
			Value: k.check.value, Number: n, Unit: unit, Time: k.Last, Bound: steps.bound(level), Fn: z.aggregate.Fn, Over: over.Seconds(),
		})
		if steps.sign < 0 {
			slices.Reverse(opinions)
		}
		for _, o := range opinions[:min(most, len(opinions))] {
			e := citywatch.Evidence{Device: o.device, Value: k.check.value, Number: o.number, Unit: unit, Time: time.Unix(0, o.at).UTC(), Over: over.Seconds()}
			if over > 0 {
				e.Fn = "sum"
				if k.check.rule.Rate != nil {
					e.Fn = "rate"
				}
			}
			found = append(found, e)
		}
		break
	}
	return found
}

// where is the place of the device that says most.
func (z *zonal) where(evidence []citywatch.Evidence) (at orb.Point, known bool) {
	for _, e := range evidence {
		if at, known = z.places[e.Device]; known {
			return at, true
		}
	}
	return at, false
}
