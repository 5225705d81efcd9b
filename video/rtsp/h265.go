package rtsp

import (
	"bytes"

	"github.com/bluenviron/gortsplib/v5/pkg/format/rtph265"
	"github.com/bluenviron/mediacommon/v2/pkg/bits"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"

	"citywatch/video"
)

// h265Syntax is the syntax of H.265.
type h265Syntax struct {
	vps, sps []byte
	info     h265.SPS
	pps      map[uint32][]byte // by id
	ppsID    uint32            // the one that key frames use
	reorder  *reorder          // nil if frames are sent as they are shown
}

func newH265(vps, sps, pps []byte) *h265Syntax {
	x := &h265Syntax{pps: map[uint32][]byte{}}
	x.setVPS(vps)
	x.setSPS(sps)
	if id, ok := h265PPSID(pps); ok {
		x.ppsID = id
		x.setPPS(pps)
	}
	return x
}

func (x *h265Syntax) fresh() depacketizer { return &rtph265.Decoder{} }

func (x *h265Syntax) track() (video.Track, bool) {
	pps := x.pps[x.ppsID]
	if x.vps == nil || x.sps == nil || pps == nil {
		return video.Track{}, false
	}
	return video.Track{
		Codec: video.H265, VPS: x.vps, SPS: x.sps, PPS: pps,
		Width: x.info.Width(), Height: x.info.Height(),
	}, true
}

func nalType265(nal []byte) h265.NALUType { return h265.NALUType(nal[0] >> 1 & 0x3f) }

func (x *h265Syntax) parse(nals [][]byte) (frame, error) {
	f := frame{data: nals[:0]}
	for _, nal := range nals {
		if len(nal) < 2 || nal[0]&0x80 != 0 || nal[1]&7 == 0 {
			return f, errSyntax
		}
		if layer := nal[0]&1<<5 | nal[1]>>3; layer != 0 {
			continue // an enhancement, which nothing shows
		}
		switch t := nalType265(nal); {
		case t <= h265.NALUType_RASL_R, t >= h265.NALUType_BLA_W_LP && t <= h265.NALUType_CRA_NUT:
			if err := x.slice(&f, nal, t); err != nil {
				return f, err
			}
			f.data = append(f.data, nal)
		case t == h265.NALUType_PREFIX_SEI_NUT, t == h265.NALUType_SUFFIX_SEI_NUT:
			f.data = append(f.data, nal)
		case t == h265.NALUType_VPS_NUT:
			x.setVPS(nal)
		case t == h265.NALUType_SPS_NUT:
			x.setSPS(nal)
		case t == h265.NALUType_PPS_NUT:
			if id, ok := x.setPPS(nal); ok && id != x.ppsID {
				f.data = append(f.data, nal) // as with H.264
			}
		default:
			// Delimiters, filler, what is reserved.
		}
	}
	if f.slice == nil {
		f.data = nil
	}
	return f, nil
}

// slice looks at the header of a slice.
func (x *h265Syntax) slice(f *frame, nal []byte, t h265.NALUType) error {
	if f.slice != nil {
		return nil
	}
	if len(nal) < 3 {
		return errSyntax
	}
	if nal[2]&0x80 == 0 {
		return errNoFirst
	}
	header, pos := nal[2:], 1
	if t >= h265.NALUType_BLA_W_LP {
		pos++ // no_output_of_prior_pics_flag
	}
	pps, err := bits.ReadGolombUnsigned(header, &pos)
	if err != nil || pps > 63 {
		return errSyntax
	}
	f.slice = nal
	f.leading = t == h265.NALUType_RASL_N || t == h265.NALUType_RASL_R
	if t >= h265.NALUType_BLA_W_LP {
		f.key = true
		f.open = t == h265.NALUType_CRA_NUT
		x.ppsID = pps
	}
	return nil
}

func (x *h265Syntax) setVPS(nal []byte) {
	if len(nal) >= 6 && len(nal) <= maxParameterSet && nalType265(nal) == h265.NALUType_VPS_NUT && !bytes.Equal(nal, x.vps) {
		x.vps = bytes.Clone(nal)
	}
}

// setSPS keeps the parameter set if it is valid, and new.
func (x *h265Syntax) setSPS(nal []byte) {
	if bytes.Equal(nal, x.sps) || len(nal) < 6 || len(nal) > maxParameterSet {
		return
	}
	info, err := parseSPS265(nal)
	if err != nil {
		return
	}
	x.sps, x.info = bytes.Clone(nal), info
	x.reorder = nil
	// The last is that of all temporal layers together.
	if n := len(info.MaxNumReorderPics); n > 0 && info.MaxNumReorderPics[n-1] != 0 {
		x.reorder = newReorder(int(min(info.MaxNumReorderPics[n-1], maxReorder)), fps265(&info))
	}
}

func fps265(info *h265.SPS) float64 {
	if info.VUI == nil || info.VUI.TimingInfo == nil || info.VUI.TimingInfo.NumUnitsInTick == 0 {
		return 0
	}
	return float64(info.VUI.TimingInfo.TimeScale) / float64(info.VUI.TimingInfo.NumUnitsInTick)
}

func parseSPS265(nal []byte) (info h265.SPS, err error) {
	defer recovered(&err)
	if err := info.Unmarshal(nal); err != nil {
		return info, err
	}
	return info, checkSize(info.Width(), info.Height())
}

// setPPS keeps the parameter set if it is valid.
func (x *h265Syntax) setPPS(nal []byte) (id uint32, ok bool) {
	id, ok = h265PPSID(nal)
	if !ok || len(x.pps) >= maxPPS && x.pps[id] == nil {
		return 0, false
	}
	if !bytes.Equal(x.pps[id], nal) {
		x.pps[id] = bytes.Clone(nal)
	}
	return id, true
}

func h265PPSID(nal []byte) (id uint32, ok bool) {
	if len(nal) < 3 || len(nal) > maxParameterSet {
		return 0, false
	}
	info, err := parsePPS265(nal)
	return info.ID, err == nil && info.ID <= 63
}

func parsePPS265(nal []byte) (info h265.PPS, err error) {
	defer recovered(&err)
	return info, info.Unmarshal(nal)
}

func (x *h265Syntax) order(_ frame, pts int64) (int64, error) {
	if x.reorder == nil {
		return pts, nil
	}
	return x.reorder.dts(pts), nil
}
