package alerts

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"citywatch"
)

// A mark is when something was measured and what it said: Unix milliseconds,
// and in the lowest byte the verdict. Marks are in order as their numbers are.
type mark int64

func newMark(at time.Time, v verdict) mark {
	return mark(at.UnixMilli()<<8 | int64(v.reached)<<4 | int64(v.held))
}

func (m mark) at() time.Time { return time.UnixMilli(int64(m) >> 8).UTC() }

func (m mark) verdict() verdict {
	return verdict{citywatch.Level(m >> 4 & 0xf), citywatch.Level(m & 0xf)}
}

// sameTime reports whether two marks are of the same moment.
func (m mark) sameTime(n mark) bool { return m>>8 == n>>8 }

// dull reports whether the mark says that nothing is the matter.
func (m mark) dull() bool { return m&0xff == 0 }

// A past is what is remembered of a key's values, so that one that arrives late
// can be put in its place: from these, what the ordered values would have said
// is reckoned anew. It takes 8 bytes a value.
type past struct {
	// Marks are those of the last values, in the order of time.
	Marks marks `json:"marks"`
	// Before is the course before the first mark, nil where nothing was the
	// matter; End is the last mark that it knows of.
	Before *course `json:"before,omitempty"`
	End    mark    `json:"end,omitempty"`
	// Check tells the check by which the marks were made; 0 is none yet.
	Check uint32 `json:"check"`
	// lively counts the marks that are not dull.
	lively int32
	// shared is set while a checkpoint reads the marks there are: others may be
	// added, but none changed.
	shared bool
}

type marks []mark

// keeping bounds a past: between keep and twice as many marks, most while a
// device catches up, and none older than long before the newest.
type keeping struct {
	keep, most int
	long       time.Duration
}

// catchingUp is how many times more is kept of a key that catches up.
const catchingUp = 32

// begun reports whether there is a past to speak of.
func (p *past) begun() bool { return p.Check != 0 }

// add puts the mark of the newest value at the end; again says that the one
// there is of the same moment. It does not read the marks, which for nearly
// every key would have to come from afar.
func (p *past) add(k *check, m mark, again, many bool) {
	if n := len(p.Marks); again && n > 0 {
		p.put(n-1, m)
		return
	}
	if len(p.Marks) >= 2*k.keeping.keep && !(many && len(p.Marks) < k.keeping.most) {
		p.shorten(k, m)
	}
	p.Marks = append(p.Marks, m)
	if !m.dull() {
		p.lively++
	}
}

// put replaces a mark: the later word about a moment counts.
func (p *past) put(i int, m mark) {
	p.own()
	if !p.Marks[i].dull() {
		p.lively--
	}
	if p.Marks[i] = m; !m.dull() {
		p.lively++
	}
}

// shorten forgets marks, so that room is for another, and what they said goes
// into Before.
func (p *past) shorten(k *check, newest mark) {
	keep := max(len(p.Marks)-k.keeping.keep, 0)
	oldest := newest.at().Add(-k.keeping.long)
	for keep < len(p.Marks) && p.Marks[keep].at().Before(oldest) {
		keep++
	}
	if keep == 0 {
		return
	}
	if p.Before != nil || p.lively > 0 {
		before := p.before()
		w := walk{course: before, check: k, last: p.End}
		for _, m := range p.Marks[:keep] {
			w.step(m)
			if !m.dull() {
				p.lively--
			}
		}
		p.Before = nil
		if w.course.matters() {
			p.Before = &w.course
		}
	}
	p.own()
	p.End = p.Marks[keep-1]
	kept := p.Marks[keep:]
	if cap(p.Marks) > 2*k.keeping.keep {
		p.Marks = make(marks, 0, 2*k.keeping.keep) // it had caught up
	}
	p.Marks = append(p.Marks[:0], kept...)
}

func (p *past) before() course {
	if p.Before == nil {
		return course{}
	}
	return *p.Before
}

// matters reports whether what comes next depends on the course.
func (c *course) matters() bool {
	return c.Says > citywatch.None || c.Reached != since{}
}

