package record_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"citywatch/internal/servertest"
	"citywatch/video"
	"citywatch/video/record"
)

// TestDiskFull runs itself in a mount namespace of its own, with a small disk.
func TestDiskFull(t *testing.T) {
	const inside = "CITYWATCH_RECORD_TEST_DISK"
	if dir := os.Getenv(inside); dir != "" {
		for name, min := range map[string]int64{"nearly": 3 << 20, "really": 1} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				disk := filepath.Join(dir, name)
				if err := os.Mkdir(disk, 0o700); err != nil {
					t.Fatal(err)
				}
				if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=8m"); err != nil {
					t.Fatal(err)
				}
				defer syscall.Unmount(disk, syscall.MNT_DETACH) //nolint:errcheck // the namespace goes anyway
				fillAndFree(t, disk, min)
			})
		}
		return
	}
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDiskFull$", "-test.v")
	cmd.Env = append(os.Environ(), inside+"="+t.TempDir())
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	if err := cmd.Start(); err != nil {
		servertest.Missing(t, "a mount namespace", "run the tests where user namespaces are allowed: "+err.Error())
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// A feeder sends footage of a camera for ever: half a megabyte a minute, which
// it takes a moment for.
type feeder struct {
	s    *studio
	id   string
	film footage
	sent int
}

func newFeeder(s *studio, id string) *feeder {
	f := still(time.Minute)
	for i := range f.units {
		data := make([]byte, 2_000)
		data[0] = f.units[i].Data[0][0]
		f.units[i].Data = [][]byte{data}
	}
	s.begin(id, f)
	return &feeder{s: s, id: id, film: f}
}

// at is how far it has come.
func (f *feeder) at() time.Duration {
	n := len(f.film.units)
	return time.Duration(f.sent/n)*f.film.length + f.film.units[f.sent%n].DTS
}

func (f *feeder) minute() { f.seconds(60) }

func (f *feeder) seconds(n int) {
	for range 4 * n {
		u := f.film.units[f.sent%len(f.film.units)]
		u.DTS, u.PTS = f.at(), f.at()
		u.Arrived = epoch.Add(u.DTS)
		f.s.scripts[f.id].items <- video.Item{Unit: u}
		f.sent++
	}
}

// fillAndFree holds that the oldest of all cameras go for what comes, that
// recording stops when none is left, and goes on when there is room.
func fillAndFree(t *testing.T, disk string, min int64) {
	s := open(t, set{
		Options: record.Options{Dir: filepath.Join(disk, "recordings"), Segment: 20 * time.Second, MinFreeBytes: min, MinFreePercent: 1e-9},
		ids:     []string{"a", "b"},
	})
	a, b := newFeeder(s, "a"), newFeeder(s, "b")
	from := func(id string) time.Duration {
		list, err := s.rec.Intervals(id, epoch, epoch.Add(24*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			return -1
		}
		return list[0].From.Sub(epoch)
	}
	to := func(id string) time.Duration {
		list, err := s.rec.Intervals(id, epoch, epoch.Add(24*time.Hour))
		if err != nil || len(list) == 0 {
			return 0
		}
		return list[len(list)-1].To.Sub(epoch)
	}
	b.minute()
	eventually(t, "the oldest are deleted", func() bool {
		a.minute()
		b.minute()
		time.Sleep(400 * time.Millisecond)
		return from("b") > time.Minute && from("a") > 30*time.Second
	})
	if got := (from("a") - from("b")).Abs(); got > 3*time.Minute {
		t.Errorf("the oldest of a is %v from that of b", got)
	}

	filler := filepath.Join(disk, "filler")
	full := fill(t, filler)
	eventually(t, "recording has stopped", func() bool {
		a.minute()
		time.Sleep(200 * time.Millisecond)
		// While others fill what is deleted, that goes on by and by.
		return s.state() == record.DiskFull && (min == 1 || from("b") < 0)
	})
	a0, b0 := a.at(), b.at()
	if v := s.rec.Values("b", time.Now().Add(time.Minute)); v[0].Number != 0 {
		t.Errorf("values %v of a camera that is not recorded", v)
	}
	full()
	freed := time.Now()
	eventually(t, "recording goes on", func() bool {
		a.seconds(5)
		b.seconds(5)
		time.Sleep(100 * time.Millisecond)
		return s.state() == record.OK && to("a") > a0 && to("b") > b0
	})
	t.Logf("recording went on %v after there was room", time.Since(freed).Round(10*time.Millisecond))
	for _, id := range []string{"a", "b"} {
		list, err := s.rec.Intervals(id, epoch, epoch.Add(24*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range list {
			if i.To.Sub(i.From) < time.Hour {
				s.clip(id, i.From, i.To) // is whole
			}
		}
	}
}

// fill takes all room there is, and what becomes free, until what it returns is
// called.
func fill(t *testing.T, name string) (empty func()) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		block := make([]byte, 16<<10)
		for ctx.Err() == nil {
			if _, err := f.Write(block); err != nil {
				time.Sleep(5 * time.Millisecond)
			}
		}
		done <- errors.Join(f.Close(), os.Remove(name))
	}()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
