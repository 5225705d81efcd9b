package alerts

import (
	"slices"

	"citywatch"
)

// keysAtOnce is how many keys a snapshot copies before the engine looks for
// entries again: well under a millisecond's work.
const keysAtOnce = 2048

// A snapshot is a checkpoint that is being made while entries are taken in. It
// is of the moment at which it began: a key that changes before its turn is
// copied first. Of 100,000 devices with four rules each the copying takes tens
// of milliseconds, for which no alert is to wait.
type snapshot struct {
	head checkpoint
	// kept are its keys, in pieces: one for all would have to be cleared at once.
	kept [][]saved
	keys []*key
	// next is the first key that may not have had its turn, taken are those
	// that had theirs earlier.
	next  int
	taken []bool
}

// begin begins a snapshot. Every transition must be in the journal. What may
// change in other ways than by its own device's readings and by time is copied
// at once; it is little.
func (f *fold) begin() *snapshot {
	s := &snapshot{
		head: checkpoint{Version: checkpointVersion, Last: f.last, Clock: f.clk},
		keys: f.keys[:len(f.keys):len(f.keys)], taken: make([]bool, len(f.keys)),
	}
	if f.written.After(f.last) {
		s.head.Written, s.head.Acted = f.written, f.acted
	}
	for slot, waits := range f.patient {
		if !waits {
			s.take(f, f.keys[slot])
		}
	}
	return s
}

// step copies some keys, and reports whether that was the last of them.
func (s *snapshot) step(f *fold, keys int) bool {
	for end := min(s.next+keys, len(s.keys)); s.next < end; s.next++ {
		s.take(f, s.keys[s.next])
	}
	return s.next == len(s.keys)
}

// take copies a key, unless it has been or came after the snapshot began. Of one
// at which nothing is the matter it keeps only what matters then: they are
// nearly all.
func (s *snapshot) take(f *fold, k *key) {
	if int(k.slot) >= len(s.taken) || s.taken[k.slot] {
		return
	}
	s.taken[k.slot] = true
	c := f.saved(k)
	judged := k.check != nil && !k.check.timed()
	c.own()
	k.Past.shared = k.Past.begun()
	switch {
	case k.Episode != nil:
		episode := *k.Episode // changes while the checkpoint is being written
		c.Episode = &episode
		if episode.Alert != nil {
			alert := *episode.Alert
			c.Alert = &alert
		}
	case k.check == nil && s.head.Clock.Up-k.Up > forgottenAfter, judged && k.Last.IsZero():
		return // as good as new
	case judged && k.Backlog == nil && k.Claim == nil:
		c.Up = 0
		fallthrough
	default:
		if !c.Pos.After(s.head.Last) {
			c.Pos = citywatch.Position{}
		}
	}
	if n := len(s.kept); n == 0 || len(s.kept[n-1]) == keysAtOnce {
		s.kept = append(s.kept, make([]saved, 0, min(keysAtOnce, len(s.keys)-n*keysAtOnce)))
	}
	last := &s.kept[len(s.kept)-1]
	*last = append(*last, c)
}

// whole returns the checkpoint, once the last key is taken.
func (s *snapshot) whole() *checkpoint {
	s.head.Keys = slices.Concat(s.kept...)
	return &s.head
}

// own copies what would change while the checkpoint is being written.
func (s *saved) own() {
	s.Points = slices.Clone(s.Points)
	s.Members = slices.Clone(s.Members)
	for i := range s.Members {
		s.Members[i].Points = slices.Clone(s.Members[i].Points)
	}
	s.Backlog = s.Backlog.clone()
}

// checkpoint is a whole snapshot.
func (f *fold) checkpoint() *checkpoint {
	s := f.begin()
	s.step(f, len(s.keys))
	return s.whole()
}

// changes has a snapshot that is being made copy a key before it changes.
func (f *fold) changes(k *key) {
	if f.saving != nil {
		f.saving.take(f, k)
	}
}

// patient reports whether a key changes by its own device's readings and by time
// alone, as it is now.
func (k *key) patient() bool {
	return k.check != nil && k.check.alone && k.Episode == nil && k.Held == nil
}

// isAlone reports whether a check is of one device's readings.
func (c *check) isAlone() bool {
	return c.kind == nil && c.zone == nil && !c.gathers && c.rule.External == nil
}
