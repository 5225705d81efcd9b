package journal

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

var (
	// ErrClosed is returned by everything after Close, and by a reader after
	// its own Close.
	ErrClosed = errors.New("journal closed")
	// ErrDiskFull means that nothing was written because the disk is full, or
	// nearly. Try again later: it passes as soon as there is room.
	ErrDiskFull = errors.New("journal: no room on the disk (free some, or lower journal.max_bytes)")
	// ErrUnavailable means that the journal's server does not answer. What
	// was to be written may be written or not; try again.
	ErrUnavailable = errors.New("journal: its server does not answer")
	// ErrTooLarge means that a value can never be stored. Trying again does
	// not help.
	ErrTooLarge = errors.New("journal: too large")
	// ErrNoShard means a shard that Options.Shards does not provide for.
	ErrNoShard = errors.New("journal: no such shard")
)

// The server's error codes that it matters to tell apart.
const (
	codeStoreFailed           = 10077
	codeInsufficientResources = 10023
	codeStorageExceeded       = 10047
)

// apiCode returns the server's code for an error, or 0.
func apiCode(err error) jetstream.ErrorCode {
	var api *jetstream.APIError
	if errors.As(err, &api) {
		return api.ErrorCode
	}
	return 0
}

// again reports whether the same request may succeed a little later without
// anybody doing anything: the server is starting, slow, or electing a leader.
func again(err error) bool {
	var api *jetstream.APIError
	switch {
	case errors.As(err, &api):
		return api.Code == 503 && !full(err)
	case errors.Is(err, nats.ErrConnectionClosed), errors.Is(err, nats.ErrMaxPayload):
		return false
	}
	return errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, nats.ErrTimeout) ||
		errors.Is(err, nats.ErrNoResponders) ||
		errors.Is(err, nats.ErrDisconnected) ||
		errors.Is(err, nats.ErrConnectionReconnecting) ||
		errors.Is(err, nats.ErrReconnectBufExceeded) ||
		errors.Is(err, jetstream.ErrNoStreamResponse) ||
		errors.Is(err, jetstream.ErrNoHeartbeat) ||
		errors.Is(err, jetstream.ErrJetStreamNotEnabled)
}

// full reports whether err is the server's way of saying that the disk is.
func full(err error) bool {
	switch apiCode(err) {
	case codeInsufficientResources, codeStorageExceeded:
		return true
	case codeStoreFailed:
		return strings.Contains(err.Error(), "no space left")
	}
	return false
}

// explain gives an error of the client or the server the journal's own name
// for it. The context's own end is passed through.
func (j *Journal) explain(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case j.ctx.Err() != nil, errors.Is(err, nats.ErrConnectionClosed):
		return ErrClosed
	case errors.Is(err, nats.ErrMaxPayload):
		return ErrTooLarge
	case full(err):
		return fmt.Errorf("%w: %w", ErrDiskFull, err)
	case again(err):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return fmt.Errorf("journal: %w", err)
}
