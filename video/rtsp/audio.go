package rtsp

import (
	"errors"

	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/gortsplib/v5/pkg/format/rtpfragmented"
	"github.com/bluenviron/gortsplib/v5/pkg/format/rtpmpeg4audio"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/pion/rtp"

	"citywatch/video"
)

const (
	// maxSound is the most that one frame of audio may have.
	maxSound = 64 << 10
	// maxSoundPackets is how many packets a frame of it may come in.
	maxSoundPackets = 64
)

// aac is the decoder of AAC.
type aac struct {
	out     *output
	decode  func(*rtp.Packet) ([][]byte, error)
	fresh   func() (func(*rtp.Packet) ([][]byte, error), error)
	packets int // of the frame under way
}

func newAAC(out *output, f *format.MPEG4Audio) (*aac, error) {
	return open(&aac{out: out, fresh: func() (func(*rtp.Packet) ([][]byte, error), error) {
		d, err := f.CreateDecoder()
		if err != nil {
			return nil, err
		}
		return d.Decode, nil
	}})
}

// newLATM returns the decoder of AAC that comes as LATM, with its configuration
// in the description.
func newLATM(out *output, f *format.MPEG4AudioLATM) (*aac, error) {
	return open(&aac{out: out, fresh: func() (func(*rtp.Packet) ([][]byte, error), error) {
		d, err := f.CreateDecoder()
		if err != nil {
			return nil, err
		}
		return func(p *rtp.Packet) ([][]byte, error) { return latm(d, f.StreamMuxConfig, p) }, nil
	}})
}

func open(a *aac) (*aac, error) {
	var err error
	a.decode, err = a.fresh()
	return a, err
}

func latm(d *rtpfragmented.Decoder, config *mpeg4audio.StreamMuxConfig, p *rtp.Packet) ([][]byte, error) {
	element, err := d.Decode(p)
	if err != nil {
		return nil, err
	}
	mux := mpeg4audio.AudioMuxElement{StreamMuxConfig: config}
	if err := mux.Unmarshal(element); err != nil {
		return nil, err
	}
	var frames [][]byte
	for _, sub := range mux.Payloads {
		if len(sub) > 0 && len(sub[0]) > 0 {
			frames = append(frames, sub[0][0])
		}
	}
	return frames, nil
}

func (a *aac) push(p packet) {
	if !p.timed || len(p.Payload) == 0 {
		return
	}
	if a.packets++; a.packets > maxSoundPackets {
		a.packets = 0
		a.decode, _ = a.fresh() // forgets what it holds; it succeeded before
	}
	frames, err := a.decode(p.Packet)
	if errors.Is(err, rtpmpeg4audio.ErrMorePacketsNeeded) || errors.Is(err, rtpfragmented.ErrMorePacketsNeeded) {
		return
	}
	a.packets = 0
	if err != nil {
		return
	}
	pts := a.out.clock.time(p.pts, a.out.rate, true, p.at)
	for i, frame := range frames {
		if len(frame) == 0 || len(frame) > maxSound {
			continue
		}
		t := pts + int64(i)*mpeg4audio.SamplesPerAccessUnit
		a.out.deliver(video.Unit{Data: [][]byte{frame}, Key: true, Arrived: p.at}, t, t)
	}
}

// raw is the decoder of G.711, which needs none.
type raw struct{ out *output }

func (r *raw) push(p packet) {
	if !p.timed || len(p.Payload) == 0 || len(p.Payload) > maxSound {
		return
	}
	pts := r.out.clock.time(p.pts, r.out.rate, true, p.at)
	r.out.deliver(video.Unit{Data: [][]byte{p.Payload}, Key: true, Arrived: p.at}, pts, pts)
}
