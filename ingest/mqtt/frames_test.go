package mqtt

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"citywatch"
)

func publishPacket(t testing.TB, topic, payload string) []byte {
	t.Helper()
	p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	p.Qos, p.MessageID, p.TopicName, p.Payload = 1, 7, topic, []byte(payload)
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func newFrames(data []byte) *frames {
	return &frames{in: bufio.NewReaderSize(iotest.OneByteReader(bytes.NewReader(data)), 16)}
}

func TestGiantPacketIsCutAndTheNextIsWhole(t *testing.T) {
	topic := strings.Repeat("t", 65535)
	stream := publishPacket(t, "a", "first")
	stream = append(stream, publishPacket(t, topic, strings.Repeat("x", 3<<20))...)
	stream = append(stream, publishPacket(t, "b", "last")...)
	f := newFrames(stream)
	var got []*packets.PublishPacket
	for {
		p, err := packets.ReadPacket(f)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, p.(*packets.PublishPacket))
	}
	if len(got) != 3 || string(got[0].Payload) != "first" || string(got[2].Payload) != "last" || got[2].TopicName != "b" {
		t.Fatalf("read %d packets", len(got))
	}
	cut := got[1]
	if cut.TopicName != topic || cut.MessageID != 7 {
		t.Error("the cut packet lost its topic or its number")
	}
	if n := len(cut.Payload); n <= citywatch.MaxPayload || n > maxPacket {
		t.Errorf("%d bytes of payload are left; it must still be too large", n)
	}
}

func TestWhatIsNotMQTT(t *testing.T) {
	for name, data := range map[string][]byte{
		"a length of five bytes":     {0x30, 0x80, 0x80, 0x80, 0x80, 0x01},
		"a giant that is no message": {packets.Suback << 4, 0xff, 0xff, 0xff, 0x7f},
	} {
		if _, err := io.ReadAll(newFrames(data)); !errors.Is(err, errPacket) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := io.ReadAll(newFrames([]byte{0x30})); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("half a header: %v", err)
	}
}

func FuzzFrames(f *testing.F) {
	f.Add(publishPacket(f, "city/disaster/g1", `{"values":{"n":1}}`))
	f.Add([]byte{0x20, 2, 0, 0, 0xd0, 0})
	f.Add([]byte{0x30, 0xff, 0xff, 0xff, 0x7f, 1, 2, 3})
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := io.ReadAll(newFrames(data))
		if err == nil && !hasGiant(data) && !bytes.Equal(got, data) {
			t.Errorf("passed on %x of %x", got, data)
		}
	})
}

// hasGiant reports whether data has a packet that is too large.
func hasGiant(data []byte) bool {
	for len(data) > 0 {
		size, n := binary.Uvarint(data[1:]) // the same encoding
		if n <= 0 || size > maxPacket {
			return true
		}
		data = data[min(len(data), 1+n+int(size)):]
	}
	return false
}
