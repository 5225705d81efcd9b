package rtsp

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"
	"github.com/pion/rtp"

	"citywatch/video"
)

// A session is one connection to a camera, from the first request to the end.
type session struct {
	o        Options
	protocol gortsplib.Protocol
	notes    *notes
	client   *gortsplib.Client
	dialer   *dialer
	failed   chan error // what a callback found; holds one

	// mu is held while a packet is worked on. Over UDP each track has a
	// goroutine of its own.
	mu     sync.Mutex
	sink   video.Sink
	stream *stream
}

func newSession(o Options, p gortsplib.Protocol, to video.Sink, n *notes) *session {
	s := &session{o: o, protocol: p, notes: n, sink: to, failed: make(chan error, 1)}
	n.transport = p.String()
	s.dialer = &dialer{Dialer: o.Networks.Dialer(o.Timeout), tls: o.TLS}
	s.client = s.newClient()
	return s
}

// goodbye is how long the camera may take to be told that the session ends.
const goodbye = time.Second

// close ends the client, and waits until it has.
func (s *session) close() {
	// A write to a camera that reads nothing would hold it up.
	defer time.AfterFunc(goodbye, s.dialer.hangUp).Stop()
	s.client.Close()
}

// run pulls until ctx ends or the session fails; by the end of connecting, the
// camera must have agreed to send.
func (s *session) run(ctx, connecting context.Context) error {
	if err := s.client.Start(); err != nil {
		return unreachable(err)
	}
	defer s.close()
	if err := s.connect(connecting); err != nil {
		return classify(err)
	}
	return classify(s.watch(ctx))
}

// connect has the camera agree to send.
func (s *session) connect(ctx context.Context) error {
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		s.close()
	})
	step, err := s.negotiate()
	if !stop() {
		<-closed
		return fmt.Errorf("%w (%s)", errSlow, step)
	}
	return err
}

// negotiate goes through the requests of RTSP, and returns the one it came to.
func (s *session) negotiate() (step string, err error) {
	defer recovered(&err)
	u, err := requestURL(s.o.Address)
	if err != nil {
		return "connect", err
	}
	s.client.Scheme, s.client.Host = u.Scheme, u.Host
	desc, _, err := s.client.Describe(u)
	if err != nil {
		return "DESCRIBE", err
	}
	offers := choose(desc, s.notes)
	if len(offers) == 0 || !offers[0].track.Codec.IsVideo() {
		return "DESCRIBE", fmt.Errorf("%w (only %s)", errNoVideo, s.notes.codecs())
	}
	offers, err = s.setup(desc, offers)
	if err != nil {
		return "SETUP", err
	}
	s.stream, err = newStream(offers, s.sink, time.Now())
	if err != nil {
		return "SETUP", err
	}
	for i, offer := range offers {
		s.client.OnPacketRTP(offer.media, offer.format, func(pkt *rtp.Packet) {
			s.receive(i, offer.media, pkt)
		})
	}
	if _, err := s.client.Play(nil); err != nil {
		return "PLAY", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stream.announce()
	return "PLAY", nil
}

// setup asks for the offers one by one. A camera that gives no audio is pulled
// without.
func (s *session) setup(desc *description.Session, offers []offer) ([]offer, error) {
	var got []offer
	for _, offer := range offers {
		// gortsplib ends the process on a reference that is no URL.
		if u, err := offer.media.URL(desc.BaseURL); err != nil || u == nil {
			return nil, errBadReference
		}
		_, err := s.client.Setup(desc.BaseURL, offer.media, 0, 0)
		var status liberrors.ErrClientBadStatusCode
		refused := errors.As(err, &status)
		switch {
		case err == nil:
			got = append(got, offer)
		case refused && len(got) > 0:
			s.notes.refused(offer.track.Codec)
		case refused && s.protocol == gortsplib.ProtocolTCP && meansTransport(status.Code):
			return nil, fmt.Errorf("%w (%d)", errNoTCP, status.Code)
		case refused && s.protocol == gortsplib.ProtocolUDP && status.Code == base.StatusUnsupportedTransport:
			return nil, fmt.Errorf("%w (%d)", errNoUDP, status.Code)
		default:
			return nil, err
		}
	}
	return got, nil
}

// watch waits for the end.
func (s *session) watch(ctx context.Context) error {
	var end error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		end = s.client.Wait()
	}()
	defer func() {
		s.close()
		<-ended
	}()
	tick := time.NewTicker(min(max(s.o.Timeout/20, 10*time.Millisecond), time.Second))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-s.failed:
			return err
		case <-ended:
			if as[liberrors.ErrClientTCPTimeout](end) || as[liberrors.ErrClientUDPTimeout](end) {
				return s.overdue(time.Now(), 0)
			}
			return end
		case now := <-tick.C:
			if err := s.overdue(now, s.o.Timeout); err != nil {
				return err
			}
		}
	}
}

func (s *session) overdue(now time.Time, timeout time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stream.overdue(now, timeout)
}

// receive takes a packet, in a goroutine of gortsplib's: a panic there would
// end the process.
func (s *session) receive(track int, media *description.Media, pkt *rtp.Packet) {
	var err error
	defer func() {
		if err != nil {
			s.fail(err)
		}
	}()
	defer recovered(&err)
	s.mu.Lock()
	defer s.mu.Unlock()
	// Every packet is asked for its time: the decoder of times counts the
	// wraps of the camera's 32 bits by the steps between packets.
	pts, ok := s.client.PacketPTS(media, pkt)
	s.stream.receive(track, packet{Packet: pkt, pts: pts, timed: ok, at: time.Now()})
}

func (s *session) fail(err error) {
	select {
	case s.failed <- err:
	default: // the first counts
	}
}

// recovered makes an error of a panic. It stands at every border behind which
// a camera's bytes are parsed.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%w (%v, at %s)", errPanic, r, panicked())
	}
}

// panicked returns where the panic was that is being recovered from: a stack
// trace is nothing for people to read in a camera's state.
func panicked() string {
	callers := make([]uintptr, 32)
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers)])
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "runtime.") {
			return f.Function + ":" + strconv.Itoa(f.Line)
		}
		if !more {
			return "an unknown place"
		}
	}
}
