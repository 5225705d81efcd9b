package dashboards

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// minWidth and maxWidth bound what pictures may be asked for: each width
	// costs a decoding.
	minWidth, maxWidth = 64, 3840
	// capturedAt is the header that says when the frame arrived of which
	// something is a picture, more exactly than Last-Modified can.
	capturedAt = "X-Captured-At"
	// thumbnailSpan is how long thumbnails are listed for unless said.
	thumbnailSpan = 24 * time.Hour
)

// snapshot answers with the newest picture of a camera, however old that is:
// its headers say when it was taken.
func (s *site) snapshot(w http.ResponseWriter, r *http.Request) {
	c, err := s.cameraFor(r, s.deps.Snapshots != nil, "snapshots")
	var width uint64
	if err == nil {
		width, err = number(r, "width", 0, maxWidth)
	}
	if err == nil && width > 0 && width < minWidth {
		err = fmt.Errorf("%w: width is not 0 or %d to %d", ErrInvalid, minWidth, maxWidth)
	}
	if err != nil {
		s.failCamera(w, r, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.options.QueryTimeout)
	defer cancel()
	p, err := s.deps.Snapshots.Snapshot(ctx, c.ID, int(width))
	if err != nil {
		s.failCamera(w, r, fmt.Errorf("snapshot of %s: %w", c.ID, err))
		return
	}
	s.picture(w, r, p)
}

// picture answers with a JPEG, or with its not having changed.
func (s *site) picture(w http.ResponseWriter, r *http.Request, p Picture) {
	serveFrame(w, r, frame{data: p.JPEG, mime: "image/jpeg", at: p.At, tag: fmt.Sprintf("%x-%d", p.At.UnixNano(), p.Width)})
}

// A frame is one picture in whatever form.
type frame struct {
	data []byte
	mime string
	at   time.Time
	tag  string // the same for the same picture
}

func serveFrame(w http.ResponseWriter, r *http.Request, f frame) {
	h := w.Header()
	h.Set("Content-Type", f.mime)
	h.Set("Cache-Control", "no-cache") // ask whether there is a newer one
	h.Set("ETag", `"`+f.tag+`"`)
	h.Set(capturedAt, f.at.UTC().Format(time.RFC3339Nano))
	http.ServeContent(w, r, "", f.at, bytes.NewReader(f.data))
}

// keyFrame answers with the newest key frame as the camera sent it, for a page
// to decode.
func (s *site) keyFrame(w http.ResponseWriter, r *http.Request) {
	c, err := s.cameraFor(r, s.deps.KeyFrame != nil, "key frames")
	if err != nil {
		s.failCamera(w, r, err)
		return
	}
	k, err := s.deps.KeyFrame(c.ID)
	if err != nil {
		s.failCamera(w, r, fmt.Errorf("key frame of %s: %w", c.ID, err))
		return
	}
	serveFrame(w, r, frame{data: k.Data, mime: k.MIME, at: k.At, tag: strconv.FormatInt(k.At.UnixNano(), 16)})
}

type thumbnailList struct {
	Time       time.Time       `json:"time"`
	Camera     string          `json:"camera"`
	From       time.Time       `json:"from"`
	To         time.Time       `json:"to"`
	Thumbnails []thumbnailLink `json:"thumbnails"`
}

type thumbnailLink struct {
	Time time.Time `json:"time"`
	// Href is where the picture is, as a path of this server.
	Href string `json:"href"`
}

func (s *site) thumbnails(w http.ResponseWriter, r *http.Request) {
	c, err := s.cameraFor(r, s.deps.Snapshots != nil, "snapshots")
	var span Interval
	if err == nil {
		span, err = s.interval(r, thumbnailSpan)
	}
	if err != nil {
		s.failCamera(w, r, err)
		return
	}
	times, err := s.deps.Snapshots.Thumbnails(c.ID, span.From, span.To)
	if err != nil {
		s.failCamera(w, r, fmt.Errorf("thumbnails of %s: %w", c.ID, err))
		return
	}
	out := thumbnailList{Time: s.now(), Camera: c.ID, From: span.From, To: span.To, Thumbnails: []thumbnailLink{}}
	for _, t := range times {
		href := prefix + "/cameras/" + url.PathEscape(c.ID) + "/thumbnails/" + t.UTC().Format(time.RFC3339Nano) + ".jpg"
		out.Thumbnails = append(out.Thumbnails, thumbnailLink{Time: t, Href: href})
	}
	s.answer(w, r, out)
}

func (s *site) thumbnail(w http.ResponseWriter, r *http.Request) {
	c, err := s.cameraFor(r, s.deps.Snapshots != nil, "snapshots")
	if err != nil {
		s.failCamera(w, r, err)
		return
	}
	name := r.PathValue("picture")
	text, isJPEG := strings.CutSuffix(name, ".jpg")
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || !isJPEG {
		s.failCamera(w, r, fmt.Errorf("%w: %q is not a time and .jpg, as in 2026-11-22T00:00:00Z.jpg", ErrInvalid, name))
		return
	}
	p, err := s.deps.Snapshots.Thumbnail(c.ID, at)
	if err != nil {
		s.failCamera(w, r, fmt.Errorf("thumbnail of %s: %w", c.ID, err))
		return
	}
	s.picture(w, r, p)
}
