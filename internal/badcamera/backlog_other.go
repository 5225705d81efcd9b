//go:build !linux

package badcamera

import "net"

// shrink does nothing: connections then are made, and nobody takes them.
func shrink(net.Listener) {}
