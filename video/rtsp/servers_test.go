package rtsp

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math"
	"math/big"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"citywatch"
	"citywatch/internal/servertest"
	"citywatch/video"
)

// enough is what is pulled of each stream: three key frames or more.
const enough = 34

// TestGStreamer pulls what GStreamer's server sends, over both transports, and
// has ffmpeg decode it.
func TestGStreamer(t *testing.T) {
	t.Parallel()
	server := servertest.GStreamer(t, servertest.GStreamerOptions{Streams: map[string]string{
		"h264":  servertest.GstH264 + servertest.GstPCMA,
		"h264b": servertest.GstH264B + servertest.GstLATM,
		"h265":  servertest.GstH265,
		"mjpeg": servertest.GstMJPEG + servertest.GstAAC,
	}})
	type want struct {
		path         string
		codec, sound video.Codec
		reordered    bool // frames are sent in another order than they are shown
	}
	streams := []want{
		{path: "h264", codec: video.H264, sound: video.PCMA},
		{path: "h264b", codec: video.H264, sound: video.AAC, reordered: true},
		{path: "h265", codec: video.H265, reordered: true},
		{path: "mjpeg", codec: video.MJPEG, sound: video.AAC},
	}
	transports := []Transport{TCP, UDP}
	options := map[string]Options{}
	for _, s := range streams {
		for _, transport := range transports {
			options[s.path+string(transport)] = Options{Address: parse(t, server.URL+s.path), Transport: transport}
		}
	}
	takes := playAll(t, options, enough)
	for _, s := range streams {
		for _, transport := range transports {
			t.Run(s.path+" "+string(transport), func(t *testing.T) {
				p := takes[s.path+string(transport)].played(t)
				if p.tracks[0].Codec != s.codec || p.tracks[0].Width != 320 || p.tracks[0].Height != 240 {
					t.Errorf("track %+v", p.tracks[0])
				}
				if reordered(p) != s.reordered {
					t.Errorf("reordered %v, want %v", !s.reordered, s.reordered)
				}
				if s.sound != "" && (p.sounds == 0 || p.tracks[1].Codec != s.sound) {
					t.Errorf("%d units of sound, want %s: %+v", p.sounds, s.sound, p.tracks)
				}
			})
		}
	}
}

// TestVLC pulls what VLC's server sends of a file with B-frames.
func TestVLC(t *testing.T) {
	t.Parallel()
	media := servertest.Media(t, "media.mp4", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=15", "-t", "20",
		"-c:v", "libx264", "-preset", "veryfast", "-g", "15", "-bf", "2", "-pix_fmt", "yuv420p")
	server := servertest.VLC(t, media)
	takes := playAll(t, map[string]Options{
		"auto": {Address: parse(t, server.URL+"stream")}, // it refuses TCP
		"udp":  {Address: parse(t, server.URL+"stream"), Transport: UDP},
	}, enough)
	for name, taken := range takes {
		t.Run(name, func(t *testing.T) {
			if p := taken.played(t); !reordered(p) {
				t.Error("there are no B-frames")
			}
		})
	}
}

// TestLogin has GStreamer's server ask for a login.
func TestLogin(t *testing.T) {
	t.Parallel()
	const user, password = "viewer", "p@ss/wörd:%"
	streams := map[string]string{"h264": servertest.GstH264}
	digest := servertest.GStreamer(t, servertest.GStreamerOptions{Streams: streams, User: user, Password: password})
	basic := servertest.GStreamer(t, servertest.GStreamerOptions{Streams: streams, User: user, Password: password, Basic: true})
	options := map[string]Options{}
	for name, server := range map[string]*servertest.RTSP{"digest": digest, "basic": basic} {
		bare := parse(t, server.URL+"h264")
		options[name] = Options{Address: bare.WithCredentials(user, password)}
		options[name+" wrong"] = Options{Address: bare.WithCredentials(user, "c4n4ry")}
		options[name+" none"] = Options{Address: bare}
	}
	for name, taken := range playAll(t, options, enough) {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(name, " ") {
				taken.played(t)
				return
			}
			taken.failed(t, citywatch.CameraBadCredentials)
		})
	}
}

