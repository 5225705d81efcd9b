package notify

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
)

// errAddress means that an address is not one that is sent to.
var errAddress = errors.New("not an address of a push service")

// maxEndpoint bounds the address that a browser may give.
const maxEndpoint = 2048

// A guard keeps what strangers give as the address of their push service from
// leading into the centre's own networks.
type guard struct {
	allowed  []netip.Prefix
	reserved []netip.Prefix
}

// newGuard returns a guard that lets through, besides the public internet, what
// lies in the networks.
func newGuard(networks []string) (guard, error) {
	g := guard{}
	for _, text := range networks {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return guard{}, err
		}
		g.allowed = append(g.allowed, p.Masked())
	}
	// What is not private by name and yet is no place on the internet, or leads
	// to another address in disguise.
	for _, text := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
		"198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10",
	} {
		g.reserved = append(g.reserved, netip.MustParsePrefix(text))
	}
	return g, nil
}

func in(networks []netip.Prefix, a netip.Addr) bool {
	for _, p := range networks {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// permits reports whether something may be sent to an address.
func (g guard) permits(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return in(g.allowed, a) || a.IsGlobalUnicast() && !a.IsPrivate() && !in(g.reserved, a)
}

// check checks an endpoint before it is kept: https on its usual port, unless it
// is an address within the allowed networks.
func (g guard) check(endpoint string) (*url.URL, error) {
	if len(endpoint) > maxEndpoint {
		return nil, fmt.Errorf("%w: longer than %d characters", errAddress, maxEndpoint)
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.Opaque != "" {
		return nil, fmt.Errorf("%w: not a plain URL", errAddress)
	}
	if a, err := netip.ParseAddr(strings.Trim(u.Hostname(), "[]")); err == nil {
		if in(g.allowed, a.Unmap()) && (u.Scheme == "https" || u.Scheme == "http") {
			return u, nil
		}
		return nil, fmt.Errorf("%w: a bare IP address", errAddress)
	}
	if u.Scheme != "https" || u.Port() != "" && u.Port() != "443" {
		return nil, fmt.Errorf("%w: it must begin with https:// and name no port", errAddress)
	}
	return u, nil
}

// control is asked by the dialer for each address that a name led to, right
// before it connects: a name that changes in between helps nobody.
func (g guard) control(_, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil || !g.permits(a.Addr()) {
		return fmt.Errorf("%w: it is within a network that nothing is pushed to", errAddress)
	}
	return nil
}
