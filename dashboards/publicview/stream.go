package publicview

import (
	"bytes"
	"fmt"
	"net/http"
	"time"
)

const (
	// lookEvery is how often a stream looks for a new picture.
	lookEvery = time.Second
	// repeatEvery is how often it sends one again that has not changed, so
	// that a viewer who is gone is noticed, and one that is no longer new turns
	// grey.
	repeatEvery = 15 * time.Second
	// writeWithin is how long a viewer may take to read a picture.
	writeWithin = 10 * time.Second
	// longestStream ends a stream: a page that is still open begins another.
	longestStream = time.Hour
	boundary      = "citywatch-picture"
)

// serveStream sends masked pictures until the viewer leaves or the link is
// closed.
func (p *Public) serveStream(w http.ResponseWriter, r *http.Request, l *Link, _ Camera) {
	if l.Kind != Stream {
		refuse(w, r, http.StatusNotFound)
		return
	}
	leave := p.limits.watch(p.address(r))
	if leave == nil {
		w.Header().Set("Retry-After", "30")
		refuse(w, r, http.StatusTooManyRequests)
		return
	}
	defer leave()
	jpg, at, err := p.next(r, l)
	if err != nil {
		refuse(w, r, http.StatusServiceUnavailable)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "multipart/x-mixed-replace; boundary="+boundary)
	p.tellAge(h, at)
	h.Del("X-Picture-Age") // of the first alone: each has its own
	h.Del("X-Captured-At")
	s := sender{public: p, w: w, control: http.NewResponseController(w)}
	if !s.send(jpg, at) {
		return
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for end := time.Now().Add(longestStream); time.Now().Before(end); {
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		}
		now, is := p.book.follow(l.Token) // the mask may have changed
		if !is || !now.Open(p.d.Now()) || !s.more(r, now) {
			return
		}
	}
}

// A sender writes the pictures of one stream.
type sender struct {
	public  *Public
	w       http.ResponseWriter
	control *http.ResponseController
	last    []byte
	sent    time.Time
}

// more sends the newest picture if it is another, and reports whether to go on.
// One that cannot be had now may be had later.
func (s *sender) more(r *http.Request, l *Link) bool {
	jpg, at, err := s.public.picture(r.Context(), l)
	if err != nil {
		return r.Context().Err() == nil
	}
	if bytes.Equal(jpg, s.last) && time.Since(s.sent) < repeatEvery {
		return true
	}
	if s.public.diary.looked(l, s.public.address(r), s.public.d.Now()) != nil {
		return false
	}
	return s.send(jpg, at)
}

func (s *sender) send(jpg []byte, at time.Time) bool {
	_ = s.control.SetWriteDeadline(time.Now().Add(writeWithin)) // not every writer has one
	age := max(0, s.public.d.Now().Sub(at).Seconds())
	_, err := fmt.Fprintf(s.w, "--%s\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\nX-Captured-At: %s\r\nX-Picture-Age: %.1f\r\n\r\n%s\r\n",
		boundary, len(jpg), at.UTC().Format(time.RFC3339Nano), age, jpg)
	if err == nil {
		err = s.control.Flush()
	}
	s.last, s.sent = jpg, time.Now()
	return err == nil
}
