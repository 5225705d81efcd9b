package record_test

import (
	"bufio"
	"context"
	"encoding/gob"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"citywatch/video"
	"citywatch/video/record"
)

// killDir is set in the environment of the child process that records until it
// is killed.
const killDir = "CITYWATCH_TEST_RECORD"

// A saved is footage as the child reads it.
type saved struct {
	Tracks []video.Track
	Units  []video.Unit
	Length time.Duration
}

// recordForEver records footage as a camera would send it, over and over, and
// prints when each picture arrived.
func recordForEver(dir string) error {
	file, err := os.Open(filepath.Join(dir, "footage"))
	if err != nil {
		return err
	}
	var f saved
	if err := gob.NewDecoder(file).Decode(&f); err != nil {
		return err
	}
	s := newScript()
	rec := record.New(record.Options{Dir: filepath.Join(dir, "recordings"), Segment: 10 * time.Second, MinFreeBytes: 1, MinFreePercent: 1e-9}, record.Deps{
		Cameras:   map[string]record.Policy{"cam": {Keep: time.Hour}},
		Subscribe: func(string) (record.Stream, error) { return s, nil },
	})
	go func() {
		fmt.Fprintln(os.Stderr, rec.Run(context.Background()))
		os.Exit(1)
	}()
	s.items <- video.Item{Tracks: f.Tracks}
	began := time.Now()
	for round := time.Duration(0); ; round += f.Length {
		for _, u := range f.Units {
			u.DTS, u.PTS = u.DTS+round, u.PTS+round
			time.Sleep(time.Until(began.Add(u.DTS)))
			u.Arrived = time.Now()
			s.items <- video.Item{Unit: u}
			fmt.Println(u.Arrived.UnixNano())
		}
	}
}

// TestKill kills the process while it records, at moments that fall anywhere
// within a part: what is lost is that part, and what is on the disk plays as it
// is.
func TestKill(t *testing.T) {
	t.Parallel()
	f := film(t, "-f lavfi -i testsrc2=size=640x360:rate=25:duration=2 -c:v libx264 -g 25 -b:v 2M "+fast)
	dir := t.TempDir()
	file, err := os.Create(filepath.Join(dir, "footage"))
	if err != nil {
		t.Fatal(err)
	}
	if err := gob.NewEncoder(file).Encode(saved{f.tracks, f.units, f.length}); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	recordings := filepath.Join(dir, "recordings")
	for _, after := range []time.Duration{2400 * time.Millisecond, 1950 * time.Millisecond} {
		last := killAfter(t, dir, after)
		left := unfinished(t, recordings)
		l := probeFile(t, left)
		s := open(t, set{Options: record.Options{Dir: recordings}})
		list, err := s.rec.Intervals("cam", last.Add(-time.Minute), last.Add(time.Minute))
		if err != nil || len(list) == 0 {
			t.Fatalf("intervals %v, %v", list, err)
		}
		lost := last.Sub(list[len(list)-1].To)
		if lost > 1200*time.Millisecond {
			t.Errorf("%v are lost", lost)
		}
		_, data := s.clip("cam", list[len(list)-1].From, list[len(list)-1].To)
		if again := probe(t, data); again.Frames["video"] != l.Frames["video"] {
			t.Errorf("%d pictures in the clip, %d in what the kill left", again.Frames["video"], l.Frames["video"])
		}
		if names := files(t, recordings); len(names) == 0 || names[len(names)-1] == left {
			t.Errorf("what the kill left is still not finished: %v", names)
		}
		s.stop()
		t.Logf("killed %v after the start: %d pictures play, the last %v are lost", after, l.Frames["video"], lost.Round(time.Millisecond))
	}
}

// killAfter runs the child and kills it; it returns when the last picture came
// that it surely had.
func killAfter(t *testing.T, dir string, after time.Duration) time.Time {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), killDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var last int64
	armed := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if !armed {
			armed = true
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
		if last, err = strconv.ParseInt(lines.Text(), 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	_ = cmd.Wait() // killed
	if last == 0 {
		t.Fatal("nothing was recorded")
	}
	return time.Unix(0, last)
}

// files returns the segments in a folder of recordings, in order.
func files(t testing.TB, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(name) == ".mp4" {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// unfinished returns the segment that has no length yet.
func unfinished(t *testing.T, dir string) string {
	t.Helper()
	for _, name := range files(t, dir) {
		if len(filepath.Base(name)) == len("20261122T070000.120Z.mp4") {
			return name
		}
	}
	t.Fatalf("no unfinished segment among %v", files(t, dir))
	return ""
}
