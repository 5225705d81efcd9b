//go:build !linux

package ffmpeg

import (
	"syscall"
	"time"
)

func confined() *syscall.SysProcAttr { return nil }

// limits are what a child may take. Elsewhere than on Linux they are not
// enforced; a child whose parent is gone ends at the end of its input.
type limits struct {
	memory int
	cpu    time.Duration
	nice   int
}

func (l limits) apply(int) error { return nil }
