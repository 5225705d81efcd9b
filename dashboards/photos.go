package dashboards

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/paulmach/orb"

	"citywatch"
)

// photoPrefix begins the note by which an alert's timeline, and the audit, tell
// of a photo. The id behind it is made of what the photo shows.
const photoPrefix = "photo:"

func (s *site) photos() (photos, error) {
	if s.deps.Field == nil || s.deps.Field.Photos == nil {
		return nil, errNotConfigured("photos")
	}
	return s.deps.Field.Photos, nil
}

func (s *site) listPhotos(w http.ResponseWriter, r *http.Request) {
	kept, err := s.photos()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	list := kept.Of(r.PathValue("id"))
	if list == nil {
		list = []Photo{}
	}
	s.answer(w, r, map[string]any{"time": s.now(), "photos": list})
}

func (s *site) getPhoto(w http.ResponseWriter, r *http.Request) {
	kept, err := s.photos()
	id, named := strings.CutSuffix(r.PathValue("photo"), ".jpg")
	if err == nil && !named {
		err = fmt.Errorf("%w: photos end in .jpg", ErrNotFound)
	}
	var p Photo
	var picture io.ReadSeekCloser
	if err == nil {
		p, picture, err = kept.Picture(r.PathValue("id"), id)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer picture.Close()
	h := w.Header()
	h.Set("Content-Type", "image/jpeg")
	h.Set("ETag", `"`+p.ID+`"`)
	h.Set("Cache-Control", "private, max-age=31536000, immutable")
	http.ServeContent(w, r, "", p.Received, picture)
}

// A photoBody is what is said of a photo that is posted.
type photoBody struct {
	Actor    string     `json:"actor"`
	Note     string     `json:"note"`
	Taken    time.Time  `json:"taken"`
	Position *orb.Point `json:"position"`
	Accuracy float64    `json:"accuracy"`
	Located  time.Time  `json:"located"`
}

func (b *photoBody) check(now time.Time) error {
	notNewline := func(r rune) bool { return unicode.IsControl(r) && r != '\n' }
	if err := checkText("actor", &b.Actor, maxActor, unicode.IsControl); err != nil {
		return err
	}
	if err := checkText("note", &b.Note, maxNote-100, notNewline); err != nil {
		return err
	}
	if b.Actor == "" {
		return fmt.Errorf("%w: actor is missing: who took the photo?", ErrInvalid)
	}
	if b.Taken.IsZero() || b.Taken.After(now) {
		b.Taken = now // a phone whose clock is ahead
	}
	if p := b.Position; p != nil {
		if math.Abs(p.Lon()) > 180 || math.Abs(p.Lat()) > 90 || b.Accuracy < 0 {
			return fmt.Errorf("%w: position is [longitude, latitude] in degrees, accuracy in metres", ErrInvalid)
		}
	} else {
		b.Accuracy, b.Located = 0, time.Time{}
	}
	return nil
}

// addPhoto takes a photo of what an alert is about. The alert's timeline tells
// of it, while the alert is open.
func (s *site) addPhoto(w http.ResponseWriter, r *http.Request) {
	kept, err := s.photos()
	var about photoBody
	var picture []byte
	if err == nil {
		about, picture, err = readPhoto(w, r, kept.MaxBytes())
	}
	sent := about.Taken // the same request is the same whenever it comes
	if err == nil {
		err = about.check(s.now())
	}
	alert := r.PathValue("id")
	if err != nil {
		s.fail(w, r, err)
		return
	}
	add := func(ctx context.Context) (Photo, error) {
		return kept.Add(ctx, Photo{
			Alert: alert, By: about.Actor, Note: about.Note,
			Taken: about.Taken, Position: about.Position, Accuracy: about.Accuracy, Located: about.Located,
		}, picture)
	}
	sum := sha256.Sum256(picture)
	s.once(w, r, singleRequest{
		what: map[string]any{"by": about.Actor, "note": about.Note, "taken": sent, "picture": sum[:]},
		do: func(ctx context.Context, key string) (any, error) {
			if err := s.photographable(alert, about.Taken); err != nil {
				return nil, err
			}
			p, err := add(ctx)
			if err != nil {
				return nil, err
			}
			if _, open := s.deps.Picture.Alert(alert); !open {
				return p, nil // its timeline has ended
			}
			_, err = s.deps.Alerts.Do(ctx, Action{
				Do: "note", Alert: alert, Actor: about.Actor, Pressed: about.Taken, Request: key,
				Note: strings.TrimSpace(photoPrefix + p.ID + "\n" + about.Note),
			})
			if errors.Is(err, ErrNotFound) && s.photographable(alert, about.Taken) == nil {
				return p, nil // it was closed in this moment
			}
			return p, err
		},
		done: func(ctx context.Context, _ citywatch.Alert) (any, error) { return add(ctx) },
	})
}

// afterwards is for how long after an alert was closed photos of it are taken:
// who was there has them, and perhaps no signal before.
const afterwards = 24 * time.Hour

// photographable returns an error if no photo of an alert is kept that was taken
// then.
func (s *site) photographable(alert string, taken time.Time) error {
	if _, open := s.deps.Picture.Alert(alert); open {
		return nil
	}
	if s.deps.Field.Closed != nil {
		switch closed, known := s.deps.Field.Closed(alert); {
		case known && taken.Sub(closed) <= afterwards:
			return nil
		case known:
			return fmt.Errorf("%w: alert %q was closed more than %s before", ErrNotFound, alert, afterwards)
		}
	}
	return fmt.Errorf("%w: no alert %q is open or was closed lately", ErrNotFound, alert)
}

// readPhoto reads a form of two parts: "about", which is JSON, and "photo".
func readPhoto(w http.ResponseWriter, r *http.Request, most int64) (about photoBody, picture []byte, err error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return about, nil, fmt.Errorf("%w: the Content-Type must be multipart/form-data", ErrInvalid)
	}
	parts := multipart.NewReader(http.MaxBytesReader(w, r.Body, most+2*maxBody), params["boundary"])
	told := false
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return about, nil, badForm(err)
		}
		switch part.FormName() {
		case "about":
			d := json.NewDecoder(io.LimitReader(part, maxBody))
			d.DisallowUnknownFields()
			if err = d.Decode(&about); err != nil {
				return about, nil, fmt.Errorf("%w: about: %w", ErrInvalid, err)
			}
			told = true
		case "photo":
			picture, err = io.ReadAll(part)
		default:
			err = fmt.Errorf("%w: there is no part %q, only about and photo", ErrInvalid, part.FormName())
		}
		if err != nil {
			return about, nil, badForm(err)
		}
	}
	if !told || picture == nil {
		return about, nil, fmt.Errorf("%w: it takes the parts about and photo", ErrInvalid)
	}
	return about, picture, nil
}

func badForm(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) || errors.Is(err, ErrInvalid) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrInvalid, err)
}
