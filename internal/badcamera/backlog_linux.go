package badcamera

import (
	"net"
	"syscall"
)

// shrink makes the listener's backlog as small as can be.
func shrink(l net.Listener) {
	raw, err := l.(*net.TCPListener).SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { _ = syscall.Listen(int(fd), 0) })
}
