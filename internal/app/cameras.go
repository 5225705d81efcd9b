package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"citywatch"
	"citywatch/dashboards"
	viewers "citywatch/dashboards/live"
	"citywatch/internal/registry"
	"citywatch/video"
	"citywatch/video/address"
	"citywatch/video/live"
	"citywatch/video/rtsp"
)

// buildCameras makes everything that pulls cameras and shows what they send.
// Where none are configured it has nothing to do.
func (a *App) buildCameras(h *house) error {
	site, log := a.site, a.options.Log
	networks, err := address.ParseRanges(site.Config.Cameras.Networks)
	if err != nil {
		return fmt.Errorf("cameras.networks: %w", err)
	}
	var specs []video.Spec
	for i := range site.Cameras.Cameras {
		specs = append(specs, specOf(&site.Cameras.Cameras[i], networks))
	}
	h.video = video.New(specs, site.Config.Cameras.Options, video.Deps{
		Deliver:  h.pipeline.Take,
		Gateways: gatewaysIn(site.Devices),
		Metrics:  a.metrics,
		Log:      log,
	})
	h.live = live.New(site.Config.Cameras.Live.Options, live.Deps{
		Subscribe: func(camera string, q video.Quality) (live.Subscription, error) {
			return h.video.Subscribe(camera, q)
		},
		Registerer: a.metrics,
		Log:        log,
	})
	o := site.Config.Cameras.Live.Viewers
	o.Origins = site.HTTP.TrustedOrigins
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
		Log:        log,
	})
	return nil
}

// specOf says how a camera is pulled.
func specOf(c *registry.Camera, networks address.Ranges) video.Spec {
	source := func(a address.Address) video.Source {
		return cameraSource{
			options:  rtsp.Options{Address: a, Transport: rtsp.Transport(c.Transport), Networks: networks},
			username: c.Username, passwordFile: c.PasswordFile,
		}
	}
	spec := video.Spec{
		Camera: c.Camera, Main: source(c.Main), Account: c.Username + "@" + c.Main.Host(),
		OnDemand: c.OnDemand, PreferMain: c.Record > 0,
	}
	if !c.Sub.IsZero() {
		spec.Sub = source(c.Sub)
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

// A cameraSource is one stream of a camera whose password is read anew for
// each session, so that it can be changed while citywatch runs.
type cameraSource struct {
	options                rtsp.Options
	username, passwordFile string
}

func (s cameraSource) Play(ctx context.Context, to video.Sink) error {
	o := s.options
	if s.passwordFile != "" {
		password, err := os.ReadFile(s.passwordFile)
		if err != nil {
			return &video.Fault{State: citywatch.CameraBadCredentials, Err: fmt.Errorf("the password of %s cannot be read: %w", s.username, err)}
		}
		o.Address = o.Address.WithCredentials(s.username, string(bytes.TrimSpace(password)))
	}
	return rtsp.New(o).Play(ctx, to)
}

// A viewer shows live's messages in the form that the websocket sends.
type viewer struct{ *live.Viewer }

func (v viewer) Next(ctx context.Context) (viewers.Message, error) {
	m, err := v.Viewer.Next(ctx)
	return viewers.Message{
		Codec: string(m.Codec), MIME: m.MIME, Width: m.Width, Height: m.Height,
		Data: m.Data, Media: m.Media, Arrived: m.Arrived, Skipped: m.Skipped,
	}, err
}

// newestPicture returns the newest key frame as browsers play it.
func (h *house) newestPicture(id string) (dashboards.KeyFrame, error) {
	frame, err := h.video.KeyFrame(id)
	if err != nil {
		return dashboards.KeyFrame{}, cameraError(err)
	}
	data, mime, err := live.KeyFrameMP4(frame)
	if err != nil {
		return dashboards.KeyFrame{}, fmt.Errorf("%w: %w", dashboards.ErrUnavailable, err)
	}
	return dashboards.KeyFrame{Data: data, MIME: mime, At: frame.Unit.Arrived}, nil
}

// cameraError gives an error of a part that has to do with cameras the meaning
// that the API knows.
func cameraError(err error) error {
	switch {
	case errors.Is(err, video.ErrNoCamera):
		return fmt.Errorf("%w: %w", dashboards.ErrNotFound, err)
	case errors.Is(err, video.ErrNoFrame), errors.Is(err, video.ErrClosed), errors.Is(err, live.ErrNotRunning):
		return fmt.Errorf("%w: %w", dashboards.ErrUnavailable, err)
	}
	return err
}
