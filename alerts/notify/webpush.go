package notify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// What a channel may answer with, besides errors after which it is worth trying
// again.
var (
	// errGone means that the receiver is no more.
	errGone = errors.New("the receiver is gone")
	// errRefused means that the other side will not take it, now or later.
	errRefused = errors.New("refused")
)

// errLater says after what time the other side wants to be asked again.
type errLater struct {
	after time.Duration
	err   error
}

func (e *errLater) Error() string { return e.err.Error() }

func (e *errLater) Unwrap() error { return e.err }

// A channel is a way to tell somebody.
type channel interface {
	// send returns when the other side has taken the message, which is of use
	// until expires.
	send(ctx context.Context, to string, m *Message, expires time.Time) error
}

// webPush tells phones.
type webPush struct {
	book     *book
	guard    guard
	identity *identity
	zone     *time.Location
	client   *http.Client
	now      func() time.Time
	crowd    crowd
}

// sendTimeout bounds one attempt.
const sendTimeout = 15 * time.Second

// newClient returns a client that goes nowhere but where control allows, and
// follows nobody elsewhere. It uses no proxy: whatever that connects to would
// not be seen here.
func newClient(d *net.Dialer) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext: d.DialContext, ForceAttemptHTTP2: true,
			MaxIdleConnsPerHost: senders, IdleConnTimeout: 2 * time.Minute,
			TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: sendTimeout,
			MaxResponseHeaderBytes: 16 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       sendTimeout,
	}
}

func (p *webPush) send(ctx context.Context, to string, m *Message, expires time.Time) error {
	s, ok := p.book.get(to)
	if !ok {
		return errGone
	}
	endpoint, err := p.guard.check(s.Endpoint)
	if err != nil {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	keys, err := s.Keys.decode()
	if err != nil {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	many := p.crowd.take(to, m, p.now())
	payload, err := m.payload(&s, p.zone, many)
	if err != nil {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	body, err := encrypt(keys, payload)
	if err != nil {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	now := p.now()
	authorization, err := p.identity.authorization(endpoint, now)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint.String(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	set := r.Header.Set
	set("Authorization", authorization)
	set("Content-Encoding", "aes128gcm")
	set("Content-Type", "application/octet-stream")
	set("TTL", strconv.Itoa(max(0, int(expires.Sub(now)/time.Second))))
	set("Urgency", "high")
	set("Topic", topic(m.Alert))
	if many != nil {
		set("Topic", topic(crowdTag))
	}
	err = answer(p.client, r)
	if errors.Is(err, errAddress) {
		return fmt.Errorf("%w: %w", errRefused, err) // where it leads will not change by waiting
	}
	return err
}

// topic has a push service keep only the newest of what waits for a phone about
// one alert.
func topic(alert string) string {
	sum := sha256.Sum256([]byte(alert))
	return base64.RawURLEncoding.EncodeToString(sum[:24])
}

// answer sends a request, and tells what the answer means. What the other side
// writes is shown to nobody.
func answer(client *http.Client, r *http.Request) error {
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
	_ = resp.Body.Close()
	said := fmt.Errorf("%s answered %d", r.URL.Host, resp.StatusCode)
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusNotFound || code == http.StatusGone:
		return fmt.Errorf("%w: %w", errGone, said)
	case code == http.StatusTooManyRequests || code >= 500 || code == http.StatusRequestTimeout:
		if after, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && after > 0 {
			return &errLater{min(time.Duration(after)*time.Second, longestPause), said}
		}
		return said
	default:
		return fmt.Errorf("%w: %w", errRefused, said)
	}
}

// cause is an error without the address that was asked, which is a secret of the
// phone's.
func cause(err error) string {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err.Error()
	}
	return err.Error()
}
