package badcamera_test

import (
	"bytes"
	"context"
	"regexp"
	"testing"

	"citywatch/internal/badcamera"
	"citywatch/video"
)

// TestFilms holds the films to what the cases that play them say of them.
func TestFilms(t *testing.T) {
	films := badcamera.Shoot(t)
	for name, want := range map[string]struct {
		frames, keys int  // frames is 0 where the encoder may choose
		key          byte // first byte of its slices
		slices       int  // of each frame
		reordered    bool
		leading      bool
	}{
		"plain":     {frames: 40, keys: 4, key: 0x65, slices: 1},
		"other":     {frames: 40, keys: 4, key: 0x65, slices: 1},
		"two-sizes": {frames: 80, keys: 8, key: 0x65, slices: 1},
		"b-frames":  {frames: 40, keys: 4, key: 0x65, slices: 1, reordered: true},
		"slices":    {frames: 40, keys: 4, key: 0x65, slices: 4},
		"long":      {frames: 600, keys: 1, key: 0x65, slices: 1},
		"cra":       {keys: 3, key: 21 << 1, slices: 1, reordered: true, leading: true},
		"idr-n-lp":  {frames: 48, keys: 5, key: 20 << 1, slices: 1},
	} {
		t.Run(name, func(t *testing.T) {
			film := films[name]
			if want.frames != 0 && len(film.Frames) != want.frames || !film.Frames[0].Key || len(film.Sets) < 2 {
				t.Fatalf("%d frames, the first a key frame: %v, %d parameter sets", len(film.Frames), film.Frames[0].Key, len(film.Sets))
			}
			var keys [][]byte
			shown := map[int]bool{}
			reordered, leading := false, false
			for i, f := range film.Frames {
				shown[f.Show] = true
				reordered = reordered || f.Show != i
				if pictures := pictures(film.Codec, f); len(pictures) != want.slices {
					t.Errorf("frame %d has %d slices", i, len(pictures))
				}
				last := f.NALs[len(f.NALs)-1]
				leading = leading || film.Codec == "H265" && (last[0]>>1 == 8 || last[0]>>1 == 9)
				if f.Key {
					keys = append(keys, last)
				}
			}
			if reordered != want.reordered || leading != want.leading || len(shown) != len(film.Frames) {
				t.Errorf("reordered %v, with leading frames %v, %d of %d shown", reordered, leading, len(shown), len(film.Frames))
			}
			if len(keys) != want.keys {
				t.Errorf("%d key frames", len(keys))
			}
			for i, key := range keys {
				if key[0] != want.key || i > 0 && bytes.Equal(key, keys[i-1]) {
					t.Errorf("key frame %d begins %#x, or is as the one before", i, key[0])
				}
			}
		})
	}
}

// pictures returns the slices of a frame.
func pictures(codec string, f badcamera.Frame) [][]byte {
	var slices [][]byte
	for _, nal := range f.NALs {
		kind := nal[0] & 0x1f
		if codec == "H265" {
			kind = nal[0] >> 1
		}
		if codec == "H265" && kind < 32 || codec == "H264" && (kind == 1 || kind == 5) {
			slices = append(slices, nal)
		}
	}
	return slices
}

// The names of cases are used as ids of cameras, and in addresses.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range badcamera.Cases() {
		if seen[c.Name] || !regexp.MustCompile(`^[a-z0-9-]+$`).MatchString(c.Name) || c.About == "" || c.Want == "" {
			t.Errorf("case %+v", c.Name)
		}
		seen[c.Name] = true
		if found, ok := badcamera.Find(c.Name); !ok || found.About != c.About {
			t.Errorf("%s is not found", c.Name)
		}
	}
	if _, ok := badcamera.Find("no such case"); ok || len(seen) < 100 {
		t.Errorf("%d cases", len(seen))
	}
}

// What finds a goroutine that a session leaves behind does find one.
func TestLabelled(t *testing.T) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	w := &witness{name: "leaves-one", source: leak{stop: stop, stopped: stopped}}
	_ = w.Play(t.Context(), nobody{})
	if left := labelled(t)["leaves-one"]; left != 1 {
		t.Errorf("%d goroutines were found", left)
	}
	close(stop)
	<-stopped
	if !eventually(func() bool { return labelled(t)["leaves-one"] == 0 }) {
		t.Error("it is still there")
	}
}

// A leak is a source that leaves a goroutine behind.
type leak struct{ stop, stopped chan struct{} }

// Play implements video.Source.
func (l leak) Play(context.Context, video.Sink) error {
	go func() {
		defer close(l.stopped)
		<-l.stop
	}()
	return nil
}
