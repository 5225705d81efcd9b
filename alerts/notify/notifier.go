package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"citywatch"
)

// Folder is where subscriptions, the key and the outbox lie in the data folder.
const Folder = "notify"

// A Reader returns the journal's transitions in their order.
type Reader interface {
	Next(context.Context) (citywatch.Transition, error)
	Close()
}

// A journal is what a notifier asks of the journal besides reading it.
type journal interface {
	Epoch() string
	TransitionBounds(context.Context) (first, last uint64, err error)
}

// Deps are what a notifier is given.
type Deps struct {
	Journal     journal
	Transitions func(from uint64) Reader
	// Place names where an alert is.
	Place func(*citywatch.Alert) string
	// Team names a team by its id; nil, or an empty name, leaves the id.
	Team func(id string) string
	// Zone is that in which times are written.
	Zone    *time.Location
	Metrics prometheus.Registerer
	Log     *slog.Logger
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// A Notifier tells people of alerts. Its methods are safe for concurrent use.
type Notifier struct {
	options  Options
	deps     Deps
	root     *os.Root
	book     *book
	guard    guard
	identity *identity
	hooks    *webhooks
	channels map[string]channel
	metrics  *metrics

	outbox  *outbox // of Run's goroutine
	queue   queue   // likewise
	results chan result

	trials sync.Mutex // guards tried
	tried  map[string]time.Time
}

// The channels' names, as the outbox has them.
const (
	channelPush    = "push"
	channelWebhook = "webhook"
)

// Open opens the folder of a notifier, which is made if it is not there; Run
// starts it.
func Open(dir string, o Options, d Deps) (*Notifier, error) {
	o = o.WithDefaults()
	if d.Now == nil {
		d.Now = time.Now
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	n := &Notifier{
		options: o, deps: d, root: root, metrics: newMetrics(d.Metrics),
		results: make(chan result), tried: map[string]time.Time{},
	}
	if err := n.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("notify: %w", err), n.Close())
	}
	return n, nil
}

func (n *Notifier) open() (err error) {
	if n.guard, err = newGuard(n.options.Push.Networks); err != nil {
		return err
	}
	if n.identity, err = openIdentity(n.root, n.options.Push.Contact); err != nil {
		return err
	}
	if n.book, err = openBook(n.root, n.deps.Log); err != nil {
		return err
	}
	if n.outbox, err = openOutbox(n.root, n.deps.Log); err != nil {
		return err
	}
	n.hooks = &webhooks{byName: map[string]WebhookOptions{}, client: newClient(&net.Dialer{Timeout: sendTimeout}), now: n.deps.Now}
	for _, w := range n.options.Webhooks {
		n.hooks.byName[w.Name] = w
	}
	n.channels = map[string]channel{
		channelPush: &webPush{
			book: n.book, guard: n.guard, identity: n.identity, zone: n.deps.Zone, now: n.deps.Now,
			client: newClient(&net.Dialer{Timeout: sendTimeout, Control: n.guard.control}),
			crowd:  crowd{phones: map[string][]toldAlert{}},
		},
		channelWebhook: n.hooks,
	}
	n.metrics.phones.Set(float64(len(n.book.all)))
	return nil
}

// Close closes the folder.
func (n *Notifier) Close() error {
	var errs []error
	if n.outbox != nil {
		errs = append(errs, n.outbox.close())
	}
	if n.book != nil {
		errs = append(errs, n.book.file.Close())
	}
	return errors.Join(append(errs, n.root.Close())...)
}

// PublicKey is by which browsers subscribe, in base64url; empty where nothing is
// pushed.
func (n *Notifier) PublicKey() string {
	if n.options.Push.Off {
		return ""
	}
	return n.identity.public
}

// Subscribe keeps a phone's subscription, instead of the one that it had. It
// returns it with its id.
func (n *Notifier) Subscribe(s Subscription) (Subscription, error) {
	if n.options.Push.Off {
		return Subscription{}, ErrOff
	}
	if s.Level == citywatch.None {
		s.Level = citywatch.MinLevel
	}
	if err := s.check(n.guard); err != nil {
		return Subscription{}, err
	}
	s.ID, s.Since = idOf(s.Endpoint), n.deps.Now()
	slices.Sort(s.Zones)
	s.Zones = slices.Compact(s.Zones)
	if err := n.book.put(&s, n.options.Push.MaxSubscriptions); err != nil {
		return Subscription{}, err
	}
	n.count()
	return s, nil
}

// Subscription returns one by its id.
func (n *Notifier) Subscription(id string) (Subscription, error) {
	s, ok := n.book.get(id)
	if !ok {
		return Subscription{}, ErrUnknown
	}
	return s, nil
}

// Unsubscribe forgets one.
func (n *Notifier) Unsubscribe(id string) error {
	err := n.book.remove(id)
	n.count()
	return err
}

func (n *Notifier) count() {
	n.book.mu.Lock()
	defer n.book.mu.Unlock()
	n.metrics.phones.Set(float64(len(n.book.all)))
}

// trialEvery is how often a phone may be sent a trial.
const trialEvery = 10 * time.Second

// Try sends a phone a trial, and returns when its push service has taken it.
func (n *Notifier) Try(ctx context.Context, id string) error {
	if _, ok := n.book.get(id); !ok {
		return ErrUnknown
	}
	now := n.deps.Now()
	n.trials.Lock()
	for other, at := range n.tried {
		if now.Sub(at) >= trialEvery {
			delete(n.tried, other)
		}
	}
	_, early := n.tried[id]
	if !early {
		n.tried[id] = now
	}
	n.trials.Unlock()
	if early {
		return ErrTooOften
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	trial := &Message{ID: "trial." + now.UTC().Format(time.RFC3339Nano), Alert: "trial." + id, At: now}
	err := n.channels[channelPush].send(ctx, id, trial, now.Add(time.Minute))
	if errors.Is(err, errGone) {
		_ = n.book.remove(id)
		n.count()
		return ErrUnknown
	}
	if err != nil {
		return fmt.Errorf("%w: %s", ErrNotSent, cause(err))
	}
	return nil
}
