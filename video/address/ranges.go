package address

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Private names the default ranges in a list of ranges, so that others can be
// added to them.
const Private = "private"

// Ranges are the networks that cameras may be in. The zero Ranges are
// DefaultRanges.
type Ranges struct {
	prefixes []netip.Prefix
}

// DefaultRanges are the private networks (RFC 1918, IPv6 unique local). This
// machine itself and its links are not among them: a camera's address must not
// become a way to what listens on loopback, or to a cloud's metadata service.
func DefaultRanges() Ranges {
	return Ranges{[]netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"),
		netip.MustParsePrefix("172.16.0.0/12"),
		netip.MustParsePrefix("192.168.0.0/16"),
		netip.MustParsePrefix("fc00::/7"),
	}}
}

// ParseRanges reads networks as 10.1.0.0/16, single addresses, and the word
// private. An empty list is DefaultRanges. The error names the first entry that
// is none of these.
func ParseRanges(texts []string) (Ranges, error) {
	var r Ranges
	for _, text := range texts {
		text = strings.TrimSpace(text)
		if text == Private {
			r.prefixes = append(r.prefixes, DefaultRanges().prefixes...)
			continue
		}
		prefix, err := parseRange(text)
		if err != nil {
			return Ranges{}, fmt.Errorf("%q is no network (write it as 10.1.0.0/16, as a single address, or as %s)", text, Private)
		}
		r.prefixes = append(r.prefixes, prefix)
	}
	return r, nil
}

func parseRange(text string) (netip.Prefix, error) {
	if strings.Contains(text, "/") {
		prefix, err := netip.ParsePrefix(text)
		if err == nil && prefix.Addr().Is4In6() {
			err = errors.New("IPv4 within IPv6")
		}
		return prefix.Masked(), err
	}
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Zone() != "" {
		return netip.Prefix{}, errors.New("not an address")
	}
	addr = addr.Unmap()
	return netip.PrefixFrom(addr, addr.BitLen()), nil
}

// special are blocks that a wider range does not open: 0.0.0.0/0 says "wherever
// the camera is", and not "this machine as well".
func special() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"),
		netip.MustParsePrefix("127.0.0.0/8"),
		netip.MustParsePrefix("169.254.0.0/16"),
		netip.MustParsePrefix("255.255.255.255/32"),
		netip.MustParsePrefix("::/127"), // unspecified and loopback
		netip.MustParsePrefix("fe80::/10"),
	}
}

// Allows reports whether a camera may be at the address. Multicast never is;
// loopback and link-local are only if a range lies within them.
func (r Ranges) Allows(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	if !addr.IsValid() || addr.IsMulticast() {
		return false
	}
	prefixes := r.prefixes
	if len(prefixes) == 0 {
		prefixes = DefaultRanges().prefixes
	}
	narrowest := 0
	for _, s := range special() {
		if s.Contains(addr) {
			narrowest = s.Bits()
		}
	}
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool {
		return p.Contains(addr) && p.Bits() >= narrowest
	})
}

// String returns the ranges as ParseRanges reads them.
func (r Ranges) String() string {
	if len(r.prefixes) == 0 {
		return Private
	}
	texts := make([]string, len(r.prefixes))
	for i, p := range r.prefixes {
		texts[i] = p.String()
	}
	return strings.Join(texts, ", ")
}

// ErrForbidden is wrapped by the errors about addresses outside the ranges.
var ErrForbidden = errors.New("the address is outside the networks that cameras may be in (add it to cameras.networks)")

// Check returns an error that wraps ErrForbidden unless r allows the address.
func (r Ranges) Check(addr netip.Addr) error {
	if r.Allows(addr) {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrForbidden, addr)
}

// Dialer returns what connects only into r, each attempt within the timeout
// (0: only the context bounds it).
func (r Ranges) Dialer(timeout time.Duration) *Dialer {
	return &Dialer{ranges: r, timeout: timeout}
}

// Dialer connects to hosts within ranges of addresses. It may be used by
// several goroutines.
type Dialer struct {
	ranges  Ranges
	timeout time.Duration
}

// DialContext connects as net.Dialer does. The check is made on the very
// address that the socket is about to connect to, after the name was resolved:
// a name server that answers otherwise a second time gains nothing. An address
// outside the ranges gives an error that wraps ErrForbidden.
func (d *Dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	dialer := net.Dialer{
		Timeout: d.timeout,
		ControlContext: func(_ context.Context, network, addr string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(addr)
			if err != nil {
				return fmt.Errorf("%w: %s %s", ErrForbidden, network, addr)
			}
			return d.ranges.Check(at.Addr())
		},
	}
	return dialer.DialContext(ctx, network, addr)
}
