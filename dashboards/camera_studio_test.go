package dashboards_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"testing"
	"time"

	"citywatch/internal/servertest"
	"citywatch/video"
	"citywatch/video/ffmpeg/ffmpegtest"
)

// A film is what a camera of the tests sees.
type film interface {
	track() video.Track
	// follow hands on each unit as it is made, the first being a key frame,
	// until ctx ends.
	follow(ctx context.Context, take func(video.Unit))
}

// A studio films the time: each picture carries the moment at which it was
// made as black and white blocks, before it is encoded. One encoder serves all
// that follow.
type studio struct {
	fps, width, height int
	began              time.Time
	sets               video.Track

	mu    sync.Mutex
	takes map[int]func(video.Unit)
	next  int
}

// The time code: so many blocks of so many pixels from the upper left corner
// on, the highest bit first; the last are the sum of the others' bytes.
const (
	codeBits  = 32
	codeBlock = 16
)

// newStudio films until the test ends.
func newStudio(t *testing.T) *studio {
	t.Helper()
	path := servertest.Program(t, "run `make test` or `apt-get install ffmpeg`", "ffmpeg")
	s := &studio{fps: 25, width: 640, height: 360, began: time.Now(), takes: map[int]func(video.Unit){}}
	cmd := exec.Command(path, "-v", "error", "-f", "rawvideo", "-pix_fmt", "gray", "-s", fmt.Sprintf("%dx%d", s.width, s.height),
		"-framerate", fmt.Sprint(s.fps), "-i", "pipe:0", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency",
		"-pix_fmt", "yuv420p", "-threads", "1", "-g", fmt.Sprint(2*s.fps), "-b:v", "600k", "-maxrate", "600k", "-bufsize", "300k",
		"-flush_packets", "1", "-f", "flv", "pipe:1")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	known := make(chan struct{})
	var parts sync.WaitGroup
	parts.Go(func() { s.film(in, stop) })
	parts.Go(func() {
		if err := s.cut(out, known); err != nil {
			t.Errorf("the encoder: %v", err)
		}
	})
	t.Cleanup(func() {
		close(stop)
		parts.Wait()
		_ = cmd.Wait()
	})
	select {
	case <-known:
	case <-time.After(20 * time.Second):
		t.Fatal("the encoder makes nothing")
	}
	return s
}

// film draws pictures as fast as a camera does: a scene that moves, and the
// time.
func (s *studio) film(to io.WriteCloser, stop <-chan struct{}) {
	defer func() { _ = to.Close() }()
	picture := make([]byte, s.width*s.height)
	scene := make([]byte, 2*s.width)
	for i := range scene {
		scene[i] = byte(90 + 60*((i/40)%2) + (i*7919)%13)
	}
	tick := time.NewTicker(time.Second / time.Duration(s.fps))
	defer tick.Stop()
	for n := 0; ; n++ {
		for y := range s.height {
			shift := (n*3 + y/30*17) % s.width
			copy(picture[y*s.width:(y+1)*s.width], scene[shift:shift+s.width])
		}
		s.burn(picture, time.Now())
		if _, err := to.Write(picture); err != nil {
			return
		}
		select {
		case <-stop:
			return
		case <-tick.C:
		}
	}
}

// burn writes the milliseconds of the day into the picture.
func (s *studio) burn(picture []byte, at time.Time) {
	ms := uint32(at.UnixMilli() % (1 << 24))
	code := ms<<8 | (ms>>16+ms>>8+ms)&0xff
	for bit := range codeBits {
		shade := byte(16)
		if code>>(codeBits-1-bit)&1 == 1 {
			shade = 235
		}
		for y := range codeBlock {
			row := picture[y*s.width+bit*codeBlock:]
			for x := range codeBlock {
				row[x] = shade
			}
		}
	}
}

// cut takes the frames out of FLV, which is what ffmpeg writes each frame into
// at once, with its length before it.
func (s *studio) cut(from io.Reader, known chan<- struct{}) error {
	r := bufio.NewReaderSize(from, 1<<16)
	if _, err := r.Discard(9); err != nil {
		return err
	}
	head := make([]byte, 15) // the length of the tag before, and this one's header
	for {
		if _, err := io.ReadFull(r, head); err != nil {
			return ended(err)
		}
		tag := make([]byte, int(head[5])<<16|int(head[6])<<8|int(head[7]))
		if _, err := io.ReadFull(r, tag); err != nil {
			return ended(err)
		}
		if head[4] != 9 || len(tag) < 5 {
			continue
		}
		switch tag[1] {
		case 0:
			if err := s.parameters(tag[5:]); err != nil {
				return err
			}
			close(known)
		case 1:
			ms := int(head[8])<<16 | int(head[9])<<8 | int(head[10])
			s.hand(tag[5:], time.Duration(ms)*time.Millisecond)
		}
	}
}

// ended is nil for what an encoder that was stopped leaves behind.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// parameters reads the parameter sets from an AVC configuration record.
func (s *studio) parameters(record []byte) error {
	if len(record) < 8 {
		return errors.New("the configuration record is too short")
	}
	size := int(binary.BigEndian.Uint16(record[6:]))
	sps, rest := record[8:8+size], record[8+size:]
	pps := rest[3 : 3+int(binary.BigEndian.Uint16(rest[1:]))]
	s.sets = video.Track{Codec: video.H264, SPS: sps, PPS: pps, Width: s.width, Height: s.height}
	return nil
}

func (s *studio) hand(data []byte, at time.Duration) {
	u := video.Unit{PTS: at, DTS: at, Arrived: time.Now()}
	for len(data) >= 4 {
		size := int(binary.BigEndian.Uint32(data))
		nal := data[4 : 4+size]
		data = data[4+size:]
		switch nal[0] & 0x1f {
		case 5:
			u.Key = true
			fallthrough
		case 1:
			u.Data = append(u.Data, nal)
		}
	}
	s.mu.Lock()
	takes := make([]func(video.Unit), 0, len(s.takes))
	for _, take := range s.takes {
		takes = append(takes, take)
	}
	s.mu.Unlock()
	for _, take := range takes {
		take(u)
	}
}

func (s *studio) track() video.Track { return s.sets }

func (s *studio) follow(ctx context.Context, take func(video.Unit)) {
	began := false
	s.mu.Lock()
	id := s.next
	s.next++
	s.takes[id] = func(u video.Unit) {
		began = began || u.Key
		if began && ctx.Err() == nil {
			take(u)
		}
	}
	s.mu.Unlock()
	<-ctx.Done()
	s.mu.Lock()
	delete(s.takes, id)
	s.mu.Unlock()
}

// A reel shows the same clip over and over. One of a single group of frames is
// what a camera sends that hangs.
type reel struct {
	clip   ffmpegtest.Clip
	length time.Duration
}

func newReel(t *testing.T, r ffmpegtest.Recipe) *reel {
	t.Helper()
	return &reel{clip: ffmpegtest.Make(t, r), length: time.Duration(r.Seconds * float64(time.Second))}
}

func (r *reel) track() video.Track { return r.clip.Track }

func (r *reel) follow(ctx context.Context, take func(video.Unit)) {
	began := time.Now()
	for played := time.Duration(0); ; played += r.length {
		for _, u := range r.clip.Units {
			u.PTS += played
			u.DTS += played
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Until(began.Add(u.DTS))):
			}
			u.Arrived = time.Now()
			take(u)
		}
	}
}
