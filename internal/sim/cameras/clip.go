package cameras

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/bluenviron/gortsplib/v5/pkg/format/rtph264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/pmp4"
	"github.com/pion/rtp"
)

// The clips: <camera>.mp4, and <camera>.still.mp4 for what one that freezes
// sends meanwhile.
//
//go:embed clips/*.mp4
var clips embed.FS

const (
	payloadType = 96
	clockRate   = 90000 // of RTP timestamps of video
)

// A clip is what a camera sees, ready to be sent again and again.
type clip struct {
	sps, pps []byte
	gops     []gop
}

// A gop is a key frame and the frames that need it. Every gop can follow every
// other, and itself: a key frame needs nothing, and between two key frames of
// one clip there is always another frame, so that their idr_pic_id may be equal.
type gop []frame

// A frame is the packets of one access unit, whose sequence numbers and
// timestamps are still to be set.
type frame struct {
	packets  []*rtp.Packet
	duration uint32 // in ticks of clockRate
}

// names returns the cameras that there are clips for, sorted.
func names() []string {
	files, err := fs.Glob(clips, "clips/*.mp4")
	if err != nil {
		panic(err) // the pattern is ours
	}
	var all []string
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".mp4")
		if !strings.HasSuffix(name, ".still") {
			all = append(all, name)
		}
	}
	return all
}

// load reads a clip.
func load(name string) (*clip, error) {
	src, err := clips.ReadFile("clips/" + name + ".mp4")
	if err != nil {
		return nil, err
	}
	c, err := parse(src)
	if err != nil {
		return nil, fmt.Errorf("clip %s: %w", name, err)
	}
	return c, nil
}

// parse reads an MP4 of one H.264 track without B-frames that begins with a key
// frame.
func parse(src []byte) (*clip, error) {
	var file pmp4.Presentation
	if err := file.Unmarshal(bytes.NewReader(src)); err != nil {
		return nil, err
	}
	if len(file.Tracks) != 1 {
		return nil, fmt.Errorf("%d tracks, want one", len(file.Tracks))
	}
	track := file.Tracks[0]
	codec, ok := track.Codec.(*codecs.H264)
	if !ok {
		return nil, fmt.Errorf("the codec is %T, want H.264", track.Codec)
	}
	c := &clip{sps: codec.SPS, pps: codec.PPS}
	encoder := &rtph264.Encoder{PayloadType: payloadType, PacketizationMode: 1}
	if err := encoder.Init(); err != nil {
		return nil, err
	}
	for i, s := range track.Samples {
		if s.PTSOffset != 0 {
			return nil, fmt.Errorf("frame %d is shown later than it is decoded: B-frames do not loop", i)
		}
		if !s.IsNonSyncSample {
			c.gops = append(c.gops, nil)
		}
		if len(c.gops) == 0 {
			return nil, fmt.Errorf("it does not begin with a key frame")
		}
		packets, err := c.packetise(s, encoder)
		if err != nil {
			return nil, fmt.Errorf("frame %d: %w", i, err)
		}
		last := &c.gops[len(c.gops)-1]
		*last = append(*last, frame{packets, uint32(uint64(s.Duration) * clockRate / uint64(track.TimeScale))})
	}
	return c, nil
}

// packetise returns the packets of one sample. As cameras do, it sends the
// parameter sets before each key frame, and nothing that only an encoder's
// author wants to read.
func (c *clip) packetise(s *pmp4.Sample, encoder *rtph264.Encoder) ([]*rtp.Packet, error) {
	payload, err := s.GetPayload()
	if err != nil {
		return nil, err
	}
	var nalus h264.AVCC
	if err := nalus.Unmarshal(payload); err != nil {
		return nil, err
	}
	var unit [][]byte
	if !s.IsNonSyncSample {
		unit = append(unit, c.sps, c.pps)
	}
	for _, n := range nalus {
		if t := h264.NALUType(n[0] & 0x1f); t == h264.NALUTypeIDR || t == h264.NALUTypeNonIDR {
			unit = append(unit, n)
		}
	}
	return encoder.Encode(unit)
}
