package mqtt

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

const (
	connectTimeout = 10 * time.Second
	writeTimeout   = 20 * time.Second
	readBuffer     = 64 << 10
	// maxUnsent bounds what waits for a broker that does not read. Only
	// acknowledgements are ever many, and they are smaller in sum.
	maxUnsent = 1 << 20
)

var errNotReading = errors.New("the broker does not read what is sent to it")

// A conn is a connection to a broker that makes few system calls. The client
// reads each packet in three pieces and writes each acknowledgement by itself;
// a conn reads ahead, and while one write is under way it gathers the next.
type conn struct {
	net.Conn
	in io.Reader
	// closed is called when Close is, before it waits for anything.
	closed func()

	mu      sync.Mutex
	unsent  []byte
	closing bool
	err     error         // of the last write
	wake    chan struct{} // there is something to do for send
	ended   chan struct{} // closed when send has ended
}

func newConn(c net.Conn) *conn {
	b := &conn{
		Conn:  c,
		in:    &frames{in: bufio.NewReaderSize(c, readBuffer)},
		wake:  make(chan struct{}, 1),
		ended: make(chan struct{}),
	}
	go b.send()
	return b
}

func (c *conn) Read(p []byte) (int, error) { return c.in.Read(p) }

// Write takes p and returns before it is sent; a fault of sending is returned
// by a later Write, and closes the connection.
func (c *conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.err != nil:
		return 0, c.err
	case c.closing:
		return 0, net.ErrClosed
	case len(c.unsent)+len(p) > maxUnsent:
		return 0, errNotReading
	}
	c.unsent = append(c.unsent, p...)
	c.signal()
	return len(p), nil
}

func (c *conn) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// SetDeadline sets that of reading. Sending has its own, as a websocket's must
// not be set while it is being written to.
func (c *conn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// SetWriteDeadline does nothing, for the same reason.
func (c *conn) SetWriteDeadline(time.Time) error { return nil }

// Close sends what was written before, if that is soon done, and closes the
// connection.
func (c *conn) Close() error {
	c.closed()
	c.mu.Lock()
	c.closing = true
	c.mu.Unlock()
	c.signal()
	select {
	case <-c.ended:
	case <-time.After(time.Second):
		c.Conn.Close()
		<-c.ended
	}
	return nil
}

// send writes what was gathered until the connection is closed or fails.
func (c *conn) send() {
	defer close(c.ended)
	defer c.Conn.Close()
	var out []byte
	for range c.wake {
		c.mu.Lock()
		out, c.unsent = c.unsent, out[:0]
		closing := c.closing
		c.mu.Unlock()
		if len(out) > 0 {
			_ = c.Conn.SetWriteDeadline(time.Now().Add(writeTimeout)) // Write will tell
			if _, err := c.Conn.Write(out); err != nil {
				c.mu.Lock()
				c.err = fmt.Errorf("write to the broker: %w", err)
				c.mu.Unlock()
				return
			}
		}
		if closing {
			return
		}
	}
}

// dial connects to the broker.
func (o *Options) dial(ctx context.Context) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	u, err := url.Parse(o.URL)
	if err != nil {
		return nil, errors.New("not the address of a broker")
	}
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(u.Hostname(), ports()[u.Scheme])
	}
	var c net.Conn
	switch u.Scheme {
	case "tcp", "mqtt":
		c, err = (&net.Dialer{}).DialContext(ctx, "tcp", host)
	case "ws":
		c, err = paho.NewWebsocket(o.URL, nil, connectTimeout, nil, nil)
	default:
		var conf *tls.Config
		if conf, err = o.TLS.config(); err != nil {
			return nil, err
		}
		if u.Scheme == "wss" {
			c, err = paho.NewWebsocket(o.URL, conf, connectTimeout, nil, nil)
		} else {
			c, err = (&tls.Dialer{Config: conf}).DialContext(ctx, "tcp", host)
		}
	}
	if err != nil {
		return nil, err
	}
	return newConn(c), nil
}

// config reads the files.
func (o TLSOptions) config() (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CA != "" {
		pem, err := os.ReadFile(o.CA)
		if err != nil {
			return nil, &setupError{fmt.Errorf("tls.ca: %w", err)}
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, &setupError{fmt.Errorf("tls.ca: no certificate in %s", o.CA)}
		}
	}
	if o.Cert != "" {
		cert, err := tls.LoadX509KeyPair(o.Cert, o.Key)
		if err != nil {
			return nil, &setupError{fmt.Errorf("tls.cert: %w", err)}
		}
		conf.Certificates = []tls.Certificate{cert}
	}
	return conf, nil
}

// password reads the password file.
func (o *Options) password() (string, error) {
	if o.PasswordFile == "" {
		return "", nil
	}
	data, err := os.ReadFile(o.PasswordFile)
	if err != nil {
		return "", &setupError{fmt.Errorf("password_file: %w", err)}
	}
	return strings.TrimRight(string(data), "\r\n"), nil
}
