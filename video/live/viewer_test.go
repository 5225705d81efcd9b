package live_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"citywatch/video"
	"citywatch/video/live"
)

var errTest = errors.New("test")

func h264Track() video.Track {
	return video.Track{
		Codec: video.H264, Width: 320, Height: 180,
		SPS: []byte{0x67, 0x42, 0xc0, 0x0d, 0xda, 0x05, 0x07, 0xec, 0x04, 0x40, 0x00, 0x00, 0x03, 0x00, 0x40, 0x00, 0x00, 0x0c, 0xa3, 0xc5, 0x0a, 0xa8},
		PPS: []byte{0x68, 0xce, 0x0f, 0xc8},
	}
}

// frames makes units of 25 a second; those whose numbers are keys are key
// frames. The number is what a unit consists of.
type frames struct {
	began time.Time
	size  int
	keys  []int
	every int // else every so many is one
}

func (f *frames) unit(n int) video.Unit {
	at := time.Duration(n) * 40 * time.Millisecond
	data := append([]byte(fmt.Sprintf("%06d", n)), make([]byte, f.size)...)
	key := slices.Contains(f.keys, n) || f.every > 0 && n%f.every == 0
	return video.Unit{Data: [][]byte{data}, PTS: at, DTS: at, Key: key, Arrived: f.began.Add(at)}
}

// number returns which unit a message is of.
func number(t testing.TB, m live.Message) int {
	t.Helper()
	at := strings.Index(string(m.Data), "mdat")
	if m.Codec != "" || at < 0 {
		t.Fatalf("it is no fragment: %+v", m)
	}
	var n int
	if _, err := fmt.Sscanf(string(m.Data[at+8:at+14]), "%06d", &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// feed sends the units from first to last, and waits until they are there.
func (b *bench) feed(p *pipe, f *frames, first, last int) {
	b.t.Helper()
	for n := first; n <= last; n++ {
		p.unit(f.unit(n))
	}
	b.settle(p)
}

// settle waits until all that was sent has been taken, and a moment.
func (b *bench) settle(p *pipe) {
	b.t.Helper()
	for end := time.Now().Add(5 * time.Second); len(p.items) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatal("the stream does not take what it is sent")
		}
	}
	time.Sleep(5 * time.Millisecond)
}

// expect reads the units first to last.
func (b *bench) expect(v *live.Viewer, first, last int) {
	b.t.Helper()
	for want := first; want <= last; want++ {
		if got := number(b.t, b.next(v)); got != want {
			b.t.Fatalf("got frame %d, want %d", got, want)
		}
	}
}

func start(b *bench, v *live.Viewer) {
	b.t.Helper()
	if m := b.next(v); m.Codec != "H264" || len(m.Data) == 0 || m.MIME != `video/mp4; codecs="avc1.42C00D"` {
		b.t.Fatalf("the stream begins with %+v", m)
	}
}

// TestLaterViewer: whoever comes later begins at the newest key frame at once,
// and has the very bytes that the others have.
func TestLaterViewer(t *testing.T) {
	b := begin(t, live.Options{})
	early := b.open("one", video.Main)
	p, f := b.pipe("one", video.Main), &frames{began: time.Now(), every: 10}
	p.tracks(h264Track())
	start(b, early)
	b.feed(p, f, 0, 14)
	late := b.open("one", video.Main)
	start(b, late)
	b.expect(late, 10, 13)
	b.expect(early, 10, 13)
	one, other := b.next(early), b.next(late)
	if unsafe.SliceData(one.Data) != unsafe.SliceData(other.Data) || number(t, one) != 14 {
		t.Error("each viewer has a fragment of its own")
	}
	if one.Media != 560*time.Millisecond || !one.Arrived.Equal(f.began.Add(560*time.Millisecond)) || one.Skipped {
		t.Errorf("frame 14 is told as %v, %v", one.Media, one.Arrived)
	}
	if b.opens != 1 {
		t.Errorf("the camera is pulled %d times", b.opens)
	}
	b.nothing(late)
}

// TestNothingBeforeAKeyFrame, which is where decoding begins.
func TestNothingBeforeAKeyFrame(t *testing.T) {
	b := begin(t, live.Options{})
	v := b.open("one", video.Main)
	p, f := b.pipe("one", video.Main), &frames{began: time.Now(), keys: []int{3}}
	p.tracks(h264Track())
	start(b, v)
	b.feed(p, f, 0, 2)
	b.nothing(v)
	b.feed(p, f, 3, 4)
	b.expect(v, 3, 4)
}

// TestSlowViewer: who is more than MaxBehind behind goes on at the newest key
// frame, and is told so; who is not, misses nothing.
func TestSlowViewer(t *testing.T) {
	b := begin(t, live.Options{MaxBehind: time.Second})
	slow, well := b.open("one", video.Main), b.open("one", video.Main)
	p, f := b.pipe("one", video.Main), &frames{began: time.Now(), every: 20}
	p.tracks(h264Track())
	start(b, slow)
	start(b, well)
	b.feed(p, f, 0, 0)
	b.expect(slow, 0, 0)
	for n := range 65 {
		if n > 0 {
			b.feed(p, f, n, n)
		}
		b.expect(well, n, n)
	}
	m := b.next(slow)
	if n := number(t, m); n != 60 || !m.Skipped {
		t.Errorf("the slow one goes on at %d, told that it skipped: %v", n, m.Skipped)
	}
	if m := b.next(slow); number(t, m) != 61 || m.Skipped {
		t.Errorf("then comes %d, skipped: %v", number(t, m), m.Skipped)
	}
	b.expect(slow, 62, 64)
}

