package dashboards_test

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"net"
	"net/http"
	"sync"
	"testing"

	"citywatch/video"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	session "github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/pion/rtp"
)

// A fakeCamera shows a film over RTSP.
type fakeCamera struct {
	addr string
	url  string
	kill func() // it is gone; nothing answers at its address any more
}

// newCamera serves the film until the test ends.
func newCamera(t *testing.T, f film) *fakeCamera {
	t.Helper()
	return serveCamera(t, f, "127.0.0.1:0")
}

func serveCamera(t *testing.T, f film, addr string) *fakeCamera {
	t.Helper()
	var listener net.Listener
	h := &cameraHandler{}
	server := &gortsplib.Server{Handler: h, RTSPAddress: addr, Listen: func(network, address string) (net.Listener, error) {
		var err error
		listener, err = net.Listen(network, address)
		return listener, err
	}}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	media, encode := cameraFormat(t, f.track())
	h.stream = &gortsplib.ServerStream{Server: server, Desc: &session.Session{Medias: []*session.Media{media}}}
	if err := h.stream.Initialize(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var filming sync.WaitGroup
	var start [4]byte
	_, _ = rand.Read(start[:])
	begin := binary.BigEndian.Uint32(start[:])
	filming.Go(func() {
		f.follow(ctx, func(u video.Unit) {
			packets, err := encode(u.Data)
			if err != nil {
				t.Errorf("the camera: %v", err)
				return
			}
			for _, p := range packets {
				p.Timestamp = begin + uint32(u.PTS.Microseconds()*9/100)
				_ = h.stream.WritePacketRTP(media, p) // of a stream that is closed
			}
		})
	})
	c := &fakeCamera{addr: listener.Addr().String(), url: "rtsp://" + listener.Addr().String() + "/stream"}
	c.kill = sync.OnceFunc(func() {
		cancel()
		filming.Wait()
		h.stream.Close()
		server.Close()
	})
	t.Cleanup(c.kill)
	return c
}

func cameraFormat(t *testing.T, track video.Track) (*session.Media, func([][]byte) ([]*rtp.Packet, error)) {
	t.Helper()
	media := &session.Media{Type: session.MediaTypeVideo}
	var (
		encode func([][]byte) ([]*rtp.Packet, error)
		err    error
	)
	switch track.Codec {
	case video.H264:
		f := &format.H264{PayloadTyp: 96, PacketizationMode: 1, SPS: track.SPS, PPS: track.PPS}
		media.Formats = []format.Format{f}
		e, failed := f.CreateEncoder()
		encode, err = e.Encode, failed
	case video.H265:
		f := &format.H265{PayloadTyp: 96, VPS: track.VPS, SPS: track.SPS, PPS: track.PPS}
		media.Formats = []format.Format{f}
		e, failed := f.CreateEncoder()
		encode, err = e.Encode, failed
	default:
		f := &format.MJPEG{}
		media.Formats = []format.Format{f}
		e, failed := f.CreateEncoder()
		encode, err = func(u [][]byte) ([]*rtp.Packet, error) { return e.Encode(u[0]) }, failed
	}
	if err != nil {
		t.Fatal(err)
	}
	return media, encode
}

// A cameraHandler answers everybody with its one stream.
type cameraHandler struct{ stream *gortsplib.ServerStream }

func (h *cameraHandler) OnDescribe(*gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return &base.Response{StatusCode: http.StatusOK}, h.stream, nil
}

func (h *cameraHandler) OnSetup(*gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return &base.Response{StatusCode: http.StatusOK}, h.stream, nil
}

func (h *cameraHandler) OnPlay(*gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	return &base.Response{StatusCode: http.StatusOK}, nil
}
