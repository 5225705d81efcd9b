package record_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"citywatch"
	"citywatch/video"
	"citywatch/video/record"
)

// still is footage of an H.264 camera whose pictures nobody looks at: a key
// frame a second, four pictures a second.
func still(length time.Duration) footage {
	f := footage{length: length, tracks: []video.Track{{
		Codec: video.H264, Width: 320, Height: 180,
		SPS: []byte{0x67, 0x42, 0xc0, 0x0d, 0xda, 0x05, 0x06, 0xc0, 0x44, 0, 0, 3, 0, 4, 0, 0, 3, 0, 0xc8, 0x3c, 0x50, 0xaa, 0x80},
		PPS: []byte{0x68, 0xce, 0x0f, 0xc8},
	}}}
	for at := time.Duration(0); at < length; at += 250 * time.Millisecond {
		key := at%time.Second == 0
		data := make([]byte, 500)
		data[0] = 0x41
		if key {
			data[0] = 0x65
		}
		f.units = append(f.units, video.Unit{Data: [][]byte{data}, DTS: at, PTS: at, Key: key})
	}
	return f
}

// run shoots footage as long as a clock runs on, in a bubble.
func (s *studio) run(id string, length time.Duration) {
	f := still(length)
	began := time.Now()
	s.begin(id, f)
	for _, u := range f.units {
		time.Sleep(time.Until(began.Add(u.DTS)))
		u.Arrived = time.Now()
		s.scripts[id].items <- video.Item{Unit: u}
	}
	s.settle(id, f)
}

// TestRetentionIsExact holds that nothing older than it may be is on the disk,
// nor anything deleted that is younger by a segment's length.
func TestRetentionIsExact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, set{keep: 10 * time.Minute})
		began := time.Now()
		s.run("cam", 9*time.Minute)
		for time.Since(began) < 21*time.Minute {
			time.Sleep(1700 * time.Millisecond)
			oldest := time.Time{}
			for _, name := range files(t, s.dir) {
				start, err := time.Parse("20060102T150405.000Z", filepath.Base(name)[:20])
				if err != nil {
					t.Fatal(err)
				}
				if oldest.IsZero() || start.Before(oldest) {
					oldest = start
				}
			}
			age := time.Since(oldest)
			recorded := time.Since(began) < 19*time.Minute-time.Second
			switch {
			case !oldest.IsZero() && age > 10*time.Minute+time.Second:
				t.Fatalf("after %v there is something %v old", time.Since(began), age)
			case recorded && time.Since(began) > 10*time.Minute && age < 10*time.Minute-31*time.Second:
				t.Fatalf("after %v the oldest is only %v old: more than a segment of 30 s was deleted early", time.Since(began), age)
			}
		}
		if names := files(t, s.dir); len(names) > 0 {
			t.Errorf("still there: %v", names)
		}
		if _, err := os.Stat(filepath.Join(s.dir, "cam")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the empty folders are still there: %v", err)
		}
	})
}

// TestFormerCameras holds that the recordings of a camera that is no longer
// configured go when they would have.
func TestFormerCameras(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, set{Options: record.Options{Dir: dir}, ids: []string{"former"}, keep: time.Hour})
		s.run("former", time.Minute)
		s.stop()
		s = open(t, set{Options: record.Options{Dir: dir}, ids: []string{"cam"}})
		began := time.Now()
		list, err := s.rec.Intervals("former", began.Add(-time.Hour), began)
		if err != nil || len(list) != 1 {
			t.Fatalf("intervals %v, %v", list, err)
		}
		time.Sleep(58 * time.Minute)
		if names := files(t, dir); len(names) != 1 {
			t.Errorf("gone too early: %v", names)
		}
		time.Sleep(2 * time.Minute)
		if names := files(t, dir); len(names) != 0 {
			t.Errorf("still there: %v", names)
		}
		if _, err := s.rec.Intervals("former", began.Add(-time.Hour), began); !errors.Is(err, record.ErrNoRecording) {
			t.Errorf("intervals of a camera of which nothing is left: %v", err)
		}
	})
}

// TestClipKeepsWhatItReads holds that retention waits for a clip, and not for
// ever.
func TestClipKeepsWhatItReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, set{keep: 10 * time.Minute})
		began := time.Now()
		s.run("cam", 2*time.Minute)
		clip := func() *record.Clip {
			c, err := s.rec.Clip("cam", began, began.Add(2*time.Minute))
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		closed, left := clip(), clip()
		time.Sleep(30 * time.Minute)
		if n := len(files(t, s.dir)); n != 4 {
			t.Fatalf("%d segments while a clip reads 4", n)
		}
		if n, err := io.Copy(io.Discard, closed); err != nil || n != closed.Size {
			t.Errorf("read %d of %d bytes: %v", n, closed.Size, err)
		}
		if err := closed.Close(); err != nil {
			t.Error(err)
		}
		time.Sleep(2 * time.Second)
		if n := len(files(t, s.dir)); n != 4 {
			t.Fatalf("%d segments while another clip reads 4", n)
		}
		time.Sleep(31 * time.Minute)
		if names := files(t, s.dir); len(names) != 0 {
			t.Errorf("a clip that nobody reads on keeps %v", names)
		}
		if _, err := io.Copy(io.Discard, left); !errors.Is(err, record.ErrGone) {
			t.Errorf("reading what is gone: %v", err)
		}
		if err := left.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestStallIsWritten holds that what came before a camera fell silent is not
// kept waiting in memory, and that the silence is no recording.
func TestStallIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, set{})
		began := time.Now()
		f := still(time.Minute)
		s.begin("cam", f)
		send := func(u video.Unit) {
			u.Arrived = time.Now()
			s.scripts["cam"].items <- video.Item{Unit: u}
		}
		for _, u := range f.units[:10] { // 2.5 s
			time.Sleep(time.Until(began.Add(u.DTS)))
			send(u)
		}
		time.Sleep(3 * time.Second)
		list, err := s.rec.Intervals("cam", began, began.Add(time.Hour))
		if err != nil || len(list) != 1 || list[0].To.Sub(list[0].From) != 2500*time.Millisecond {
			t.Errorf("intervals %v, %v, want 2.5 s", list, err)
		}
		if v := s.rec.Values("cam", time.Now()); len(v) != 1 || v[0].Number != 1 {
			t.Errorf("values %v while it has just been recorded", v)
		}
		time.Sleep(20 * time.Second)
		if v := s.rec.Values("cam", time.Now()); len(v) != 1 || v[0].Number != 0 {
			t.Errorf("values %v long after the last was recorded", v)
		}
		for _, u := range f.units[100:140] { // from 25 s on
			time.Sleep(time.Until(began.Add(u.DTS)))
			send(u)
		}
		s.settle("cam", f)
		list, err = s.rec.Intervals("cam", began, began.Add(time.Hour))
		if err != nil || len(list) != 2 || list[1].From.Sub(began) < 24*time.Second {
			t.Errorf("intervals %v, %v, want two", list, err)
		}
		c, err := s.rec.Clip("cam", began, began.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if len(c.Holes) != 1 || c.Holes[0].From != list[0].To || c.Holes[0].To != list[1].From {
			t.Errorf("holes %v between %v", c.Holes, list)
		}
	})
}

