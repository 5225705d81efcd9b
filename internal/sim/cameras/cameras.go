package cameras

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"golang.org/x/sync/errgroup"
)

// User and Password open the cameras that want a password. They keep nothing
// safe: they are there so that passwords are in use.
const (
	User     = "trung-tam"
	Password = "mo-phong"
)

// Guarded reports whether a camera wants User and Password.
func Guarded(id string) bool {
	return slices.Contains([]string{"cua-khau-kim-thanh", "nha-tho-da-sa-pa"}, id)
}

// IDs returns the ids of the cameras, sorted; each is the path of its stream.
func IDs() []string { return names() }

// Options configure the simulated cameras.
type Options struct {
	// Listen is the TCP address to serve at, as in 127.0.0.1:18554; port 0
	// chooses a free one.
	Listen string
	// Speed is how many times as fast as the clock the story runs; 0 is 1.
	// The pictures move at the clock's pace.
	Speed float64
	// Log hears, at the level of debugging, of viewers who cannot keep up. Nil
	// is silence.
	Log *slog.Logger
}

// A Server is the simulated cameras. Its methods are safe for concurrent use.
type Server struct {
	options Options
	ready   chan struct{} // closed when addr or err is known
	addr    net.Addr
	err     error
}

// New returns cameras that serve when they are Run.
func New(o Options) *Server {
	if o.Speed <= 0 {
		o.Speed = 1
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Server{options: o, ready: make(chan struct{})}
}

// Addr waits until the cameras answer and returns the host:port they do it at;
// the error is Run's, or that of ctx.
func (s *Server) Addr(ctx context.Context) (string, error) {
	select {
	case <-s.ready:
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	if s.err != nil {
		return "", s.err
	}
	return s.addr.String(), nil
}

// Run serves the cameras until ctx ends, and then returns nil. It can be called
// once.
func (s *Server) Run(ctx context.Context) error {
	h, err := s.start()
	if err != nil {
		s.err = fmt.Errorf("simulated cameras: %w", err)
		close(s.ready)
		return s.err
	}
	s.addr = h.server.NetListener().Addr()
	close(s.ready)

	start := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for i, c := range h.cameras {
		// Eight cameras do not send their key frames at the same moment.
		group.Go(func() error { return c.run(ctx, start.Add(time.Duration(i)*stagger)) })
	}
	group.Go(func() error {
		<-ctx.Done()
		h.server.Close()
		return nil
	})
	group.Go(func() error {
		if err := h.server.Wait(); ctx.Err() == nil {
			return fmt.Errorf("simulated cameras: %w", err)
		}
		return nil
	})
	return group.Wait()
}

// stagger is how far the cameras are apart from each other.
const stagger = 217 * time.Millisecond

// start reads the clips and listens.
func (s *Server) start() (*handler, error) {
	h := &handler{log: s.options.Log}
	h.server = &gortsplib.Server{Handler: h, RTSPAddress: s.options.Listen}
	for _, id := range names() {
		c, err := newCamera(id, s.options.Speed)
		if err != nil {
			return nil, err
		}
		c.server = h.server
		h.cameras = append(h.cameras, c)
	}
	return h, h.server.Start()
}
