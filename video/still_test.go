package video

import (
	"testing"
	"time"
)

// picture is a key frame of H.264: a message with a clock, and a slice.
func picture(clock, content byte) [][]byte {
	return [][]byte{{0x06, 5, clock}, {0x65, content, content}}
}

func TestFrozenPicture(t *testing.T) {
	const none = 0
	for _, c := range []struct {
		name   string
		frames []byte // contents, 2 s apart
		frozen int    // from which one on; 0 never
		every  time.Duration
	}{
		{"moving", []byte{1, 2, 3, 4, 5, 6, 7, 8, 9}, none, 2 * time.Second},
		{"the same", []byte{1, 2, 3, 3, 3, 3, 3, 3, 3, 3}, 8, 2 * time.Second},
		{"numbered alternately", []byte{1, 2, 3, 4, 3, 4, 3, 4, 3, 4}, 8, 2 * time.Second},
		{"a picture that comes back", []byte{1, 2, 1, 3, 1, 4, 1, 5, 1, 6}, none, 2 * time.Second},
		{"thrice the same, 5 s apart", []byte{1, 2, 2, 2, 2, 3}, 5, 5 * time.Second},
		{"twice the same, a minute apart", []byte{1, 2, 2, 2, 3}, none, time.Minute},
		{"the same for less than 10 s", []byte{1, 2, 2, 2, 2, 2, 2, 2, 2, 2}, none, time.Second},
	} {
		s := newStill()
		first := none
		for i, content := range c.frames {
			s.key(H264, picture(byte(i), content), noon.Add(time.Duration(i)*c.every))
			switch {
			case s.frozen() && first == none:
				first = i + 1
			case !s.frozen() && first != none && content == c.frames[i-1]:
				t.Errorf("%s: thawed at the same picture", c.name)
			}
			if s.frozen() && s.moved() {
				t.Errorf("%s: frozen, and moved", c.name)
			}
		}
		if first != c.frozen {
			t.Errorf("%s: frozen from the %d. key frame on, want %d", c.name, first, c.frozen)
		}
	}
}

func TestFrozenPictureThawsAtOnce(t *testing.T) {
	s := newStill()
	for i := range 20 {
		s.key(H264, picture(byte(i), 1), noon.Add(time.Duration(i)*time.Second))
	}
	if !s.frozen() {
		t.Fatal("not frozen")
	}
	s.key(H264, picture(21, 2), noon.Add(21*time.Second))
	if s.frozen() || !s.moved() {
		t.Error("still frozen")
	}
}

func TestOnlyPicturesAreCompared(t *testing.T) {
	for _, c := range []struct {
		codec Codec
		nalu  []byte
		want  bool
	}{
		{H264, []byte{0x65}, true}, {H264, []byte{0x61}, true}, {H264, []byte{0x06}, false}, {H264, nil, false},
		{H265, []byte{20 << 1, 1}, true}, {H265, []byte{39 << 1, 1}, false}, {MJPEG, []byte{0xff}, true},
	} {
		if got := isPicture(c.codec, c.nalu); got != c.want {
			t.Errorf("%s %x: %v", c.codec, c.nalu, got)
		}
	}
}

func BenchmarkStill(b *testing.B) {
	s := newStill()
	data := [][]byte{make([]byte, 100_000)}
	data[0][0] = 0x65
	b.ReportAllocs()
	b.SetBytes(int64(len(data[0])))
	for b.Loop() {
		s.key(H264, data, noon)
	}
}
