package rtsp

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"citywatch/video"
	"citywatch/video/address"
)

// A Transport is what the frames travel over.
type Transport string

// The transports. The zero Transport is Auto.
const (
	// Auto is TCP, and UDP where the camera refuses TCP.
	Auto Transport = "auto"
	TCP  Transport = "tcp"
	UDP  Transport = "udp"
)

// ErrTransport is returned for a transport that is none of the three.
var ErrTransport = errors.New("no transport (write auto, tcp or udp)")

// UnmarshalText reads auto, tcp or udp.
func (t *Transport) UnmarshalText(text []byte) error {
	switch v := Transport(text); v {
	case Auto, TCP, UDP:
		*t = v
		return nil
	default:
		return fmt.Errorf("%q is %w", text, ErrTransport)
	}
}

// DefaultTimeout is how long a camera may take to agree to send, and then how
// long it may send no frame.
const DefaultTimeout = 10 * time.Second

// Options say which stream to pull, and how. Only Address must be given.
type Options struct {
	// Address leads to the stream; its scheme is rtsp or rtsps.
	Address address.Address
	// Transport is Auto unless given. Over rtsps it is always TCP.
	Transport Transport
	// TLS is used for rtsps; nil trusts what the system trusts.
	TLS *tls.Config
	// Networks are those that the camera, and whatever it redirects to, may be
	// in; unless given, the private ones.
	Networks address.Ranges
	// Timeout is DefaultTimeout unless given.
	Timeout time.Duration
}

// Source is one stream of one camera. It may be played by several goroutines;
// each has a session of its own.
type Source struct {
	o Options
}

var _ video.Source = (*Source)(nil)

// New returns the source that the options describe; it connects to nothing.
func New(o Options) *Source {
	o.Transport = cmp.Or(o.Transport, Auto)
	o.Timeout = cmp.Or(o.Timeout, DefaultTimeout)
	return &Source{o: o}
}
