package rtsp

import (
	"context"
	"errors"
	"fmt"

	"github.com/bluenviron/gortsplib/v5"

	"citywatch/video"
	"citywatch/video/address"
)

// Play implements video.Source. The error is ctx's once that has ended, and
// else always a *video.Fault.
func (s *Source) Play(ctx context.Context, to video.Sink) error {
	err := s.play(ctx, to, nil)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// play runs one session, and a second one over UDP if TCP is refused. notes,
// if not nil, learns what is not part of the stream.
func (s *Source) play(ctx context.Context, to video.Sink, n *notes) error {
	if n == nil {
		n = &notes{}
	}
	n.of = s.o.Address
	if scheme := s.o.Address.Scheme(); scheme != address.RTSP && scheme != address.RTSPS {
		return unreachable(fmt.Errorf("%w: an rtsp or rtsps address is needed", address.ErrAddress))
	}
	// Both attempts together have the time of one, so that a camera's state is
	// known soon.
	connecting, cancel := context.WithTimeout(ctx, s.o.Timeout)
	defer cancel()
	first := gortsplib.ProtocolTCP
	if s.o.Transport == UDP && s.o.Address.Scheme() == address.RTSP {
		first = gortsplib.ProtocolUDP
	}
	err := newSession(s.o, first, to, n).run(ctx, connecting)
	if s.o.Transport == Auto && s.o.Address.Scheme() == address.RTSP && errors.Is(err, errNoTCP) {
		err = newSession(s.o, gortsplib.ProtocolUDP, to, n).run(ctx, connecting)
	}
	return withoutSecrets(err, s.o.Address)
}
