package alerts

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"citywatch"
	"citywatch/internal/strictyaml"
)

// external is about events that something else has judged already: a recorder's
// review, another system's alarm. Of each device the worst that has not ended
// counts.
type external struct {
	// Severity is the value that says how bad an event is, Levels what it may
	// say. What is not listed changes nothing.
	Severity string                     `json:"severity"`
	Levels   map[string]citywatch.Level `json:"levels"`
	// ID is the value that tells one event from another; empty where a device
	// has one at a time.
	ID string `json:"id,omitempty"`
	// Ended is the value that says that an event is over, Is by which words.
	Ended string   `json:"ended"`
	Is    []string `json:"is"`
}

type externalEntry struct {
	Severity string                     `yaml:"severity"`
	Levels   map[string]citywatch.Level `yaml:"levels"`
	ID       string                     `yaml:"id"`
	Ended    struct {
		Value string   `yaml:"value"`
		Is    []string `yaml:"is"`
	} `yaml:"ended"`
}

func (p *parser) external(e *externalEntry, r *rule, path string) {
	p.value(r, e.Severity, path+".severity")
	if len(e.Levels) == 0 {
		p.report(path+".levels", "levels: {detection: 1, alert: 3}", "rule %q gives no severity a level", r.ID)
	}
	for _, text := range slices.Sorted(maps.Keys(e.Levels)) {
		if level := e.Levels[text]; !level.Valid() {
			p.report(strictyaml.Key(path+".levels", text), "levels go from 1 to 5", "%q has level %d", text, level)
		}
	}
	if len(e.Ended.Is) == 0 {
		p.report(path+".ended", "ended: {is: [ended]}, or ended: {value: active, is: [\"0\"]}", "rule %q does not say how an event ends, and nothing else ends it", r.ID)
	}
	for i, word := range e.Ended.Is {
		if _, both := e.Levels[word]; both && cmp.Or(e.Ended.Value, e.Severity) == e.Severity {
			p.report(strictyaml.Index(path+".ended.is", i), "an event with a level goes on", "%q has a level and ends the event", word)
		}
	}
	r.External = &external{
		Severity: e.Severity, Levels: e.Levels, ID: e.ID,
		Ended: cmp.Or(e.Ended.Value, e.Severity), Is: e.Ended.Is,
	}
}

// A happening is an event. One that has ended is known for a while yet, so that
// what comes late of it does not begin it again.
type happening struct {
	ID string `json:"id,omitempty"`
	// Level is none if the event has ended, Worst the highest that it had.
	Level citywatch.Level `json:"level,omitempty"`
	Worst citywatch.Level `json:"worst,omitempty"`
	Text  string          `json:"text,omitempty"`
	// At is of when the newest word of it is, in nanoseconds since 1970.
	At int64 `json:"at"`
}

// maxHappenings bounds the events of one device that go on: of more the one that
// was not heard of for longest is taken to have ended. maxEnded bounds those that
// have ended and are still known.
const (
	maxHappenings = 64
	maxEnded      = 16
)

// word is a value as rules name it.
func word(v *citywatch.Value) string {
	if v.IsText() {
		return v.Text
	}
	return strconv.FormatFloat(v.Number, 'g', -1, 64)
}

// happen shows a reading to a key that is about events.
func (f *fold) happen(k *key, r *citywatch.Reading, o *sample) {
	e := k.check.rule.External
	severity, ended, id := find(r, e.Severity), find(r, e.Ended), ""
	if v := find(r, e.ID); v != nil {
		id = strings.Clone(word(v))
	}
	isOver := ended != nil && slices.Contains(e.Is, word(ended))
	if severity == nil && !isOver {
		return
	}
	if o.time.Unix() < 0 {
		f.stats.late++
		return
	}
	level := citywatch.None
	if severity != nil {
		level = e.Levels[word(severity)]
	}
	if !isOver && level == citywatch.None {
		f.stats.mismatched++
		return
	}
	said := happening{ID: id, At: o.time.UnixNano()}
	if !isOver {
		said.Level, said.Worst, said.Text = level, level, strings.Clone(word(severity))
	}
	o.old = o.lag > k.check.live
	f.stats.evaluated++
	if news := k.heard(said); news > citywatch.None {
		o.value = citywatch.Value{Text: said.Text}
		k.Pos = o.pos
		k.gather(k.check, verdict{news, news}, o, &f.clk, excursion{news, o.time})
		f.moved(k, "")
		return
	}
	if o.time.Before(k.Last) {
		o.time = k.Last
	}
	v := verdict{}
	if k.check.rule.during(o.time) {
		v = k.happening()
	}
	o.value = citywatch.Value{Text: k.Text}
	if worst := k.worst(); worst != nil {
		o.value.Text = worst.Text
	}
	f.moved(k, k.state.observe(k.check, v, o, &f.clk))
}

// heard takes in what was said of an event. The newest word of it counts, and of
// those of one time the end, or else the worse: a recorder gives all of them the
// time at which the event began. It returns the level that an event had before
// what is known of it. The slice is made anew: a checkpoint may be written
// from the one before.
func (s *state) heard(said happening) (news citywatch.Level) {
	i, known := slices.BinarySearchFunc(s.Events, said.ID, func(h happening, id string) int { return strings.Compare(h.ID, id) })
	events := slices.Clone(s.Events)
	if !known {
		s.Events = atMost(slices.Insert(events, i, said))
		return citywatch.None
	}
	h := &events[i]
	ended, worst := h.Level == citywatch.None, h.Worst
	later := said.At > h.At || said.At == h.At && !ended && (said.Level == citywatch.None || said.Level > h.Level)
	if later {
		*h = said
	}
	h.Worst = max(worst, said.Worst)
	s.Events = atMost(events)
	if !later && said.Level > worst {
		return said.Level
	}
	return citywatch.None
}

// atMost leaves out the event that was not heard of for longest, if there are too
// many of those that go on, or of those that have ended.
func atMost(events []happening) []happening {
	over := func(ended bool, most int) {
		oldest, n := -1, 0
		for i, h := range events {
			if ended == (h.Level == citywatch.None) {
				if n++; oldest < 0 || h.At < events[oldest].At {
					oldest = i
				}
			}
		}
		if n > most {
			events = slices.Delete(events, oldest, oldest+1)
		}
	}
	over(false, maxHappenings)
	over(true, maxEnded)
	return events
}

// worst returns the worst event that goes on, or nil.
func (s *state) worst() *happening {
	var worst *happening
	for i := range s.Events {
		if h := &s.Events[i]; h.Level > citywatch.None && (worst == nil || h.Level > worst.Level) {
			worst = h
		}
	}
	return worst
}

func (s *state) happening() verdict {
	if worst := s.worst(); worst != nil {
		return verdict{worst.Level, worst.Level}
	}
	return verdict{}
}

// events stands for the window of a key that is about events: what it is told
// of them is in its state.
type events struct{}

func (events) span() time.Duration                    { return 0 }
func (events) look([]point) verdict                   { return verdict{held: unsure} }
func (events) figure([]point, citywatch.Level) figure { return figure{} }
