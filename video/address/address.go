// Package address holds what all that reaches a camera needs: its address with
// a secret in it that no log can show, and the check of where an address leads.
package address

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unique"
)

// The schemes of an address.
const (
	RTSP  = "rtsp"
	RTSPS = "rtsps"
	ONVIF = "onvif"
)

// Address is where a camera's stream is, and the credentials for it. It is a
// value: two are == if they lead to the same place with the same credentials.
// However it is printed, logged or marshalled, it shows no secret: only Reveal
// and Credentials do. The zero Address is none.
type Address struct {
	// Where a structure holds an Address in an unexported field, fmt asks no
	// method of ours, and prints what it finds: here a pointer. With a verb
	// that fits none it even follows one pointer; there are two. And handles
	// are == if what they stand for is.
	full unique.Handle[unique.Handle[parts]]
}

func seal(p parts) Address { return Address{unique.Make(unique.Make(p))} }

type parts struct {
	scheme, host string // host with its port, if it has one
	path, query  string // as written, still escaped
	login        bool
	user, pass   string // not escaped
}

// ErrAddress is wrapped by all errors of Parse.
var ErrAddress = errors.New("this is no camera's address")

// wrong makes an error that says nothing of the text itself: what cannot be
// parsed may well be a password with a sign in it that nobody expected.
func wrong(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrAddress, fmt.Sprintf(format, args...))
}

// Parse reads rtsp://, rtsps:// or onvif://, then [user:password@]host[:port],
// a path and a query. Its errors say what is wrong and how to mend it, and
// quote nothing of the text.
func Parse(text string) (Address, error) {
	scheme, rest, found := strings.Cut(strings.TrimSpace(text), "://")
	scheme = strings.ToLower(scheme)
	switch {
	case !found:
		return Address{}, wrong("it has no scheme (write it as rtsp://host/path, rtsps://host/path or onvif://host)")
	case scheme != RTSP && scheme != RTSPS && scheme != ONVIF:
		return Address{}, wrong("its scheme is none of rtsp, rtsps and onvif")
	}
	p := parts{scheme: scheme}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	authority, rest := rest[:end], rest[end:]
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		if err := p.setLogin(authority[:at]); err != nil {
			return Address{}, err
		}
		authority = authority[at+1:]
	}
	if err := p.setHost(authority); err != nil {
		return Address{}, err
	}
	if err := p.setPath(rest); err != nil {
		return Address{}, err
	}
	return seal(p), nil
}

func (p *parts) setLogin(text string) error {
	user, pass, _ := strings.Cut(text, ":")
	var err1, err2 error
	p.user, err1 = url.PathUnescape(user)
	p.pass, err2 = url.PathUnescape(pass)
	if err1 != nil || err2 != nil {
		return wrong("there is a %% in its user or password that begins no escape (write %%25 for a %%, or give them in keys of their own)")
	}
	p.login = true
	return nil
}

const hostHint = "if its password holds one of / ? # @ : %, write that as %2F %3F %23 %40 %3A %25, or give user and password in keys of their own"

func (p *parts) setHost(text string) error {
	host := text
	if strings.HasPrefix(text, "[") && !strings.Contains(text, "]") {
		return wrong("what is in brackets is no IPv6 address")
	}
	if i := strings.LastIndexByte(text, ':'); i >= 0 && !strings.HasSuffix(text, "]") {
		host = text[:i]
		if n, err := strconv.ParseUint(text[i+1:], 10, 16); err != nil || n == 0 {
			return wrong("its port is not a number from 1 to 65535 (%s)", hostHint)
		}
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		ip, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		if err != nil || !ip.Is6() || !strings.HasSuffix(inner, "]") || ip.Zone() != "" {
			return wrong("what is in brackets is no IPv6 address")
		}
		p.host = strings.ToLower(text)
		return nil
	}
	if host == "" {
		return wrong("it names no host")
	}
	if len(host) > 253 {
		return wrong("its host is longer than 253 characters")
	}
	for _, c := range []byte(host) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_' {
			return wrong("its host is neither a name nor an IP address (%s)", hostHint)
		}
	}
	p.host = strings.ToLower(text)
	return nil
}

func (p *parts) setPath(text string) error {
	if strings.Contains(text, "#") {
		return wrong("there is a # in it (%s)", hostHint)
	}
	for _, c := range []byte(text) {
		if c <= ' ' || c >= 0x7f {
			return wrong("there is a space, or another sign that an address cannot hold, in its path (write a space as %%20)")
		}
	}
	path, query, _ := strings.Cut(text, "?")
	if _, err := url.PathUnescape(path); err != nil {
		return wrong("there is a %% in its path that begins no escape (write %%25 for a %%)")
	}
	p.path, p.query = path, query
	return nil
}

