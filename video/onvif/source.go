package onvif

import (
	"context"
	"errors"
	"sync"

	"citywatch"
	"citywatch/video"
	"citywatch/video/address"
)

// A Source plays a stream of a camera that is known by its ONVIF address. It
// asks the camera where the stream is, plays it from there as long as that
// works, and asks again after it has failed. It may be played by several
// goroutines.
type Source struct {
	o Options

	mu sync.Mutex
	at address.Address // where the stream is; zero before it was asked
}

var _ video.Source = (*Source)(nil)

// New returns the source that the options describe; it connects to nothing.
func New(o Options) *Source { return &Source{o: o.withDefaults()} }

// Play does as video.Source says. A camera that does not say where its stream
// is ends it with a *video.Fault as well.
func (s *Source) Play(ctx context.Context, to video.Sink) error {
	at, err := s.where(ctx)
	if err != nil {
		return faultOf(err)
	}
	err = s.o.Play(at).Play(ctx, to)
	if ctx.Err() == nil {
		s.forget(at)
	}
	return err
}

// where returns where the stream is.
func (s *Source) where(ctx context.Context) (address.Address, error) {
	s.mu.Lock()
	at := s.at
	s.mu.Unlock()
	if !at.IsZero() {
		return at, nil
	}
	// The lock is not held meanwhile: who gives up must not wait for another's
	// question.
	at, err := resolve(ctx, s.o)
	if err != nil {
		return at, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = at
	return at, nil
}

// forget drops an address that did not work, unless there is a newer one.
func (s *Source) forget(at address.Address) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at == at {
		s.at = address.Address{}
	}
}

// faultOf tells how a camera is that does not say where its stream is.
func faultOf(err error) error {
	state := citywatch.CameraUnreachable
	switch {
	case errors.Is(err, ErrUnauthorized):
		state = citywatch.CameraBadCredentials
	case errors.Is(err, ErrNoProfile):
		state = citywatch.CameraUnsupported
	}
	return &video.Fault{State: state, Err: safeError{err}}
}
