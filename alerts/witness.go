package alerts

import (
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb/geo"

	"citywatch"
)

// A claim is what one device said last of it, by measured time: from when, how
// long at least, and when it said that it is over; zero while it has not.
type claim struct {
	From   time.Time `json:"from"`
	Until  time.Time `json:"until"`
	Ended  time.Time `json:"ended,omitzero"`
	Number float64   `json:"number,omitempty"`
	Text   string    `json:"text,omitempty"`
}

// testify notes what a device says.
func (f *fold) testify(k *key, v verdict, o *sample) {
	if !k.check.rule.during(o.time) {
		v = verdict{}
	}
	says := v.reached > citywatch.None
	switch k.order(o, &f.clk) {
	case duplicate:
		f.stats.duplicates++
		return
	case late:
		if o.time.Unix() < 0 || !k.retells(v, o) {
			f.stats.late++
			return
		}
		k.Pos = o.pos
	default:
		last := k.Last
		k.Pos, k.Last, k.Up = o.pos, o.time, f.clk.Up
		k.keep(o.value.Number, o.value.Text, o)
		k.remember(k.check, v, o, last)
		if !k.claims(says, o.time) {
			f.stats.evaluated++
			return
		}
	}
	f.stats.evaluated++
	f.doubted[f.places[k.id.rule]] = true
}

// claims notes what the newest value says, and reports whether anything is to
// be made of it.
func (k *key) claims(says bool, at time.Time) bool {
	c := k.Claim
	switch {
	case c == nil && !says:
		return false
	case c != nil && !c.Ended.IsZero() && !says:
		return k.Episode != nil
	case c == nil || !c.Ended.IsZero(): // it begins
		k.Claim = &claim{From: at, Until: at, Number: k.Number, Text: k.Text}
		return true
	}
	next := *c // a checkpoint may be written from the one before
	if says {
		next.Until = at
	} else {
		next.Ended = at
	}
	k.Claim = &next
	return true
}

// retells takes in what the device said before its newest word, and reports
// whether that is news: the claim is then the one that there would be if
// everything had come in its order.
func (k *key) retells(v verdict, o *sample) bool {
	p := &k.Past
	if !p.begun() {
		return false
	}
	m := newMark(o.time, v)
	i, found, outside := p.find(m)
	switch {
	case outside || found && p.Marks[i] == m:
		return false
	case found:
		p.put(i, m)
	default:
		p.own()
		p.Marks = slices.Insert(p.Marks, i, m)
		p.count()
	}
	if len(p.Marks) >= k.check.keeping.most {
		p.shorten(k.check, p.Marks[len(p.Marks)-1])
	}
	next, says := p.lastClaim()
	if !says {
		return false
	}
	if c := k.Claim; c != nil {
		if next.From.Equal(c.From) && next.Until.Equal(c.Until) && next.Ended.Equal(c.Ended) {
			return false
		}
		next.Number, next.Text = c.Number, c.Text
		if p.End != 0 && len(p.Marks) > 0 && next.From.Equal(p.Marks[0].at()) && c.From.Before(next.From) {
			next.From = c.From // it began before what is remembered
		}
	}
	if next.From.Equal(o.time) || k.Claim == nil {
		next.Number, next.Text = o.value.Number, strings.Clone(o.value.Text)
	}
	k.Claim = &next
	return true
}

// spans are the times that the device said so without a break, as far as that is
// remembered, in the order of time: the last is its claim.
func (k *key) spans() (all []claim) {
	if k.Claim == nil {
		return nil
	}
	says := false
	for _, m := range k.Past.Marks {
		switch reached := m.verdict().reached > citywatch.None; {
		case reached && says:
			all[len(all)-1].Until = m.at()
		case reached:
			all = append(all, claim{From: m.at(), Until: m.at(), Number: k.Claim.Number, Text: k.Claim.Text})
		case says:
			all[len(all)-1].Ended = m.at()
		}
		says = m.verdict().reached > citywatch.None
	}
	if n := len(all); n > 0 && !all[n-1].Until.Before(k.Claim.Until) {
		all = all[:n-1]
	}
	return append(all, *k.Claim)
}

// lastClaim is the last time that the device said so without a break.
func (p *past) lastClaim() (c claim, says bool) {
	for _, m := range slices.Backward(p.Marks) {
		switch reached := m.verdict().reached > citywatch.None; {
		case !says && reached:
			c.From, c.Until, says = m.at(), m.at(), true
		case reached:
			c.From = m.at()
		case says:
			return c, true
		default:
			c.Ended = m.at()
		}
	}
	return c, says
}

// A place is every device that one rule may hear of it from.
type place struct {
	rule      *rule
	witnesses []*key // in the order of the devices' ids
	near      map[*key][]*key
}

// witness makes the key one of its rule's.
func (f *fold) witness(k *key) {
	p := f.places[k.id.rule]
	if p == nil {
		p = &place{rule: k.check.rule}
		f.places[k.id.rule] = p
	}
	if !slices.Contains(p.witnesses, k) {
		p.witnesses = append(p.witnesses, k)
		slices.SortFunc(p.witnesses, byKeyDevice)
		p.near = map[*key][]*key{}
	}
}

func (p *place) rank() int { return 0 }

func (p *place) name() string { return p.rule.ID }

// around returns the keys whose devices stand near that of k, itself among
// them. Of a device that registered itself nobody knows where it stands.
func (p *place) around(k *key) []*key {
	near, known := p.near[k]
	if known {
		return near
	}
	for _, other := range p.witnesses {
		if other == k || !k.device.Auto && !other.device.Auto &&
			geo.DistanceHaversine(k.device.Position, other.device.Position) <= p.rule.Corroborate.Metres {
			near = append(near, other)
		}
	}
	p.near[k] = near
	return near
}

// stands reports whether what the device said still counts.
func (p *place) stands(f *fold, k *key) bool {
	c := k.Claim
	if c == nil || k.check == nil || !c.Ended.IsZero() {
		return false
	}
	decay := k.check.kind.Decay
	return decay == 0 || f.clk.Ticked.Sub(c.Until) <= decay
}

// over is when what the device said ceased to count.
func (k *key) over() time.Time {
	if k.Claim.Ended.IsZero() {
		return k.Claim.Until.Add(k.check.kind.Decay)
	}
	return k.Claim.Ended
}

// last is until when the device said so. What it says it says until it says
// otherwise, unless that decays.
func (k *key) last(c *claim) time.Time {
	switch {
	case k.check.kind.Decay > 0:
		return c.Until
	case c.Ended.IsZero():
		return time.Unix(1<<40, 0)
	}
	return c.Ended
}
