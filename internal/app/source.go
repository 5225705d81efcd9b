package app

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"citywatch"
	simcameras "citywatch/internal/sim/cameras"
	"citywatch/video"
	"citywatch/video/address"
	"citywatch/video/onvif"
	"citywatch/video/rtsp"
)

// A cameraSource is one stream of a camera whose password is read anew for
// each session, so that it can be changed while citywatch runs.
type cameraSource struct {
	options                rtsp.Options
	username, passwordFile string
	// quality chooses among the streams that a camera names by ONVIF.
	quality video.Quality
	// simulated is nil but in a demonstration.
	simulated *simcameras.Server
}

func (s cameraSource) Play(ctx context.Context, to video.Sink) error {
	at, err := s.address(ctx)
	if err != nil {
		return err
	}
	play := func(at address.Address) video.Source {
		o := s.options
		o.Address = at
		return rtsp.New(o)
	}
	if at.Scheme() != address.ONVIF {
		return play(at).Play(ctx, to)
	}
	return onvif.New(onvif.Options{
		Address: at, Networks: s.options.Networks, Quality: s.quality, Play: play,
	}).Play(ctx, to)
}

// address is where the camera is now, with its password.
func (s cameraSource) address(ctx context.Context) (address.Address, error) {
	at := s.options.Address
	if s.simulated != nil {
		host, err := s.simulated.Addr(ctx) // which chose its port itself
		if err != nil {
			return address.Address{}, err
		}
		return at.WithHost(host), nil
	}
	if s.passwordFile == "" {
		return at, nil
	}
	password, err := os.ReadFile(s.passwordFile)
	if err != nil {
		return address.Address{}, &video.Fault{
			State: citywatch.CameraBadCredentials,
			Err:   fmt.Errorf("the password of %s cannot be read: %w", s.username, err),
		}
	}
	return at.WithCredentials(s.username, string(bytes.TrimSpace(password))), nil
}
