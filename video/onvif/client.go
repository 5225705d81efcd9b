package onvif

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"citywatch/video/address"
)

// maxAnswer bounds one answer: that of a recorder with 64 cameras takes some
// 600 kB.
const maxAnswer = 4 << 20

// usualPath is where the device service is, by the specification.
const usualPath = "/onvif/device_service"

// A client speaks with one camera, from one goroutine.
type client struct {
	base     url.URL // the device service, as it is reached from here
	user     string
	password string
	login    bool
	http     *http.Client
	now      func() time.Time

	// skew is how far the camera's clock is ahead.
	skew time.Duration
	// digest is the challenge of a camera that wants HTTP's login, not that
	// of WS-Security; nil before.
	digest *challenge

	media1, media2 *service
}

// A service is one of the camera's web services.
type service struct {
	url       string
	namespace string
}

func newClient(o Options) (*client, error) {
	a := o.Address
	if a.Scheme() != address.ONVIF {
		return nil, fmt.Errorf("%w: it does not begin with onvif://", address.ErrAddress)
	}
	c := &client{
		base: url.URL{Scheme: "http", Host: a.HostPort("80"), Path: pathOf(a)},
		now:  time.Now,
	}
	if _, port, _ := net.SplitHostPort(c.base.Host); port == "443" {
		c.base.Scheme = "https"
	}
	if c.base.Path == "" || c.base.Path == "/" {
		c.base.Path = usualPath
	}
	c.user, c.password, c.login = a.Credentials()
	c.http = &http.Client{
		Timeout: o.Timeout,
		Transport: &http.Transport{
			DialContext:         o.Networks.Dialer(o.Timeout).DialContext,
			TLSClientConfig:     o.TLS,
			TLSHandshakeTimeout: o.Timeout,
			// A few calls, minutes or days apart: connections left open would
			// only take the camera's few slots.
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// call sends the content of a SOAP body to the service and reads the answer's
// into what to points to.
func (c *client) call(ctx context.Context, s *service, action, body string, to any) error {
	answer, err := c.exchange(ctx, s, action, body)
	if err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	if err := parse(answer, to); err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	return nil
}

// exchange sends the request, with HTTP's digest if the camera asks for that.
func (c *client) exchange(ctx context.Context, s *service, action, body string) ([]byte, error) {
	got, err := c.post(ctx, s, action, body)
	if err != nil {
		return nil, err
	}
	// A challenge that comes after an answer to one may only say that its
	// nonce is too old.
	if got.status == http.StatusUnauthorized && c.login {
		asked, ok := readChallenge(got.header)
		if ok && (c.digest == nil || asked.stale) {
			c.digest = asked
			if got, err = c.post(ctx, s, action, body); err != nil {
				return nil, err
			}
		}
	}
	return got.body, got.judge()
}

// A reply is what HTTP has brought.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// judge returns why an answer is none.
func (r reply) judge() error {
	fault := readFault(r.body)
	if fault == nil && r.status == http.StatusOK {
		return nil
	}
	switch {
	case r.status == http.StatusUnauthorized, r.status == http.StatusForbidden, fault.unauthorized():
		return ErrUnauthorized
	case fault != nil:
		return fault
	case r.status >= 300 && r.status < 400:
		return fmt.Errorf("it redirects elsewhere (%d); if it wants HTTPS, write onvif://host:443", r.status)
	case r.status == http.StatusNotFound, r.status == http.StatusMethodNotAllowed:
		return fmt.Errorf("it has no ONVIF service here (%d); is ONVIF switched on, and the port right? Many cameras have it at 80, others at 8000, 8080, 8899 or 2020", r.status)
	}
	return fmt.Errorf("it answers %d %s", r.status, http.StatusText(r.status))
}

func (c *client) post(ctx context.Context, s *service, action, body string) (reply, error) {
	// The date that a digest is made for is the camera's: most refuse one that
	// is a few minutes off, and their clocks are hours off.
	envelope := envelope(c.security(), body)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(envelope))
	if err != nil {
		return reply{}, errors.New("its address of the service cannot be used")
	}
	request.Header.Set("Content-Type", `application/soap+xml; charset=utf-8; action="`+s.namespace+"/"+action+`"`)
	request.Header.Set("User-Agent", "citywatch")
	if c.digest != nil {
		request.Header.Set("Authorization", c.digest.answer(request, c.user, c.password))
	}
	response, err := c.http.Do(request)
	if err != nil {
		return reply{}, explain(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return reply{}, explain(err)
	}
	if len(answer) > maxAnswer {
		return reply{}, fmt.Errorf("its answer is longer than %d bytes", maxAnswer)
	}
	return reply{response.StatusCode, response.Header, answer}, nil
}

// security returns the SOAP header with the login, or nothing for a camera that
// wants it in HTTP, or where there is none.
func (c *client) security() string {
	if !c.login || c.digest != nil {
		return ""
	}
	return usernameToken(c.user, c.password, c.now().Add(c.skew))
}

// here returns the address of a service as it is reached from here: with the
// host that was asked. A camera behind NAT names its inner host, and another
// may name somebody else's.
func (c *client) here(text string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", errors.New("its address of a service is none")
	}
	to := c.base
	to.Path, to.RawPath, to.RawQuery = u.Path, u.RawPath, u.RawQuery
	if u.Hostname() == c.base.Hostname() && u.Scheme == c.base.Scheme && u.Port() != "" {
		to.Host = u.Host
	}
	return to.String(), nil
}

// explain returns an error of the connection without its address, which
// url.Error prints with all that is in it.
func explain(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	switch {
	case errors.Is(err, address.ErrForbidden), errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return safeError{fmt.Errorf("it does not answer: %w", err)}
	}
	return safeError{err}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// safeError is an error whose text holds no secret.
type safeError struct{ err error }

func (e safeError) Error() string { return address.Redact(e.err.Error()) }
func (e safeError) Unwrap() error { return e.err }

// pathOf and queryOf return parts of an address that are no secret here.
func pathOf(a address.Address) string {
	u, err := url.Parse(a.WithoutCredentials().Reveal())
	if err != nil {
		return ""
	}
	return u.Path
}

func queryOf(a address.Address) url.Values {
	u, err := url.Parse(a.WithoutCredentials().Reveal())
	if err != nil {
		return nil
	}
	return u.Query()
}
