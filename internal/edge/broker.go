package edge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"citywatch"
	"citywatch/internal/natslog"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/prometheus/client_golang/prometheus"
)

const (
	// syncInterval is how old an acknowledged message may be and yet fall to
	// a power cut. It never falls to the end of the process.
	syncInterval = time.Second
	// maxPayload is the largest message; ingest refuses all beyond
	// citywatch.MaxPayload, but says so, where the broker would just hang up.
	maxPayload = 64 * citywatch.MaxPayload
	// ackWait is when a message that a subscriber has not acknowledged is
	// sent again.
	ackWait = 5 * time.Second
	// maxAckPending is how many of them a subscription has at once.
	maxAckPending = 4096
	// noLimit stands for the server's own limits of storage, which would be a
	// share of the disk.
	noLimit = 1 << 50
	// startTimeout bounds the recovery of a long queue.
	startTimeout = time.Minute
)

// A Broker is a running MQTT broker.
type Broker struct {
	srv  *server.Server
	addr string
	stop sync.Once
}

// Open starts a broker. What sessions had queued when the last one ended, in
// whatever way, is there again. A port that is taken is an error of one line.
func Open(ctx context.Context, o Options, deps Deps) (*Broker, error) {
	if ps := o.Problems(); len(ps) > 0 {
		return nil, fmt.Errorf("edge: %s: %w", ps[0].Path, ps[0])
	}
	log := deps.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	opts, err := o.server()
	if err != nil {
		return nil, fmt.Errorf("edge: %w", err)
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("edge: %w", err)
	}
	if err := listenable(opts); err != nil {
		return nil, err
	}
	srv, err := server.NewServer(opts)
	if err != nil {
		return nil, fmt.Errorf("edge: %w", err)
	}
	messages := natslog.New(log, "embedded broker")
	srv.SetLoggerV2(messages, false, false, false)
	srv.Start() // returns when the store is recovered
	if !srv.JetStreamEnabled() || !srv.ReadyForConnections(startTimeout) || ctx.Err() != nil {
		srv.Shutdown()
		srv.WaitForShutdown()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("edge: the broker did not start: %s", messages.Fatal())
	}
	b := &Broker{srv: srv, addr: net.JoinHostPort(opts.MQTT.Host, strconv.Itoa(opts.MQTT.Port))}
	if deps.Metrics != nil {
		deps.Metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "citywatch_edge_clients", Help: "Clients connected to the embedded MQTT broker.",
		}, func() float64 { return float64(srv.NumClients()) }))
	}
	return b, nil
}

// server returns the options as the server knows them.
func (o Options) server() (*server.Options, error) {
	if o.Dir == "" {
		return nil, errors.New("no folder given")
	}
	host, port, err := o.address()
	if err != nil {
		return nil, err
	}
	if port == 0 {
		port = -1 // 0 would be no listener
	}
	opts := &server.Options{
		ServerName:         "citywatch-edge",
		DontListen:         true, // but for MQTT
		JetStream:          true,
		StoreDir:           o.Dir,
		SyncInterval:       syncInterval,
		JetStreamMaxMemory: 64 << 20,
		JetStreamMaxStore:  noLimit,
		MaxPayload:         maxPayload,
		NoSigs:             true,
		MQTT:               server.MQTTOpts{Host: host, Port: port, AckWait: ackWait, MaxAckPending: maxAckPending},
	}
	if opts.CustomClientAuthentication, err = newDoor(o.Users); err != nil {
		return nil, err
	}
	return opts, nil
}

// listenable tries the address before the server does, which would be long in
// finding out.
func listenable(opts *server.Options) error {
	if opts.MQTT.Port == -1 {
		return nil
	}
	addr := net.JoinHostPort(opts.MQTT.Host, strconv.Itoa(opts.MQTT.Port))
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("the MQTT broker cannot listen on %s: %w (is another broker running? choose another address with edge.listen or --mqtt)",
			addr, errors.Unwrap(err))
	}
	return l.Close()
}

// Addr is the address at which clients connect, host:port.
func (b *Broker) Addr() string { return b.addr }

// Close ends the broker. What it keeps for sessions is on the disk.
func (b *Broker) Close() error {
	b.stop.Do(func() {
		b.srv.Shutdown()
		b.srv.WaitForShutdown()
	})
	return nil
}
