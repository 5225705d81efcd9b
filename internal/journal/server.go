package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"citywatch/internal/natslog"

	"github.com/nats-io/nats-server/v2/server"
)

const (
	// maxPayload is the largest message; the server warns of larger ones.
	maxPayload = 8 << 20
	// noLimit stands for the server's own limits of storage, which would be a
	// share of the disk: the streams have limits, and the disk is watched.
	noLimit = 1 << 50
	// serverStart is how long recovery of a large journal may take.
	serverStart = 2 * time.Minute
)

// An embedded is the NATS server in this process. The client connects through
// it, so that after a restart it finds the new one.
type embedded struct {
	dir    string
	log    *slog.Logger
	unlock func() error

	mu  sync.Mutex
	srv *server.Server
}

func startEmbedded(ctx context.Context, dir string, log *slog.Logger) (*embedded, error) {
	if dir == "" {
		return nil, errors.New("journal: no folder given")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	unlock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	e := &embedded{dir: dir, log: log, unlock: unlock}
	if e.srv, err = e.start(ctx); err != nil {
		return nil, errors.Join(err, unlock())
	}
	return e, nil
}

func (e *embedded) start(ctx context.Context) (*server.Server, error) {
	srv, err := server.NewServer(&server.Options{
		ServerName:         "citywatch-journal",
		DontListen:         true,
		JetStream:          true,
		StoreDir:           e.dir,
		SyncAlways:         true,
		JetStreamMaxMemory: 256 << 20, // consumers only
		JetStreamMaxStore:  noLimit,
		MaxPayload:         maxPayload,
		NoSigs:             true,
	})
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	messages := natslog.New(e.log, "journal server")
	srv.SetLoggerV2(messages, false, false, false)
	srv.Start() // returns when the store is recovered
	if srv.JetStreamEnabled() && srv.ReadyForConnections(serverStart) && ctx.Err() == nil {
		return srv, nil
	}
	srv.Shutdown()
	srv.WaitForShutdown()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return nil, fmt.Errorf("journal: the store in %s cannot be opened: %s", e.dir, messages.Fatal())
}

// InProcessConn connects to the server that is running now.
func (e *embedded) InProcessConn() (net.Conn, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.srv.InProcessConn()
}

// fault returns why the server can no longer write, or "". After a write that
// failed (the disk was full) it keeps to that until it is started anew.
func (e *embedded) fault() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.srv.Healthz(nil).Error
}

// restart replaces the server by a new one, which recovers the store.
func (e *embedded) restart(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.srv.Shutdown()
	e.srv.WaitForShutdown()
	srv, err := e.start(ctx)
	if err != nil {
		return err
	}
	e.srv = srv
	return nil
}

func (e *embedded) stop() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.srv.Shutdown()
	e.srv.WaitForShutdown()
	return e.unlock()
}
