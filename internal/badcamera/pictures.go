package badcamera

import (
	"bytes"
	"time"
)

// pictures are the cases in which what it sends is sound, or nearly, and not
// everyday.
func pictures() []Case {
	return []Case{
		works("b-frames", "B-frames", how{film: filmB}),
		works("four-slices", "four slices a frame", how{film: filmSlices}),
		works("four-slices-marked", "four slices a frame, each marked as the last", how{film: filmSlices, packets: func(_ *stream, sound []*packet) []*packet {
			for _, p := range sound {
				p.marker = p.marker || len(p.payload) < maxPayload
			}
			return sound
		}}),
		works("cra-only", "H.265 whose key frames are all CRA", how{film: filmCRA}),
		works("idr-n-lp", "H.265 whose key frames are all IDR_N_LP", how{film: filmNLP}),
		works("no-sprop", "parameter sets only in the stream", how{noSprop: true}),
		works("no-sprop-h265", "the same of H.265", how{film: filmNLP, noSprop: true}),
		works("sprop-only", "parameter sets only in the description", how{noSets: true}),
		fails("no-sets", "no parameter sets at all", noVideo, how{noSprop: true, noSets: true}),
		fails("no-sets-h265", "the same of H.265", noVideo, how{film: filmNLP, noSprop: true, noSets: true}),
		works("size-changes", "the size changes every four seconds", how{film: filmTwoSize}),
		works("key-frame-a-minute", "one key frame a minute", how{film: filmLong}),
		works("key-frame-late", "the first key frame comes after 12 s", how{film: filmLong, packets: func(s *stream, sound []*packet) []*packet {
			switch {
			case s.happened:
			case time.Since(s.began) >= 4*s.o.After:
				s.happened = true
				s.place = -1
				s.offset += 120 * 90000
			case s.place == 0:
				return nil
			}
			return sound
		}}),
		fails("sps-short", "an SPS of four bytes", noVideo, replaceSPS([]byte{0x67, 0x42, 0x00, 0x0a})),
		fails("sps-noise", "an SPS of noise", noVideo, replaceSPS(append([]byte{0x67}, bytes.Repeat([]byte{0xff, 0x5a}, 100)...))),
		fails("sps-no-size", "an SPS of a picture without a size", noVideo, replaceSPS(spsOf(1, 1, true))),
		fails("sps-huge", "an SPS of a picture of 65520 × 65520", noVideo, replaceSPS(spsOf(4095, 4095, false))),
	}
}

// replaceSPS has the stream's SPS be another; the description has none.
func replaceSPS(sps []byte) how {
	return how{noSprop: true, nal: func(s *stream, nal []byte) []byte {
		if s.film.kind(nal) == 7 {
			return sps
		}
		return nal
	}}
}

// spsOf returns an SPS of H.264's baseline profile, of so many macroblocks; if
// cropped, nothing of them is shown.
func spsOf(width, height uint, cropped bool) []byte {
	w := &bitWriter{}
	for _, v := range []uint{0, 0, 2, 1} { // id, frame numbers, order of showing, references
		w.golomb(v)
	}
	w.bit(0)
	w.golomb(width - 1)
	w.golomb(height - 1)
	w.bit(1) // frames only
	w.bit(0)
	if cropped {
		w.bit(1)
		for _, v := range []uint{4, 4, 4, 4} {
			w.golomb(v)
		}
	} else {
		w.bit(0)
	}
	w.bit(0) // no VUI
	w.bit(1) // the end
	return append([]byte{0x67, 66, 0, 30}, w.bytes...)
}

// A bitWriter writes bits, the highest first.
type bitWriter struct {
	bytes []byte
	used  int // bits
}

func (w *bitWriter) bit(b uint) {
	if w.used%8 == 0 {
		w.bytes = append(w.bytes, 0)
	}
	w.bytes[w.used/8] |= byte(b&1) << (7 - w.used%8)
	w.used++
}

func (w *bitWriter) golomb(v uint) {
	v++
	length := 0
	for v>>length > 1 {
		length++
	}
	for range length {
		w.bit(0)
	}
	for i := length; i >= 0; i-- {
		w.bit(v >> i)
	}
}
