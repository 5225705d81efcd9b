package snapshot_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"citywatch/video"
	"citywatch/video/snapshot"
)

// gallery is Snapshots that take thumbnails of MJPEG cameras.
type gallery struct {
	*snapshot.Snapshots
	cameras *cameras
	dir     string
}

func newGallery(dir string, ids ...string) *gallery {
	g := &gallery{cameras: new(cameras), dir: dir}
	g.Snapshots = snapshot.New(snapshot.Options{Dir: dir}, snapshot.Deps{Cameras: ids, KeyFrame: g.cameras.KeyFrame})
	return g
}

// run runs for so long, in the bubble's time.
func (g *gallery) run(t *testing.T, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := g.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Run: %v", err)
	}
}

func (g *gallery) all(t *testing.T, id string) []time.Time {
	t.Helper()
	times, err := g.Thumbnails(id, time.Time{}, time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return times
}

func TestAThumbnailEachMinuteOfWhatIsNew(t *testing.T) {
	data := photo(t, image.YCbCrSubsampleRatio420, 640, 480)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		g := newGallery(dir, "lively", "gone", "old", "silent")
		begin := time.Now()
		g.cameras.set("old", at(mjpeg(data), begin.Add(-2*time.Minute)))
		g.cameras.set("gone", at(mjpeg(data), begin))
		stop := make(chan struct{})
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				g.cameras.set("lively", at(mjpeg(data), time.Now()))
				select {
				case <-stop:
					return
				case <-time.After(2 * time.Second):
				}
			}
		}()
		synctest.Wait()
		g.run(t, 5*time.Minute)
		close(stop)
		<-done

		for id, want := range map[string]int{"lively": 5, "gone": 1, "old": 0, "silent": 0} {
			times := g.all(t, id)
			if len(times) != want || !slices.IsSortedFunc(times, time.Time.Compare) {
				t.Errorf("%s: %d thumbnails %v, want %d", id, len(times), times, want)
			}
		}
		if gone := g.all(t, "gone"); len(gone) == 1 && !gone[0].Equal(begin.Truncate(time.Millisecond)) {
			t.Errorf("a picture of %v is kept as one of %v", begin, gone[0])
		}
		half, err := g.Thumbnails("lively", begin.Add(90*time.Second), begin.Add(210*time.Second))
		if err != nil || len(half) != 2 {
			t.Errorf("%v, %v in two minutes, want 2", half, err)
		}
	})
}

func TestThumbnailsAreFoundAgainAfterARestart(t *testing.T) {
	data := photo(t, image.YCbCrSubsampleRatio420, 640, 480)
	dir := filepath.Join(t.TempDir(), "thumbnails")
	const odd = "../a b/:ñ"
	synctest.Test(t, func(t *testing.T) {
		g := newGallery(dir, odd)
		if times := g.all(t, odd); len(times) > 0 {
			t.Errorf("before the first: %v", times)
		}
		if _, err := g.Thumbnail(odd, time.Now()); !errors.Is(err, snapshot.ErrNoThumbnail) {
			t.Errorf("before the first: %v, want ErrNoThumbnail", err)
		}
		g.cameras.set(odd, at(mjpeg(data), time.Now()))
		g.run(t, 10*time.Second)

		again := newGallery(dir)
		times := again.all(t, odd)
		if len(times) != 1 {
			t.Fatalf("%v after a restart, want one", times)
		}
		p, err := again.Thumbnail(odd, times[0])
		if err != nil || p.Width != 320 || p.Height != 240 || !p.At.Equal(times[0]) {
			t.Errorf("%dx%d of %v, %v", p.Width, p.Height, p.At, err)
		}
		for _, at := range []time.Time{times[0].Add(time.Millisecond), times[0].Add(-time.Hour)} {
			if _, err := again.Thumbnail(odd, at); !errors.Is(err, snapshot.ErrNoThumbnail) {
				t.Errorf("at %v: %v, want ErrNoThumbnail", at, err)
			}
		}
	})
	entries, err := os.ReadDir(filepath.Dir(dir))
	if err != nil || len(entries) != 1 {
		t.Errorf("%v, %v: something was written beside the folder", entries, err)
	}
}

func TestOldAndUnfinishedThumbnailsAreRemoved(t *testing.T) {
	data := photo(t, image.YCbCrSubsampleRatio420, 640, 480)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		g := newGallery(dir, "a")
		for i := range 30 { // an hour apart
			g.cameras.set("a", at(mjpeg(data), time.Now()))
			g.run(t, 10*time.Second)
			if i < 29 {
				time.Sleep(time.Hour)
			}
		}
		write := func(name string) {
			t.Helper()
			if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		stamp := func(ago time.Duration) string {
			return time.Now().Add(-ago).UTC().Format("20060102T150405.000Z") + ".jpg"
		}
		write("c-a/" + stamp(time.Minute) + ".part")
		write("c-a/" + stamp(2*time.Minute)) // a power cut's
		write("c-a/notes.txt")
		write("c-removed/" + stamp(30*time.Hour))
		write("other/" + stamp(30*time.Hour))
		g.run(t, 70*time.Second)

		times := g.all(t, "a")
		if len(times) != 25 || time.Since(times[0]) > 24*time.Hour {
			t.Errorf("%d thumbnails since %v are kept, want those of a day", len(times), times[0])
		}
		if _, err := g.Thumbnail("a", times[len(times)-1]); err != nil && !errors.Is(err, snapshot.ErrNoThumbnail) {
			t.Errorf("an empty file: %v", err)
		}
	})
	var left []string
	for _, pattern := range []string{"c-a/*.part", "c-a/*.txt", "c-removed", "other/*"} {
		found, _ := filepath.Glob(filepath.Join(dir, pattern))
		left = append(left, fmt.Sprint(len(found)))
	}
	if !slices.Equal(left, []string{"0", "1", "0", "1"}) {
		t.Errorf("left over: %v unfinished, foreign, of removed cameras, elsewhere", left)
	}
}

func TestWhatCannotBeKeptIsSaidOnceAndOutlasted(t *testing.T) {
	data := photo(t, image.YCbCrSubsampleRatio420, 640, 480)
	dir := t.TempDir()
	// Where the camera's folder belongs lies a file: that stops root too.
	if err := os.WriteFile(filepath.Join(dir, "c-a"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		c := new(cameras)
		s := snapshot.New(snapshot.Options{Dir: dir}, snapshot.Deps{
			Cameras: []string{"a"}, KeyFrame: func(id string) (video.KeyFrame, error) {
				c.set(id, at(mjpeg(data), time.Now()))
				return c.KeyFrame(id)
			}, Log: logTo(&said),
		})
		g := &gallery{Snapshots: s, cameras: c, dir: dir}
		g.run(t, 5*time.Minute)
		if n := bytes.Count(said.Bytes(), []byte("\n")); n != 1 {
			t.Errorf("said %d times in five minutes, want once:\n%s", n, &said)
		}
		if err := os.Remove(filepath.Join(dir, "c-a")); err != nil {
			t.Fatal(err)
		}
		g.run(t, 2*time.Minute)
		if times := g.all(t, "a"); len(times) == 0 {
			t.Error("no thumbnail is kept though it could be again")
		}
	})
}
