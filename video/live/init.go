package live

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"strings"

	"citywatch/video"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"
	"github.com/deepch/vdk/av"
	"github.com/deepch/vdk/codec/h264parser"
	"github.com/deepch/vdk/codec/h265parser"
	"github.com/deepch/vdk/format/mp4f"
)

// initialization returns what comes before the fragments of a track of H.264
// or H.265, and the MIME type that a browser can be asked about.
func initialization(t *video.Track) (data []byte, mime string, err error) {
	var (
		codec av.CodecData
		name  string
	)
	switch t.Codec {
	case video.H264:
		codec, name, err = avc(t)
	case video.H265:
		codec, name, err = hevc(t)
	default:
		err = fmt.Errorf("%s is not carried in MP4", t.Codec)
	}
	if err != nil {
		return nil, "", err
	}
	m := mp4f.NewMuxer(nil)
	// It would report what it cannot carry to the log of the process, and
	// return no error; both kinds it can.
	if err := m.WriteHeader([]av.CodecData{codec}); err != nil {
		return nil, "", err
	}
	_, data = m.GetInit(nil)
	if len(data) == 0 {
		return nil, "", errors.New("the parameter sets make no initialization segment")
	}
	setTrackSize(data, t)
	return data, `video/mp4; codecs="` + name + `"`, nil
}

// avc describes a track of H.264. The parser of mp4f is passed over: it
// indexes into parameter sets without looking at their length, and the size is
// known already.
func avc(t *video.Track) (av.CodecData, string, error) {
	if len(t.SPS) < 4 || len(t.PPS) == 0 {
		return nil, "", errors.New("the parameter sets are too short")
	}
	r := h264parser.AVCDecoderConfRecord{
		AVCProfileIndication: t.SPS[1], ProfileCompatibility: t.SPS[2], AVCLevelIndication: t.SPS[3],
		LengthSizeMinusOne: lengthSize - 1, SPS: [][]byte{t.SPS}, PPS: [][]byte{t.PPS},
	}
	record := make([]byte, r.Len())
	r.Marshal(record)
	codec := h264parser.CodecData{Record: record, RecordInfo: r}
	codec.SPSInfo.Width, codec.SPSInfo.Height = uint(t.Width), uint(t.Height)
	return codec, fmt.Sprintf("avc1.%02X%02X%02X", t.SPS[1], t.SPS[2], t.SPS[3]), nil
}

// hevc describes a track of H.265. Both the record and the name that mp4f would
// make are wrong: it takes the profile from other bytes, leaves out the tier,
// the constraints and the depth, and calls every stream hev1.1.6.L120.90.
func hevc(t *video.Track) (av.CodecData, string, error) {
	var sps h265.SPS
	if err := sps.Unmarshal(t.SPS); err != nil {
		return nil, "", fmt.Errorf("SPS: %w", err)
	}
	// Profile, tier and level stand after the two bytes of the NAL unit's
	// header and one more.
	plain := h264.EmulationPreventionRemove(t.SPS)
	if len(plain) < 15 || len(t.VPS) == 0 || len(t.PPS) == 0 {
		return nil, "", errors.New("the parameter sets are too short")
	}
	var profile [12]byte
	copy(profile[:], plain[3:15])
	codec := h265parser.CodecData{Record: hevcRecord(t, &sps, profile)}
	codec.SPSInfo.Width, codec.SPSInfo.Height = uint(t.Width), uint(t.Height)
	return codec, hevcName(profile), nil
}

// hevcRecord returns the HEVCDecoderConfigurationRecord (ISO/IEC 14496-15,
// 8.3.3.1).
func hevcRecord(t *video.Track, sps *h265.SPS, profile [12]byte) []byte {
	const unknown = 0 // segmentation, parallelism, frame rate
	layers := sps.MaxSubLayersMinus1 + 1
	nested := uint8(0)
	if sps.TemporalIDNestingFlag {
		nested = 1
	}
	r := []byte{1}
	r = append(r, profile[:]...)
	r = append(r, 0xf0|unknown, unknown, 0xfc|unknown,
		0xfc|uint8(sps.ChromaFormatIdc), 0xf8|uint8(sps.BitDepthLumaMinus8), 0xf8|uint8(sps.BitDepthChromaMinus8),
		unknown, unknown, unknown<<6|layers<<3|nested<<2|(lengthSize-1), 3)
	for _, set := range [][]byte{t.VPS, t.SPS, t.PPS} {
		const complete = 0x80 // there are none in the stream
		r = append(r, complete|(set[0]>>1)&0x3f, 0, 1)
		r = binary.BigEndian.AppendUint16(r, uint16(len(set)))
		r = append(r, set...)
	}
	return r
}

// hevcName returns the codec as browsers name it (ISO/IEC 14496-15, E.3):
// hvc1.1.6.L93.B0.
func hevcName(profile [12]byte) string {
	var b strings.Builder
	b.WriteString("hvc1.")
	if space := profile[0] >> 6; space > 0 {
		b.WriteByte('A' + space - 1)
	}
	compatible := bits.Reverse32(binary.BigEndian.Uint32(profile[1:5]))
	tier := 'L'
	if profile[0]&0x20 != 0 {
		tier = 'H'
	}
	fmt.Fprintf(&b, "%d.%X.%c%d", profile[0]&0x1f, compatible, tier, profile[11])
	constraints := profile[5:11]
	for len(constraints) > 0 && constraints[len(constraints)-1] == 0 {
		constraints = constraints[:len(constraints)-1]
	}
	for _, c := range constraints {
		fmt.Fprintf(&b, ".%X", c)
	}
	return b.String()
}

// setTrackSize writes the size into the track's header, where mp4f leaves it 0
// for H.265.
func setTrackSize(data []byte, t *video.Track) {
	const sizeAt = 80 // in a tkhd, from its name
	at := strings.Index(string(data), "tkhd")
	if at < 0 || at+sizeAt+8 > len(data) {
		return
	}
	binary.BigEndian.PutUint32(data[at+sizeAt:], uint32(t.Width)<<16)
	binary.BigEndian.PutUint32(data[at+sizeAt+4:], uint32(t.Height)<<16)
}
