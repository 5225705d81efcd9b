package record_test

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"citywatch"
	"citywatch/video"
	"citywatch/video/record"
)

// epoch is when footage begins unless a test says otherwise.
var epoch = time.Date(2026, 11, 22, 7, 0, 0, 120e6, time.UTC)

// A script is a subscription to a camera that does what a test tells it.
type script struct{ items chan video.Item }

func newScript() *script { return &script{items: make(chan video.Item)} }

func (s *script) Next(ctx context.Context) (video.Item, error) {
	select {
	case item, more := <-s.items:
		if !more {
			return video.Item{}, io.EOF
		}
		return item, nil
	case <-ctx.Done():
		return video.Item{}, ctx.Err()
	}
}

func (s *script) Close() {}

// A studio is a recorder that runs, its cameras, and its clock.
type studio struct {
	t       testing.TB
	dir     string
	rec     *record.Recorder
	scripts map[string]*script
	stop    func()

	mu       sync.Mutex
	now      time.Time
	readings []citywatch.Reading
}

// A set says what a studio is like.
type set struct {
	record.Options
	keep time.Duration
	now  time.Time // a real clock, if zero
	ids  []string
}

// open starts a recorder; it ends with the test, or with stop.
func open(t testing.TB, o set) *studio {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	if o.keep == 0 {
		o.keep = 24 * time.Hour
	}
	if o.MinFreeBytes == 0 {
		o.MinFreeBytes, o.MinFreePercent = 1, 1e-9
	}
	if o.ids == nil {
		o.ids = []string{"cam"}
	}
	s := &studio{t: t, dir: o.Dir, scripts: map[string]*script{}, now: o.now}
	d := record.Deps{
		Cameras:   map[string]record.Policy{},
		Subscribe: func(id string) (record.Stream, error) { return s.scripts[id], nil },
		Log:       slog.New(slog.NewTextHandler(t.Output(), nil)),
		Deliver: func(_ context.Context, rs []citywatch.Reading) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.readings = append(s.readings, rs...)
			return nil
		},
	}
	for _, id := range o.ids {
		s.scripts[id] = newScript()
		d.Cameras[id] = record.Policy{Keep: o.keep}
	}
	if !o.now.IsZero() {
		d.Now = func() time.Time {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.now
		}
	}
	s.rec = record.New(o.Options, d)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.rec.Run(ctx) }()
	s.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(s.stop)
	eventually(t, "the recordings are read in", func() bool {
		_, err := s.rec.Intervals(o.ids[0], epoch, epoch.Add(1))
		return err == nil
	})
	return s
}

func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

func (s *studio) setNow(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = now
}

// begin tells a camera's tracks.
func (s *studio) begin(id string, f footage) {
	s.scripts[id].items <- video.Item{Tracks: f.tracks}
}

// shoot sends footage whose first unit arrives at a time, each unit when it is
// due; at is the place in the stream's time that it begins at.
func (s *studio) shoot(id string, f footage, at time.Duration, arrives time.Time) {
	for _, u := range f.units {
		u.Arrived = arrives.Add(u.DTS)
		u.DTS += at
		u.PTS += at
		s.scripts[id].items <- video.Item{Unit: u}
	}
}

// settle waits until all that was sent is taken, and has it written: the stream
// begins anew.
func (s *studio) settle(id string, f footage) {
	s.begin(id, f)
	s.begin(id, f) // taken only when the first was
}

// clip returns a whole clip.
func (s *studio) clip(id string, from, to time.Time) (*record.Clip, []byte) {
	s.t.Helper()
	c, err := s.rec.Clip(id, from, to)
	if err != nil {
		s.t.Fatalf("clip %v–%v: %v", from, to, err)
	}
	defer c.Close()
	data, err := io.ReadAll(c)
	if err != nil {
		s.t.Fatal(err)
	}
	if int64(len(data)) != c.Size {
		s.t.Errorf("the clip says %d bytes and has %d", c.Size, len(data))
	}
	return c, data
}

// state returns what the recorder said last.
func (s *studio) state() record.State {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.readings) == 0 {
		return ""
	}
	state, _ := s.readings[len(s.readings)-1].Text("state")
	return record.State(state)
}
