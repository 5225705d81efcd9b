package address_test

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"citywatch/video/address"
)

func ranges(t testing.TB, texts ...string) address.Ranges {
	t.Helper()
	r, err := address.ParseRanges(texts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRanges(t *testing.T) {
	for _, c := range []struct {
		ranges  []string
		allowed string
		refused string
	}{
		{nil, "10.1.2.3 172.16.0.1 192.168.9.9 fd00::1 ::ffff:10.1.2.3",
			"127.0.0.1 ::1 169.254.169.254 fe80::1%eth0 8.8.8.8 172.32.0.1 224.0.0.1 0.0.0.0 :: ::ffff:127.0.0.1 2001:db8::1"},
		{[]string{"203.0.113.0/24"}, "203.0.113.7", "10.1.2.3 203.0.114.1"},
		{[]string{"private", "203.0.113.7"}, "203.0.113.7 10.1.2.3", "203.0.113.8"},
		{[]string{"127.0.0.0/8"}, "127.0.0.1 ::ffff:127.0.0.1", "::1 10.1.2.3"},
		{[]string{"0.0.0.0/0", "::/0"}, "8.8.8.8 10.1.2.3 2001:db8::1",
			"127.0.0.1 ::1 169.254.169.254 fe80::1 224.0.0.1 ff02::1 0.0.0.0 :: 255.255.255.255"},
		{[]string{"169.254.7.0/24"}, "169.254.7.1", "169.254.169.254"},
	} {
		r := ranges(t, c.ranges...)
		for _, text := range strings.Fields(c.allowed) {
			if !r.Allows(netip.MustParseAddr(text)) {
				t.Errorf("%v refuses %s", r, text)
			}
		}
		for _, text := range strings.Fields(c.refused) {
			if r.Allows(netip.MustParseAddr(text)) {
				t.Errorf("%v allows %s", r, text)
			}
			if err := r.Check(netip.MustParseAddr(text)); !errors.Is(err, address.ErrForbidden) {
				t.Errorf("%v of %s: %v", r, text, err)
			}
		}
		if again := ranges(t, strings.Split(r.String(), ", ")...); again.String() != r.String() && c.ranges != nil {
			t.Errorf("%v came back as %v", r, again)
		}
	}
	if (address.Ranges{}).Allows(netip.Addr{}) {
		t.Error("no address is allowed")
	}
}

func TestParseRangesErrors(t *testing.T) {
	for _, text := range []string{"", "camera", "10.0.0.0/33", "10.0.0.1-10.0.0.9", "fe80::1%eth0", "::ffff:10.0.0.0/104"} {
		if _, err := address.ParseRanges([]string{"10.0.0.0/8", text}); err == nil || !strings.Contains(err.Error(), `"`+text+`"`) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestDialer dials names and addresses that lead to loopback, with and without
// loopback being allowed.
func TestDialer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, host := range []string{"127.0.0.1", "localhost", "::ffff:127.0.0.1", "0.0.0.0"} {
		addr := net.JoinHostPort(host, port)
		conn, err := address.DefaultRanges().Dialer(time.Second).DialContext(t.Context(), "tcp", addr)
		if !errors.Is(err, address.ErrForbidden) {
			t.Errorf("%s: %v", addr, err)
		}
		if err == nil {
			conn.Close()
		}
		if host == "0.0.0.0" {
			continue
		}
		conn, err = ranges(t, "127.0.0.0/8").Dialer(time.Second).DialContext(t.Context(), "tcp", addr)
		if err != nil {
			t.Errorf("%s: %v", addr, err)
			continue
		}
		conn.Close()
	}
}