// TestReadings holds that the recorder tells how it is, and at once when that
// changes.
func TestReadings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, set{ids: []string{"a", "b"}})
		s.run("a", 25*time.Second)
		synctest.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		r := s.readings[len(s.readings)-1]
		if r.Class != citywatch.CameraRecorderClass || r.Device != citywatch.RecorderID || r.Time.IsZero() || r.Arrived.IsZero() {
			t.Errorf("reading %+v", r)
		}
		cameras, _ := r.Number("cameras")
		free, _ := r.Number("free")
		state, _ := r.Text("state")
		if cameras != 1 || free <= 0 || state != string(record.OK) {
			t.Errorf("values %v", r.Values)
		}
		if n := len(s.readings); n < 2 || n > 4 {
			t.Errorf("%d readings in 25 s", n)
		}
	})
}

// TestBrokenFolder holds that a camera that cannot be written hurts no other,
// and is recorded once it can.
func TestBrokenFolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, set{Options: record.Options{Dir: dir}, ids: []string{"bad", "good"}})
		if err := os.WriteFile(filepath.Join(dir, "bad"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		done := make(chan bool)
		go func() { s.run("good", 40*time.Second); done <- true }()
		go func() {
			time.Sleep(20 * time.Second)
			if state := s.state(); state != record.Failing {
				t.Errorf("state %q while a camera cannot be recorded", state)
			}
			if err := os.Remove(filepath.Join(dir, "bad")); err != nil {
				t.Error(err)
			}
		}()
		began := time.Now()
		s.run("bad", 40*time.Second)
		<-done
		for id, want := range map[string]time.Duration{"good": 40 * time.Second, "bad": 13 * time.Second} {
			list, err := s.rec.Intervals(id, began, began.Add(time.Hour))
			if err != nil || len(list) != 1 || list[0].To.Sub(list[0].From) < want {
				t.Errorf("%s: intervals %v, %v, want %v", id, list, err, want)
			}
		}
		time.Sleep(11 * time.Second)
		if state := s.state(); state != record.OK {
			t.Errorf("state %q when all is well again", state)
		}
	})
}

// TestClockLeap holds that a clock that is set wrong for a moment does not cost
// the recordings.
func TestClockLeap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		real := time.Now()
		s := open(t, set{keep: time.Hour, now: real})
		follow := func(by, length time.Duration) { // lets the clock run, off by so much
			for range length / time.Second {
				s.setNow(time.Now().Add(by))
				time.Sleep(time.Second)
			}
		}
		f := still(time.Minute)
		s.begin("cam", f)
		s.shoot("cam", f, 0, real)
		s.settle("cam", f)
		follow(0, 5*time.Second)
		follow(24*365*time.Hour, 5*time.Minute)
		if n := len(files(t, s.dir)); n != 1 {
			t.Errorf("%d segments after the clock was wrong for five minutes", n)
		}
		follow(0, 30*time.Minute)
		if n := len(files(t, s.dir)); n != 1 {
			t.Errorf("%d segments after the clock was set right", n)
		}
		follow(0, 40*time.Minute)
		if n := len(files(t, s.dir)); n != 0 {
			t.Errorf("%d segments that are too old", n)
		}
	})
}

// TestMisdated holds that what was recorded while the clock was ahead does not
// stay until that time comes.
func TestMisdated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		at := time.Now().Add(24 * 365 * time.Hour).UTC()
		folder := filepath.Join(dir, "cam", at.Format("2006-01-02"))
		if err := os.MkdirAll(folder, 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, at.Format("20060102T150405.000Z")+"_60000ms.mp4"), nil, 0o640); err != nil {
			t.Fatal(err)
		}
		open(t, set{Options: record.Options{Dir: dir}, keep: time.Hour})
		time.Sleep(59 * time.Minute)
		if n := len(files(t, dir)); n != 1 {
			t.Errorf("%d segments before it is too old", n)
		}
		time.Sleep(2 * time.Minute)
		if n := len(files(t, dir)); n != 0 {
			t.Errorf("%d segments after it was there for too long", n)
		}
	})
}
