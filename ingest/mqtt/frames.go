package mqtt

import (
	"bufio"
	"errors"
	"io"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"citywatch"
)

// maxPacket is how much of a packet is read: the longest topic, and more than
// the largest payload that is taken. MQTT allows 256 MB, and the client would
// hold all of it, twice.
const maxPacket = 1<<16 + 2*citywatch.MaxPayload

var errPacket = errors.New("the broker sent what is not MQTT")

// frames passes on a stream of packets, with messages that are too large cut:
// they are refused all the same, by the size that is left.
type frames struct {
	in     *bufio.Reader
	header [5]byte
	ready  []byte // of the header, to be read
	body   int    // bytes of the packet to be read after the header
	excess int    // bytes behind those to be thrown away
}

func (f *frames) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(f.ready) == 0 && f.body == 0 {
		if err := f.next(); err != nil {
			return 0, err
		}
	}
	if len(f.ready) > 0 {
		n := copy(p, f.ready)
		f.ready = f.ready[n:]
		return n, nil
	}
	n, err := f.in.Read(p[:min(len(p), f.body)])
	f.body -= n
	return n, err
}

// next reads the next packet's header: its kind and its length, of which seven
// bits stand in each byte.
func (f *frames) next() error {
	if f.excess > 0 {
		n, err := f.in.Discard(f.excess)
		f.excess -= n
		if err != nil {
			return err
		}
	}
	kind, err := f.in.ReadByte()
	if err != nil {
		return err
	}
	f.header[0] = kind
	size := 0
	for i := 1; ; i++ {
		b, err := f.in.ReadByte()
		if err != nil {
			return unexpected(err)
		}
		size |= int(b&0x7f) << (7 * (i - 1))
		f.header[i] = b
		if b < 0x80 {
			f.ready = f.header[:i+1]
			break
		}
		if i == 4 {
			return errPacket
		}
	}
	f.body = size
	if size > maxPacket {
		if kind>>4 != packets.Publish {
			return errPacket
		}
		f.body, f.excess = maxPacket, size-maxPacket
		f.header = [5]byte{kind, maxPacket&0x7f | 0x80, maxPacket>>7&0x7f | 0x80, maxPacket >> 14 & 0x7f}
		f.ready = f.header[:4]
	}
	return nil
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