// find places a late mark. It is outside if it lies before all that is
// remembered: what it would have changed is no longer known.
func (p *past) find(m mark) (i int, found, outside bool) {
	if p.End != 0 && m>>8 <= p.End>>8 {
		return 0, false, true
	}
	i, _ = slices.BinarySearch(p.Marks, m>>8<<8)
	return i, i < len(p.Marks) && p.Marks[i].sameTime(m), false
}

// forget begins the past anew from a course: what was before counts no more.
func (p *past) forget(now course) {
	if n := len(p.Marks); n > 0 {
		p.End = p.Marks[n-1]
	}
	p.own()
	p.Marks, p.lively, p.Before = p.Marks[:0], 0, nil
	if now.matters() {
		p.Before = &now
	}
}

// own makes sure that the marks may be changed.
func (p *past) own() {
	if p.shared {
		p.Marks, p.shared = append(make(marks, 0, cap(p.Marks)), p.Marks...), false
	}
}

// A walk goes along the marks of a past.
type walk struct {
	course
	check *check
	last  mark
}

// step takes in the next mark. It returns the level that was reached for long
// enough before it, and since when, if that rose.
func (w *walk) step(m mark) (before citywatch.Level, risen time.Time) {
	if w.last != 0 {
		risen = w.run(w.check, w.last.at(), m.at())
	}
	before = w.Says
	last := m.at()
	if w.last != 0 {
		last = w.last.at()
	}
	w.take(w.check, m.verdict(), last, m.at())
	w.last = m
	return before, risen
}

// A LevelAt is a level and the measured time from which on it was.
type LevelAt struct {
	Time  time.Time
	Level citywatch.Level
}

// levels is how the level was over what is remembered, by the measured times:
// first the level before that, with no time, unless there was none.
func (p *past) levels(k *check) []LevelAt {
	w := walk{course: p.before(), check: k, last: p.End}
	var all []LevelAt
	now := citywatch.None
	note := func(at time.Time, level citywatch.Level) {
		if level != now {
			all = append(all, LevelAt{at, level})
			now = level
		}
	}
	note(time.Time{}, w.Says)
	for _, m := range p.Marks {
		level, risen := w.step(m)
		if !risen.IsZero() {
			note(risen, level)
		}
		note(m.at(), w.Says)
	}
	return all
}

// MarshalJSON writes marks as the times between them: some two bytes each.
func (ms marks) MarshalJSON() ([]byte, error) {
	unit, last := int64(1000), int64(0)
	for _, m := range ms {
		if (int64(m)>>8)%unit != 0 {
			unit = 1
		}
	}
	b := binary.AppendVarint(make([]byte, 0, 3*len(ms)+8), unit)
	for _, m := range ms {
		at := (int64(m) >> 8) / unit
		passed := (at - last) << 1
		if m.dull() {
			b = binary.AppendVarint(b, passed)
		} else {
			b = append(binary.AppendVarint(b, passed|1), byte(m&0xff))
		}
		last = at
	}
	return json.Marshal(base64.RawStdEncoding.EncodeToString(b))
}

var errMarks = errors.New("the remembered past of an alert's key cannot be read")

// UnmarshalJSON reads what MarshalJSON wrote.
func (ms *marks) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	b, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil {
		return err
	}
	unit, n := binary.Varint(b)
	*ms = (*ms)[:0]
	for last := int64(0); n > 0 && len(b) > n; {
		b = b[n:]
		var passed int64
		if passed, n = binary.Varint(b); n <= 0 {
			return errMarks
		}
		last += passed >> 1
		m := mark(last * unit << 8)
		if passed&1 != 0 {
			if len(b) <= n {
				return errMarks
			}
			m |= mark(b[n])
			n++
		}
		*ms = append(*ms, m)
	}
	if n <= 0 {
		return errMarks
	}
	return nil
}

// UnmarshalJSON reads a past.
func (p *past) UnmarshalJSON(text []byte) error {
	type plain past
	if err := json.Unmarshal(text, (*plain)(p)); err != nil {
		return err
	}
	for _, m := range p.Marks {
		if !m.dull() {
			p.lively++
		}
	}
	return nil
}
