package mqtt

import (
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// errLost is why a session ends that was not ended on purpose.
var errLost = errors.New("the connection was lost")

// errHeldBack is why a session ends in which nothing was read for so long that
// the broker's answer to a ping was not either.
var errHeldBack = errors.New("the connection was given up while the journal took nothing")

// lossOf says why a connection was lost, stalled being whether it was not read
// from.
func lossOf(reason error, stalled bool) error {
	if stalled {
		return errHeldBack
	}
	return fmt.Errorf("%w: %w", errLost, reason)
}

// A refusedError is a broker's refusal of a connection.
type refusedError struct{ code byte }

func (e *refusedError) Error() string {
	if err := packets.ConnErrors[e.code]; err != nil {
		return "the broker refused the connection: " + err.Error()
	}
	return fmt.Sprintf("the broker refused the connection with code %d", e.code)
}

// A setupError is a fault in this machine's own files.
type setupError struct{ err error }

func (e *setupError) Error() string { return e.err.Error() }
func (e *setupError) Unwrap() error { return e.err }

// kindOf is the same for errors that are the same to a person.
func kindOf(err error) string {
	if errors.Is(err, errLost) {
		return "lost"
	}
	if errors.Is(err, errHeldBack) {
		return "held back"
	}
	if h := hint(err); h != "" {
		return h
	}
	return "unreachable"
}

// hint says what a person can do about the error, and is empty where waiting
// may be enough.
func hint(err error) string {
	var refused *refusedError
	var setup *setupError
	var cert *tls.CertificateVerificationError
	var dns *net.DNSError
	switch {
	case errors.As(err, &refused):
		switch refused.code {
		case packets.ErrRefusedBadUsernameOrPassword, packets.ErrRefusedNotAuthorised:
			return "check username and password_file, and the broker's access rules"
		case packets.ErrRefusedIDRejected:
			return "set another client_id"
		case packets.ErrRefusedBadProtocolVersion:
			return "the broker must speak MQTT 3.1.1"
		}
	case errors.As(err, &setup):
		return "mend the file, or name another in the configuration"
	case errors.As(err, &cert):
		return "name the authority that signed the broker's certificate in tls.ca, and the host as the certificate does in url"
	case errors.As(err, &dns) && dns.IsNotFound:
		return "check the host in url"
	case errors.Is(err, errHeldBack):
		return "see what is said about the journal"
	case errors.Is(err, errLost):
		return "if it is lost again and again, another client may use the same client_id"
	}
	return ""
}

// never reports whether trying again soon would end the same: a person has to
// mend something first.
func never(err error) bool {
	var refused *refusedError
	var setup *setupError
	var cert *tls.CertificateVerificationError
	return errors.As(err, &refused) && refused.code != packets.ErrRefusedServerUnavailable ||
		errors.As(err, &setup) || errors.As(err, &cert)
}

const (
	firstWait = time.Second
	longWait  = 30 * time.Second
	// neverWait follows an error that a person has to mend.
	neverWait = time.Minute
	// steady is how long a connection must have held for the next to be tried
	// as if it were the first.
	steady = 30 * time.Second
	// remindEvery is how often a fault that stays is reported again.
	remindEvery = time.Hour
)

// A retry says how long to wait before trying to connect again, and whether
// the fault is news.
type retry struct {
	wait     time.Duration
	reported string
	since    time.Duration // waited since the report
}

// next is told how the last connection ended and how long it had lasted.
func (r *retry) next(err error, lasted time.Duration) (wait time.Duration, report bool) {
	if lasted >= steady && !errors.Is(err, errHeldBack) {
		*r = retry{}
	}
	switch {
	case never(err):
		r.wait = neverWait
	case r.wait == 0:
		r.wait = firstWait
	default:
		r.wait = min(2*r.wait, longWait)
	}
	// All the workers of a broker that comes back must not come at once.
	wait = r.wait/2 + rand.N(r.wait/2)
	r.since += wait + lasted
	// The text is not compared: it may have a port in it.
	if kind := kindOf(err); kind != r.reported || r.since >= remindEvery {
		r.reported, r.since, report = kind, 0, true
	}
	return wait, report
}
