package notify

import (
	"encoding/json"
	"errors"
	"iter"
	"log/slog"
	"maps"
	"os"
	"slices"
	"time"

	"citywatch/internal/linefile"
)

// A target is one receiver, by the channel through which it is reached.
type target struct {
	Channel string `json:"channel"`
	ID      string `json:"id"`
}

// A letter is one message, and those who are still to be told.
type letter struct {
	Message Message  `json:"message"`
	To      []target `json:"to"`
	// Expires is when it is no longer worth telling.
	Expires time.Time `json:"expires"`
	// Epoch and Seq are the transition's place in the journal.
	Epoch string `json:"epoch"`
	Seq   uint64 `json:"seq"`

	waiting map[target]bool
}

// A cursor is how far the journal's transitions were read.
type cursor struct {
	Epoch string `json:"epoch"`
	Seq   uint64 `json:"seq"`
}

// A done says that some of a letter's receivers need not be told any more.
type done struct {
	ID string   `json:"id"`
	To []target `json:"to"`
}

// An outboxLine is one change of the outbox.
type outboxLine struct {
	Letter *letter `json:"letter,omitempty"`
	Done   []done  `json:"done,omitempty"`
	Read   *cursor `json:"read,omitempty"`
}

// An outbox keeps on the disk what is still to be told, and to whom. It is not
// safe for concurrent use.
type outbox struct {
	file    *linefile.File
	letters map[string]*letter // by the message's id; those with somebody waiting
	read    cursor
	known   bool // whether anything was ever read
}

func openOutbox(root *os.Root, log *slog.Logger) (*outbox, error) {
	o := &outbox{letters: map[string]*letter{}}
	file, damaged, err := linefile.Open(root, "outbox.jsonl", o.recall)
	if err != nil {
		return nil, err
	}
	if damaged != nil {
		log.Error("some of what was still to be told is lost, or is told twice", "err", damaged)
	}
	o.file = file
	return o, nil
}

func (o *outbox) recall(line []byte) error {
	var l outboxLine
	if err := json.Unmarshal(line, &l); err != nil {
		return err
	}
	o.take(&l)
	return nil
}

// take brings a line that is on the disk into what is known.
func (o *outbox) take(l *outboxLine) {
	if x := l.Letter; x != nil {
		o.read, o.known = cursor{x.Epoch, x.Seq}, true
		x.waiting = make(map[target]bool, len(x.To))
		for _, to := range x.To {
			x.waiting[to] = true
		}
		if len(x.waiting) > 0 {
			o.letters[x.Message.ID] = x
		}
	}
	for _, d := range l.Done {
		x := o.letters[d.ID]
		if x == nil {
			continue
		}
		for _, to := range d.To {
			delete(x.waiting, to)
		}
		if len(x.waiting) == 0 {
			delete(o.letters, d.ID)
		}
	}
	if l.Read != nil {
		o.read, o.known = *l.Read, true
	}
}

// write writes lines down and then takes them.
func (o *outbox) write(lines ...outboxLine) error {
	if err := o.tidy(); err != nil {
		return err
	}
	values := make([]any, len(lines))
	for i := range lines {
		values[i] = &lines[i]
	}
	if err := o.file.Append(values...); err != nil {
		return err
	}
	for i := range lines {
		o.take(&lines[i])
	}
	return nil
}

// tidy writes the file anew when most of it is of what was told.
func (o *outbox) tidy() error {
	const spare = 500
	if o.file.Lines() < 4*len(o.letters)+spare && !o.file.Broken() {
		return nil
	}
	return o.file.Replace(o.lines())
}

func (o *outbox) lines() iter.Seq[any] {
	return func(yield func(any) bool) {
		for _, x := range slices.SortedFunc(maps.Values(o.letters), func(a, b *letter) int { return a.Message.At.Compare(b.Message.At) }) {
			left := *x
			left.To = slices.Collect(maps.Keys(x.waiting))
			if !yield(outboxLine{Letter: &left}) {
				return
			}
		}
		if o.known {
			yield(outboxLine{Read: &o.read})
		}
	}
}

// superseded returns what need not be told any more to those whom a letter tells
// of the same alert: it is older, and they get the newer.
func (o *outbox) superseded(by *letter) []done {
	var out []done
	for id, x := range o.letters {
		if x.Message.Alert != by.Message.Alert || id == by.Message.ID {
			continue
		}
		d := done{ID: id}
		for _, to := range by.To {
			if x.waiting[to] {
				d.To = append(d.To, to)
			}
		}
		if len(d.To) > 0 {
			out = append(out, d)
		}
	}
	return out
}

// withdrawn returns everything still to be told of an alert.
func (o *outbox) withdrawn(alert string) []done {
	var out []done
	for id, x := range o.letters {
		if x.Message.Alert == alert {
			out = append(out, done{ID: id, To: slices.Collect(maps.Keys(x.waiting))})
		}
	}
	return out
}

func (o *outbox) close() error {
	if o.file == nil {
		return errors.New("not open")
	}
	return o.file.Close()
}
