// Package mqtt takes device messages from MQTT brokers. It is the only
// importer of the MQTT client.
//
// A message is acknowledged to its broker only when the journal has it on
// disk. The session is persistent: what arrives at the broker while citywatch
// is down, or cut off, or behind, waits there. A message may then come twice;
// the journal's readers do not mind.
package mqtt

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"citywatch"
	"citywatch/ingest"
	"citywatch/ingest/decode"
)

// A Source takes messages from one broker.
type Source struct {
	opts      Options
	routes    []route
	unmatched *ingest.Door
	workers   []*worker
}

// A route leads from a topic filter to a door.
type route struct {
	filter string
	door   *ingest.Door
}

// New returns a source that offers messages to p, and names its doors there
// for replays. It connects to nothing until Run. Its error is one that
// Options.Problems tells too.
func New(o Options, p *ingest.Pipeline) (*Source, error) {
	if problems := o.Problems(); len(problems) > 0 {
		return nil, fmt.Errorf("mqtt source %q: %s: %w", o.Name, problems[0].Path, problems[0])
	}
	o = o.withDefaults()
	s := &Source{opts: o, unmatched: p.Door(ingest.DoorOptions{Source: o.Name, Decoder: nobodys{}})}
	for _, t := range o.Topics {
		if t.Decode.Format == "" {
			t.Decode.Format = decode.JSON
		}
		d, err := decode.New(t.Decode)
		if err != nil {
			return nil, fmt.Errorf("mqtt source %q: topic %q: %w", o.Name, t.Filter, err)
		}
		s.routes = append(s.routes, route{t.Filter, p.Door(ingest.DoorOptions{
			Source:       o.Name,
			Format:       t.Decode.Format,
			Decoder:      d,
			AutoRegister: t.AutoRegister,
			Class:        t.Class,
			Sector:       t.Sector,
		})})
	}
	p.Route(o.Name, func(l citywatch.DeadLetter) *ingest.Door { return s.door(l.Topic) })
	for i := range o.Workers {
		s.workers = append(s.workers, newWorker(s, i+1))
	}
	return s, nil
}

// Run takes messages until ctx ends, connecting again for as long as it takes,
// and then returns nil. It must be called once.
func (s *Source) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, w := range s.workers {
		wg.Go(func() { w.run(ctx) })
	}
	wg.Wait()
	return nil
}

// door returns the door of a topic.
func (s *Source) door(topic string) *ingest.Door {
	for i := range s.routes {
		if matches(s.routes[i].filter, topic) {
			return s.routes[i].door
		}
	}
	return s.unmatched
}

// nobodys decodes the messages that no filter matches: the broker's session
// still knows a filter of an earlier configuration.
type nobodys struct{}

func (nobodys) Decode(dst []citywatch.Reading, _ decode.Message) ([]citywatch.Reading, error) {
	return dst, &decode.Error{
		Refusal: citywatch.RefusedDecode,
		Detail:  "no filter of the source matches the topic; add one, or give the source another client_id",
	}
}

// A State is how one connection of a source is doing.
type State struct {
	Source string
	// Broker is its address, without path and credentials.
	Broker string
	// Worker counts from 1.
	Worker    int
	Connected bool
	// Since is when it was connected, or lost; zero before the first try has
	// ended.
	Since time.Time
	// LastError is why it was last lost or not made, and stays when it is made
	// again. It holds no secret.
	LastError string
	// RefusedFilters are those that the broker does not let it subscribe to.
	RefusedFilters []string
	// Unacknowledged counts messages that are not on disk yet.
	Unacknowledged int
}

// States returns the state of each connection.
func (s *Source) States() []State {
	states := make([]State, 0, len(s.workers))
	for _, w := range s.workers {
		states = append(states, w.state())
	}
	return states
}

// A worker makes one connection again and again.
type worker struct {
	source   *Source
	number   int
	clientID string
	broker   string // its address, without path and credentials
	metrics  workerMetrics

	mu      sync.Mutex
	current State
	session *session // nil while not connected
}

