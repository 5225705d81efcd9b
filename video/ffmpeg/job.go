package ffmpeg

import (
	"fmt"
	"strconv"

	"citywatch/video"
)

// A Job is what a child makes of the frames it is fed. Its words are arguments
// of ffmpeg: they come from this program, never from a camera or a request.
type Job struct {
	// Codec is that of the frames; see Append.
	Codec video.Codec
	// Decode are options of the input and its decoder.
	Decode []string
	// Encode are the filters, the encoder and the format of the output.
	Encode []string
}

// args returns the child's whole command line.
func (j Job) args() ([]string, error) {
	demuxer, decoder, ok := format(j.Codec)
	if !ok {
		return nil, fmt.Errorf("ffmpeg: %q: %w", j.Codec, ErrCodec)
	}
	args := []string{
		"-nostdin", "-hide_banner", "-nostats", "-loglevel", "error",
		"-filter_threads", "1",
		"-f", demuxer, "-protocol_whitelist", "pipe",
		"-format_whitelist", demuxer, "-codec_whitelist", decoder,
		"-threads", "1", "-max_pixels", strconv.Itoa(MaxPixels),
	}
	args = append(args, j.Decode...)
	args = append(args, "-i", "pipe:0", "-map", "0:v:0", "-threads", "1")
	args = append(args, j.Encode...)
	return append(args, "pipe:1"), nil
}

// format returns the names of the demuxer and the decoder of a codec's frames
// as Append writes them.
func format(c video.Codec) (demuxer, decoder string, ok bool) {
	switch c {
	case video.H264:
		return "h264", "h264", true
	case video.H265:
		return "hevc", "hevc", true
	case video.MJPEG:
		return "mjpeg", "mjpeg", true
	default:
		return "", "", false
	}
}

// Append appends one unit to dst as a child is fed with it: H.264 and H.265
// with start codes (Annex B), a key frame with the track's parameter sets
// before it, MJPEG as it is.
//
// An access unit delimiter follows each unit, so that the child does not wait
// for the next one to know that this one is whole.
func Append(dst []byte, t *video.Track, u *video.Unit) []byte {
	var sets [3][]byte
	var delimiter string
	switch t.Codec {
	case video.H264:
		sets, delimiter = [3][]byte{t.SPS, t.PPS}, "\x00\x00\x00\x01\x09\xf0"
	case video.H265:
		sets, delimiter = [3][]byte{t.VPS, t.SPS, t.PPS}, "\x00\x00\x00\x01\x46\x01\x50"
	default:
		for _, d := range u.Data {
			dst = append(dst, d...)
		}
		return dst
	}
	if u.Key {
		for _, set := range sets {
			if len(set) > 0 {
				dst = appendNAL(dst, set)
			}
		}
	}
	for _, nal := range u.Data {
		dst = appendNAL(dst, nal)
	}
	return append(dst, delimiter...)
}

func appendNAL(dst, nal []byte) []byte {
	dst = append(dst, 0, 0, 0, 1)
	return append(dst, nal...)
}
