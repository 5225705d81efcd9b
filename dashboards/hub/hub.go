// Package hub tells browsers and phones, over websockets, what changes: alerts
// at once and without a gap, devices at most twice a second.
//
// The changes of alerts lie in one log that all clients read, each from its
// own place, so that publishing costs the same for one client as for ten
// thousand, and nobody who publishes ever waits for anybody who listens.
package hub

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"citywatch"
	"citywatch/dashboards/feature"
	"citywatch/dashboards/filter"
	"citywatch/dashboards/origin"

	"github.com/gorilla/websocket"
	"golang.org/x/sync/errgroup"
)

// A Hub serves the stream. It is an http.Handler; it serves while Run runs.
type Hub struct {
	options Options
	source  source
	classes map[string]citywatch.Class
	metrics *metrics
	now     func() time.Time
	greeter greeter
	// storm is nil where nothing is folded.
	storm func(now time.Time) citywatch.Storm
	due   func(now time.Time) int // may be nil

	upgrader websocket.Upgrader

	// state is what clients read. Whoever replaces it holds mu.
	state atomic.Pointer[state]
	// kick wakes tellAlerts when there is something new.
	kick chan struct{}

	mu      sync.Mutex
	based   bool
	known   map[string]filter.Scope // the last known scope of each open alert
	touched map[string]struct{}
	serving bool
	seats   int // taken, by clients and by those about to be
	clients map[*client]struct{}
	left    sync.WaitGroup // for the seats
}

// A state is everything that is being told at one moment. It does not change.
type state struct {
	alerts  alertLog
	devices deviceLog
	beat    beat
	storm   stormNews
	// wake is closed when there is a newer state.
	wake chan struct{}
}

type beat struct {
	number  uint64
	message *websocket.PreparedMessage
}

