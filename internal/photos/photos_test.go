package photos_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"citywatch/internal/photos"
)

// picture is red on the left and blue on the right, with green at the top.
func picture(t testing.TB, w, h int) image.Image {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{220, 20, 20, 255}
			if x >= w/2 {
				c = color.RGBA{20, 20, 220, 255}
			}
			if y < h/4 {
				c = color.RGBA{20, 220, 20, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

// shot is a JPEG with EXIF that says where it was taken and how it is turned.
func shot(t testing.TB, w, h, orientation int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture(t, w, h), nil); err != nil {
		t.Fatal(err)
	}
	tiff := []byte("II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00")
	tiff = append(tiff, byte(orientation), 0, 0, 0, 0, 0, 0, 0)
	tiff = append(tiff, "GPS 22.4856 N 103.9707 E Serial 4711"...)
	exif := append([]byte("Exif\x00\x00"), tiff...)
	out := append([]byte{0xFF, 0xD8, 0xFF, 0xE1}, binary.BigEndian.AppendUint16(nil, uint16(len(exif)+2))...)
	return append(append(out, exif...), b.Bytes()[2:]...)
}

func open(t testing.TB, dir string, o photos.Options, now func() time.Time) *photos.Store {
	t.Helper()
	s, err := photos.Open(dir, o, now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func of(alert string) photos.Photo {
	return photos.Photo{Alert: alert, By: "Lan", Taken: time.Now().Add(-time.Hour), Position: &orb.Point{103.97, 22.48}, Accuracy: 12}
}

func read(t testing.TB, s *photos.Store, alert, id string) []byte {
	t.Helper()
	_, f, err := s.Picture(alert, id)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAPhotoIsDrawnAnew(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, photos.Options{}, time.Now)
	sent := append(shot(t, 3000, 2000, 6), "<?php evil() ?>"...)
	p, err := s.Add(t.Context(), of("f1"), sent)
	if err != nil {
		t.Fatal(err)
	}
	if p.Width != 1365 || p.Height != 2048 || p.Bytes == 0 || p.Received.IsZero() || p.By != "Lan" || p.Accuracy != 12 {
		t.Errorf("kept %+v", p)
	}
	for _, store := range []*photos.Store{s, open(t, dir, photos.Options{}, time.Now)} { // the second is that after a kill
		data := read(t, store, "f1", p.ID)
		for _, gone := range []string{"GPS", "Exif", "4711", "evil"} {
			if bytes.Contains(data, []byte(gone)) {
				t.Errorf("%s is still in it", gone)
			}
		}
		img, err := jpeg.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		// Turned by 90° clockwise: the top is on the right, the left on top.
		r, g, b, _ := img.At(1300, 1000).RGBA()
		if g < r || g < b {
			t.Errorf("the right is %d %d %d", r>>8, g>>8, b>>8)
		}
		if r, g, b, _ := img.At(300, 300).RGBA(); r < g || r < b {
			t.Errorf("the top left is %d %d %d", r>>8, g>>8, b>>8)
		}
		if list := store.Of("f1"); len(list) != 1 || list[0].ID != p.ID || *list[0].Position != (orb.Point{103.97, 22.48}) {
			t.Errorf("the list is %+v", list)
		}
	}
}

func TestTheSamePictureIsTheSamePhoto(t *testing.T) {
	s := open(t, t.TempDir(), photos.Options{}, time.Now)
	one, err := s.Add(t.Context(), of("f1"), shot(t, 100, 80, 1))
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Add(t.Context(), of("f1"), shot(t, 100, 80, 1))
	if err != nil || again.ID != one.ID || !again.Received.Equal(one.Received) || len(s.Of("f1")) != 1 {
		t.Errorf("again it is %+v, %v", again, err)
	}
	other, err := s.Add(t.Context(), of("f2"), shot(t, 100, 80, 1))
	if err != nil || other.ID == one.ID {
		t.Errorf("of another alert it is %+v, %v", other, err)
	}
	if _, _, err := s.Picture("f2", one.ID); !errors.Is(err, photos.ErrNotFound) {
		t.Errorf("under another alert: %v", err)
	}
	if _, _, err := s.Picture("f1", "../photos"); !errors.Is(err, photos.ErrNotFound) {
		t.Errorf("outside: %v", err)
	}
}

func TestWhatIsNoPicture(t *testing.T) {
	s := open(t, t.TempDir(), photos.Options{MaxBytes: 100_000}, time.Now)
	var p bytes.Buffer
	if err := png.Encode(&p, picture(t, 20, 20)); err != nil {
		t.Fatal(err)
	}
	whole := shot(t, 400, 300, 1)
	huge := bytes.Clone(whole)
	if i := bytes.Index(huge, []byte{0xFF, 0xC0}); i > 0 {
		copy(huge[i+5:], []byte{0xFF, 0xFF, 0xFF, 0xFF}) // 65535 × 65535
	}
	for name, data := range map[string][]byte{
		"nothing": nil, "text": []byte("hello"), "png": p.Bytes(), "cut off": whole[:len(whole)/2], "huge": huge,
		"too large": make([]byte, 100_001), "tiny": shot(t, 8, 8, 1),
	} {
		if _, err := s.Add(t.Context(), of("f1"), data); !errors.Is(err, photos.ErrPicture) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(s.Of("f1")) != 0 {
		t.Error("something was kept")
	}
}

func TestPhotosAreKeptForATime(t *testing.T) {
	now := time.Now()
	dir := t.TempDir()
	s := open(t, dir, photos.Options{Keep: time.Hour}, func() time.Time { return now })
	old, err := s.Add(t.Context(), of("f1"), shot(t, 100, 80, 1))
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(59 * time.Minute)
	if _, err := s.Add(t.Context(), of("f1"), shot(t, 120, 80, 1)); err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * time.Minute)
	run(t, s)
	if list := s.Of("f1"); len(list) != 1 || list[0].ID == old.ID {
		t.Errorf("kept %+v", list)
	}
	if _, err := os.Stat(filepath.Join(dir, old.ID+".jpg")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its file: %v", err)
	}
}

func TestTheOldestGoForRoom(t *testing.T) {
	now := time.Now()
	s := open(t, t.TempDir(), photos.Options{MaxTotal: 5000}, func() time.Time { now = now.Add(time.Second); return now })
	for i := range 6 {
		if _, err := s.Add(t.Context(), of("f1"), shot(t, 100+i, 80, 1)); err != nil {
			t.Fatal(err)
		}
	}
	run(t, s)
	total := int64(0)
	for _, p := range s.Of("f1") {
		total += p.Bytes
		if p.Width == 100 {
			t.Error("the oldest is still there")
		}
	}
	if total > 5000 || total == 0 {
		t.Errorf("%d bytes are kept", total)
	}
}

// run lets the store tidy up once.
func run(t *testing.T, s *photos.Store) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestFilesOfAKillAreSweptAway(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, photos.Options{}, time.Now)
	p, err := s.Add(t.Context(), of("f1"), shot(t, 100, 80, 1))
	if err != nil {
		t.Fatal(err)
	}
	stray := filepath.Join(dir, "stray.jpg")
	if err := os.WriteFile(stray, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir, photos.Options{}, time.Now)
	if _, err := os.Stat(stray); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the stray: %v", err)
	}
	read(t, again, "f1", p.ID)
}

func FuzzAdd(f *testing.F) {
	f.Add(shot(f, 40, 30, 3))
	f.Add([]byte{0xFF, 0xD8, 0xFF, 0xE1, 0, 20, 'E', 'x', 'i', 'f', 0, 0, 'I', 'I'})
	s := open(f, f.TempDir(), photos.Options{}, time.Now)
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := s.Add(t.Context(), of("f"), data); err != nil && !errors.Is(err, photos.ErrPicture) && !errors.Is(err, photos.ErrFull) {
			t.Errorf("%+v, %v", p, err)
		}
	})
}
