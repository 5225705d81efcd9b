// Package live sends what a camera sees to browsers, over websockets: each
// frame as soon as it has come, to everybody who watches.
//
// One websocket is one viewer of one stream. What it has not taken lies in the
// log that all viewers of the stream share; it is told from there at its own
// pace, skips to the newest key frame when it falls behind, and is
// disconnected when it takes nothing at all.
package live

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"citywatch/dashboards/origin"
	"citywatch/dashboards/problem"

	"github.com/gorilla/websocket"
)

// A Server serves live pictures. It is an http.Handler, of requests whose path
// value id is the id of a registered camera; it serves while Run runs.
type Server struct {
	options  Options
	deps     Deps
	metrics  *metrics
	log      *slog.Logger
	upgrader websocket.Upgrader

	mu      sync.Mutex
	ctx     context.Context // of Run; nil unless it runs
	seats   int             // taken, by sockets and by those about to be
	sockets map[*socket]struct{}
	left    sync.WaitGroup // for the seats
	full    time.Time      // when it was last logged that there are no more
}

// New makes a Server; it serves nobody until Run is called.
func New(options Options, deps Deps) *Server {
	options = options.withDefaults()
	s := &Server{
		options: options, deps: deps, log: deps.Log,
		metrics: newMetrics(deps.Registerer), sockets: map[*socket]struct{}{},
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.upgrader = websocket.Upgrader{
		HandshakeTimeout: 5 * time.Second,
		ReadBufferSize:   512,
		// What does not fit is written from where it lies.
		WriteBufferSize: 2048,
		WriteBufferPool: &sync.Pool{},
		// Pictures are compressed already.
		EnableCompression: false,
		CheckOrigin:       func(r *http.Request) bool { return origin.Allowed(r, options.Origins) },
		Error:             origin.Refuse,
	}
	return s
}

// partingTime is how long viewers have to take the news that the server stops.
const partingTime = time.Second

// Run serves until ctx ends; then it tells every viewer that it is going away,
// and returns when all have gone.
func (s *Server) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.mu.Lock()
	s.ctx = ctx
	s.mu.Unlock()
	<-ctx.Done()
	s.mu.Lock()
	s.ctx = nil
	s.mu.Unlock()
	all := make(chan struct{})
	go func() {
		s.left.Wait()
		close(all)
	}()
	select {
	case <-all:
	case <-time.After(partingTime):
		// These are in the middle of a write that their peer does not take.
		s.cutAll()
		<-all
	}
	return nil
}

func (s *Server) cutAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.sockets {
		c.cut()
	}
}

// fullEvery is how often it is logged that viewers are refused.
const fullEvery = time.Minute

// Why a viewer is not let in.
var (
	errFull       = errors.New("as many viewers as may be are connected")
	errNotServing = errors.New("live pictures are starting or stopping")
)

// takeSeat reserves a place for a viewer, until the context ends. Whoever gets
// one must leaveSeat.
func (s *Server) takeSeat() (context.Context, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx == nil || s.ctx.Err() != nil {
		return nil, errNotServing
	}
	if s.seats >= s.options.MaxViewers {
		if now := time.Now(); now.Sub(s.full) > fullEvery {
			s.full = now
			s.log.Warn("viewers of live pictures are refused: as many as may be are connected", "max_viewers", s.options.MaxViewers)
		}
		return nil, errFull
	}
	s.seats++
	s.left.Add(1)
	s.metrics.viewers.Set(float64(s.seats))
	return s.ctx, nil
}

func (s *Server) leaveSeat() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seats--
	s.left.Done()
	s.metrics.viewers.Set(float64(s.seats))
}

// The streams of a camera, as ?stream= names them.
const (
	streamMain = "main"
	streamSub  = "sub"
)

// ServeHTTP upgrades the request to a websocket and serves it until either
// side ends it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	stream := r.URL.Query().Get("stream")
	if stream == "" {
		stream = streamSub
	}
	if stream != streamMain && stream != streamSub {
		s.metrics.refused.WithLabelValues("request").Inc()
		problem.Write(w, r, http.StatusBadRequest, "stream is neither main nor sub")
		return
	}
	ctx, err := s.takeSeat()
	if err != nil {
		s.metrics.refused.WithLabelValues("capacity").Inc()
		w.Header().Set("Retry-After", "5")
		problem.Write(w, r, http.StatusServiceUnavailable, err.Error())
		return
	}
	defer s.leaveSeat()
	conn, err := s.upgrader.Upgrade(w, r, nil)
	if err != nil {
		s.metrics.refused.WithLabelValues("request").Inc()
		return
	}
	c := &socket{server: s, conn: conn, camera: r.PathValue("id"), stream: stream}
	s.enter(c)
	defer s.leave(c)
	reason := c.serve(ctx)
	s.metrics.left.WithLabelValues(reason.Error()).Inc()
}

// enter has the socket cut if the server does not come to an end otherwise.
func (s *Server) enter(c *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sockets[c] = struct{}{}
}

func (s *Server) leave(c *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sockets, c)
}
