package live

import (
	"fmt"
	"slices"
	"time"

	"citywatch/video"
)

// A Message is the next thing that a viewer shows. Its data is shared by all
// viewers and must not be changed.
type Message struct {
	// Codec is set where a stream begins, or begins anew: H264, H265 or JPEG.
	// Data is then the initialization segment, or nil for JPEG.
	Codec string
	// MIME is what the page asks its browser about:
	// video/mp4; codecs="avc1.42C01E", or image/jpeg.
	MIME          string
	Width, Height int
	// Data is one fragment, or one JPEG.
	Data []byte
	// Media is where the fragment lies on the time axis of the stream, and
	// Arrived when its frame came from the camera.
	Media   time.Duration
	Arrived time.Time
	// Skipped says that frames are missing before this one, because the
	// viewer, or the way from the camera, was too slow.
	Skipped bool
}

// A feeder makes messages of one stream's items.
type feeder struct {
	track int // that is shown; -1 for none
	codec video.Codec
	// mux is that of the newest stream of H.264 or H.265. The next one goes
	// on where it ends, so that a player's time does too.
	mux *muxer
}

// begin takes the tracks of a new stream, and returns what it begins with. A
// stream without video has nothing to show; why, says the camera's state.
func (f *feeder) begin(tracks []video.Track) (Message, error) {
	f.codec = ""
	f.track = slices.IndexFunc(tracks, func(t video.Track) bool { return t.Codec.IsVideo() })
	if f.track < 0 {
		return Message{}, nil
	}
	t := &tracks[f.track]
	m := Message{Codec: string(t.Codec), MIME: "image/jpeg", Width: t.Width, Height: t.Height}
	if t.Codec == video.MJPEG {
		f.codec = t.Codec
		return m, nil
	}
	var at time.Duration
	if f.mux != nil {
		at = f.mux.end()
	}
	f.mux = newMuxer(at)
	var err error
	if m.Data, m.MIME, err = initialization(t); err != nil {
		return Message{}, fmt.Errorf("%s: %w", t.Codec, err)
	}
	f.codec = t.Codec
	return m, nil
}

// piece makes a message of a unit that is shown.
func (f *feeder) piece(item *video.Item) (piece, bool) {
	u := &item.Unit
	if f.codec == "" || u.Track != f.track || len(u.Data) == 0 {
		return piece{}, false
	}
	p := piece{key: u.Key, Message: Message{Arrived: u.Arrived, Skipped: item.Gap}}
	if f.codec == video.MJPEG {
		p.Data, p.Media = u.Data[0], u.PTS
		return p, true
	}
	p.Data, p.Media = f.mux.fragment(u, item.Gap)
	return p, true
}