// TestSlowViewerWithinAGroup: where no newer key frame has come there is
// nothing to skip to, and going back would be worse.
func TestSlowViewerWithinAGroup(t *testing.T) {
	b := begin(t, live.Options{MaxBehind: time.Second})
	v := b.open("one", video.Main)
	p, f := b.pipe("one", video.Main), &frames{began: time.Now(), keys: []int{0}}
	p.tracks(h264Track())
	start(b, v)
	b.feed(p, f, 0, 200)
	b.expect(v, 0, 200)
}

// TestLargeGroup: of a group that is too large to be kept a new viewer sees the
// key frame, and then the next one; one that follows misses nothing.
func TestLargeGroup(t *testing.T) {
	b := begin(t, live.Options{GroupBytes: 10_000})
	follows := b.open("one", video.Main)
	p, f := b.pipe("one", video.Main), &frames{began: time.Now(), size: 1000, keys: []int{0, 32}}
	p.tracks(h264Track())
	start(b, follows)
	for n := range 31 {
		b.feed(p, f, n, n)
		b.expect(follows, n, n)
	}
	late := b.open("one", video.Main)
	start(b, late)
	b.expect(late, 0, 0)
	b.nothing(late)
	b.feed(p, f, 31, 33)
	m := b.next(late)
	if number(t, m) != 32 || !m.Skipped {
		t.Errorf("after the first key frame comes %d, told that it skipped: %v", number(t, m), m.Skipped)
	}
	b.expect(late, 33, 33)
	b.expect(follows, 31, 33)
}

// TestNewStream: a new session, or new parameters, begin with a new
// initialization, and the time goes on.
func TestNewStream(t *testing.T) {
	b := begin(t, live.Options{})
	v := b.open("one", video.Main)
	p, f := b.pipe("one", video.Main), &frames{began: time.Now(), keys: []int{0, 7}}
	p.tracks(h264Track())
	start(b, v)
	b.feed(p, f, 0, 4)
	b.expect(v, 0, 4)
	p.tracks(h264Track())
	again := &frames{began: time.Now(), keys: []int{0}}
	b.feed(p, again, 0, 2)
	start(b, v)
	m := b.next(v)
	if number(t, m) != 0 || m.Media != 200*time.Millisecond || m.Skipped {
		t.Errorf("goes on with frame %d at %v", number(t, m), m.Media)
	}
	b.expect(v, 1, 2)
	late := b.open("one", video.Main)
	start(b, late)
	b.expect(late, 0, 2)
}

// TestPause: a time in which the camera lost frames, or sent none, is left
// out; the frames before and after meet.
func TestPause(t *testing.T) {
	b := begin(t, live.Options{})
	v := b.open("one", video.Main)
	p, f := b.pipe("one", video.Main), &frames{began: time.Now(), keys: []int{0}}
	p.tracks(h264Track())
	start(b, v)
	b.feed(p, f, 0, 1)
	p.items <- video.Item{Unit: f.unit(50), Gap: true}
	p.unit(f.unit(1000))
	b.expect(v, 0, 1)
	if m := b.next(v); number(t, m) != 50 || m.Media != 80*time.Millisecond || !m.Skipped {
		t.Errorf("after the gap comes %d at %v, told so: %v", number(t, m), m.Media, m.Skipped)
	}
	if m := b.next(v); number(t, m) != 1000 || m.Media != 120*time.Millisecond {
		t.Errorf("after the pause comes %d at %v", number(t, m), m.Media)
	}
}

// TestMJPEG: pictures are passed on as they are.
func TestMJPEG(t *testing.T) {
	b := begin(t, live.Options{})
	v := b.open("one", video.Main)
	p := b.pipe("one", video.Main)
	p.tracks(video.Track{Codec: video.AAC}, video.Track{Codec: video.MJPEG, Width: 640, Height: 360})
	if m := b.next(v); m.Codec != "JPEG" || m.Data != nil || m.MIME != "image/jpeg" || m.Width != 640 {
		t.Errorf("begins with %+v", m)
	}
	jpeg := []byte{0xff, 0xd8, 0xff, 0xd9}
	p.unit(video.Unit{Track: 0, Data: [][]byte{{1}}, Key: true})
	p.unit(video.Unit{Track: 1, Data: [][]byte{jpeg}, Key: true, PTS: time.Second})
	if m := b.next(v); unsafe.SliceData(m.Data) != unsafe.SliceData(jpeg) || m.Media != time.Second {
		t.Errorf("the picture comes as %+v", m)
	}
}