func newWorker(s *Source, number int) *worker {
	w := &worker{source: s, number: number, clientID: s.opts.ClientID}
	if number > 1 {
		// The first keeps the plain name, so that a change of the number of
		// workers abandons no session but those of workers that are gone.
		w.clientID = fmt.Sprintf("%s-%d", s.opts.ClientID, number)
	}
	if u, err := url.Parse(s.opts.URL); err == nil {
		w.broker = u.Scheme + "://" + u.Host
	}
	w.current = State{Source: s.opts.Name, Broker: w.broker, Worker: number}
	w.metrics = newWorkerMetrics(s.opts, number, func() float64 { return float64(w.state().Unacknowledged) })
	return w
}

func (w *worker) state() State {
	w.mu.Lock()
	defer w.mu.Unlock()
	state := w.current
	if w.session != nil {
		state.Unacknowledged = w.session.window.len()
	}
	return state
}

// run connects until ctx ends. This is the only place that tries again.
func (w *worker) run(ctx context.Context) {
	var retry retry
	for {
		began := time.Now()
		err := w.connect(ctx)
		if ctx.Err() != nil {
			w.lost(nil)
			return
		}
		w.lost(err)
		wait, report := retry.next(err, time.Since(began))
		if report {
			w.source.opts.Log.Error("no connection to the broker; messages wait there meanwhile",
				"broker", w.broker, "worker", w.number, "err", err, "hint", hint(err), "again_in", wait.Round(time.Second))
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

// connect makes one connection and returns why it ended.
func (w *worker) connect(ctx context.Context) error {
	s, err := dialSession(ctx, w)
	if err != nil {
		return err
	}
	return s.run(ctx)
}

func (w *worker) connected(s *session, refused []string) {
	w.metrics.connected.Set(1)
	w.metrics.connections.Inc()
	w.metrics.refusedFilters.Set(float64(len(refused)))
	w.mu.Lock()
	defer w.mu.Unlock()
	log := w.source.opts.Log.With("broker", w.broker, "worker", w.number)
	if w.current.LastError != "" {
		log.Info("connected to the broker")
	}
	if len(refused) > 0 && !slices.Equal(refused, w.current.RefusedFilters) {
		log.Error("the broker does not let us subscribe; nothing comes from there", "filters", refused,
			"hint", "check its access rules for this user, and the filters")
	}
	w.session = s
	w.current.Connected, w.current.Since, w.current.RefusedFilters = true, time.Now(), refused
}

func (w *worker) lost(err error) {
	w.metrics.connected.Set(0)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.session = nil
	if w.current.Connected || w.current.Since.IsZero() {
		w.current.Connected, w.current.Since = false, time.Now()
	}
	if err != nil {
		w.current.LastError = err.Error()
	}
}

type workerMetrics struct {
	connected, refusedFilters prometheus.Gauge
	connections               prometheus.Counter
}

func newWorkerMetrics(o Options, number int, unacknowledged func() float64) workerMetrics {
	f := promauto.With(o.Metrics)
	labels := prometheus.Labels{"source": o.Name, "worker": fmt.Sprint(number)}
	gauge := func(name, help string) prometheus.GaugeOpts {
		return prometheus.GaugeOpts{Namespace: "citywatch", Subsystem: "mqtt", Name: name, Help: help, ConstLabels: labels}
	}
	f.NewGaugeFunc(gauge("unacknowledged_messages", "Messages received that are not on disk yet."), unacknowledged)
	return workerMetrics{
		connected:      f.NewGauge(gauge("connected", "1 while connected to the broker.")),
		refusedFilters: f.NewGauge(gauge("refused_filters", "Topic filters that the broker does not let us subscribe to.")),
		connections: f.NewCounter(prometheus.CounterOpts{Namespace: "citywatch", Subsystem: "mqtt",
			Name: "connections_total", Help: "Connections made.", ConstLabels: labels}),
	}
}
