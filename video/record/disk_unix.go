//go:build unix

package record

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// space returns what an ordinary user may still write on dir's disk, and what it
// holds in all.
func space(dir string) (free, total int64, err error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, 0, err
	}
	block := int64(st.Bsize) //nolint:unconvert // an int64 on Linux only
	return int64(st.Bavail) * block, int64(st.Blocks) * block, nil
}

// noRoom says that a write failed because the disk, or the user's share of it,
// is full.
func noRoom(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// lock keeps a second process out of the folder: it would take the segments
// that the first writes for those of a crash. The lock goes with the process,
// however it ends.
func lock(root *os.Root) (unlock func() error, err error) {
	f, err := root.OpenFile("lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("the recordings in %s are in use by another process (is citywatch already running there?)", root.Name())
	}
	return f.Close, nil
}
