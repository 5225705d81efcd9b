package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/gorilla/websocket"
	"github.com/pion/rtp"
	"golang.org/x/sync/errgroup"

	"citywatch/internal/servertest"
)

const go2rtcVersion = "1.9.14"

var errNoGo2RTC = errors.New("no go2rtc " + go2rtcVersion + ": run `make go2rtc`")

// A puller pulls all cameras of a fleet.
type puller struct {
	*process
	name string
	// watch connects a viewer of the i-th camera, who then gets binary
	// messages: the beginning of an MP4, and its fragments. It is nil where
	// there are no viewers.
	watch func(ctx context.Context, i int) (*websocket.Conn, error)
}

// cityPuller starts citywatch with so many cameras, none of them recorded, and
// without ffmpeg.
func (b *bench) cityPuller(f *fleet, cameras int) (*puller, error) {
	dir := b.TempDir()
	if err := writeCameraSite(dir, b.broker.URL, f, cameras); err != nil {
		return nil, err
	}
	c, err := b.boot(dir)
	if err != nil {
		return nil, err
	}
	return &puller{process: c.process, name: "citywatch", watch: func(ctx context.Context, i int) (*websocket.Conn, error) {
		return dialLive(ctx, fmt.Sprintf("ws://%s/api/v1/cameras/camera-%d/live?stream=main", c.http, i))
	}}, nil
}

func writeCameraSite(dir, broker string, f *fleet, cameras int) error {
	s := site{name: "cameras", broker: broker, devices: 1, rules: 1, across: 4, down: 3}
	if err := s.write(dir); err != nil {
		return err
	}
	var list strings.Builder
	list.WriteString("cameras:\n")
	for i := range cameras {
		fmt.Fprintf(&list, "  - {id: camera-%d, sector: traffic, at: [%.4f, 22.5], main: %q}\n", i, 103.01+1.98*float64(i)/float64(cameras), f.url(i))
	}
	if cameras == 0 {
		list.Reset()
		list.WriteString("cameras: []\n")
	}
	file, err := os.OpenFile(filepath.Join(dir, "citywatch.yaml"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString("cameras: {file: cameras.yaml, networks: [127.0.0.0/8], ffmpeg: {path: \"off\"}}\n")
	return errors.Join(err, file.Close(), os.WriteFile(filepath.Join(dir, "cameras.yaml"), []byte(list.String()), 0o600))
}

// go2rtc starts go2rtc so that it pulls all cameras although nobody watches.
func (b *bench) go2rtc(f *fleet, cameras int) (*puller, error) {
	binary := filepath.Join(cacheDir(), "go2rtc-"+go2rtcVersion, "go2rtc")
	if _, err := os.Stat(binary); err != nil {
		return nil, errNoGo2RTC
	}
	addr, conf := servertest.FreeAddr(b), filepath.Join(b.TempDir(), "go2rtc.yaml")
	var streams, preload strings.Builder
	for i := range cameras {
		fmt.Fprintf(&streams, "  camera-%d: %s\n", i, f.url(i))
		fmt.Fprintf(&preload, "  camera-%d: video\n", i)
	}
	err := os.WriteFile(conf, fmt.Appendf(nil, "api: {listen: %q, origin: \"*\"}\nrtsp: {listen: \"\"}\nwebrtc: {listen: \"\"}\nsrtp: {listen: \"\"}\nlog: {level: error}\nstreams:\n%spreload:\n%s",
		addr, streams.String(), preload.String()), 0o600)
	if err != nil {
		return nil, err
	}
	p, err := b.start(binary, "-config", conf)
	if err != nil {
		return nil, err
	}
	return &puller{process: p, name: "go2rtc " + go2rtcVersion, watch: func(ctx context.Context, i int) (*websocket.Conn, error) {
		conn, err := dialLive(ctx, fmt.Sprintf("ws://%s/api/ws?src=camera-%d", addr, i))
		if err != nil {
			return nil, err
		}
		return conn, conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"mse","value":"avc1.640029,avc1.64002A,avc1.640033,mp4a.40.2"}`))
	}}, nil
}

// barePuller starts barePull in a process of its own.
func (b *bench) barePuller(f *fleet, cameras int) (*puller, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p, err := b.start(self, "bare-pull", "-server", f.rtsp, "-cameras", fmt.Sprint(cameras))
	return &puller{process: p, name: bareLoopName}, err
}

// barePull is the least that can be done with cameras: their packets are
// received and put together to frames, which are let go.
func barePull(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bare-pull", flag.ContinueOnError)
	server, cameras := flags.String("server", "", "address"), flags.Int("cameras", 0, "how many")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var frames atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for i := range *cameras {
		g.Go(func() error {
			return pullOne(ctx, fmt.Sprintf("rtsp://%s/camera-%d", *server, i), &frames)
		})
	}
	return g.Wait()
}

func pullOne(ctx context.Context, url string, frames *atomic.Int64) error {
	u, err := base.ParseURL(url)
	if err != nil {
		return err
	}
	tcp := gortsplib.ProtocolTCP
	c := gortsplib.Client{Scheme: u.Scheme, Host: u.Host, Protocol: &tcp}
	if err := c.Start(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, c.Close)
	defer stop()
	defer c.Close()
	desc, _, err := c.Describe(u)
	if err != nil {
		return err
	}
	var coded *format.H264
	medium := desc.FindFormat(&coded)
	if medium == nil {
		return errors.New("no H.264")
	}
	decoder, err := coded.CreateDecoder()
	if err != nil {
		return err
	}
	if _, err := c.Setup(desc.BaseURL, medium, 0, 0); err != nil {
		return err
	}
	c.OnPacketRTP(medium, coded, func(p *rtp.Packet) {
		if _, ok := c.PacketPTS(medium, p); !ok {
			return
		}
		if _, err := decoder.Decode(p); err == nil {
			frames.Add(1)
		}
	})
	if _, err := c.Play(nil); err != nil {
		return err
	}
	err = c.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// dialLive connects one viewer of live pictures.
func dialLive(ctx context.Context, url string) (*websocket.Conn, error) {
	dialer := websocket.Dialer{HandshakeTimeout: patience, ReadBufferSize: 16 << 10}
	conn, response, err := dialer.DialContext(ctx, url, nil)
	if response != nil {
		defer response.Body.Close()
	}
	if errors.Is(err, websocket.ErrBadHandshake) && response != nil {
		return nil, fmt.Errorf("the websocket answers %s", response.Status)
	}
	return conn, err
}

// settle waits until a puller has all cameras, and then for as long as it takes
// to calm down.
func (p *puller) settle(ctx context.Context, f *fleet, cameras int) error {
	if err := f.await(ctx, cameras); err != nil {
		return fmt.Errorf("%s: %w", p.name, errors.Join(err, p.alive()))
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(3 * time.Second):
		return nil
	}
}
