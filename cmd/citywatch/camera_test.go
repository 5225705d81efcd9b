package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"citywatch/internal/servertest"
)

// TestCameraProbe runs the command against GStreamer's server, with and without
// a password, and against a camera that tells by ONVIF where its streams are.
func TestCameraProbe(t *testing.T) {
	streams := map[string]string{
		"main": servertest.GstH265,
		"sub":  servertest.GstH264 + servertest.GstPCMA,
	}
	open := servertest.GStreamer(t, servertest.GStreamerOptions{Streams: streams})
	locked := servertest.GStreamer(t, servertest.GStreamerOptions{Streams: streams, User: "viewer", Password: "canary"})
	server, err := url.Parse(open.URL)
	if err != nil {
		t.Fatal(err)
	}
	camera := httptest.NewServer(onvifCamera(server.Port()))
	t.Cleanup(camera.Close)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/camera",
		Setup: func(env *testscript.Env) error {
			env.Setenv("OPEN", strings.TrimSuffix(open.URL, "/"))
			env.Setenv("LOCKED", strings.TrimSuffix(locked.URL, "/"))
			env.Setenv("LOCKED_ADDR", locked.Addr)
			env.Setenv("CAMERA", camera.URL)
			env.Setenv("CAMERA_ADDR", strings.TrimPrefix(camera.URL, "http://"))
			env.Setenv("FREE_ADDR", servertest.FreeAddr(t))
			return nil
		},
	})
}

// onvifCamera is a camera whose two streams are at the RTSP port. It believes
// to be somewhere else, as those behind NAT do.
func onvifCamera(port string) http.Handler {
	profile := func(token, codec string, width, height int) string {
		return fmt.Sprintf(`<Profiles token="%[1]s"><Name>%[1]sStream</Name><Configurations><VideoSource><SourceToken>1</SourceToken></VideoSource><VideoEncoder GovLength="15"><Encoding>%s</Encoding><Resolution><Width>%d</Width><Height>%d</Height></Resolution><RateControl><FrameRateLimit>15</FrameRateLimit><BitrateLimit>1024</BitrateLimit></RateControl></VideoEncoder></Configurations></Profiles>`,
			token, codec, width, height)
	}
	answers := map[string]string{
		"GetServices":          `<Service><Namespace>http://www.onvif.org/ver20/media/wsdl</Namespace><XAddr>http://192.0.2.1/media2</XAddr></Service>`,
		"GetDeviceInformation": `<Manufacturer>Thử</Manufacturer><Model>N 1</Model><FirmwareVersion>1.0</FirmwareVersion>`,
		"GetProfiles":          profile("sub", "H264", 320, 240) + profile("main", "H265", 640, 480),
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		_, rest, _ := strings.Cut(string(body), "<s:Body><")
		action, _, _ := strings.Cut(rest, " ")
		answer := answers[action]
		if _, token, found := strings.Cut(rest, "<ProfileToken>"); found && action == "GetStreamUri" {
			token, _, _ = strings.Cut(token, "<")
			answer = fmt.Sprintf("<Uri>rtsp://192.0.2.1:%s/%s</Uri>", port, token)
		}
		_, _ = fmt.Fprintf(w, `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><%[1]sResponse>%s</%[1]sResponse></s:Body></s:Envelope>`, action, answer)
	})
}
