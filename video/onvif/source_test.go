package onvif

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	"citywatch"
	"citywatch/video"
	"citywatch/video/address"
)

func decode64(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// played is a video.Source that ends at once, or with its context.
type played struct {
	err    error
	starts chan struct{}
}

func (p played) Play(ctx context.Context, _ video.Sink) error {
	if p.err != nil {
		return p.err
	}
	p.starts <- struct{}{}
	<-ctx.Done()
	return ctx.Err()
}

// TestSourceAsksOnceUntilItFails plays, fails, and plays again.
func TestSourceAsksOnceUntilItFails(t *testing.T) {
	c := openCamera(t, "tapo")
	o := c.options()
	o.Quality = video.Sub
	failure := errors.New("it stopped")
	var at []string
	next := played{starts: make(chan struct{}, 1)}
	o.Play = func(a address.Address) video.Source {
		at = append(at, c.stripped(a.Reveal()))
		return next
	}
	s := New(o)
	stopped := func() {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Play(ctx, nil) }()
		<-next.starts
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
	}
	stopped()
	asked := len(c.log())
	stopped()
	if n := len(c.log()); n != asked {
		t.Errorf("it was asked again after a session that did not fail: %v", c.log()[asked:])
	}
	next.err = failure
	if err := s.Play(t.Context(), nil); !errors.Is(err, failure) {
		t.Errorf("it ended with %v", err)
	}
	next.err = nil
	stopped()
	if n := len(c.log()); n == asked {
		t.Error("it was not asked again after a session that failed")
	}
	want := "rtsp://viewer:canary-p%40ss%2Fw%3Ard@CAMERA:554/stream2"
	if slices.ContainsFunc(at, func(a string) bool { return a != want }) || len(at) != 4 {
		t.Errorf("played %q", at)
	}
}

func TestSourceFaults(t *testing.T) {
	gone := openCamera(t, "tapo")
	wrong, blind := openCamera(t, "hikvision"), openCamera(t, "tapo")
	wrong.pass = "another"
	blind.answers["1 GetProfiles"] = `<s:Envelope xmlns:s="x"><s:Body><GetProfilesResponse/></s:Body></s:Envelope>`
	closed := gone.options()
	gone.Close()
	for _, c := range []struct {
		options Options
		want    citywatch.CameraState
	}{
		{wrong.options(), citywatch.CameraBadCredentials},
		{blind.options(), citywatch.CameraUnsupported},
		{closed, citywatch.CameraUnreachable},
	} {
		err := New(c.options).Play(t.Context(), nil)
		var f *video.Fault
		if !errors.As(err, &f) || f.State != c.want || strings.Contains(err.Error(), "canary") {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}
