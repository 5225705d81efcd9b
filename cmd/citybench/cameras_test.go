package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"citywatch/internal/config"
	"citywatch/internal/servertest"
)

// TestCameraSiteIsValid holds the generated configuration against citywatch's
// own check.
func TestCameraSiteIsValid(t *testing.T) {
	for _, n := range []int{0, fleetSize} {
		dir := t.TempDir()
		f := &fleet{rtsp: "127.0.0.1:8554"}
		if err := writeCameraSite(dir, "tcp://127.0.0.1:1883", f, n); err != nil {
			t.Fatal(err)
		}
		site, err := config.Load(filepath.Join(dir, "citywatch.yaml"), config.Overrides{})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(site.Cameras.Cameras); got != n {
			t.Errorf("%d cameras, want %d", got, n)
		}
	}
}

// TestFleetSendsTheClip pulls one camera of a small fleet with the bare loop.
func TestFleetSendsTheClip(t *testing.T) {
	file := servertest.Media(t, "clip.h264", "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25", "-t", "4",
		"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-bf", "0", "-g", "50", "-x264-params", "aud=1")
	f := &fleet{rtsp: servertest.FreeAddr(t), http: servertest.FreeAddr(t)}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- cameraFleet(ctx, []string{"-clip", file, "-rtsp", f.rtsp, "-http", f.http}) }()
	eventually(t, func() bool { _, err := f.look(ctx); return err == nil })

	var frames atomic.Int64
	pulling, done := context.WithCancel(ctx)
	pulled := make(chan error, 1)
	go func() { pulled <- pullOne(pulling, f.url(3), &frames) }()
	eventually(t, func() bool { return frames.Load() >= clipRate })
	if a, err := f.look(ctx); err != nil || a.viewers != 1 || a.missed != 0 || a.taken == 0 {
		t.Errorf("the fleet tells of %+v, %v", a, err)
	}
	done()
	if err := <-pulled; err != nil {
		t.Errorf("pulling ended with %v", err)
	}
	eventually(t, func() bool { a, err := f.look(ctx); return err == nil && a.viewers == 0 })
	stop()
	if err := <-served; !errors.Is(err, http.ErrServerClosed) && err != nil {
		t.Errorf("serving ended with %v", err)
	}
}

func eventually(t *testing.T, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if is() {
			return
		}
	}
	t.Fatal("not within 20 s")
}

func TestReadClipRefusesWhatIsNone(t *testing.T) {
	noise, err := os.ReadFile("cameras_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range [][]byte{nil, noise, {0, 0, 0, 1, 9, 0xf0}} {
		if c, err := readClip(data); err == nil {
			t.Errorf("%d bytes are a clip of %d frames", len(data), len(c.frames))
		}
	}
}

func TestHasBox(t *testing.T) {
	fragment := []byte("\x00\x00\x00\x09stypX\x00\x00\x00\x08moof\x00\x00\x00\x08mdat")
	for kind, want := range map[string]bool{"styp": true, "moof": true, "mdat": true, "ftyp": false, "free": false} {
		if hasBox(fragment, kind) != want {
			t.Errorf("%s: %t", kind, !want)
		}
	}
	if hasBox([]byte("\xff\xff\xff\xffxxxxmoof"), "moof") || hasBox([]byte("\x00\x00\x00\x00xxxxmoofmoof"), "moof") || hasBox(nil, "moof") {
		t.Error("what is no box was taken for one")
	}
}
