package rtsp

import (
	"bytes"
	"slices"
	"strings"

	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/gortsplib/v5/pkg/sdpunmarshaler"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"

	"citywatch/video"
)

// mend returns a description that gortsplib takes, if that can be had by
// leaving out what is wrong: it refuses the whole for one bad line, and a
// camera with a wrong audio configuration has good pictures all the same. What
// cannot be mended is returned as it came.
func mend(body []byte) []byte {
	head, medias := sections(body)
	if understood(body) || len(medias) == 0 || len(medias) > maxMedias {
		return body
	}
	mended := head
	for _, media := range medias {
		if understood(slices.Concat(plainHead(), media)) {
			mended = append(mended, media...)
		} else if bare := withoutParameters(media); understood(slices.Concat(plainHead(), bare)) {
			mended = append(mended, bare...) // parameter sets come in band as well
		}
	}
	return mended
}

// maxMedias is how many medias a description may have to be worth mending.
const maxMedias = 32

func understood(body []byte) bool {
	session, err := sdpunmarshaler.Unmarshal(body)
	if err != nil {
		return false
	}
	var desc description.Session
	return desc.Unmarshal2(session) == nil
}

func plainHead() []byte {
	return []byte("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n")
}

// sections splits a description before each line that begins a media.
func sections(body []byte) (head []byte, medias [][]byte) {
	for line := range bytes.Lines(body) {
		switch last := len(medias) - 1; {
		case bytes.HasPrefix(line, []byte("m=")):
			medias = append(medias, bytes.Clone(line))
		case last >= 0:
			medias[last] = append(medias[last], line...)
		default:
			head = append(head, line...)
		}
	}
	return head, medias
}

func withoutParameters(media []byte) []byte {
	var bare []byte
	for line := range bytes.Lines(media) {
		if !bytes.HasPrefix(line, []byte("a=fmtp:")) {
			bare = append(bare, line...)
		}
	}
	return bare
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
	channels := int(c.ChannelConfig)
	if channels == 7 {
		channels = 8 // 7.1
	}
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
