package video_test

import (
	"testing"
	"testing/synctest"
	"time"

	"citywatch"
	"citywatch/video"
)

func TestWellCamera(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, one(playing(stream{}.play)), video.Options{}, video.Deps{})
		st := b.expect(30*time.Second, "a", citywatch.CameraOnline)
		if st.FPS == nil || *st.FPS < 24.9 || *st.FPS > 25.1 {
			t.Errorf("fps %v", st.FPS)
		}
		if st.Codec != "H264" || st.Width != 640 || st.Height != 360 {
			t.Errorf("%s %dx%d", st.Codec, st.Width, st.Height)
		}
		sub, err := b.Subscribe("a", video.Sub)
		if err != nil {
			t.Fatal(err)
		}
		defer sub.Close()
		it, err := sub.Next(t.Context())
		if err != nil || len(it.Tracks) != 1 {
			t.Fatal(it, err)
		}
		it, err = sub.Next(t.Context())
		if err != nil || !it.Unit.Key || it.Gap {
			t.Fatal(it, err)
		}
		b.stop()
	})
}
