package record

import (
	"bytes"
	"errors"
	"fmt"
	"image/jpeg"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4/seekablebuffer"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"citywatch/video"
)

// videoScale is the ticks per second of pictures, as in RTP.
const videoScale = 90_000

// A track is one track of a segment.
type track struct {
	id    uint32 // from 1
	video bool
	scale uint32 // ticks per second
	// entry is the sample entry, which says how to decode the track.
	entry         []byte
	width, height uint16

	// What follows is known only while the track is recorded.

	// sets are the parameter sets, which stand before each key frame too: a
	// player that reads only the first sample entry of a clip still decodes
	// what came after a change.
	sets [][]byte
	// lengths is set where each slice of a unit has its length before it.
	lengths bool
	// frame is how long a unit of audio is, in ticks; where it is 0, a unit
	// has channels bytes for each.
	frame, channels int64
}

// toTicks converts a time from the segment's start.
func (t *track) toTicks(d time.Duration) int64 {
	s, rest := d/time.Second, d%time.Second
	return int64(s)*int64(t.scale) + (int64(rest)*int64(t.scale)+int64(time.Second)/2)/int64(time.Second)
}

// duration converts ticks.
func (t *track) duration(ticks int64) time.Duration {
	s, rest := ticks/int64(t.scale), ticks%int64(t.scale)
	return time.Duration(s)*time.Second + time.Duration(rest)*time.Second/time.Duration(t.scale)
}

// lasts returns how long a unit of audio is, in ticks.
func (t *track) lasts(u *video.Unit) int64 {
	if t.frame > 0 {
		return t.frame
	}
	return int64(u.Size()) / t.channels
}

// newTracks describes the tracks of a stream. A track that cannot be recorded is
// nil; it is an error if that is the pictures, or there are none.
func newTracks(of []video.Track) (tracks []*track, err error) {
	defer func() {
		if r := recover(); r != nil { // in a parser of parameter sets
			err = fmt.Errorf("the stream's parameters cannot be understood: %v", r)
		}
	}()
	tracks = make([]*track, len(of))
	id, pictures := uint32(0), false
	for i := range of {
		t, err := newTrack(&of[i])
		if err != nil && of[i].Codec.IsVideo() {
			return nil, err
		}
		if err != nil {
			continue
		}
		id++
		t.id = id
		tracks[i], pictures = t, pictures || t.video
	}
	if !pictures {
		return nil, errors.New("the stream has no pictures")
	}
	return tracks, nil
}

func newTrack(of *video.Track) (*track, error) {
	t := &track{
		video: of.Codec.IsVideo(), scale: videoScale,
		width: uint16(of.Width), height: uint16(of.Height),
	}
	var codec codecs.Codec
	switch of.Codec {
	case video.H264:
		codec = &codecs.H264{SPS: of.SPS, PPS: of.PPS}
		t.sets, t.lengths = [][]byte{of.SPS, of.PPS}, true
	case video.H265:
		codec = &codecs.H265{VPS: of.VPS, SPS: of.SPS, PPS: of.PPS}
		t.sets, t.lengths = [][]byte{of.VPS, of.SPS, of.PPS}, true
	case video.MJPEG:
		if of.Width == 0 || of.Height == 0 {
			return t, nil // until it is sized
		}
		codec = &codecs.MJPEG{Width: of.Width, Height: of.Height}
	case video.AAC:
		var config mpeg4audio.AudioSpecificConfig
		if err := config.Unmarshal(of.Config); err != nil {
			return nil, fmt.Errorf("AAC: %w", err)
		}
		codec = &codecs.MPEG4Audio{Config: config}
		t.scale = uint32(config.SampleRate)
		t.frame = mpeg4audio.SamplesPerAccessUnit
	case video.PCMA, video.PCMU:
		return newG711(t, of)
	default:
		return nil, fmt.Errorf("%s is not recorded", of.Codec)
	}
	if t.scale == 0 {
		return nil, errors.New("the audio has no sample rate")
	}
	var err error
	t.entry, err = sampleEntry(codec, t.scale)
	return t, err
}

// sampleEntry has mediacommon describe the codec: within the header of a file
// that has nothing else.
func sampleEntry(codec codecs.Codec, scale uint32) ([]byte, error) {
	var b seekablebuffer.Buffer
	header := fmp4.Init{Tracks: []*fmp4.InitTrack{{ID: 1, TimeScale: scale, Codec: codec}}}
	if err := header.Marshal(&b); err != nil {
		return nil, err
	}
	stsd, ok := find(b.Bytes(), "moov", "trak", "mdia", "minf", "stbl", "stsd")
	if !ok || len(stsd) <= 8 {
		return nil, errBox
	}
	return bytes.Clone(stsd[8:]), nil // after version, flags and the number of entries
}

// newG711 describes telephone sound, which is kept as it comes: mediacommon
// knows no entry for it, QuickTime does.
func newG711(t *track, of *video.Track) (*track, error) {
	if of.SampleRate <= 0 || of.SampleRate > 0xffff || of.Channels <= 0 || of.Channels > 8 {
		return nil, fmt.Errorf("%s with %d Hz and %d channels is not recorded", of.Codec, of.SampleRate, of.Channels)
	}
	t.scale = uint32(of.SampleRate)
	t.channels = int64(of.Channels)
	kind := "ulaw"
	if of.Codec == video.PCMA {
		kind = "alaw"
	}
	w := boxWriter{}
	at := w.open(kind)
	w.zeros(6)
	w.u16(1) // the data is in this file
	w.zeros(8)
	w.u16(uint16(of.Channels))
	w.u16(16) // once decoded
	w.zeros(4)
	w.u32(uint32(of.SampleRate) << 16)
	w.close(at)
	t.entry = w.b
	return t, nil
}

// sized returns t with the size that its first picture has, for MJPEG, whose
// size is not known before.
func (t *track) sized(u *video.Unit) (*track, error) {
	if t.width != 0 && t.height != 0 || t.lengths || len(u.Data) == 0 {
		return t, nil
	}
	config, err := jpeg.DecodeConfig(bytes.NewReader(u.Data[0]))
	if err != nil {
		return nil, err
	}
	with := *t
	with.width, with.height = uint16(config.Width), uint16(config.Height)
	with.entry, err = sampleEntry(&codecs.MJPEG{Width: config.Width, Height: config.Height}, t.scale)
	return &with, err
}
