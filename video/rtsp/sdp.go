package rtsp

import (
	"bytes"
	"strings"

	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/gortsplib/v5/pkg/sdpunmarshaler"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/pion/sdp/v3"

	"citywatch/video"
)

// mend returns a description that gortsplib takes, if that can be had by
// leaving out what is wrong: it refuses the whole for one bad line, and a
// camera with a wrong audio configuration has good pictures all the same. What
// cannot be mended is returned as it came.
func mend(body []byte) []byte {
	// Some send bare line feeds, or a zero at the end.
	session, err := sdpunmarshaler.Unmarshal(bytes.TrimRight(body, "\x00"))
	if err != nil {
		return body
	}
	kept := session.MediaDescriptions[:0]
	changed := false
	for _, m := range session.MediaDescriptions {
		ok, dropped := mendMedia(m)
		changed = changed || dropped || !ok
		if ok {
			kept = append(kept, m)
		}
	}
	if !changed || len(kept) == 0 {
		return body
	}
	session.MediaDescriptions = kept
	mended, err := session.Marshal()
	if err != nil {
		return body
	}
	return mended
}

// mendMedia reports whether the media can be used, and whether it had to leave
// out its parameters for that: parameter sets come in band as well.
func mendMedia(m *sdp.MediaDescription) (ok, dropped bool) {
	var media description.Media
	if media.Unmarshal(m) == nil {
		return true, false
	}
	attributes := m.Attributes[:0:0]
	for _, a := range m.Attributes {
		if a.Key != "fmtp" {
			attributes = append(attributes, a)
		}
	}
	m.Attributes = attributes
	return media.Unmarshal(m) == nil, true
}

// An offer is a media of the camera's description that is carried.
type offer struct {
	media  *description.Media
	format format.Format
	track  video.Track
}

// choose returns the first video that is carried, and after it the first such
// audio. Each media is left with the one format: of others nothing would be
// read, and each costs a goroutine.
func choose(desc *description.Session, n *notes) []offer {
	var picture, sound *offer
	for _, media := range desc.Medias {
		if media.IsBackChannel {
			continue
		}
		for _, f := range media.Formats {
			track, ok := trackOf(f)
			n.offered(f.RTPMap(), string(media.Type))
			switch o := (&offer{media, f, track}); {
			case !ok:
				continue
			case track.Codec.IsVideo() && picture == nil:
				picture = o
			case !track.Codec.IsVideo() && sound == nil:
				sound = o
			}
		}
	}
	var offers []offer
	for _, o := range []*offer{picture, sound} {
		if o != nil {
			o.media.Formats = []format.Format{o.format}
			offers = append(offers, *o)
		}
	}
	return offers
}

// trackOf returns what of the format is known from the description.
func trackOf(f format.Format) (video.Track, bool) {
	switch f := f.(type) {
	case *format.H264:
		// A camera that does not say so is taken to mean mode 0, which
		// gortsplib does not do over UDP.
		f.PacketizationMode = 1
		return video.Track{Codec: video.H264}, true
	case *format.H265:
		return video.Track{Codec: video.H265}, f.MaxDONDiff == 0
	case *format.MJPEG:
		return video.Track{Codec: video.MJPEG}, true
	case *format.MPEG4Audio:
		return aacTrack(f.Config)
	case *format.MPEG4AudioLATM:
		if f.StreamMuxConfig == nil || f.StreamMuxConfig.NumSubFrames != 0 {
			return video.Track{}, false // its configuration is in band
		}
		return aacTrack(f.StreamMuxConfig.Programs[0].Layers[0].AudioSpecificConfig)
	case *format.G711:
		codec := video.PCMA
		if f.MULaw {
			codec = video.PCMU
		}
		sound := f.SampleRate <= maxSampleRate && f.ChannelCount <= maxChannels
		return video.Track{Codec: codec, SampleRate: f.SampleRate, Channels: f.ChannelCount}, sound
	}
	return video.Track{}, false
}

const (
	maxSampleRate = 192000
	maxChannels   = 8
)

func aacTrack(c *mpeg4audio.AudioSpecificConfig) (video.Track, bool) {
	if c == nil || c.SampleRate <= 0 || c.SampleRate > maxSampleRate {
		return video.Track{}, false
	}
	config, err := c.Marshal()
	if err != nil {
		return video.Track{}, false
	}
	channels := c.ChannelCount
	return video.Track{Codec: video.AAC, Config: config, SampleRate: c.SampleRate, Channels: channels},
		channels > 0 && channels <= maxChannels
}

// codecName is how an rtpmap names a codec.
func codecName(rtpmap, media string) string {
	name, _, _ := strings.Cut(rtpmap, "/")
	if name == "" {
		return media
	}
	return name
}
