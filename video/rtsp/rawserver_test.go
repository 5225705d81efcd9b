package rtsp

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"citywatch"
	"citywatch/video"
)

// A script answers the requests of a session, by method; a method that it does
// not name is answered with 200.
type script map[string]func(request) string

type request struct {
	method, url, cseq string
	login             string // the Authorization header
}

func (r request) answer(status string, lines ...string) string {
	return "RTSP/1.0 " + status + "\r\nCSeq: " + r.cseq + "\r\n" + strings.Join(append(lines, "", ""), "\r\n")
}

func (r request) describe(sdp string) string {
	sdp = strings.ReplaceAll(strings.TrimSpace(sdp), "\n", "\r\n") + "\r\n"
	return r.answer("200 OK", "Content-Type: application/sdp", fmt.Sprintf("Content-Length: %d", len(sdp))) + sdp
}

const sdpH264 = `
v=0
o=- 0 0 IN IP4 127.0.0.1
s=-
t=0 0
m=video 0 RTP/AVP 96
a=rtpmap:96 H264/90000
a=fmtp:96 packetization-mode=1
a=control:track1
`

// serve runs the script for every connection until the test ends, and returns
// its host and port.
func serve(t *testing.T, s script) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer conn.Close()
				s.talk(conn)
			})
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return l.Addr().String()
}

func (s script) talk(conn net.Conn) {
	r := bufio.NewReader(conn)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		fields := strings.Fields(line)
		if len(fields) < 3 {
			continue
		}
		q := request{method: fields[0], url: fields[1]}
		for {
			header, err := r.ReadString('\n')
			if err != nil {
				return
			}
			if header = strings.TrimSpace(header); header == "" {
				break
			}
			if value, ok := strings.CutPrefix(header, "CSeq: "); ok {
				q.cseq = value
			}
			if value, ok := strings.CutPrefix(header, "Authorization: "); ok {
				q.login = value
			}
		}
		answer := q.answer("200 OK")
		switch f := s[q.method]; {
		case f != nil:
			answer = f(q)
		case q.method == "DESCRIBE":
			answer = q.describe(sdpH264)
		case q.method == "SETUP":
			answer = q.answer("200 OK", "Session: 1", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
		}
		if answer == silence {
			_, _ = io.Copy(io.Discard, r)
			return
		}
		if _, err := io.WriteString(conn, answer); err != nil || answer == "" {
			return
		}
	}
}

const silence = "silence"

