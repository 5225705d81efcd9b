package uplink

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"sync"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// Ports of MQTT without and with TLS.
const (
	plainPort = "1883"
	tlsPort   = "8883"
)

// parseBroker reads a broker's address and fills in what it leaves out.
func parseBroker(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		// Not err itself: it quotes the address, and so the password.
		return nil, fmt.Errorf("MQTT broker: not an address; write mqtt://host:1883")
	}
	port := plainPort
	switch u.Scheme {
	case "mqtt", "tcp":
	case "mqtts", "ssl", "tls":
		port = tlsPort
	default:
		return nil, fmt.Errorf("MQTT broker %s: unknown scheme; write mqtt://host:1883, or mqtts:// for TLS", u.Redacted())
	}
	if u.Hostname() == "" {
		return nil, fmt.Errorf("MQTT broker %s: no host; write mqtt://host:1883", u.Redacted())
	}
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), port)
	}
	return u, nil
}

// secure reports whether the address asks for TLS.
func secure(u *url.URL) bool { return u.Scheme != "mqtt" && u.Scheme != "tcp" }

// A dialer opens connections that end with its context, until they are kept.
// paho's own would hold up a stop until the broker has said its welcome.
type dialer struct {
	ctx context.Context

	mu   sync.Mutex
	stop func() bool
}

func (d *dialer) open(u *url.URL, _ mqtt.ClientOptions) (net.Conn, error) {
	var conn net.Conn
	var err error
	if secure(u) {
		conn, err = new(tls.Dialer).DialContext(d.ctx, "tcp", u.Host)
	} else {
		conn, err = new(net.Dialer).DialContext(d.ctx, "tcp", u.Host)
	}
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stop = context.AfterFunc(d.ctx, func() { _ = conn.Close() })
	return conn, nil
}

// keep lets an opened connection outlive the context.
func (d *dialer) keep() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stop != nil {
		d.stop()
	}
}