// New makes a Hub; it serves nobody until Run is called.
func New(options Options, deps Deps) *Hub {
	options = options.withDefaults()
	classes := make(map[string]citywatch.Class, len(deps.Classes))
	for _, c := range deps.Classes {
		classes[c.ID] = c
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	h := &Hub{
		options: options,
		now:     deps.Now,
		source:  deps.Source,
		storm:   deps.Storm,
		due:     deps.Due,
		classes: classes,
		metrics: newMetrics(deps.Registerer),
		kick:    make(chan struct{}, 1),
		known:   map[string]filter.Scope{},
		touched: map[string]struct{}{},
		clients: map[*client]struct{}{},
	}
	h.greeter = greeter{source: deps.Source, classes: classes, metrics: h.metrics, clock: deps.Now, exercise: deps.Exercise}
	h.upgrader = websocket.Upgrader{
		HandshakeTimeout:  5 * time.Second,
		ReadBufferSize:    512,
		WriteBufferPool:   &sync.Pool{},
		EnableCompression: true,
		CheckOrigin:       func(r *http.Request) bool { return origin.Allowed(r, options.Origins) },
		Error:             origin.Refuse,
	}
	h.state.Store(&state{wake: make(chan struct{})})
	return h
}

// Run serves until ctx ends; then it tells every client that it is going away,
// and returns when all have gone.
func (h *Hub) Run(ctx context.Context) error {
	w := watch{freshness: map[string]citywatch.Freshness{}, metrics: h.metrics}
	// Nobody is connected yet: what is there now is no change.
	if _, err := w.changes(h.source.Devices(), nil, h.encoder(h.now())); err != nil {
		return err
	}
	h.begin()
	// Apart, so that no alert waits while thousands of devices are encoded.
	g, running := errgroup.WithContext(ctx)
	g.Go(func() error {
		return every(running, h.options.DevicesEvery, func() error { return h.tellDevices(&w, h.now()) })
	})
	g.Go(func() error { return every(running, h.options.HeartbeatEvery, func() error { return h.beat(h.now()) }) })
	g.Go(func() error { return h.tellAlerts(running) })
	if h.storm != nil {
		g.Go(func() error {
			return every(running, h.options.DevicesEvery, func() error { return h.tellStorm(h.now()) })
		})
	}
	err := g.Wait()
	h.end()
	if ctx.Err() == nil {
		return err
	}
	return nil
}

// every calls do in intervals until ctx ends or do fails.
func every(ctx context.Context, interval time.Duration, do func() error) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if err := do(); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tellAlerts wakes the clients for every change of an alert.
func (h *Hub) tellAlerts(ctx context.Context) error {
	for {
		select {
		case <-h.kick:
			h.wake()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (h *Hub) begin() {
	alerts, seq := h.source.Alerts()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rest(seq)
	for i := range alerts {
		if _, newer := h.known[alerts[i].ID]; !newer {
			h.known[alerts[i].ID] = filter.OfAlert(&alerts[i])
		}
	}
	h.serving = true
}

// rest makes seq the number before the first of the log, unless there is one.
func (h *Hub) rest(seq uint64) {
	if h.based {
		return
	}
	h.based = true
	next := *h.state.Load()
	next.alerts.base = seq
	h.state.Store(&next)
}

// Transition tells every client of t. It is called in the order of t.Seq,
// after the source has applied t, and never waits; one that was told before is
// passed over. It keeps nothing of t.
func (h *Hub) Transition(t *citywatch.Transition) {
	frame, err := newAlertFrame(t, h.now())
	if err != nil {
		h.metrics.unencodable.Inc()
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rest(t.Seq - 1)
	next := *h.state.Load()
	if t.Seq <= next.alerts.last() {
		return
	}
	if before, known := h.known[t.Alert.ID]; known {
		frame.before = &before
	} else {
		frame.beforeUnknown = t.Alert.Version > 1
	}
	if t.Alert.Open() {
		h.known[t.Alert.ID] = frame.after
	} else {
		delete(h.known, t.Alert.ID)
	}
	h.touched[t.Alert.Device] = struct{}{}
	next.alerts = next.alerts.add(frame, h.options.History)
	h.state.Store(&next)
	select {
	case h.kick <- struct{}{}:
	default:
	}
}

// Readings tells every client, within Options.DevicesEvery, of the devices
// that were heard. It is called after the source has applied the readings, and
// never waits. It keeps nothing of rs but the devices' ids.
func (h *Hub) Readings(rs []citywatch.Reading) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range rs {
		h.touched[rs[i].Device] = struct{}{}
	}
}

// wake has every client look at the newest state.
func (h *Hub) wake() {
	h.mu.Lock()
	old := h.state.Load()
	next := *old
	next.wake = make(chan struct{})
	h.state.Store(&next)
	h.mu.Unlock()
	close(old.wake)
}

func (h *Hub) tellDevices(w *watch, now time.Time) error {
	touched, listened := h.takeTouched()
	if !listened {
		return nil
	}
	frames, err := w.changes(h.source.Devices(), touched, h.encoder(now))
	if len(frames) == 0 || err != nil {
		return err
	}
	h.mu.Lock()
	next := *h.state.Load()
	next.devices = next.devices.add(frames)
	h.state.Store(&next)
	h.mu.Unlock()
	h.wake()
	return nil
}

// takeTouched returns the devices that were heard since the last time, and
// whether anybody listens. If nobody does, nothing is encoded, and the log says
// that it has a gap.
func (h *Hub) takeTouched() (touched map[string]struct{}, listened bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.seats == 0 {
		clear(h.touched)
		next := *h.state.Load()
		next.devices = next.devices.skip()
		h.state.Store(&next)
		return nil, false
	}
	touched = h.touched
	h.touched = make(map[string]struct{}, len(touched))
	return touched, true
}

func (h *Hub) encoder(now time.Time) *feature.Devices {
	alerts, _ := h.source.Alerts()
	return &feature.Devices{Classes: h.classes, Levels: feature.Levels(alerts), Now: now, NoAges: true}
}

func (h *Hub) beat(now time.Time) error {
	due := 0
	if h.due != nil {
		due = h.due(now)
	}
	h.mu.Lock()
	next := *h.state.Load()
	message, _, err := encode(heartbeat{Type: typeHeartbeat, Time: now, Seq: next.alerts.last(), Due: due})
	next.beat = beat{number: next.beat.number + 1, message: message}
	h.state.Store(&next)
	h.mu.Unlock()
	h.wake()
	return err
}

// partingTime is how long clients have to take the news that the hub ends.
const partingTime = time.Second

func (h *Hub) end() {
	h.mu.Lock()
	h.serving = false
	leaving := make([]*client, 0, len(h.clients))
	for c := range h.clients {
		leaving = append(leaving, c)
	}
	h.mu.Unlock()
	for _, c := range leaving {
		c.end(errStopping)
	}
	all := make(chan struct{})
	go func() {
		h.left.Wait()
		close(all)
	}()
	select {
	case <-all:
	case <-time.After(partingTime):
		// These are in the middle of a write that their peer does not take.
		for _, c := range leaving {
			c.cut()
		}
		<-all
	}
}

// errFull and errNotServing are why a client is not let in.
var (
	errFull       = errors.New("as many clients as may be are connected")
	errNotServing = errors.New("the stream is starting or stopping")
)

// takeSeat reserves a place for a client. Whoever gets one must leaveSeat.
func (h *Hub) takeSeat() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.serving {
		return errNotServing
	}
	if h.seats >= h.options.MaxClients {
		return errFull
	}
	h.seats++
	h.left.Add(1)
	h.metrics.clients.Set(float64(h.seats))
	return nil
}

func (h *Hub) leaveSeat() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seats--
	h.left.Done()
	h.metrics.clients.Set(float64(h.seats))
}

// enter has the client end when the hub does.
func (h *Hub) enter(c *client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.serving {
		c.end(errStopping)
	}
	h.clients[c] = struct{}{}
}

func (h *Hub) leave(c *client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.clients, c)
}
