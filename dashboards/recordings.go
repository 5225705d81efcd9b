package dashboards

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// interval reads ?from=&to=; without them it is the last of the given length.
func (s *site) interval(r *http.Request, or time.Duration) (Interval, error) {
	params, now := r.URL.Query(), s.now()
	var (
		i   Interval
		err error
	)
	if i.To, err = moment(params.Get("to"), now, now); err != nil {
		return i, fmt.Errorf("to: %w", err)
	}
	if i.From, err = moment(params.Get("from"), now, i.To.Add(-or)); err != nil {
		return i, fmt.Errorf("from: %w", err)
	}
	if span := i.To.Sub(i.From); span <= 0 || span > maxSpan {
		return i, fmt.Errorf("%w: from must lie before to, and at most ten years", ErrInvalid)
	}
	return i, nil
}

type recordingList struct {
	Time   time.Time `json:"time"`
	Camera string    `json:"camera"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	// Intervals are what is recorded; what lies between them is not.
	Intervals []Interval `json:"intervals"`
}

func (s *site) recordings(w http.ResponseWriter, r *http.Request) {
	c, err := s.cameraFor(r, s.deps.Recordings != nil, "recordings")
	var span Interval
	if err == nil {
		span, err = s.interval(r, defaultSpan)
	}
	if err != nil {
		s.failCamera(w, r, err)
		return
	}
	out := recordingList{Time: s.now(), Camera: c.ID, From: span.From, To: span.To}
	out.Intervals, err = s.deps.Recordings.Intervals(c.ID, span.From, span.To)
	if err != nil {
		s.failCamera(w, r, fmt.Errorf("recordings of %s: %w", c.ID, err))
		return
	}
	if out.Intervals == nil {
		out.Intervals = []Interval{}
	}
	s.answer(w, r, out)
}

// clip answers with what is recorded of an interval, as one MP4 in which a
// browser can seek.
func (s *site) clip(w http.ResponseWriter, r *http.Request) {
	c, err := s.cameraFor(r, s.deps.Recordings != nil, "recordings")
	var span Interval
	if err == nil {
		span, err = s.clipInterval(r)
	}
	if err != nil {
		s.failCamera(w, r, err)
		return
	}
	clip, err := s.deps.Recordings.Clip(c.ID, span.From, span.To)
	if err != nil {
		s.failCamera(w, r, fmt.Errorf("clip of %s: %w", c.ID, err))
		return
	}
	defer func() { _ = clip.Close() }()
	s.logClip(r, c.ID, clip.Interval)
	h := w.Header()
	h.Set("Content-Type", "video/mp4")
	h.Set("Cache-Control", "no-cache")
	// A clip is made anew for each range that is asked for: by its tag a
	// browser notices that it has grown meanwhile.
	h.Set("ETag", clip.ETag)
	h.Set("X-Clip-From", clip.From.UTC().Format(time.RFC3339Nano))
	h.Set("X-Clip-To", clip.To.UTC().Format(time.RFC3339Nano))
	for _, hole := range clip.Holes[:min(len(clip.Holes), maxHoles)] {
		h.Add("X-Clip-Hole", hole.From.UTC().Format(time.RFC3339Nano)+"/"+hole.To.UTC().Format(time.RFC3339Nano))
	}
	if clip.Short != "" {
		h.Set("X-Clip-Short", clip.Short)
	}
	disposition := "inline"
	if q := r.URL.Query(); q.Has("download") && q.Get("download") != "false" {
		disposition = "attachment"
	}
	h.Set("Content-Disposition", disposition+`; filename="`+s.clipName(c.ID, clip.From)+`"`)
	http.ServeContent(w, r, "", clip.To, clip)
}

// maxHoles bounds the answer's headers. How many there really are the recordings
// tell.
const maxHoles = 50

// clipInterval reads of what time a clip is: nobody means the last six hours.
// How long it may be, the recordings decide.
func (s *site) clipInterval(r *http.Request) (Interval, error) {
	if params := r.URL.Query(); params.Get("from") == "" || params.Get("to") == "" {
		return Interval{}, fmt.Errorf("%w: from and to say of what time the clip is: "+
			"from=2026-11-22T07:00:00%%2B07:00&to=2026-11-22T07:05:00%%2B07:00, or from=-5m&to=-0s", ErrInvalid)
	}
	return s.interval(r, 0)
}

// clipName is a file's name that says what it is: the camera's id and when it
// begins, by the province's clock.
func (s *site) clipName(id string, from time.Time) string {
	zone := time.UTC
	if s.deps.Province.TimeZone != nil {
		zone = s.deps.Province.TimeZone
	}
	plain := func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' {
			return c
		}
		return '_'
	}
	return strings.Map(plain, id) + "_" + from.In(zone).Format("20060102-150405") + ".mp4"
}

// logClip notes who took what: footage of people is looked at for a reason,
// and somebody may have to say which. A browser asks for a clip in many
// ranges; the first counts.
func (s *site) logClip(r *http.Request, camera string, of Interval) {
	if from := r.Header.Get("Range"); from != "" && !strings.HasPrefix(from, "bytes=0-") {
		return
	}
	s.log.Info("clip taken", "camera", camera, "from", of.From, "to", of.To, "remote", r.RemoteAddr)
}
