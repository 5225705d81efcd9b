package servertest

import (
	_ "embed"
	"encoding/json"
	"net"
	"os/exec"
)

//go:embed gstreamer.py
var gstreamerPy string

// Streams for GStreamer: small moving pictures, as cameras send them.
const (
	gstPicture = "videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=320,height=240,framerate=15/1 ! "
	// GstH264 has one reference, one slice and a key frame each second.
	GstH264 = gstPicture + "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 ! video/x-h264,profile=baseline ! " +
		"rtph264pay name=pay0 pt=96 config-interval=-1"
	// GstH264B has B-frames that others refer to, and four slices a frame.
	GstH264B = gstPicture + "x264enc speed-preset=veryfast key-int-max=15 bframes=3 b-pyramid=true b-adapt=false sliced-threads=false option-string=slices=4 rc-lookahead=5 sync-lookahead=0 ! video/x-h264,profile=main ! " +
		"rtph264pay name=pay0 pt=96 config-interval=-1"
	// GstH265 has B-frames.
	GstH265 = gstPicture + "x265enc speed-preset=ultrafast key-int-max=15 option-string=bframes=3:b-adapt=0:rc-lookahead=5:frame-threads=1:pools=1 ! " +
		"rtph265pay name=pay0 pt=96 config-interval=-1"
	// GstMJPEG is one JPEG after another.
	GstMJPEG = gstPicture + "jpegenc ! rtpjpegpay name=pay0 pt=26"
	// GstAAC, GstLATM (AAC too) and GstPCMA are audio beside one of those.
	GstAAC  = gstAAC + "rtpmp4gpay name=pay1 pt=97"
	GstLATM = gstAAC + "rtpmp4apay name=pay1 pt=97"
	GstPCMA = " audiotestsrc is-live=true ! audio/x-raw,rate=8000,channels=1 ! alawenc ! rtppcmapay name=pay1 pt=8"
	gstAAC  = " audiotestsrc is-live=true ! audio/x-raw,rate=44100,channels=1 ! audioconvert ! voaacenc ! aacparse ! "
)

// RTSP is a running RTSP server.
type RTSP struct {
	*Process
	// URL is what its streams' paths are appended to: rtsp://127.0.0.1:port/.
	URL string
}

// GStreamerOptions say what GStreamer serves.
type GStreamerOptions struct {
	// Streams are pipelines by path; each ends in payloaders named pay0, pay1 …
	Streams map[string]string
	// User and Password are asked for by Digest (MD5), or by Basic.
	User, Password string
	Basic          bool
	// Transport is tcp or udp; both unless given.
	Transport string
	// PEM is a certificate and its key; with it the server speaks RTSPS only.
	PEM string
}

// GStreamer starts GStreamer's RTSP server.
func GStreamer(t T, o GStreamerOptions) *RTSP {
	t.Helper()
	python := gstreamerPython(t)
	dir, addr := t.TempDir(), FreeAddr(t)
	host, port, _ := net.SplitHostPort(addr)
	want, err := json.Marshal(map[string]any{
		"host": host, "port": port, "streams": o.Streams,
		"user": o.User, "password": o.Password, "basic": o.Basic,
		"transport": o.Transport, "pem": o.PEM,
	})
	if err != nil {
		t.Fatalf("gstreamer: %v", err)
	}
	scheme := "rtsp"
	if o.PEM != "" {
		scheme = "rtsps"
	}
	s := &RTSP{URL: scheme + "://" + addr + "/", Process: &Process{
		Addr: addr, Dir: dir,
		t: t, name: "gstreamer", path: python, args: []string{"-c", gstreamerPy, string(want)},
		env:   []string{"GST_REGISTRY_FORK=no"},
		ready: func() error { return answers(addr) },
	}}
	s.run()
	return s
}

// gstreamerPython returns a Python that has GStreamer's server: the first on
// the PATH may be one of the user's own, without Debian's modules.
func gstreamerPython(t T) string {
	t.Helper()
	const check = "import gi; gi.require_version('GstRtspServer', '1.0')"
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(python, "-c", check).Run() == nil {
			return python
		}
	}
	Missing(t, "GStreamer's RTSP server for Python", "run `make test` or `apt-get install python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly`")
	return ""
}
