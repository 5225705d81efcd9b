package badcamera

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A request is one of the client's.
type request struct {
	method, url string
	headers     map[string]string // by lower-case key
}

// An answer is what becomes of a request.
type answer struct {
	status  string // "200 OK"
	headers []string
	body    string
	// raw, if not empty, is sent instead.
	raw string
	// silent answers are not sent.
	silent bool
	// last is an answer after which the camera hangs up.
	last bool
}

func (a *answer) add(format string, args ...any) {
	a.headers = append(a.headers, fmt.Sprintf(format, args...))
}

func (a *answer) bytes() []byte {
	if a.raw != "" {
		return []byte(a.raw)
	}
	var b strings.Builder
	b.WriteString("RTSP/1.0 " + a.status + "\r\n")
	for _, h := range a.headers {
		b.WriteString(h + "\r\n")
	}
	if a.body != "" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(a.body))
	}
	return []byte(b.String() + "\r\n" + a.body)
}

// A talk is one connection of a client.
type talk struct {
	*Camera
	conn   net.Conn
	in     *bufio.Reader
	ctx    context.Context // ends with the connection
	cancel context.CancelFunc
	work   sync.WaitGroup
	nth    int // which connection of this camera's it is, from 1
	udp    *udpPair

	mu sync.Mutex // of writing
}

func (t *talk) serve() {
	defer t.work.Wait()
	defer t.conn.Close()
	defer t.cancel()
	if t.how.whole != nil {
		t.how.whole(t)
		return
	}
	for {
		q, err := t.read()
		if err != nil {
			return
		}
		a := t.reply(q)
		if t.how.answer != nil {
			t.how.answer(t, q, a)
		}
		if !a.silent && t.write(a.bytes()) != nil || a.last {
			return
		}
		if q.method == "PLAY" && strings.HasPrefix(a.status, "200") && !a.silent {
			t.work.Go(func() {
				defer t.conn.Close() // a stream that has ended ends the connection
				newStream(t).run()
			})
		}
	}
}

// hang waits until the client has gone, or the camera ends.
func (t *talk) hang() {
	_, _ = io.Copy(io.Discard, t.conn)
}

// read returns the next request, and passes over what the client reports of
// the stream.
func (t *talk) read() (*request, error) {
	for {
		first, err := t.in.Peek(1)
		if err != nil {
			return nil, err
		}
		if first[0] != '$' {
			break
		}
		head := make([]byte, 4)
		if _, err := io.ReadFull(t.in, head); err != nil {
			return nil, err
		}
		if _, err := t.in.Discard(int(head[2])<<8 | int(head[3])); err != nil {
			return nil, err
		}
	}
	q := &request{headers: map[string]string{}}
	for first := true; ; first = false {
		line, err := t.in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		line = strings.TrimRight(line, "\r\n")
		switch {
		case first:
			q.method, q.url, _ = strings.Cut(line, " ")
			q.url, _, _ = strings.Cut(q.url, " ")
		case line == "":
			if q.headers["authorization"] != "" {
				t.count(func(s *Stats) { s.Logins++ })
			}
			return q, nil
		default:
			key, value, _ := strings.Cut(line, ":")
			q.headers[strings.ToLower(key)] = strings.TrimSpace(value)
		}
	}
}

// reply is what a sound camera answers.
func (t *talk) reply(q *request) *answer {
	a := &answer{status: "200 OK"}
	a.add("CSeq: %s", q.headers["cseq"])
	switch q.method {
	case "OPTIONS":
		a.add("Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN")
	case "DESCRIBE":
		a.add("Content-Base: %s/", strings.TrimSuffix(q.url, "/"))
		a.add("Content-Type: application/sdp")
		a.body = t.description()
	case "SETUP":
		t.setup(q, a)
	case "PLAY", "GET_PARAMETER":
		a.add("Session: 12345678;timeout=60")
	case "TEARDOWN":
		a.last = true
	default:
		a.status = "501 Not Implemented"
	}
	return a
}

func (t *talk) setup(q *request, a *answer) {
	transport := q.headers["transport"]
	switch tcp := strings.Contains(transport, "/TCP"); {
	case tcp && !t.how.udp:
		a.add("Transport: %s", transport)
	case !tcp && t.how.udp:
		if err := t.openUDP(transport); err != nil {
			a.status = "500 Internal Server Error"
			return
		}
		a.add("Transport: %s;server_port=%d-%d", transport, t.udp.ports[0], t.udp.ports[1])
	default:
		a.status = "461 Unsupported Transport"
		return
	}
	a.add("Session: 12345678;timeout=60")
}

// write sends to the client, whole.
func (t *talk) write(b []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, err := t.conn.Write(b)
	return err
}

// drip sends slowly: so many bytes each time.
func (t *talk) drip(text []byte, n int, every time.Duration) error {
	for len(text) > 0 {
		n = min(n, len(text))
		if err := t.write(text[:n]); err != nil {
			return err
		}
		text = text[n:]
		if !t.sleep(every) {
			return t.ctx.Err()
		}
	}
	return nil
}

// sleep returns false once the connection has ended.
func (t *talk) sleep(d time.Duration) bool {
	select {
	case <-t.ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// A udpPair sends RTP and RTCP over UDP.
type udpPair struct {
	conns [2]*net.UDPConn
	ports [2]int
	to    [2]*net.UDPAddr
}

func (t *talk) openUDP(transport string) error {
	_, ports, _ := strings.Cut(transport, "client_port=")
	ports, _, _ = strings.Cut(ports, ";")
	from, to, _ := strings.Cut(ports, "-")
	u := &udpPair{}
	for i, text := range []string{from, to} {
		port, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return err
		}
		context.AfterFunc(t.ctx, func() { conn.Close() })
		u.conns[i], u.to[i] = conn, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}
		u.ports[i] = conn.LocalAddr().(*net.UDPAddr).Port
	}
	t.udp = u
	return nil
}

// send sends a packet of the stream: channel 0 is the RTP of the picture, 1 its
// RTCP, 2 and 3 are those of the sound.
func (t *talk) send(channel byte, b []byte) error {
	if t.udp != nil {
		if channel > 1 {
			return nil
		}
		_, err := t.udp.conns[channel].WriteToUDP(b, t.udp.to[channel])
		return err
	}
	return t.write(append([]byte{'$', channel, byte(len(b) >> 8), byte(len(b))}, b...))
}
