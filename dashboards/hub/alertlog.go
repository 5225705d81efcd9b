package hub

import (
	"sort"
	"sync"
	"time"

	"citywatch"
	"citywatch/dashboards/filter"

	"github.com/gorilla/websocket"
)

// An alertFrame is one transition as its receivers get it.
type alertFrame struct {
	seq uint64
	// published is when the hub got it, end how many bytes of frames there
	// have been up to and with this one.
	published time.Time
	end       uint64
	size      int

	after filter.Scope
	// before is the alert before the transition; nil for the first of an
	// alert. Where it is not known (this process started in between),
	// beforeUnknown is set.
	before        *filter.Scope
	beforeUnknown bool

	message *websocket.PreparedMessage
	// removal is the message for clients whose filter the alert has left.
	removal func() (*websocket.PreparedMessage, error)
}

// messageFor returns what a client with the filter is sent: nil when the frame
// does not concern it.
func (f *alertFrame) messageFor(want *filter.Filter) (*websocket.PreparedMessage, error) {
	switch {
	case want.Alert(&f.after):
		return f.message, nil
	case f.before != nil && want.Alert(f.before), f.beforeUnknown:
		return f.removal()
	}
	return nil, nil
}

// newAlertFrame encodes t, which is told at now; it does not keep it.
func newAlertFrame(t *citywatch.Transition, now time.Time) (*alertFrame, error) {
	it, err := alertItem(&t.Alert)
	if err != nil {
		return nil, err
	}
	c := change{
		Type: typeAlert, Seq: t.Seq, Time: now, Feature: it.json,
		Transition: transition{ID: t.ID, At: t.At, Reason: t.Reason, Actor: t.Actor, Pressed: t.Pressed, Note: t.Note, To: t.To, Notice: t.Notice},
	}
	f := &alertFrame{seq: t.Seq, published: time.Now(), after: it.scope}
	if f.message, f.size, err = encode(c); err != nil {
		return nil, err
	}
	f.removal = sync.OnceValues(func() (*websocket.PreparedMessage, error) {
		c.Removed = true
		message, _, err := encode(c)
		return message, err
	})
	return f, nil
}

// An alertLog is the newest frames, in order. It is a value: add returns the
// next one, and whoever holds the old one goes on reading it.
type alertLog struct {
	// Every transition after base is in frames.
	base   uint64
	frames []*alertFrame
}

// last is the number of the newest transition.
func (l alertLog) last() uint64 {
	if len(l.frames) == 0 {
		return l.base
	}
	return l.frames[len(l.frames)-1].seq
}

// bytes is how many bytes of frames there have been.
func (l alertLog) bytes() uint64 {
	if len(l.frames) == 0 {
		return 0
	}
	return l.frames[len(l.frames)-1].end
}

// after returns the first frame after seq, nil when there is none.
func (l alertLog) after(seq uint64) *alertFrame {
	if l.last() <= seq {
		return nil
	}
	i := sort.Search(len(l.frames), func(i int) bool { return l.frames[i].seq > seq })
	return l.frames[i]
}

// covers reports whether every transition after seq, and seq itself, is known.
func (l alertLog) covers(seq uint64) bool { return seq >= l.base && seq <= l.last() }

// add appends f and forgets the oldest frames beyond limit. Only one goroutine
// at a time may add.
func (l alertLog) add(f *alertFrame, limit int) alertLog {
	f.end = l.bytes() + uint64(f.size)
	if len(l.frames) >= 2*limit {
		// The old array stays with those who are reading it.
		keep := make([]*alertFrame, limit, 2*limit+1)
		copy(keep, l.frames[len(l.frames)-limit:])
		l.base = l.frames[len(l.frames)-limit-1].seq
		l.frames = keep
	}
	l.frames = append(l.frames, f)
	return l
}