// TestTransports has servers that know one transport only.
func TestTransports(t *testing.T) {
	t.Parallel()
	streams := map[string]string{"h264": servertest.GstH264}
	tcp := servertest.GStreamer(t, servertest.GStreamerOptions{Streams: streams, Transport: "tcp"})
	udp := servertest.GStreamer(t, servertest.GStreamerOptions{Streams: streams, Transport: "udp"})
	takes := playAll(t, map[string]Options{
		"tcp auto": {Address: parse(t, tcp.URL+"h264")},
		"udp auto": {Address: parse(t, udp.URL+"h264")},
		"tcp udp":  {Address: parse(t, tcp.URL+"h264"), Transport: UDP},
		"udp tcp":  {Address: parse(t, udp.URL+"h264"), Transport: TCP},
		"path":     {Address: parse(t, udp.URL+"other")},
		"refused":  {Address: parse(t, "rtsp://"+servertest.FreeAddr(t)+"/")},
	}, enough)
	for name, taken := range takes {
		t.Run(name, func(t *testing.T) {
			if strings.HasSuffix(name, "auto") {
				taken.played(t)
				return
			}
			taken.failed(t, citywatch.CameraUnreachable)
		})
	}
}

// TestRTSPS pulls over TLS, with a certificate that is trusted and with one
// that is not.
func TestRTSPS(t *testing.T) {
	t.Parallel()
	cert, pool := certificate(t)
	server := servertest.GStreamer(t, servertest.GStreamerOptions{
		Streams: map[string]string{"h264": servertest.GstH264}, PEM: cert,
	})
	a := parse(t, server.URL+"h264")
	takes := playAll(t, map[string]Options{
		"trusted":  {Address: a, TLS: &tls.Config{RootCAs: pool}},
		"strange":  {Address: a},
		"no TLS":   {Address: parse(t, strings.Replace(server.URL, "rtsps", "rtsp", 1)+"h264"), Timeout: 2 * time.Second},
		"only TLS": {Address: a, TLS: &tls.Config{RootCAs: pool}, Transport: UDP},
	}, enough)
	takes["trusted"].played(t)
	takes["only TLS"].played(t)
	if text := takes["strange"].failed(t, citywatch.CameraUnreachable); !strings.Contains(text, "certificate") {
		t.Errorf("%q does not speak of the certificate", text)
	}
	takes["no TLS"].failed(t, citywatch.CameraUnreachable)
}

// played demands that the stream went on until there was enough of it, and that
// it is sound.
func (k take) played(t *testing.T) *tape {
	t.Helper()
	if !errors.Is(k.err, context.Canceled) {
		t.Fatalf("it ended by itself: %v", k.err)
	}
	checkPlayed(t, k.tape, enough)
	return k.tape
}

// failed demands a fault of the state, and returns its text.
func (k take) failed(t *testing.T, state citywatch.CameraState) string {
	t.Helper()
	var f *video.Fault
	if !errors.As(k.err, &f) {
		t.Fatalf("no fault: %v", k.err)
	}
	if f.State != state {
		t.Errorf("state %s, want %s: %v", f.State, state, f)
	}
	if strings.Contains(f.Error(), "c4n4ry") {
		t.Errorf("the fault tells the password: %v", f)
	}
	if k.tape.pictures > 0 {
		t.Errorf("%d pictures came", k.tape.pictures)
	}
	return f.Error()
}

// certificate returns a new one for loopback with its key, and who trusts it.
func certificate(t *testing.T) (string, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(public)
	return string(public) + string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})), pool
}

// checkPlayed demands that every picture decodes, that none was lost, and that
// the time between them is what it should be.
func checkPlayed(t *testing.T, p *tape, pictures int) {
	t.Helper()
	defer logTimes(t, p)
	if n := p.decodes(); n < pictures {
		t.Errorf("%d of %d pictures decode", n, pictures)
	}
	if n := p.lost(); n != 0 {
		t.Errorf("%d packets lost", n)
	}
	if keys, all := p.keys(); keys < 2 || all > keys*16 && p.tracks[0].Codec != video.MJPEG {
		t.Errorf("%d key frames among %d", keys, all)
	}
	var last video.Unit
	for _, e := range p.events {
		if e.unit.Data != nil && e.unit.Track == 0 {
			last = e.unit
		}
	}
	if want := float64(pictures) / 15; last.DTS.Seconds() < want*0.7 || last.DTS.Seconds() > want*1.5 {
		t.Errorf("%d pictures at 15 fps took %v of the stream's time", pictures, last.DTS)
	}
}

