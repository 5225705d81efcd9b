package journal_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"citywatch/internal/journal"
)

// TestDiskFull runs itself in a mount namespace of its own, with a small disk.
func TestDiskFull(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	const inside = "CITYWATCH_JOURNAL_TEST_DISK"
	if dir := os.Getenv(inside); dir != "" {
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64m"); err != nil {
			t.Fatal(err)
		}
		t.Run("nearly", func(t *testing.T) { fillAndFree(t, filepath.Join(dir, "nearly"), 16<<20, 8<<20) })
		t.Run("really", func(t *testing.T) { fillAndFree(t, filepath.Join(dir, "really"), 1, 0) })
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDiskFull$", "-test.v")
	cmd.Env = append(os.Environ(), inside+"="+t.TempDir())
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	if err := cmd.Start(); err != nil {
		t.Skipf("no mount namespace here: %v", err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// fillAndFree holds that a full disk is an error that says so, that it passes
// when there is room, and that nothing acknowledged suffers. All but leave
// bytes of the disk are filled.
func fillAndFree(t *testing.T, dir string, minFree, leave int64) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	j, err := journal.Open(ctx, journal.Options{Dir: dir, MinFree: minFree},
		journal.Deps{Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	acknowledged := map[uint64]bool{}
	add := func() error {
		seq, err := j.Append(ctx, 0, readings(500))
		if err == nil {
			acknowledged[seq] = true
		}
		return err
	}
	for range 20 {
		if err := add(); err != nil {
			t.Fatal(err)
		}
	}
	filler := dir + ".filler"
	fill(t, filler, leave)
	for err = nil; err == nil; err = add() {
		time.Sleep(10 * time.Millisecond)
	}
	if !errors.Is(err, journal.ErrDiskFull) && !errors.Is(err, journal.ErrUnavailable) {
		t.Errorf("a full disk is reported as %v", err)
	}
	for !errors.Is(j.Writable(ctx), journal.ErrDiskFull) {
		time.Sleep(10 * time.Millisecond) // until it was noticed
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	freed := time.Now()
	for add() != nil {
		if ctx.Err() != nil {
			t.Fatal("never writable again")
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Logf("full: %v; writable %v after there was room", err, time.Since(freed).Round(time.Millisecond))

	first, last, err := j.EntryBounds(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	r := j.Entries(0, first)
	defer r.Close()
	for seq := first; seq <= last; seq++ {
		e, err := r.Next(ctx)
		if err != nil || e.Seq != seq || len(e.Readings) != 500 {
			t.Fatalf("entry %d: %d with %d readings, %v", seq, e.Seq, len(e.Readings), err)
		}
		delete(acknowledged, seq)
	}
	if len(acknowledged) > 0 {
		t.Errorf("acknowledged and not there: %v", acknowledged)
	}
}

// fill takes all room but leave bytes.
func fill(t *testing.T, name string, leave int64) {
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 4096)
	for err == nil {
		var st syscall.Statfs_t
		if err := syscall.Statfs(filepath.Dir(name), &st); err != nil {
			t.Fatal(err)
		}
		if free := int64(st.Bavail) * st.Bsize; leave > 0 && free <= leave {
			return
		}
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(fmt.Errorf("filling the disk: %w", err))
	}
}
