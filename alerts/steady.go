package alerts

import (
	"encoding/binary"
	"math"
	"time"

	"citywatch"
)

// newSample is what every key of a device is told of a reading, but the value.
func newSample(r *citywatch.Reading, pos citywatch.Position) sample {
	o := sample{time: r.Time.Round(0), at: r.Position, pos: pos}
	if o.rest = time.Duration(o.time.Nanosecond()) % time.Millisecond; o.rest != 0 {
		o.time = o.time.Add(-o.rest)
	}
	o.lag = r.Arrived.Sub(o.time)
	return o
}

// steady takes in a reading of the usual kind: newer than the one before, of a
// key at which nothing is the matter, and nothing comes of it. It reports false,
// and has done nothing, for any other: observe says what becomes of those, and
// would do the same with this one at several times the cost.
//
// When the silence of a device is due is not moved with every reading. What the
// old time finds at the tick is that it has been heard since.
func (f *fold) steady(k *key, r *citywatch.Reading, o *sample) bool {
	c := k.check
	if k.Episode != nil || k.Backlog != nil || k.Last.IsZero() || !o.time.After(k.Last) {
		return false
	}
	number, text := 0.0, ""
	if c.judge != nil {
		value := find(r, c.value)
		if value == nil || o.lag > c.live || !k.Past.begun() || k.Held != nil {
			return false
		}
		v, ok := c.judge.judge(*value)
		if !ok || v.reached > citywatch.None {
			return false
		}
		number, text = value.Number, value.Text
		k.Past.add(c, newMark(o.time, v), false, false)
	}
	k.Pos, k.Last, k.Up, k.Flaps = o.pos, o.time, f.clk.Up, k.Flaps.next()
	k.keep(number, text, o)
	f.stats.evaluated++
	return true
}

// isPlain reports whether a check judges the values of one device one by one,
// at any time of the day: steady knows only those.
func (c *check) isPlain() bool {
	return c.window == nil && c.zone == nil && c.kind == nil && !c.gathers &&
		c.rule.External == nil && len(c.rule.Schedule) == 0 && (c.judge != nil || c.rule.Silence != nil)
}

// shared returns the one check for all devices for which a rule does the same,
// so that those of 100,000 devices lie near.
func (f *fold) shared(c *check) *check {
	if !c.plain {
		return c
	}
	sum := string(c.describe())
	if same, ok := f.checks[sum]; ok {
		return same
	}
	f.checks[sum] = c
	return c
}

// describe says all in which the checks of one rule may differ. An override
// changes nothing of a rule but its bounds and these two durations.
func (c *check) describe() []byte {
	b := append([]byte(c.rule.ID), 0)
	for _, d := range []time.Duration{c.rule.For, c.rule.Recover, c.limit, c.patience, c.live, c.grace} {
		b = binary.AppendVarint(b, int64(d))
	}
	if l, ok := c.judge.(*ladder); ok {
		for _, s := range l.steps {
			b = append(b, byte(s.level))
			b = binary.BigEndian.AppendUint64(b, math.Float64bits(s.reach))
			b = binary.BigEndian.AppendUint64(b, math.Float64bits(s.clear))
		}
	}
	return b
}
