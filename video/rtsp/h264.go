package rtsp

import (
	"bytes"

	"github.com/bluenviron/gortsplib/v5/pkg/format/rtph264"
	"github.com/bluenviron/mediacommon/v2/pkg/bits"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"

	"citywatch/video"
)

const (
	// maxParameterSet is what a parameter set may have; those in use have
	// under 200 bytes.
	maxParameterSet = 4 << 10
	// maxSide is in pixels.
	maxSide = 16384
	// sliceI and sliceSI refer to no other picture.
	sliceI  = 2
	sliceSI = 4
	// maxPPS is how many picture parameter sets of one stream are kept.
	maxPPS = 16
	// maxReorder is the most that the standards allow.
	maxReorder = 16
	// videoRate is of the clock of all video, 1/s.
	videoRate = 90000
)

// h264Syntax is the syntax of H.264.
type h264Syntax struct {
	sps   []byte
	info  h264.SPS
	pps   map[uint32][]byte // by id
	ppsID uint32            // the one that key frames use
	// One of these, or none if frames are sent as they are shown.
	reorder *reorder
	counts  *h264.DTSExtractor
	units   [2][]byte // what counts is given
}

func newH264(sps, pps []byte) *h264Syntax {
	x := &h264Syntax{pps: map[uint32][]byte{}}
	x.setSPS(sps)
	if id, ok := h264PPSID(pps); ok {
		x.ppsID = id
		x.setPPS(pps)
	}
	return x
}

func (x *h264Syntax) fresh() depacketizer {
	return &rtph264.Decoder{PacketizationMode: 1}
}

func (x *h264Syntax) track() (video.Track, bool) {
	pps := x.pps[x.ppsID]
	if x.sps == nil || pps == nil {
		return video.Track{}, false
	}
	return video.Track{Codec: video.H264, SPS: x.sps, PPS: pps, Width: x.info.Width(), Height: x.info.Height()}, true
}

func (x *h264Syntax) parse(nals [][]byte) (frame, error) {
	f := frame{data: nals[:0]}
	for _, nal := range nals {
		if len(nal) < 2 || nal[0]&0x80 != 0 {
			return f, errSyntax
		}
		switch h264.NALUType(nal[0] & 0x1f) {
		case h264.NALUTypeIDR, h264.NALUTypeNonIDR:
			if err := x.slice(&f, nal); err != nil {
				return f, err
			}
			f.data = append(f.data, nal)
		case h264.NALUTypeSEI:
			f.data = append(f.data, nal)
		case h264.NALUTypeSPS:
			x.setSPS(nal)
		case h264.NALUTypePPS:
			// Further ones, which few cameras have, stay: a track has room for
			// the one that key frames use.
			if id, ok := x.setPPS(nal); ok && id != x.ppsID {
				f.data = append(f.data, nal)
			}
		case h264.NALUTypeDataPartitionA, h264.NALUTypeDataPartitionB, h264.NALUTypeDataPartitionC:
			return f, errSyntax // of the extended profile, which nothing shows
		default:
			// Delimiters, filler, auxiliary pictures, extensions: a picture is
			// whole without them.
		}
	}
	if f.slice == nil {
		f.data = nil
	}
	return f, nil
}

// slice looks at the header of a slice.
func (x *h264Syntax) slice(f *frame, nal []byte) error {
	if f.slice != nil {
		return nil
	}
	header, pos := nal[1:], 0
	firstMB, err := bits.ReadGolombUnsigned(header, &pos)
	if err != nil {
		return errSyntax
	}
	if firstMB != 0 {
		return errNoFirst
	}
	kind, err1 := bits.ReadGolombUnsigned(header, &pos)
	pps, err2 := bits.ReadGolombUnsigned(header, &pos)
	if err1 != nil || err2 != nil || kind > 9 || pps > 255 {
		return errSyntax
	}
	f.slice = nal
	if h264.NALUType(nal[0]&0x1f) == h264.NALUTypeIDR {
		if k := kind % 5; k != sliceI && k != sliceSI {
			return errSyntax // nobody could begin with it
		}
		f.key = true
		x.ppsID = pps
	}
	return nil
}

// setSPS keeps the parameter set if it is valid, and new.
func (x *h264Syntax) setSPS(nal []byte) {
	if bytes.Equal(nal, x.sps) || len(nal) < 4 || len(nal) > maxParameterSet {
		return
	}
	info, err := parseSPS264(nal)
	if err != nil {
		return
	}
	x.sps, x.info = bytes.Clone(nal), info
	x.reorder, x.counts = nil, nil
	depth, known := reorder264(&info)
	switch {
	case !known:
		// From the pictures' own count of the order in which they are shown.
		x.counts = &h264.DTSExtractor{}
		x.counts.Initialize()
	case depth > 0:
		x.reorder = newReorder(depth, info.FPS())
	}
}

func parseSPS264(nal []byte) (info h264.SPS, err error) {
	defer recovered(&err)
	if err := info.Unmarshal(nal); err != nil {
		return info, err
	}
	return info, checkSize(info.Width(), info.Height())
}

func checkSize(width, height int) error {
	if width < 16 || height < 16 || width > maxSide || height > maxSide {
		return errDimension
	}
	return nil
}

// reorder264 returns how many frames may be sent before one that is shown
// earlier, if that is said.
func reorder264(info *h264.SPS) (depth int, known bool) {
	const baseline = 66
	if info.ProfileIdc == baseline || info.PicOrderCntType == 2 {
		return 0, true
	}
	if info.VUI == nil || info.VUI.BitstreamRestriction == nil {
		return 0, false
	}
	return int(min(info.VUI.BitstreamRestriction.MaxNumReorderFrames, maxReorder)), true
}

// setPPS keeps the parameter set if it is valid.
func (x *h264Syntax) setPPS(nal []byte) (id uint32, ok bool) {
	id, ok = h264PPSID(nal)
	if !ok || len(x.pps) >= maxPPS && x.pps[id] == nil {
		return 0, false
	}
	if !bytes.Equal(x.pps[id], nal) {
		x.pps[id] = bytes.Clone(nal)
	}
	return id, true
}

func h264PPSID(nal []byte) (uint32, bool) {
	if len(nal) < 2 || len(nal) > maxParameterSet || h264.NALUType(nal[0]&0x1f) != h264.NALUTypePPS {
		return 0, false
	}
	pos := 0
	id, err1 := bits.ReadGolombUnsigned(nal[1:], &pos)
	_, err2 := bits.ReadGolombUnsigned(nal[1:], &pos)
	return id, err1 == nil && err2 == nil && id <= 255
}

func (x *h264Syntax) order(f frame, pts int64) (int64, error) {
	switch {
	case x.reorder != nil:
		return x.reorder.dts(pts), nil
	case x.counts == nil:
		return pts, nil
	}
	// Only the sets and the head of the first slice are read.
	units := append(x.units[:0], f.slice)
	if f.key {
		units = append(x.units[:0], x.sps, f.slice)
	}
	return x.counts.Extract(units, pts)
}
