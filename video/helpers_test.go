package video_test

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"citywatch"
	"citywatch/video"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A source plays what a test says, once for each session.
type source struct {
	play    func(ctx context.Context, to video.Sink, session int) error
	plays   atomic.Int32
	running atomic.Int32
}

func (s *source) Play(ctx context.Context, to video.Sink) error {
	n := int(s.plays.Add(1))
	s.running.Add(1)
	defer s.running.Add(-1)
	return s.play(ctx, to, n)
}

func playing(play func(ctx context.Context, to video.Sink) error) *source {
	return &source{play: func(ctx context.Context, to video.Sink, _ int) error { return play(ctx, to) }}
}

// A stream is what a well camera sends.
type stream struct {
	every time.Duration // between frames; 40 ms by default
	group int           // frames from key frame to key frame; 25 by default
	size  int           // bytes of a frame; 1000 by default
	// frames is after how many it ends by itself; 0 never.
	frames int
	// still makes all key frames the same.
	still bool
}

func tracks() []video.Track {
	return []video.Track{{Codec: video.H264, SPS: []byte{0x67, 1}, PPS: []byte{0x68, 1}, Width: 640, Height: 360}}
}

var errReset = errors.New("connection reset by peer")

func (s stream) play(ctx context.Context, to video.Sink) error {
	if s.every == 0 {
		s.every = 40 * time.Millisecond
	}
	if s.group == 0 {
		s.group = 25
	}
	to.Tracks(tracks())
	ticker := time.NewTicker(s.every)
	defer ticker.Stop()
	for n := 0; s.frames == 0 || n < s.frames; n++ {
		to.Unit(s.unit(n))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	return errReset
}

// unit is the nth frame; its number is in it.
func (s stream) unit(n int) video.Unit {
	key := n%s.group == 0
	if s.size == 0 {
		s.size = 1000
	}
	data := make([]byte, s.size)
	data[0] = 0x41
	if key {
		data[0] = 0x65
	}
	if !s.still || !key {
		binary.BigEndian.PutUint64(data[1:], uint64(n))
	}
	at := time.Duration(n) * s.every
	return video.Unit{Data: [][]byte{data}, PTS: at, DTS: at, Key: key, Arrived: time.Now()}
}

func numberOf(u video.Unit) int { return int(binary.BigEndian.Uint64(u.Data[0][1:])) }

// A bench runs a Video within a synctest bubble, and keeps its readings.
type bench struct {
	*video.Video
	t    *testing.T
	stop func()

	mu       sync.Mutex
	readings []citywatch.Reading
}

func start(t *testing.T, specs []video.Spec, o video.Options, d video.Deps) *bench {
	t.Helper()
	b := &bench{t: t}
	if d.Deliver == nil {
		d.Deliver = func(_ context.Context, rs []citywatch.Reading) error {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.readings = append(b.readings, rs...)
			return nil
		}
	}
	b.Video = video.New(specs, o, d)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	b.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(b.stop)
	return b
}

// after lets time pass and returns how the camera then is.
func (b *bench) after(d time.Duration, id string) citywatch.CameraStatus {
	b.t.Helper()
	time.Sleep(d)
	synctest.Wait()
	st, err := b.Status(id)
	if err != nil {
		b.t.Fatal(err)
	}
	return st
}

// expect lets time pass and checks how the camera then is.
func (b *bench) expect(d time.Duration, id string, want citywatch.CameraState) citywatch.CameraStatus {
	b.t.Helper()
	st := b.after(d, id)
	if st.State != want {
		b.t.Errorf("after %v %s is %s (%s), want %s", d, id, st.State, st.Detail, want)
	}
	return st
}

// of returns the readings of a device.
func (b *bench) of(device string) []citywatch.Reading {
	b.mu.Lock()
	defer b.mu.Unlock()
	var rs []citywatch.Reading
	for _, r := range b.readings {
		if r.Device == device {
			rs = append(rs, r)
		}
	}
	return rs
}

func camera(id string) citywatch.Camera {
	return citywatch.Camera{ID: id, Name: id, Sector: citywatch.SectorTraffic, Zone: "phuong-lao-cai"}
}

func one(s video.Source) []video.Spec { return []video.Spec{{Camera: camera("a"), Main: s}} }

func fault(state citywatch.CameraState) error {
	return &video.Fault{State: state, Err: errors.New("as told")}
}
