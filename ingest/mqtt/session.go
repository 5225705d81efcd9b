package mqtt

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"

	"citywatch/ingest"
	"citywatch/ingest/decode"
)

const (
	keepAlive   = 30 * time.Second
	pingTimeout = 10 * time.Second
	// subscribeTimeout is how long the broker may take to answer.
	subscribeTimeout = 30 * time.Second
	// goodbye is how long the client may take to end.
	goodbye = 2 * time.Second
)

// A session is one connection from its making to its end. The client is made
// anew for each: its own reconnecting has no end and no jitter, and drops
// acknowledgements that come late, as does ours, but unnoticed.
type session struct {
	worker *worker
	window *window
	client paho.Client
	conn   *conn // nil before it is made
	// abort ends the handshake with ctx; once it is over it must not.
	abort func() bool

	ctx    context.Context // ends with the connection
	cancel context.CancelCauseFunc
	reason chan error // why the client lost the connection
}

// dialSession connects, and subscribes to nothing yet.
func dialSession(ctx context.Context, w *worker) (*session, error) {
	s := &session{worker: w, reason: make(chan error, 1)}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	s.window = newWindow(w.source.opts.MaxInFlight, s.cancel)
	opts, err := s.clientOptions()
	if err != nil {
		s.cancel(err)
		return nil, err
	}
	s.client = paho.NewClient(opts)
	token := s.client.Connect().(*paho.ConnectToken)
	<-token.Done() // in bounded time: dialing and the handshake have a timeout, and end with ctx
	if err := token.Error(); err != nil {
		s.cancel(err)
		if s.conn != nil {
			s.conn.Close()
		}
		if code := token.ReturnCode(); code != packets.Accepted && code != packets.ErrNetworkError {
			return nil, &refusedError{code}
		}
		return nil, fmt.Errorf("connect: %w", err)
	}
	s.abort()
	return s, nil
}

func (s *session) clientOptions() (*paho.ClientOptions, error) {
	o := &s.worker.source.opts
	password, err := o.password()
	if err != nil {
		return nil, err
	}
	return paho.NewClientOptions().
		AddBroker(o.URL).
		SetClientID(s.worker.clientID).
		SetUsername(o.Username).
		SetPassword(password).
		SetProtocolVersion(4).
		SetCleanSession(false).
		SetAutoReconnect(false).
		SetConnectTimeout(connectTimeout).
		SetKeepAlive(keepAlive).
		SetPingTimeout(pingTimeout).
		// In the order of arrival, by one goroutine. Otherwise each message
		// has a goroutine of its own, and a device's readings overtake one
		// another.
		SetOrderMatters(true).
		SetAutoAckDisabled(true).
		SetStore(noStore{}).
		SetDefaultPublishHandler(s.receive).
		SetConnectionLostHandler(func(_ paho.Client, err error) {
			s.reason <- err
			s.cancel(errLost)
		}).
		SetCustomOpenConnectionFn(s.open), nil
}

// open makes the connection below the client.
func (s *session) open(*url.URL, paho.ClientOptions) (net.Conn, error) {
	c, err := s.worker.source.opts.dial(s.ctx)
	if err != nil {
		return nil, err
	}
	// The client, when it loses the connection, closes it first, but tells so
	// only when receive has returned: who waits there must hear of it here.
	c.closed = func() { s.cancel(errLost) }
	s.abort = context.AfterFunc(s.ctx, func() { c.Conn.Close() })
	s.conn = c
	return c, nil
}

// run subscribes and takes messages until the connection or ctx ends, and
// returns why it did.
func (s *session) run(ctx context.Context) error {
	acks := make(chan struct{})
	go func() { defer close(acks); s.window.run(s.ctx) }()
	refused, err := s.subscribe()
	if err == nil {
		s.worker.connected(s, refused)
		s.sing()
		<-s.ctx.Done()
		err = context.Cause(s.ctx)
	}
	s.cancel(err)
	<-acks
	s.client.Disconnect(uint(goodbye.Milliseconds()))
	s.conn.Close()
	if errors.Is(err, errLost) && ctx.Err() == nil {
		select {
		case reason := <-s.reason:
			err = lossOf(reason, s.window.stalled())
		case <-time.After(goodbye):
		}
	}
	return err
}

// subscribe subscribes to the source's filters and returns those that the
// broker refuses.
func (s *session) subscribe() (refused []string, err error) {
	o := &s.worker.source.opts
	prefix := ""
	if o.Share != "" {
		prefix = "$share/" + o.Share + "/"
	}
	filters := map[string]byte{}
	for _, t := range o.Topics {
		filters[prefix+t.Filter] = byte(*o.QoS)
	}
	token := s.client.SubscribeMultiple(filters, nil).(*paho.SubscribeToken)
	if err := s.await(token); err != nil {
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	for filter, granted := range token.Result() {
		if granted == 0x80 {
			refused = append(refused, strings.TrimPrefix(filter, prefix))
		}
	}
	slices.Sort(refused)
	return refused, nil
}

// await waits for the broker's answer. While no messages are read, it cannot
// be read either, as it may stand behind them.
func (s *session) await(token paho.Token) error {
	for {
		select {
		case <-token.Done():
			return token.Error()
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		case <-time.After(subscribeTimeout):
			if !s.window.stalled() {
				return errors.New("the broker does not answer")
			}
		}
	}
}

// receive is called by the client for each message, one after another. While
// it waits nothing more is read from the broker.
func (s *session) receive(_ paho.Client, m paho.Message) {
	done := s.window.open(s.ctx, m)
	if done == nil {
		return
	}
	message := ingest.Message{
		Message:  decode.Message{Topic: m.Topic(), Payload: m.Payload(), Arrived: time.Now()},
		Retained: m.Retained(),
	}
	s.worker.source.door(m.Topic()).Offer(s.ctx, message, done)
}

// A noStore keeps nothing: what is not acknowledged the broker sends again,
// and the subscriptions are made anew on each connection.
type noStore struct{}

func (noStore) Open()                             {}
func (noStore) Put(string, packets.ControlPacket) {}
func (noStore) Get(string) packets.ControlPacket  { return nil }
func (noStore) All() []string                     { return nil }
func (noStore) Del(string)                        {}
func (noStore) Close()                            {}
func (noStore) Reset()                            {}
