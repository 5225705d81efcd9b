package live_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"citywatch/video"
	"citywatch/video/live"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A pipe is a subscription that a test fills.
type pipe struct {
	items  chan video.Item
	closed chan struct{}
	once   sync.Once
}

// panics is the track of a unit that a pipe panics at.
const panics = -1

var errNoMore = errors.New("no more")

func (p *pipe) Next(ctx context.Context) (video.Item, error) {
	select {
	case it, more := <-p.items:
		switch {
		case !more:
			return video.Item{}, errNoMore
		case it.Unit.Track == panics:
			panic("as a parser does")
		}
		return it, nil
	case <-ctx.Done():
		return video.Item{}, ctx.Err()
	}
}

func (p *pipe) Close() { p.once.Do(func() { close(p.closed) }) }

func (p *pipe) tracks(ts ...video.Track) { p.items <- video.Item{Tracks: ts} }
func (p *pipe) unit(u video.Unit)        { p.items <- video.Item{Unit: u} }

// A bench is a Live that runs, with a pipe for each stream that is pulled.
type bench struct {
	t    testing.TB
	live *live.Live
	stop func()

	mu    sync.Mutex
	pipes map[string]*pipe
	opens int
	fault error
}

func begin(t testing.TB, o live.Options) *bench {
	t.Helper()
	b := &bench{t: t, pipes: map[string]*pipe{}}
	b.live = live.New(o, live.Deps{Subscribe: b.subscribe})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.live.Run(ctx) }()
	b.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("Run does not end")
		}
	})
	t.Cleanup(b.stop)
	return b
}

func (b *bench) subscribe(camera string, q video.Quality) (live.Subscription, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fault != nil {
		return nil, b.fault
	}
	p := &pipe{items: make(chan video.Item, 10_000), closed: make(chan struct{})}
	b.pipes[camera+"/"+string(q)] = p
	b.opens++
	return p, nil
}

func (b *bench) pipe(camera string, q video.Quality) *pipe {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.pipes[camera+"/"+string(q)]
	if p == nil {
		b.t.Fatalf("nothing is pulled of %s/%s", camera, q)
	}
	return p
}

// open views a stream; Live may only just have begun to run.
func (b *bench) open(camera string, q video.Quality) *live.Viewer {
	b.t.Helper()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		v, err := b.live.Open(camera, q)
		if err == nil {
			b.t.Cleanup(v.Close)
			return v
		}
		if !errors.Is(err, live.ErrNotRunning) || time.Now().After(end) {
			b.t.Fatal(err)
		}
	}
}

func (b *bench) next(v *live.Viewer) live.Message {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	m, err := v.Next(ctx)
	if err != nil {
		b.t.Fatalf("Next: %v", err)
	}
	return m
}

// nothing fails if there is something for the viewer.
func (b *bench) nothing(v *live.Viewer) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if m, err := v.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		b.t.Fatalf("there is %+v, %v", m, err)
	}
}