// TestNoVideo, and what cannot be described: there is nothing to see, and that
// is all that happens.
func TestNoVideo(t *testing.T) {
	b := begin(t, live.Options{})
	v := b.open("one", video.Main)
	p, f := b.pipe("one", video.Main), &frames{began: time.Now(), keys: []int{0}}
	for _, wrong := range []video.Track{
		{Codec: video.PCMA}, {Codec: video.H264}, {Codec: video.H264, SPS: []byte{0x67}, PPS: []byte{0x68}},
		{Codec: video.H265}, {Codec: video.H265, VPS: []byte{0x40}, SPS: []byte{0x42, 1, 1}, PPS: []byte{0x44}},
	} {
		p.tracks(wrong)
		b.feed(p, f, 0, 1)
		b.nothing(v)
	}
	p.tracks(h264Track())
	start(b, v)
	b.feed(p, f, 0, 1)
	b.expect(v, 0, 1)
}

// TestLeave: the last viewer to leave ends the pulling; who comes then begins
// it again.
func TestLeave(t *testing.T) {
	b := begin(t, live.Options{})
	one, two, other := b.open("one", video.Main), b.open("one", video.Main), b.open("one", video.Sub)
	p := b.pipe("one", video.Main)
	one.Close()
	one.Close()
	select {
	case <-p.closed:
		t.Fatal("ended with a viewer left")
	case <-time.After(20 * time.Millisecond):
	}
	two.Close()
	select {
	case <-p.closed:
	case <-time.After(5 * time.Second):
		t.Fatal("still pulled with no viewer left")
	}
	b.nothing(other)
	b.open("one", video.Main)
	if b.opens != 3 || b.pipe("one", video.Main) == p {
		t.Errorf("pulled %d times", b.opens)
	}
}

// TestEnd: viewers of a stream that ends, or of a Live that ends, are told so.
func TestEnd(t *testing.T) {
	b := begin(t, live.Options{})
	v, w := b.open("one", video.Main), b.open("two", video.Main)
	p, f := b.pipe("one", video.Main), &frames{began: time.Now(), keys: []int{0}}
	p.tracks(h264Track())
	b.feed(p, f, 0, 1)
	close(p.items)
	start(b, v)
	b.expect(v, 0, 1)
	if _, err := v.Next(t.Context()); !errors.Is(err, live.ErrEnded) {
		t.Errorf("the end comes as %v", err)
	}
	b.open("one", video.Main)
	if b.opens != 3 {
		t.Errorf("pulled %d times: what has ended is not begun again", b.opens)
	}
	waiting := make(chan error, 1)
	go func() {
		_, err := w.Next(context.Background())
		waiting <- err
	}()
	b.stop()
	if err := <-waiting; !errors.Is(err, live.ErrEnded) {
		t.Errorf("the end of all comes as %v", err)
	}
	if _, err := b.live.Open("one", video.Main); !errors.Is(err, live.ErrNotRunning) {
		t.Errorf("after the end: %v", err)
	}
}

// TestRefused: what the camera's own part refuses is told, and nothing is left
// of it.
func TestRefused(t *testing.T) {
	b := begin(t, live.Options{})
	b.open("one", video.Main).Close()
	b.fault = errTest
	if v, err := b.live.Open("one", video.Main); !errors.Is(err, errTest) || v != nil {
		t.Errorf("answered with %v, %v", v, err)
	}
}

// TestBroken: what panics within one stream ends that stream only.
func TestBroken(t *testing.T) {
	b := begin(t, live.Options{})
	v, other := b.open("one", video.Main), b.open("two", video.Main)
	b.pipe("one", video.Main).items <- video.Item{Unit: video.Unit{Track: panics}}
	if m, err := v.Next(t.Context()); !errors.Is(err, live.ErrEnded) {
		t.Errorf("goes on with %+v, %v", m, err)
	}
	q, f := b.pipe("two", video.Main), &frames{began: time.Now(), keys: []int{0}}
	q.tracks(h264Track())
	b.feed(q, f, 0, 0)
	start(b, other)
	b.expect(other, 0, 0)
}

// TestMemory: a viewer that reads nothing holds nothing.
func TestMemory(t *testing.T) {
	b := begin(t, live.Options{GroupBytes: 1 << 20})
	v := b.open("one", video.Main)
	p, f := b.pipe("one", video.Main), &frames{began: time.Now(), size: 50_000, every: 25}
	p.tracks(h264Track())
	start(b, v)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for n := 0; n < 2000; n += 100 {
		b.feed(p, f, n, n+99)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("100 MB that nobody read left %d bytes", grown)
	}
	if n := number(t, b.next(v)); n < 1970 {
		t.Errorf("goes on at %d", n)
	}
}

func TestOptions(t *testing.T) {
	if ps := (live.Options{}).Problems(); len(ps) > 0 {
		t.Errorf("the defaults have problems: %v", ps)
	}
	ps := live.Options{MaxBehind: -1, GroupBytes: -1}.Problems()
	if len(ps) != 2 || ps[0].Path != "$.max_behind" || ps[1].Path != "$.group_bytes" || ps[0].Hint == "" {
		t.Errorf("found %v", ps)
	}
}
