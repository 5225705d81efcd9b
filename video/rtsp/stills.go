package rtsp

import (
	"bytes"
	"errors"
	"image/jpeg"

	"github.com/bluenviron/gortsplib/v5/pkg/format/rtpmjpeg"

	"citywatch/video"
)

// stills is the decoder of MJPEG.
type stills struct {
	out     *output
	numbers sequence
	d       *rtpmjpeg.Decoder
	bytes   int
	packets int
}

func (s *stills) push(p packet) {
	missing, old := s.numbers.next(p.SequenceNumber, p.SSRC)
	if old || len(p.Payload) == 0 {
		return
	}
	if missing > 0 {
		s.out.lost(missing)
		s.reset()
	}
	s.bytes += p.MarshalSize()
	if s.packets++; s.bytes > maxUnitBytes || s.packets > maxUnitPackets {
		s.spoil()
		return
	}
	if s.d == nil {
		s.d = &rtpmjpeg.Decoder{}
	}
	picture, err := s.d.Decode(p.Packet)
	switch {
	case errors.Is(err, rtpmjpeg.ErrMorePacketsNeeded), errors.Is(err, rtpmjpeg.ErrNonStartingPacketAndNoPrevious):
		return
	case err != nil:
		s.spoil()
		return
	}
	s.bytes, s.packets = 0, 0
	s.take(picture, p)
}

func (s *stills) spoil() {
	s.out.lost(1)
	s.reset()
}

// reset has the depacketizer forget the picture under way.
func (s *stills) reset() { s.d, s.bytes, s.packets = nil, 0, 0 }

func (s *stills) take(picture []byte, p packet) {
	config, err := jpeg.DecodeConfig(bytes.NewReader(picture))
	if err != nil || checkSize(config.Width, config.Height) != nil {
		s.out.lost(1)
		return
	}
	s.out.stream.lastFrame = p.at
	s.out.stream.setTrack(s.out.track, video.Track{Codec: video.MJPEG, Width: config.Width, Height: config.Height})
	if !p.timed {
		return
	}
	pts := s.out.clock.time(p.pts, s.out.rate, true, p.at)
	s.out.deliver(video.Unit{Data: [][]byte{picture}, Key: true, Arrived: p.at}, pts, pts)
}
