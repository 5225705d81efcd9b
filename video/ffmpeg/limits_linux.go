package ffmpeg

import (
	"errors"
	"fmt"
	"math"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// confined has the kernel end a child with the thread that started it, and
// keeps from it the signals that a terminal sends to citywatch.
func confined() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

// limits are what a child may take.
type limits struct {
	memory int           // bytes of address space
	cpu    time.Duration // of processor time; 0 is without end
	nice   int
}

// apply puts a child that has just been started under the limits.
func (l limits) apply(pid int) error {
	bounds := map[int]uint64{
		unix.RLIMIT_AS:     uint64(l.memory),
		unix.RLIMIT_CORE:   0,
		unix.RLIMIT_FSIZE:  0, // pipes do not count
		unix.RLIMIT_NOFILE: 64,
	}
	if l.cpu > 0 {
		bounds[unix.RLIMIT_CPU] = uint64(math.Ceil(l.cpu.Seconds()))
	}
	for resource, most := range bounds {
		err := unix.Prlimit(pid, resource, &unix.Rlimit{Cur: most, Max: most}, nil)
		if err != nil && !errors.Is(err, unix.ESRCH) { // gone already: Wait tells why
			return fmt.Errorf("limit the child: %w", err)
		}
	}
	// The group, for it holds all threads. A priority is a courtesy: where it
	// may not be changed, the child works at the usual one.
	_ = unix.Setpriority(unix.PRIO_PGRP, pid, l.nice)
	return nil
}