// parts returns what the address consists of; of the zero Address, nothing.
func (a Address) parts() parts {
	if a.IsZero() {
		return parts{}
	}
	return a.full.Value().Value()
}

// IsZero reports whether there is no address.
func (a Address) IsZero() bool { return a == Address{} }

// Scheme returns RTSP, RTSPS or ONVIF.
func (a Address) Scheme() string { return a.parts().scheme }

// Host returns the host, with its port if one is given.
func (a Address) Host() string { return a.parts().host }

// Hostname returns the host without its port, and without the brackets of an
// IPv6 address.
func (a Address) Hostname() string {
	u := url.URL{Host: a.Host()}
	return u.Hostname()
}

// HostPort returns the host with its port, or with the one given where the
// address names none, to dial.
func (a Address) HostPort(otherwise string) string {
	u := url.URL{Host: a.Host()}
	if port := u.Port(); port != "" {
		otherwise = port
	}
	return net.JoinHostPort(u.Hostname(), otherwise)
}

// WithCredentials returns the address with these credentials instead of its
// own. An address without a host stays what it is.
func (a Address) WithCredentials(user, password string) Address {
	if a.IsZero() {
		return a
	}
	p := a.parts()
	p.login, p.user, p.pass = true, user, password
	return seal(p)
}

// WithHost returns the address at another host, which may have a port. An
// address without a host stays what it is.
func (a Address) WithHost(host string) Address {
	if a.IsZero() {
		return a
	}
	p := a.parts()
	p.host = host
	return seal(p)
}

// WithoutCredentials returns the address without user and password. What its
// path or its query holds remains.
func (a Address) WithoutCredentials() Address {
	if a.IsZero() {
		return a
	}
	p := a.parts()
	p.login, p.user, p.pass = false, "", ""
	return seal(p)
}

// Credentials returns user and password; ok is false if the address has none.
func (a Address) Credentials() (user, password string, ok bool) {
	p := a.parts()
	return p.user, p.pass, p.login
}

// Reveal returns the whole address, with its secrets: for the connection only.
func (a Address) Reveal() string {
	p := a.parts()
	if p.scheme == "" {
		return ""
	}
	login := ""
	if p.login {
		login = url.UserPassword(p.user, p.pass).String() + "@"
	}
	return p.scheme + "://" + login + p.host + p.target()
}

func (p *parts) target() string {
	if p.query == "" {
		return p.path
	}
	return p.path + "?" + p.query
}

// String returns the address with everything hidden that could be a secret.
func (a Address) String() string {
	p := a.parts()
	if p.scheme == "" {
		return ""
	}
	login := ""
	if p.login {
		login = hidden + "@"
	}
	text := p.scheme + "://" + login + p.host + p.path
	if p.query != "" {
		text += "?" + hideQuery(p.query)
	}
	return Redact(text)
}

// plain are the keys of a query that say which stream is meant. What a vendor
// calls its password cannot be known: all others are hidden.
const plain = " channel subtype stream streamtype unicast proto profile profile_token codec resolution videocodec camera fps compression audio video "

func isPlain(key string) bool { return strings.Contains(plain, " "+strings.ToLower(key)+" ") }

func hideQuery(query string) string {
	fields := strings.Split(query, "&")
	for i, field := range fields {
		key, _, found := strings.Cut(field, "=")
		if found && !isPlain(key) {
			fields[i] = key + "=" + hidden
		} else if !found {
			fields[i] = hidden
		}
	}
	return strings.Join(fields, "&")
}

// Format prints String, whatever the verb: %d or %#v would otherwise print the
// fields.
func (a Address) Format(f fmt.State, verb rune) {
	if verb == 'q' {
		fmt.Fprintf(f, "%q", a.String())
		return
	}
	fmt.Fprint(f, a.String())
}

// GoString returns String.
func (a Address) GoString() string { return a.String() }

// LogValue returns String.
func (a Address) LogValue() slog.Value { return slog.StringValue(a.String()) }

// MarshalText returns String: what is written out is for reading, and cannot be
// connected to.
func (a Address) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// MarshalYAML returns String.
func (a Address) MarshalYAML() (any, error) { return a.String(), nil }
