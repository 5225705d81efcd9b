// Package uplink is the devices' end of MQTT: it publishes at QoS 1 over a
// connection that it makes anew whenever it is lost.
package uplink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"
)

// ErrUnacknowledged is returned for a message during whose delivery the
// connection broke again and again: the broker most likely refuses it, for its
// topic or its size, by hanging up.
var ErrUnacknowledged = errors.New("the broker hangs up instead of acknowledging")

const (
	dialTimeout  = 10 * time.Second
	writeTimeout = 10 * time.Second
	firstWait    = 100 * time.Millisecond
	longestWait  = 5 * time.Second
	attempts     = 5   // connections that one message may cost
	quiesce      = 250 // milliseconds to say goodbye in
)

// Options configure a Link.
type Options struct {
	// Broker is the address to publish to: mqtt://user:password@host:1883, or
	// mqtts:// for TLS.
	Broker string
	// ClientID must be the broker's only one of that name.
	ClientID string
	// Log hears when the broker cannot be reached, once an outage. Nil is
	// silence.
	Log *slog.Logger
}

// A Link publishes to one broker. It is safe for concurrent use.
type Link struct {
	options Options
	broker  *url.URL
	log     *slog.Logger

	mu      sync.Mutex
	client  mqtt.Client   // nil while there is no connection
	changed chan struct{} // closed when client changes
}

// New returns a link that connects when it is Run. The error is an address
// that nothing can be published to.
func New(o Options) (*Link, error) {
	broker, err := parseBroker(o.Broker)
	if err != nil {
		return nil, err
	}
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Link{options: o, broker: broker, log: log, changed: make(chan struct{})}, nil
}

// Run keeps the link connected until ctx ends, and then returns nil. It
// returns an error only for what waiting does not mend: a broker that does not
// want this client.
func (l *Link) Run(ctx context.Context) error {
	wait, down := firstWait, false
	connected := func() {
		if down {
			l.log.Info("the MQTT broker answers again", "broker", l.broker.Redacted())
		}
		wait, down = firstWait, false
	}
	for ctx.Err() == nil {
		err := l.session(ctx, connected)
		switch {
		case ctx.Err() != nil:
			continue
		case final(err):
			return fmt.Errorf("MQTT broker %s: %w", l.broker.Redacted(), err)
		case !down:
			l.log.Warn("the MQTT broker cannot be reached; trying again until it can", "broker", l.broker.Redacted(), "error", err)
			down = true
		}
		// Not all at once: the gateways of a province lose it together.
		sleep(ctx, wait/2+rand.N(wait))
		wait = min(2*wait, longestWait)
	}
	return nil
}

// session is one connection, from the attempt to its end. It returns why it
// failed or ended, and nil at the end of ctx.
func (l *Link) session(ctx context.Context, connected func()) error {
	lost := make(chan error, 1)
	client, err := l.connect(ctx, lost)
	if err != nil {
		return err
	}
	connected()
	l.set(client)
	defer l.set(nil)
	select {
	case <-ctx.Done():
		client.Disconnect(quiesce)
		return nil
	case err := <-lost:
		return err
	}
}

// Publish sends one message and returns when the broker has acknowledged it,
// sending it again over the next connection where the last one broke: the
// broker may then have it twice. Its errors are ctx's and ErrUnacknowledged.
func (l *Link) Publish(ctx context.Context, topic string, payload []byte) error {
	var client mqtt.Client
	for range attempts {
		var err error
		if client, err = l.next(ctx, client); err != nil {
			return err
		}
		token := client.Publish(topic, 1, false, payload)
		select {
		case <-token.Done():
		case <-ctx.Done():
			return ctx.Err()
		}
		if token.Error() == nil {
			return nil
		}
	}
	return fmt.Errorf("publish %s: %w", topic, ErrUnacknowledged)
}

// next returns the connected client, waiting for one that is not broken.
func (l *Link) next(ctx context.Context, broken mqtt.Client) (mqtt.Client, error) {
	for {
		l.mu.Lock()
		client, changed := l.client, l.changed
		l.mu.Unlock()
		if client != nil && client != broken {
			return client, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (l *Link) set(client mqtt.Client) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.client = client
	close(l.changed)
	l.changed = make(chan struct{})
}

// connect makes a connection, whose end it tells lost.
//
// Each connection is a client of its own: paho's own reconnection sleeps in
// goroutines that outlive Disconnect.
func (l *Link) connect(ctx context.Context, lost chan<- error) (mqtt.Client, error) {
	dialing, stop := context.WithTimeout(ctx, dialTimeout)
	defer stop()
	d := dialer{ctx: dialing}
	o := mqtt.NewClientOptions().
		AddBroker(l.broker.String()).
		SetClientID(l.options.ClientID).
		SetCustomOpenConnectionFn(d.open).
		SetProtocolVersion(4). // or a refusal is tried again as MQTT 3.1
		SetConnectTimeout(dialTimeout).
		SetWriteTimeout(writeTimeout).
		SetAutoReconnect(false).
		SetConnectionLostHandler(func(_ mqtt.Client, err error) { lost <- err })
	if user := l.broker.User; user != nil {
		password, _ := user.Password()
		o.SetUsername(user.Username()).SetPassword(password)
	}
	client := mqtt.NewClient(o)
	token := client.Connect()
	<-token.Done() // soon, thanks to the dialer
	d.keep()
	if err := token.Error(); err != nil {
		return nil, err
	}
	return client, nil
}

// final tells the refusals that the same client will meet again.
func final(err error) bool {
	for _, refusal := range []error{
		packets.ErrorRefusedBadProtocolVersion,
		packets.ErrorRefusedIDRejected,
		packets.ErrorRefusedBadUsernameOrPassword,
		packets.ErrorRefusedNotAuthorised,
	} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return false
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
