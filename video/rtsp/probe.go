package rtsp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"citywatch"
	"citywatch/video"
)

// ProbeTime is how long Probe watches the frames.
const ProbeTime = 5 * time.Second

// Report is what a camera offers, for people and as JSON. It holds no secret.
type Report struct {
	Address   string `json:"address"`
	Server    string `json:"server,omitempty"`    // what it calls itself
	Transport string `json:"transport,omitempty"` // TCP or UDP
	// State is CameraOnline, or that of the fault that Detail tells.
	State  citywatch.CameraState `json:"state"`
	Detail string                `json:"detail,omitempty"`
	// Offers are the codecs that it names, carried here or not.
	Offers []string      `json:"offers,omitempty"`
	Tracks []TrackReport `json:"tracks,omitempty"`
	// FirstFrame is how long the first key frame took, in seconds.
	FirstFrame float64 `json:"first_frame,omitempty"`
	Lost       int     `json:"lost,omitempty"` // packets
}

// TrackReport is one track, as it was seen for a few seconds.
type TrackReport struct {
	Codec      video.Codec `json:"codec"`
	Width      int         `json:"width,omitempty"`
	Height     int         `json:"height,omitempty"`
	SampleRate int         `json:"sample_rate,omitempty"`
	Channels   int         `json:"channels,omitempty"`
	FPS        float64     `json:"fps,omitempty"`          // of video
	Bitrate    float64     `json:"bitrate,omitempty"`      // bit/s
	KeyFrames  float64     `json:"key_interval,omitempty"` // seconds between two; 0 if fewer came
}

// Probe asks the camera what it offers and watches its frames for a while. The
// error is that of Play if no frame came: a *video.Fault, whose state and text
// the report has too.
func Probe(ctx context.Context, o Options) (Report, error) {
	s := New(o)
	r := Report{Address: s.o.Address.String()}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	m := &meter{began: time.Now(), enough: stop}
	n := &notes{}
	err := s.play(watching, m, n)
	r.Server, r.Transport, r.Offers = n.server, n.transport, n.offers
	m.report(&r)
	var f *video.Fault
	switch {
	case ctx.Err() != nil:
		return r, ctx.Err()
	case watching.Err() != nil:
		r.State = citywatch.CameraOnline
		return r, nil
	case errors.As(err, &f):
		r.State, r.Detail = f.State, f.Error()
	}
	return r, err
}

// A meter is a sink that measures.
type meter struct {
	began  time.Time
	enough func()
	first  time.Time
	last   time.Time
	tracks []video.Track
	seen   []seen
	lost   int
}

type seen struct {
	units, bytes, keys int
	firstKey, lastKey  time.Duration
}

func (m *meter) Tracks(tracks []video.Track) {
	m.tracks = tracks
	if len(m.seen) < len(tracks) {
		m.seen = append(m.seen, make([]seen, len(tracks)-len(m.seen))...)
	}
}

func (m *meter) Lost(n int) { m.lost += n }

func (m *meter) Unit(u video.Unit) {
	if m.first.IsZero() {
		m.first = u.Arrived
	}
	m.last = u.Arrived
	s := &m.seen[u.Track]
	s.units++
	s.bytes += u.Size()
	if u.Key {
		if s.keys == 0 {
			s.firstKey = u.PTS
		}
		s.keys++
		s.lastKey = u.PTS
	}
	if m.last.Sub(m.first) >= ProbeTime {
		m.enough()
	}
}

func (m *meter) report(r *Report) {
	r.Lost = m.lost
	seconds := m.last.Sub(m.first).Seconds()
	if !m.first.IsZero() {
		r.FirstFrame = m.first.Sub(m.began).Seconds()
	}
	for i, t := range m.tracks {
		tr := TrackReport{Codec: t.Codec, Width: t.Width, Height: t.Height, SampleRate: t.SampleRate, Channels: t.Channels}
		s := m.seen[i]
		if seconds > 0 {
			tr.Bitrate = float64(s.bytes) * 8 / seconds
			if t.Codec.IsVideo() {
				tr.FPS = float64(s.units-1) / seconds
			}
		}
		if t.Codec.IsVideo() && s.keys > 1 {
			tr.KeyFrames = (s.lastKey - s.firstKey).Seconds() / float64(s.keys-1)
		}
		r.Tracks = append(r.Tracks, tr)
	}
}

// String is the report for people, on several lines.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", r.Address, r.State)
	if r.Detail != "" {
		fmt.Fprintf(&b, ": %s", r.Detail)
	}
	if r.Server != "" {
		fmt.Fprintf(&b, "\n  server %s", r.Server)
	}
	if len(r.Tracks) == 0 && len(r.Offers) > 0 {
		fmt.Fprintf(&b, "\n  offers %s", strings.Join(r.Offers, ", "))
	}
	for _, t := range r.Tracks {
		fmt.Fprintf(&b, "\n  %s", t)
	}
	if r.FirstFrame > 0 {
		fmt.Fprintf(&b, "\n  over %s, first frame after %.1f s, %d packets lost", r.Transport, r.FirstFrame, r.Lost)
	}
	return b.String()
}

// String is the track on one line.
func (t TrackReport) String() string {
	parts := []string{string(t.Codec)}
	add := func(is bool, format string, args ...any) {
		if is {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	add(t.Width > 0, "%d×%d", t.Width, t.Height)
	add(t.SampleRate > 0, "%d Hz × %d", t.SampleRate, t.Channels)
	add(t.FPS > 0, "%.1f fps", t.FPS)
	add(t.Bitrate > 0, "%.0f kbit/s", t.Bitrate/1000)
	add(t.KeyFrames > 0, "key frame each %.1f s", t.KeyFrames)
	return strings.Join(parts, ", ")
}
