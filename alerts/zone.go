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
	Device string `json:"device"`
	Points points `json:"points"`
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

func (g instant) span() time.Duration { return 0 }
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
	devices  int
}

// maxJudgedAnew is of how many devices a zone may be, and still each moment is
// judged anew in whose window a late number lies: it takes the square of them.
// In larger ones it counts for what is newest.
const maxJudgedAnew = 64

// keeping is as long in time as that of one device, as far as may be: a zone has
// the readings of all of them.
func (z *zonal) keeping(o *Options) keeping {
	if z.devices > maxJudgedAnew {
		return keeping{}
	}
	n := cmp.Or(o.Remember, defaultRemember) * min(z.devices, 8)
	return keeping{n, 2 * n, cmp.Or(o.RememberFor, defaultRememberFor)}
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
		c.keeping = keeping{}
		z = f.key(c, &citywatch.Device{ID: d.Zone, Class: d.Class, Zone: d.Zone, Sector: d.Sector, Period: d.Period})
		f.zones[keyID{r.ID, d.Zone}] = z
	}
	if !d.Auto {
		z.check.zone.places[d.ID] = d.Position
	}
	z.check.zone.devices++
	z.check.keeping = z.check.zone.keeping(&f.options)
	return z
}

// tellZone shows a number of one of its devices to the key of a zone.
func (f *fold) tellZone(k *key, device string, o *sample) {
	i, found := slices.BinarySearchFunc(k.Members, device, func(m member, id string) int { return strings.Compare(m.Device, id) })
	if !found {
		k.Members = slices.Insert(k.Members, i, member{Device: device})
	}
	if k.Last.Sub(f.clk.Now) > citywatch.MaxAhead { // a clock was wrong
		for j := range k.Members {
			k.Members[j].Points = upTo(k.Members[j].Points, f.clk.Now.UnixNano())
		}
	}
	o.at = nil
	f.place(k, &k.Members[i].Points, o)
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
		points := upTo(m.Points, now.UnixNano())
		if n := len(points); n == 0 || points[n-1].at < now.Add(-z.patience).UnixNano() {
			continue
		}
		if number, complete, known := z.number(points, i); known {
			all = append(all, opinion{m.Device, number, complete, points[len(points)-1].at})
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

// evidence is the zone's number, and those of the devices that say most: now, or
// when enough of them last said that there is something.
func (f *fold) zoneEvidence(k *key) []citywatch.Evidence {
	found := f.zoneEvidenceAt(k, k.Last)
	for _, m := range slices.Backward(k.Past.Marks) {
		if len(found) > 0 {
			break
		}
		if m.verdict().reached > citywatch.None {
			found = f.zoneEvidenceAt(k, m.at())
		}
	}
	return found
}

func (f *fold) zoneEvidenceAt(k *key, at time.Time) []citywatch.Evidence {
	z, level := k.check.zone, k.Episode.Alert.Level
	unit := f.rules.units[quantity{k.device.Class, k.check.value}]
	found := []citywatch.Evidence{}
	for i := range z.numbers() {
		opinions := z.opinions(k.Members, at, i)
		if len(opinions) < z.aggregate.MinDevices {
			continue
		}
		steps, over := z.steps(i)
		n := z.made(opinions)
		if v, _ := steps.judge(citywatch.Value{Number: n}); v.reached < level && i+1 < z.numbers() {
			continue // another is what it is about
		}
		found = append(found, citywatch.Evidence{
			Value: k.check.value, Number: n, Unit: unit, Time: at, Bound: steps.bound(level), Fn: z.aggregate.Fn, Over: over.Seconds(),
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

// toldOfZone brings into the alert what its devices say.
func (f *fold) toldOfZone(k *key, reason citywatch.Reason) {
	a := k.Episode.Alert
	if reason != citywatch.ReasonStale {
		a.Evidence = f.zoneEvidence(k)
	}
	if at, known := k.check.zone.where(a.Evidence); known && reason == citywatch.ReasonFired {
		a.Position = at
	}
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