func reordered(p *tape) bool {
	var shown int64
	for _, e := range p.events {
		if e.unit.Data == nil || e.unit.Track != 0 {
			continue
		}
		if int64(e.unit.PTS) < shown {
			return true
		}
		shown = int64(e.unit.PTS)
	}
	return false
}

// logTimes shows the units of a test that failed.
func logTimes(t *testing.T, p *tape) {
	t.Helper()
	if !t.Failed() {
		return
	}
	var first time.Time
	for i, e := range p.events {
		switch {
		case e.lost > 0:
			t.Logf("%3d lost %d", i, e.lost)
		case e.tracks != nil:
			t.Logf("%3d tracks", i)
		case e.unit.Track == 0:
			if first.IsZero() {
				first = e.unit.Arrived
			}
			t.Logf("%3d pts %7.3f dts %7.3f arrived %7.3f key %v, %d bytes", i, e.unit.PTS.Seconds(), e.unit.DTS.Seconds(),
				e.unit.Arrived.Sub(first).Seconds(), e.unit.Key, e.unit.Size())
		}
	}
}

// TestProbe has a report made of a stream with B-frames, and of none.
func TestProbe(t *testing.T) {
	t.Parallel()
	server := servertest.GStreamer(t, servertest.GStreamerOptions{Streams: map[string]string{"h264": servertest.GstH264B + servertest.GstAAC}})
	r, err := Probe(t.Context(), Options{Address: parse(t, server.URL+"h264").WithCredentials("u", "c4n4ry"), Networks: loopback(t)})
	if err != nil {
		t.Fatal(err)
	}
	if r.State != citywatch.CameraOnline || !strings.Contains(r.Server, "GStreamer") || r.Transport != "TCP" || len(r.Tracks) != 2 {
		t.Fatalf("%+v", r)
	}
	picture, sound := r.Tracks[0], r.Tracks[1]
	if picture.Codec != video.H264 || picture.Width != 320 || picture.FPS < 10 || picture.FPS > 20 || picture.Bitrate < 1000 || math.Abs(picture.KeyFrames-1) > 0.2 {
		t.Errorf("%+v", picture)
	}
	if sound.Codec != video.AAC || sound.SampleRate != 44100 || sound.Channels != 1 {
		t.Errorf("%+v", sound)
	}
	out, err := json.Marshal(r)
	if err != nil || strings.Contains(string(out)+r.String(), "c4n4ry") {
		t.Errorf("%s, %v", out, err)
	}
	t.Logf("%s\n%s", r, out)

	r, err = Probe(t.Context(), Options{Address: parse(t, server.URL+"other"), Networks: loopback(t)})
	var f *video.Fault
	if !errors.As(err, &f) || r.State != citywatch.CameraUnreachable || !strings.Contains(r.String(), "no such stream") {
		t.Errorf("%v, %v", r, err)
	}
}

// TestNothingIsLeft counts goroutines and descriptors before and after many
// sessions that fail, in every step, and over TLS and UDP.
func TestNothingIsLeft(t *testing.T) {
	refuses := serve(t, script{"PLAY": func(r request) string { return r.answer("500 Internal Server Error") }})
	silent := serve(t, script{"PLAY": func(request) string { return silence }})
	udp := serve(t, script{"SETUP": func(r request) string {
		return r.answer("200 OK", "Session: 1", "Transport: RTP/AVP;unicast;client_port=1-2;server_port=20000-20001")
	}, "PLAY": func(r request) string { return r.answer("404 Not Found") }})
	options := []Options{
		{Address: parse(t, "rtsp://"+refuses+"/")},
		{Address: parse(t, "rtsp://"+silent+"/"), Timeout: 50 * time.Millisecond},
		{Address: parse(t, "rtsps://"+refuses+"/"), Timeout: 50 * time.Millisecond},
		{Address: parse(t, "rtsp://"+udp+"/"), Transport: UDP},
		{Address: parse(t, "rtsp://"+udp+"/")}, // TCP, then UDP
	}
	open := func() int {
		files, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(files)
	}
	failAll := func() {
		for _, o := range options {
			p, err := play(t, o, 1)
			take{p, err}.failed(t, citywatch.CameraUnreachable)
		}
	}
	failAll()
	goroutines, files := runtime.NumGoroutine(), open()
	for range 20 {
		failAll()
	}
	// The test's own servers may still be about to notice.
	for range 100 {
		if runtime.NumGoroutine() <= goroutines && open() <= files {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("%d goroutines and %d descriptors became %d and %d", goroutines, files, runtime.NumGoroutine(), open())
}
