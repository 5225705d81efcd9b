package app

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"citywatch"
	viewers "citywatch/dashboards/live"
	"citywatch/internal/registry"
	"citywatch/video"
	"citywatch/video/address"
	"citywatch/video/ffmpeg"
	"citywatch/video/live"
	"citywatch/video/record"
	"citywatch/video/rtsp"
	"citywatch/video/scene"
	"citywatch/video/snapshot"
)

// cameras are the parts that have to do with cameras.
type cameras struct {
	video     *video.Video
	live      *live.Live
	viewers   *viewers.Server
	recorder  *record.Recorder
	snapshots *snapshot.Snapshots
	scene     *scene.Scene
}

// manyCameras is from how many on memory is worth more than processor time.
const manyCameras = 64

// buildCameras makes everything that pulls cameras and shows what they send.
// Where none are configured it has nothing to do.
func (a *App) buildCameras(h *house) error {
	networks, err := address.ParseRanges(a.site.Config.Cameras.Networks)
	if err != nil {
		return fmt.Errorf("cameras.networks: %w", err)
	}
	if len(a.site.Cameras.Cameras) >= manyCameras && os.Getenv("GOGC") == "" {
		// Their frames live for a second or two. With the usual 100 the heap
		// grows to twice what is live before they go: 200 cameras then add 147
		// MiB instead of 102, and take 0.22 cores instead of 0.28.
		debug.SetGCPercent(50)
	}
	var specs []video.Spec
	for i := range a.site.Cameras.Cameras {
		specs = append(specs, a.spec(&a.site.Cameras.Cameras[i], networks))
	}
	a.buildKeepers(h)
	h.video = video.New(specs, a.site.Config.Cameras.Options, video.Deps{
		Deliver:  h.pipeline.Take,
		Annotate: h.cameras.values(),
		Gateways: gatewaysIn(a.site.Devices),
		Metrics:  a.metrics,
		Log:      a.options.Log,
	})
	a.buildLive(h)
	return nil
}

// values tell more of a camera than its stream does.
func (c *cameras) values() []func(camera string, now time.Time) []citywatch.Value {
	return []func(string, time.Time) []citywatch.Value{c.recorder.Values, c.scene.Values}
}

// buildKeepers makes what keeps pictures, and what looks at them. It all
// subscribes to the video, which is made after it.
func (a *App) buildKeepers(h *house) {
	o, log := &a.site.Config.Cameras, a.options.Log
	var all, judged []string
	recorded := map[string]record.Policy{}
	for _, c := range a.site.Cameras.Cameras {
		all = append(all, c.ID)
		if c.Record > 0 {
			recorded[c.ID] = record.Policy{Keep: c.Record}
		}
		if c.Picture {
			judged = append(judged, c.ID)
		}
	}
	tool := ffmpeg.New(o.FFmpeg, a.metrics)
	h.recorder = record.New(o.Record, record.Deps{
		Cameras:   recorded,
		Subscribe: func(id string) (record.Stream, error) { return h.video.Subscribe(id, video.Main) },
		Deliver:   h.pipeline.Take,
		Metrics:   a.metrics,
		Log:       log,
	})
	h.snapshots = snapshot.New(o.Snapshots, snapshot.Deps{
		Cameras:  all,
		KeyFrame: func(id string) (video.KeyFrame, error) { return h.video.KeyFrame(id) },
		FFmpeg:   tool,
		Metrics:  a.metrics,
		Log:      log,
	})
	h.scene = scene.New(judged, o.Pictures, scene.Deps{
		Subscribe: func(id string) (scene.Stream, error) { return h.video.Subscribe(id, video.Sub) },
		FFmpeg:    tool,
		Metrics:   a.metrics,
		Log:       log,
	})
}

func (a *App) buildLive(h *house) {
	h.live = live.New(a.site.Config.Cameras.Live.Options, live.Deps{
		Subscribe: func(camera string, q video.Quality) (live.Subscription, error) {
			return h.video.Subscribe(camera, q)
		},
		Registerer: a.metrics,
		Log:        a.options.Log,
	})
	o := a.site.Config.Cameras.Live.Viewers
	o.Origins = a.site.HTTP.TrustedOrigins
	h.viewers = viewers.New(o, viewers.Deps{
		Open: func(camera, stream string) (viewers.Viewer, error) {
			v, err := h.live.Open(camera, video.Quality(stream))
			if err != nil {
				return nil, cameraError(err)
			}
			return viewer{v}, nil
		},
		Status:     h.video.Status,
		Registerer: a.metrics,
		Log:        a.options.Log,
	})
}

// parts returns what runs, in the order of starting.
func (c *cameras) parts() []part {
	return []part{
		{"viewers", c.viewers.Run},
		{"live", c.live.Run},
		{"recorder", c.recorder.Run},
		{"snapshots", c.snapshots.Run},
		{"pictures", c.scene.Run},
		{"video", c.video.Run},
	}
}

// spec says how a camera is pulled.
func (a *App) spec(c *registry.Camera, networks address.Ranges) video.Spec {
	source := func(at address.Address, q video.Quality) video.Source {
		return cameraSource{
			options:  rtsp.Options{Address: at, Transport: rtsp.Transport(c.Transport), Networks: networks},
			username: c.Username, passwordFile: c.PasswordFile, quality: q, simulated: a.simulated,
		}
	}
	spec := video.Spec{
		Camera: c.Camera, Main: source(c.Main, video.Main), Account: c.Username + "@" + c.Main.Host(),
		PreferMain: c.Record > 0,
	}
	if !c.Sub.IsZero() {
		spec.Sub = source(c.Sub, video.Sub)
	}
	return spec
}

func gatewaysIn(devices []citywatch.Device) []citywatch.Device {
	var gateways []citywatch.Device
	for _, d := range devices {
		if d.Class == citywatch.CameraGatewayClass {
			gateways = append(gateways, d)
		}
	}
	return gateways
}

// A viewer shows live's messages in the form that the websocket sends.
type viewer struct{ *live.Viewer }

func (v viewer) Next(ctx context.Context) (viewers.Message, error) {
	m, err := v.Viewer.Next(ctx)
	return viewers.Message{
		Codec: m.Codec, MIME: m.MIME, Width: m.Width, Height: m.Height,
		Data: m.Data, Media: m.Media, Arrived: m.Arrived, Skipped: m.Skipped,
	}, err
}