// TestFaults has cameras that fail in every step.
func TestFaults(t *testing.T) {
	const timeout = 500 * time.Millisecond
	say := func(answer string) func(request) string { return func(request) string { return answer } }
	status := func(code string, lines ...string) func(request) string {
		return func(r request) string { return r.answer(code, lines...) }
	}
	describe := func(sdp string) func(request) string {
		return func(r request) string { return r.describe(sdp) }
	}
	for name, c := range map[string]struct {
		script script
		state  citywatch.CameraState
		text   string
	}{
		"silent after TCP":      {script{"OPTIONS": say(silence)}, citywatch.CameraUnreachable, "does not answer"},
		"silent after DESCRIBE": {script{"DESCRIBE": say(silence)}, citywatch.CameraUnreachable, "does not answer"},
		"silent after PLAY":     {script{}, citywatch.CameraNoVideo, "sends nothing"},
		"closes":                {script{"DESCRIBE": say("")}, citywatch.CameraUnreachable, "closed the connection"},
		"closes after PLAY":     {script{"PLAY": say("")}, citywatch.CameraUnreachable, "closed the connection"},
		"no RTSP":               {script{"OPTIONS": say("HTTP/1.1 400 Bad Request\r\n\r\n")}, citywatch.CameraUnreachable, "does not answer"},
		"401":                   {script{"DESCRIBE": status("401 Unauthorized", `WWW-Authenticate: Basic realm="x"`)}, citywatch.CameraBadCredentials, "user or the password"},
		"401 without header":    {script{"DESCRIBE": status("401 Unauthorized")}, citywatch.CameraBadCredentials, "login"},
		"403":                   {script{"DESCRIBE": status("403 Forbidden")}, citywatch.CameraBadCredentials, "user or the password"},
		"404":                   {script{"DESCRIBE": status("404 Not Found")}, citywatch.CameraUnreachable, "no such stream"},
		"453":                   {script{"SETUP": status("453 Not Enough Bandwidth")}, citywatch.CameraUnreachable, "nobody more"},
		"461":                   {script{"SETUP": status("461 Unsupported Transport")}, citywatch.CameraUnreachable, "over UDP"},
		"its own words":         {script{"DESCRIBE": status("400 Basic dmlld2VyOmM0bjRyeQ==")}, citywatch.CameraUnreachable, "400 Bad Request"},
		"negative length":       {script{"DESCRIBE": status("200 OK", "Content-Type: application/sdp", "Content-Length: -5")}, citywatch.CameraUnreachable, "Content-Length"},
		"huge length":           {script{"DESCRIBE": status("200 OK", "Content-Type: application/sdp", "Content-Length: 4000000000")}, citywatch.CameraUnreachable, "Content-Length"},
		"no description":        {script{"DESCRIBE": status("200 OK")}, citywatch.CameraUnreachable, "description"},
		"garbage":               {script{"DESCRIBE": describe("\x00\xff garbage")}, citywatch.CameraUnreachable, "description"},
		"empty":                 {script{"DESCRIBE": describe("v=0\ns=-\nt=0 0")}, citywatch.CameraUnreachable, "description"},
		"audio only":            {script{"DESCRIBE": describe("v=0\ns=-\nt=0 0\nm=audio 0 RTP/AVP 0\na=control:x")}, citywatch.CameraUnsupported, "PCMU"},
		"unknown codec":         {script{"DESCRIBE": describe("v=0\ns=-\nt=0 0\nm=video 0 RTP/AVP 96\na=rtpmap:96 VP8/90000\na=control:x")}, citywatch.CameraUnsupported, "VP8"},
		"a reference to nowhere": {script{"DESCRIBE": describe(strings.Replace(sdpH264, "track1", "\x01", 1))},
			citywatch.CameraUnreachable, "leads nowhere"},
		"redirect loop": {script{"DESCRIBE": func(r request) string { return r.answer("302 Found", "Location: "+r.url) }},
			citywatch.CameraUnreachable, "redirects again and again"},
		"redirect out of the networks": {script{"DESCRIBE": status("302 Found", "Location: rtsp://169.254.169.254/latest")},
			citywatch.CameraUnreachable, "cameras.networks"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := parse(t, "rtsp://"+serve(t, c.script)+"/stream?token=t0k3n").WithCredentials("viewer", "c4n4ry")
			began := time.Now()
			p, err := play(t, Options{Address: a, Timeout: timeout}, 1)
			if took := time.Since(began); took > 3*timeout {
				t.Errorf("it took %v", took)
			}
			text := take{p, err}.failed(t, c.state)
			if !strings.Contains(text, c.text) {
				t.Errorf("%q does not say %q", text, c.text)
			}
			for _, secret := range []string{"c4n4ry", "dmlld2Vy", "t0k3n"} {
				if strings.Contains(text, secret) {
					t.Errorf("%q tells %s", text, secret)
				}
			}
		})
	}
}

// TestRedirect follows a camera to where it sends us.
func TestRedirect(t *testing.T) {
	target := serve(t, script{"PLAY": func(r request) string { return r.answer("404 Not Found") }})
	first := serve(t, script{"DESCRIBE": func(r request) string {
		return r.answer("302 Found", "Location: rtsp://"+target+"/there")
	}})
	p, err := play(t, Options{Address: parse(t, "rtsp://"+first+"/here")}, 1)
	take{p, err}.failed(t, citywatch.CameraUnreachable) // of the target
	if !strings.Contains(err.Error(), "no such stream") {
		t.Error(err)
	}
}

