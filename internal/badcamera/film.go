package badcamera

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"

	"citywatch/internal/servertest"
)

// Rate is how many frames a second the films have.
const Rate = 10

// A Film is what a camera sends, again and again: access units of H.264 or
// H.265, as an encoder made them.
type Film struct {
	Codec  string // as SDP names it
	Frames []Frame
	// Sets are the parameter sets that it begins with.
	Sets [][]byte
}

// A Frame is one access unit.
type Frame struct {
	// NALs are without start codes. A key frame's begin with the parameter
	// sets.
	NALs [][]byte
	Key  bool
	// Show is the place of the frame in the order of showing.
	Show int
}

// Films are those that the cases play, by name.
type Films map[string]*Film

// The films that Shoot makes. Each has four key frames or more that differ, but
// filmLong, which has one.
const (
	filmPlain   = "plain"     // no B-frames, one slice
	filmOther   = "other"     // the same in another size
	filmB       = "b-frames"  // two between others
	filmSlices  = "slices"    // four a frame
	filmLong    = "long"      // a minute with one key frame
	filmCRA     = "cra"       // H.265, its key frames are CRA, with leading frames
	filmNLP     = "idr-n-lp"  // H.265, its key frames are IDR_N_LP
	filmTwoSize = "two-sizes" // filmPlain and filmOther in turns
)

// Shoot makes the films with ffmpeg. It takes about a second, for all tests
// that share them.
func Shoot(t servertest.T) Films {
	t.Helper()
	ffmpeg := servertest.Program(t, "run `make test` or `apt-get install ffmpeg`", "ffmpeg")
	const x264 = "scenecut=0:b-pyramid=none"
	const x265 = "log-level=none:info=0:scenecut=0:pools=none:frame-threads=1:b-adapt=0:b-pyramid=0:"
	h264 := func(seconds, size string, more ...string) []string {
		return append([]string{"-t", seconds, "-s", size, "-c:v", "libx264", "-preset", "veryfast", "-x264-params", x264}, more...)
	}
	h265 := func(params string) []string {
		return []string{"-t", "4.8", "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", x265 + params}
	}
	films := Films{}
	dir := t.TempDir()
	args := []string{
		"-nostdin", "-hide_banner", "-v", "error", "-y",
		"-f", "lavfi", "-t", "60", "-i", "testsrc2=size=160x96:rate=10",
	}
	outputs := map[string][]string{
		filmPlain:  h264("4", "160x96", "-g", "10", "-bf", "0"),
		filmOther:  h264("4", "192x112", "-g", "10", "-bf", "0"),
		filmB:      h264("4", "160x96", "-g", "10", "-bf", "2", "-b_strategy", "0"),
		filmSlices: h264("4", "160x96", "-g", "10", "-bf", "0", "-slices", "4"),
		filmLong:   h264("60", "160x96", "-g", "1000", "-bf", "0"),
		filmCRA:    h265("keyint=12:min-keyint=12:bframes=2:open-gop=1"),
		filmNLP:    h265("keyint=10:min-keyint=10:bframes=0:open-gop=0"),
	}
	for name, coder := range outputs {
		form := "h264"
		films[name] = &Film{Codec: "H264"}
		if name == filmCRA || name == filmNLP {
			form, films[name] = "hevc", &Film{Codec: "H265"}
		}
		args = append(append(append(args, "-map", "0:v"), coder...),
			"-pix_fmt", "yuv420p", "-threads", "1", "-f", form, filepath.Join(dir, name))
	}
	if out, err := exec.Command(ffmpeg, args...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	for name, film := range films {
		stream, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatalf("film: %v", err)
		}
		film.cut(stream)
	}
	films[filmCRA].skip() // its first key frame is an IDR
	films[filmTwoSize] = films[filmPlain].then(films[filmOther])
	return films
}

// cut takes a byte stream (Annex B) apart.
func (f *Film) cut(stream []byte) {
	var frame Frame
	pictures := 0
	end := func() {
		if pictures > 0 {
			f.Frames = append(f.Frames, frame)
			frame, pictures = Frame{}, 0
		}
	}
	for _, nal := range units(stream) {
		picture := f.isPicture(nal)
		if pictures > 0 && (!picture || f.begins(nal)) {
			end()
		}
		if picture {
			pictures++
			frame.Key = frame.Key || f.isKey(nal)
		}
		frame.NALs = append(frame.NALs, nal)
	}
	end()
	f.order()
	for _, nal := range f.Frames[0].NALs {
		if f.isSet(nal) {
			f.Sets = append(f.Sets, nal)
		}
	}
}

// units splits a byte stream at its start codes.
func units(stream []byte) [][]byte {
	var nals [][]byte
	for _, piece := range bytes.Split(stream, []byte{0, 0, 1}) {
		if piece = bytes.TrimRight(piece, "\x00"); len(piece) > 0 {
			nals = append(nals, piece)
		}
	}
	return nals
}

// order finds the order of showing. Frames that no other refers to are shown
// before the one that was sent ahead of them.
func (f *Film) order() {
	next, held := 0, -1
	show := func(i int) {
		if i >= 0 {
			f.Frames[i].Show = next
			next++
		}
	}
	for i := range f.Frames {
		if f.disposable(&f.Frames[i]) {
			show(i)
			continue
		}
		show(held)
		held = i
	}
	show(held)
}

func (f *Film) disposable(frame *Frame) bool {
	for _, nal := range frame.NALs {
		if f.isPicture(nal) {
			if f.Codec == "H265" {
				return f.kind(nal) < 16 && f.kind(nal)%2 == 0
			}
			return nal[0]>>5 == 0
		}
	}
	return false
}

// skip drops what is before the second key frame.
func (f *Film) skip() {
	for i := range f.Frames {
		if i > 0 && f.Frames[i].Key {
			f.Frames = f.Frames[i:]
			break
		}
	}
	f.order()
}

// then returns a film of both.
func (f *Film) then(other *Film) *Film {
	both := &Film{Codec: f.Codec, Sets: f.Sets}
	both.Frames = append(append(both.Frames, f.Frames...), other.Frames...)
	both.order()
	return both
}

// kind returns the type of a NAL unit.
func (f *Film) kind(nal []byte) byte {
	if f.Codec == "H265" {
		return nal[0] >> 1 & 0x3f
	}
	return nal[0] & 0x1f
}

func (f *Film) isPicture(nal []byte) bool {
	if f.Codec == "H265" {
		return f.kind(nal) < 32
	}
	return f.kind(nal) == 1 || f.kind(nal) == 5
}

func (f *Film) isKey(nal []byte) bool {
	if f.Codec == "H265" {
		return f.kind(nal) >= 16 && f.kind(nal) <= 21
	}
	return f.kind(nal) == 5
}

func (f *Film) isSet(nal []byte) bool {
	if f.Codec == "H265" {
		return f.kind(nal) >= 32 && f.kind(nal) <= 34
	}
	return f.kind(nal) == 7 || f.kind(nal) == 8
}

// begins reports whether the NAL unit is the first slice of a picture.
func (f *Film) begins(nal []byte) bool {
	if f.Codec == "H265" {
		return nal[2]&0x80 != 0
	}
	return nal[1]&0x80 != 0
}
