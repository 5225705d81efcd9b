// Package once remembers the answers to requests that came under a key, so that
// a request that is sent again, because its answer was lost or the sender was
// without a signal, is not carried out again: it gets the first answer.
//
// What is remembered survives a kill. A request that was begun and not answered
// before one is told as such when it comes again, for only whoever carries it
// out can find out whether it had been.
package once

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"sync"
	"time"

	"citywatch/internal/linefile"
)

// Folder is where the answers lie in the data folder.
const Folder = "requests"

// Keep is for how long an answer is remembered. Whoever has not sent a request
// by then must not send it any more.
const Keep = 8 * 24 * time.Hour

// most bounds how many answers are remembered; the oldest go first.
const most = 50_000

// ErrOther means that the key was that of another request.
var ErrOther = errors.New("the key was used for another request")

// An Answer is what was answered.
type Answer struct {
	Status int    `json:"status"`
	Type   string `json:"type"`
	Body   []byte `json:"body"`
}

// Begun says that a request was begun before a kill, and how far what it may
// have done was known of then.
type Begun struct {
	At time.Time
	// Mark is what Begin was given then.
	Mark uint64
}

// A Memory remembers. It is safe for concurrent use.
type Memory struct {
	root *os.Root
	now  func() time.Time

	mu    sync.Mutex
	file  *linefile.File
	known map[string]*request
	// order is that in which the keys came, from first on.
	order []string
}

// A request is what is known of one key.
type request struct {
	Key    string    `json:"key"`
	Hash   []byte    `json:"hash"`
	At     time.Time `json:"at"`
	Mark   uint64    `json:"mark"`
	Answer *Answer   `json:"answer,omitempty"`
	// Dropped says that it came to nothing, and may be made anew.
	Dropped bool `json:"dropped,omitempty"`
	// done is closed when it is no longer under way; nil if it is not.
	done chan struct{}
}

// Open opens the memory in dir, which is made if it is not there.
func Open(dir string, now func() time.Time, log *slog.Logger) (*Memory, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	m := &Memory{root: root, now: now, known: map[string]*request{}}
	file, damaged, err := linefile.Open(root, "answers.jsonl", m.recall)
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	if damaged != nil {
		log.Error("requests that were answered may be carried out again if they come again", "dir", dir, "err", damaged)
	}
	m.file = file
	return m, nil
}

func (m *Memory) recall(line []byte) error {
	var r request
	if err := json.Unmarshal(line, &r); err != nil {
		return err
	}
	if r.Dropped {
		delete(m.known, r.Key)
		return nil
	}
	if _, again := m.known[r.Key]; !again {
		m.order = append(m.order, r.Key)
	}
	m.known[r.Key] = &r
	return nil
}

// Close closes the memory.
func (m *Memory) Close() error { return errors.Join(m.file.Close(), m.root.Close()) }

// Begin begins a request. Hash tells it from others, mark how far what it may do
// is known of. Of what it returns the first that is set counts: the answer that
// was given already; that it was begun before a kill; or neither, when it is new
// and to be carried out. In the last two cases Finish is to be called. While the
// same request is under way Begin waits for it.
func (m *Memory) Begin(ctx context.Context, key string, hash []byte, mark uint64) (*Answer, *Begun, error) {
	for {
		m.mu.Lock()
		r := m.known[key]
		if r == nil {
			err := m.begin(&request{Key: key, Hash: hash, At: m.now(), Mark: mark})
			m.mu.Unlock()
			return nil, nil, err
		}
		under := r.done
		switch {
		case !bytes.Equal(r.Hash, hash):
			m.mu.Unlock()
			return nil, nil, ErrOther
		case r.Answer != nil:
			m.mu.Unlock()
			return r.Answer, nil, nil
		case under == nil:
			r.done = make(chan struct{})
			m.mu.Unlock()
			return nil, &Begun{At: r.At, Mark: r.Mark}, nil
		}
		m.mu.Unlock()
		select {
		case <-under:
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
}

// begin writes down that a request is begun. Lock should be held.
func (m *Memory) begin(r *request) error {
	if err := m.tidy(); err != nil {
		return err
	}
	if err := m.file.Append(r); err != nil {
		return fmt.Errorf("remembering the request: %w", err)
	}
	r.done = make(chan struct{})
	m.known[r.Key] = r
	m.order = append(m.order, r.Key)
	return nil
}

// Finish ends a request with its answer, nil if it came to nothing and may be
// made anew. After an error it may come again as one that was begun.
func (m *Memory) Finish(key string, answer *Answer) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.known[key]
	if r == nil {
		return nil
	}
	defer func() { close(r.done); r.done = nil }()
	after := *r
	after.Answer, after.Dropped = answer, answer == nil
	if err := m.file.Append(&after); err != nil {
		return fmt.Errorf("remembering the answer: %w", err)
	}
	if answer == nil {
		delete(m.known, key)
		return nil
	}
	r.Answer = answer
	return nil
}

// Abandon ends a request of which it is not known what came of it: when it
// comes again it is one that was begun.
func (m *Memory) Abandon(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.known[key]; r != nil && r.done != nil {
		close(r.done)
		r.done = nil
	}
}

// tidy forgets what is old, and writes the file anew when most of it is of
// what is forgotten. Lock should be held.
func (m *Memory) tidy() error {
	for len(m.order) > 0 {
		r := m.known[m.order[0]]
		if r != nil && (r.done != nil || len(m.order) <= most && m.now().Sub(r.At) < Keep) {
			break
		}
		delete(m.known, m.order[0])
		m.order = m.order[1:]
	}
	const spare = 1000
	if m.file.Lines() < 3*len(m.known)+spare && !m.file.Broken() {
		return nil
	}
	return m.file.Replace(m.all())
}

func (m *Memory) all() iter.Seq[any] {
	return func(yield func(any) bool) {
		for _, key := range m.order {
			if r := m.known[key]; r != nil && !yield(r) {
				return
			}
		}
	}
}
