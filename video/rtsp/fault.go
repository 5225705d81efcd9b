package rtsp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"

	"citywatch"
	"citywatch/video"
	"citywatch/video/address"
)

// What ends a session, as far as it is found here and not by a library.
var (
	errNoTCP        = errors.New("it does not send over TCP")
	errNoUDP        = errors.New("it does not send over UDP")
	errSlow         = errors.New("it does not answer in time")
	errRedirects    = errors.New("it redirects again and again")
	errNothing      = errors.New("it agreed to send, and sends nothing")
	errNoFrames     = errors.New("it sends packets, and no frame can be made of them")
	errNoKeyFrame   = errors.New("it sends frames, and none of them is a key frame with parameter sets")
	errStalled      = errors.New("its frames stopped")
	errNoVideo      = errors.New("it offers no video")
	errPanic        = errors.New("what it sent could not be understood at all")
	errBadReference = errors.New("its description leads nowhere")
)

func fault(state citywatch.CameraState, err error) *video.Fault {
	return &video.Fault{State: state, Err: safeError{err: err}}
}

func unreachable(err error) *video.Fault { return fault(citywatch.CameraUnreachable, err) }

// safeError is an error whose text holds no secret. What a camera says in it
// could be anything, our own credentials included.
type safeError struct {
	err error
	of  address.Address
}

func (e safeError) Error() string { return e.of.Redact(e.err.Error()) }
func (e safeError) Unwrap() error { return e.err }

// withoutSecrets is the error, with nothing in its text of what the camera was
// told to let us in.
func withoutSecrets(err error, of address.Address) error {
	var (
		f    *video.Fault
		safe safeError
	)
	if !errors.As(err, &f) || !errors.As(f.Err, &safe) {
		return err
	}
	return &video.Fault{State: f.State, Err: safeError{err: safe.err, of: of}}
}

// classify tells from the end of a session how the camera is.
func classify(err error) *video.Fault {
	var f *video.Fault
	if errors.As(err, &f) {
		return f
	}
	var status liberrors.ErrClientBadStatusCode
	if errors.As(err, &status) {
		return refused(status.Code)
	}
	switch {
	case as[liberrors.ErrClientAuthSetup](err):
		return fault(citywatch.CameraBadCredentials, errors.New("it wants a login, in no way that is known here (Basic or Digest with MD5 or SHA-256)"))
	case errors.Is(err, errNothing), errors.Is(err, errNoFrames), errors.Is(err, errNoKeyFrame), errors.Is(err, errStalled):
		return fault(citywatch.CameraNoVideo, err)
	case errors.Is(err, errNoVideo):
		return fault(citywatch.CameraUnsupported, err)
	case as[liberrors.ErrClientServerRequestedUDP](err), as[liberrors.ErrClientTransportHeaderNoInterleavedIDs](err):
		return unreachable(errNoTCP)
	case as[liberrors.ErrClientServerRequestedTCP](err):
		return unreachable(errNoUDP)
	}
	return unreachable(explain(err))
}

func as[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

// refused is the fault of an answer other than 200. The camera's own words for
// it are left out: they could hold anything.
func refused(code base.StatusCode) *video.Fault {
	text := base.StatusMessages[code]
	switch code {
	case base.StatusUnauthorized, base.StatusForbidden, base.StatusProxyAuthRequired,
		base.StatusConnectionAuthorizationRequired, base.StatusConnectionCredentialsNotAccepted:
		return fault(citywatch.CameraBadCredentials, fmt.Errorf("it refuses the user or the password (%d %s)", code, text))
	case base.StatusNotFound, base.StatusGone:
		return unreachable(fmt.Errorf("it has no such stream (%d %s): the path in its address is wrong", code, text))
	case base.StatusNotEnoughBandwidth, base.StatusServiceUnavailable:
		return unreachable(fmt.Errorf("it serves nobody more (%d %s): others may hold all of its streams", code, text))
	}
	return unreachable(fmt.Errorf("it answers %d %s", code, text))
}

// explain says for people what the usual errors mean.
func explain(err error) error {
	var (
		dns  *net.DNSError
		cert *tls.CertificateVerificationError
		rec  tls.RecordHeaderError
	)
	switch {
	case errors.Is(err, address.ErrForbidden), errors.Is(err, errNoTCP), errors.Is(err, errNoUDP),
		errors.Is(err, errRedirects), errors.Is(err, errBadReference), errors.Is(err, errPanic), errors.Is(err, errSlow):
		return err
	case errors.As(err, &dns):
		// Which name is left out: after a redirect it is the camera's word.
		return fmt.Errorf("its name cannot be resolved: %s", dns.Err)
	case errors.As(err, &cert):
		return fmt.Errorf("its certificate is not trusted: %w", err)
	case errors.As(err, &rec):
		return fmt.Errorf("it does not speak TLS (rtsp:// instead of rtsps://?): %w", err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nothing listens at its address: %w", err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fmt.Errorf("it closed the connection: %w", err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.Is(err, syscall.ETIMEDOUT), as[liberrors.ErrClientRequestTimedOut](err):
		return errSlow
	case as[liberrors.ErrClientSDPInvalid](err), as[liberrors.ErrClientContentTypeMissing](err), as[liberrors.ErrClientContentTypeUnsupported](err):
		return fmt.Errorf("its description of the stream cannot be read: %w", err)
	}
	return fmt.Errorf("it does not answer as a camera does: %w", err)
}
