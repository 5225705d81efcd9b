package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/pion/rtp"
	"golang.org/x/sync/errgroup"

	"citywatch/internal/servertest"
)

// The clip that every camera sends: about 2 Mbit/s of H.264, with a key frame
// every 2 s.
const (
	clipRate    = 25 // frames a second
	clipBitrate = 2e6
	rtpClock    = 90000
	// phases is how many of the cameras send a frame at the same moment: not
	// all, as real ones do not either.
	phases = 20
)

// makeClip has ffmpeg draw the clip.
func (b *bench) makeClip() string {
	return servertest.Media(b.host, "clip.h264",
		"-f", "lavfi", "-i", fmt.Sprintf("testsrc2=size=1280x720:rate=%d,noise=alls=10:allf=t", clipRate), "-t", "20",
		"-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-bf", "0",
		"-b:v", "2M", "-maxrate", "2M", "-bufsize", "1M", "-g", strconv.Itoa(2*clipRate), "-sc_threshold", "0",
		"-x264-params", "aud=1:slices=1:sliced-threads=0")
}

// A fleet is a process that serves as many cameras as are asked for.
type fleet struct {
	*process
	rtsp, http string
}

func (b *bench) startFleet() (*fleet, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	f := &fleet{rtsp: servertest.FreeAddr(b), http: servertest.FreeAddr(b)}
	if f.process, err = b.start(self, "camera-fleet", "-clip", b.makeClip(), "-rtsp", f.rtsp, "-http", f.http); err != nil {
		return nil, err
	}
	for range 200 {
		if _, err = f.look(b.ctx); err == nil {
			return f, nil
		}
		if err := f.alive(); err != nil {
			return nil, err
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil, fmt.Errorf("the cameras do not answer: %w", err)
}

// url is where the i-th camera is.
func (f *fleet) url(i int) string { return fmt.Sprintf("rtsp://%s/camera-%d", f.rtsp, i) }

// An audience is who watches a fleet.
type audience struct {
	viewers int     // who play a stream
	missed  float64 // packets that some of them were too slow for
	taken   float64 // bytes that all have taken
}

func (f *fleet) look(ctx context.Context) (a audience, err error) {
	response, err := get(ctx, "http://"+f.http)
	if err != nil {
		return a, err
	}
	defer response.Body.Close()
	_, err = fmt.Fscan(response.Body, &a.viewers, &a.missed, &a.taken)
	return a, err
}

// await waits until there are so many viewers.
func (f *fleet) await(ctx context.Context, viewers int) error {
	var a audience
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		var err error
		if a, err = f.look(ctx); err != nil {
			return errors.Join(err, f.alive())
		}
		if a.viewers == viewers {
			return nil
		}
	}
	return fmt.Errorf("%d of %d cameras are pulled after 2 minutes", a.viewers, viewers)
}

// cameraFleet serves the clip at every path, until ctx ends.
func cameraFleet(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("camera-fleet", flag.ContinueOnError)
	file := flags.String("clip", "", "H.264 with access unit delimiters")
	rtspAddr, httpAddr := flags.String("rtsp", "", "address"), flags.String("http", "", "address of the count of viewers")
	if err := flags.Parse(args); err != nil {
		return err
	}
	data, err := os.ReadFile(*file)
	if err != nil {
		return err
	}
	c, err := readClip(data)
	if err != nil {
		return err
	}
	s := &fleetServer{playing: map[*gortsplib.ServerSession]bool{}}
	s.server = &gortsplib.Server{Handler: s, RTSPAddress: *rtspAddr}
	if err := s.server.Start(); err != nil {
		return err
	}
	defer s.server.Close()
	g, ctx := errgroup.WithContext(ctx)
	for phase := range phases {
		stream := &gortsplib.ServerStream{Server: s.server, Desc: c.description()}
		if err := stream.Initialize(); err != nil {
			return err
		}
		s.add(stream)
		g.Go(func() error { return c.send(ctx, stream, time.Duration(phase)*2*time.Second/phases) })
	}
	listener, err := net.Listen("tcp", *httpAddr)
	if err != nil {
		return err
	}
	counter := http.Server{Handler: s, ReadHeaderTimeout: patience}
	g.Go(func() error { return counter.Serve(listener) })
	g.Go(func() error {
		<-ctx.Done()
		return counter.Close()
	})
	return g.Wait()
}

// A clip is the access units of a file, in packets whose numbers and times are
// still to be set.
type clip struct {
	sps, pps []byte
	frames   [][]*rtp.Packet
}

// readClip cuts the file at the delimiters between its access units.
func readClip(data []byte) (*clip, error) {
	c := &clip{}
	delimiter := []byte{0, 0, 0, 1, byte(h264.NALUTypeAccessUnitDelimiter)}
	var encoder = (&format.H264{PayloadTyp: 96, PacketizationMode: 1})
	packets, err := encoder.CreateEncoder()
	if err != nil {
		return nil, err
	}
	for part := range bytes.SplitSeq(data, delimiter) {
		if len(part) == 0 {
			continue
		}
		var units h264.AnnexB
		if err := units.Unmarshal(append(bytes.Clone(delimiter), part...)); err != nil {
			return nil, err
		}
		var unit [][]byte
		for _, n := range units {
			switch h264.NALUType(n[0] & 0x1f) {
			case h264.NALUTypeSPS:
				c.sps = n
			case h264.NALUTypePPS:
				c.pps = n
			case h264.NALUTypeAccessUnitDelimiter, h264.NALUTypeSEI:
				continue
			}
			unit = append(unit, n)
		}
		frame, err := packets.Encode(unit)
		if err != nil {
			return nil, err
		}
		c.frames = append(c.frames, frame)
	}
	if c.sps == nil || c.pps == nil || len(c.frames) < 2*clipRate {
		return nil, errors.New("the clip has no parameter sets, or too few frames")
	}
	return c, nil
}

func (c *clip) description() *description.Session {
	return &description.Session{Medias: []*description.Media{{
		Type:    description.MediaTypeVideo,
		Formats: []format.Format{&format.H264{PayloadTyp: 96, PacketizationMode: 1, SPS: c.sps, PPS: c.pps}},
	}}}
}

// send sends the clip again and again, at its pace.
func (c *clip) send(ctx context.Context, to *gortsplib.ServerStream, after time.Duration) error {
	defer to.Close()
	medium := to.Desc.Medias[0]
	began := time.Now().Add(after)
	timer := time.NewTimer(0)
	defer timer.Stop()
	sequence := uint16(0)
	for n := 0; ; n++ {
		due := began.Add(time.Duration(n) * time.Second / clipRate)
		timer.Reset(time.Until(due))
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		for _, p := range c.frames[n%len(c.frames)] {
			packet := *p
			packet.SequenceNumber, packet.Timestamp = sequence, uint32(n*rtpClock/clipRate)
			sequence++
			if err := to.WritePacketRTPWithNTP(medium, &packet, due); err != nil {
				return err
			}
		}
	}
}

// A fleetServer answers whoever pulls, and counts them.
type fleetServer struct {
	server *gortsplib.Server
	missed atomic.Int64

	mu      sync.Mutex
	streams []*gortsplib.ServerStream
	playing map[*gortsplib.ServerSession]bool
}

func (s *fleetServer) add(stream *gortsplib.ServerStream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.streams = append(s.streams, stream)
}

// find returns the stream of a path such as /camera-7.
func (s *fleetServer) find(path string) (*base.Response, *gortsplib.ServerStream, error) {
	n, err := strconv.Atoi(strings.TrimPrefix(strings.Trim(path, "/"), "camera-"))
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil || n < 0 || len(s.streams) < phases {
		return &base.Response{StatusCode: base.StatusNotFound}, nil, nil
	}
	return &base.Response{StatusCode: base.StatusOK}, s.streams[n%phases], nil
}

func (s *fleetServer) OnDescribe(ctx *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return s.find(ctx.Path)
}

func (s *fleetServer) OnSetup(ctx *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return s.find(ctx.Path)
}

func (s *fleetServer) OnPlay(ctx *gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.playing[ctx.Session] = true
	return &base.Response{StatusCode: base.StatusOK}, nil
}

func (s *fleetServer) OnSessionClose(ctx *gortsplib.ServerHandlerOnSessionCloseCtx) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.playing, ctx.Session)
}

func (s *fleetServer) OnStreamWriteError(*gortsplib.ServerHandlerOnStreamWriteErrorCtx) {
	s.missed.Add(1)
}

// ServeHTTP tells how many play, how many packets they have missed, and how
// many bytes they have taken.
func (s *fleetServer) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := uint64(0)
	for _, stream := range s.streams {
		taken += stream.Stats().OutboundBytes
	}
	fmt.Fprintln(w, len(s.playing), s.missed.Load(), taken)
}