// TestMended takes the video of descriptions that gortsplib refuses as a whole.
func TestMended(t *testing.T) {
	const session = "v=0\ns=-\nt=0 0\n"
	const h264 = "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=control:x\n"
	for name, sdp := range map[string]string{
		"audio": session + h264 + "m=audio 0 RTP/AVP 97\na=rtpmap:97 mpeg4-generic/48000/2\na=fmtp:97 config=zz; sizelength=13\na=control:y",
		"SPS":   session + "m=video 0 RTP/AVP 96\na=rtpmap:96 H265/90000\na=fmtp:96 sprop-sps=QgE=; sprop-pps=RA==\na=control:x",
	} {
		t.Run(name, func(t *testing.T) {
			camera := serve(t, script{"DESCRIBE": func(r request) string { return r.describe(sdp) }})
			p, err := play(t, Options{Address: parse(t, "rtsp://"+camera+"/"), Timeout: 300 * time.Millisecond}, 1)
			take{p, err}.failed(t, citywatch.CameraNoVideo) // it agreed to send
		})
	}
}

// TestSilentTLS connects to what accepts, and then says nothing: its handshake
// never ends by itself.
func TestSilentTLS(t *testing.T) {
	camera := serve(t, script{})
	p, err := play(t, Options{Address: parse(t, "rtsps://"+camera+"/"), Timeout: 300 * time.Millisecond}, 1)
	take{p, err}.failed(t, citywatch.CameraUnreachable)
}

// TestOneTryWithWrongPassword counts how often credentials are shown.
func TestOneTryWithWrongPassword(t *testing.T) {
	var mu sync.Mutex
	asked := 0
	camera := serve(t, script{"OPTIONS": func(r request) string {
		mu.Lock()
		defer mu.Unlock()
		asked++
		return r.answer("401 Unauthorized", `WWW-Authenticate: Digest realm="x", nonce="y"`)
	}})
	a := parse(t, "rtsp://"+camera+"/").WithCredentials("viewer", "c4n4ry")
	p, err := play(t, Options{Address: a}, 1)
	take{p, err}.failed(t, citywatch.CameraBadCredentials)
	if asked != 2 { // without credentials, then with them
		t.Errorf("asked %d times, want 2", asked)
	}
}

// TestDigestSHA256 logs in to a camera that offers it beside the older ways.
func TestDigestSHA256(t *testing.T) {
	const user, password, realm, nonce = "viewer", "secret", "cam", "abc"
	sum := func(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }
	camera := serve(t, script{"OPTIONS": func(r request) string {
		want := sum(sum(user+":"+realm+":"+password) + ":" + nonce + ":" + sum(r.method+":"+r.url))
		if strings.HasPrefix(r.login, "Digest ") && strings.Contains(r.login, want) {
			return r.answer("404 Not Found") // let in, that is
		}
		return r.answer("401 Unauthorized",
			`WWW-Authenticate: Basic realm="cam"`,
			`WWW-Authenticate: Digest realm="cam", nonce="abc", algorithm="MD5"`,
			`WWW-Authenticate: Digest realm="cam", nonce="abc", algorithm="SHA-256"`)
	}, "DESCRIBE": func(r request) string { return r.answer("404 Not Found") }})
	a := parse(t, "rtsp://"+camera+"/").WithCredentials(user, password)
	p, err := play(t, Options{Address: a}, 1)
	take{p, err}.failed(t, citywatch.CameraUnreachable)
}

// TestPlayEnds has every session end with its context, whatever it is at.
func TestPlayEnds(t *testing.T) {
	for _, method := range []string{"OPTIONS", "DESCRIBE", "SETUP", "PLAY"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			camera := serve(t, script{method: func(request) string { return silence }})
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			began := time.Now()
			err := New(Options{Address: parse(t, "rtsp://"+camera+"/"), Networks: loopback(t)}).Play(ctx, &tape{t: t})
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 2*time.Second {
				t.Errorf("after %v: %v", time.Since(began), err)
			}
		})
	}
}

// TestForbidden asks no camera that is out of the networks.
func TestForbidden(t *testing.T) {
	camera := serve(t, script{"OPTIONS": func(r request) string {
		t.Error("it was asked")
		return r.answer("200 OK")
	}})
	err := New(Options{Address: parse(t, "rtsp://"+camera+"/")}).Play(t.Context(), &tape{t: t})
	var f *video.Fault
	if !errors.As(err, &f) || f.State != citywatch.CameraUnreachable || !strings.Contains(err.Error(), "cameras.networks") {
		t.Error(err)
	}
}
