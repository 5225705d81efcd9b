package dashboards

import (
	"errors"
	"fmt"
	"net/http"
	"time"
	"unicode"

	"citywatch/dashboards/publicview"
)

// maxLinkBody is the largest mask with what stands around it.
const maxLinkBody = 64 << 10

// publicLinks are the links by which the public sees camera points.
type publicLinks interface {
	Create(publicview.Request) (publicview.Link, error)
	Remask(id, actor string, version int, m publicview.Mask, bare bool) (publicview.Link, error)
	Revoke(id, actor string) (publicview.Link, error)
	Links(camera string) []publicview.Link
	Accesses(id string, limit int) ([]publicview.Access, error)
	Mount(mux *http.ServeMux)
}

type linkList struct {
	Time  time.Time    `json:"time"`
	Links []publicLink `json:"links"`
}

// A publicLink is a link as those see it who look after it.
type publicLink struct {
	ID     string          `json:"id"`
	Camera string          `json:"camera"`
	Kind   publicview.Kind `json:"kind"`
	// Href is where the public finds it, as a path of this server; absent once
	// it is closed.
	Href      string          `json:"href,omitempty"`
	Open      bool            `json:"open"`
	Mask      publicview.Mask `json:"mask"`
	Version   int             `json:"version"`
	CreatedBy string          `json:"created_by"`
	Created   time.Time       `json:"created"`
	Expires   time.Time       `json:"expires"`
	RevokedBy string          `json:"revoked_by,omitempty"`
	Revoked   *time.Time      `json:"revoked,omitempty"`
}

func (s *site) publicLink(l *publicview.Link) publicLink {
	out := publicLink{
		ID: l.ID, Camera: l.Camera, Kind: l.Kind, Open: l.Open(s.now()), Mask: l.Mask, Version: l.Version,
		CreatedBy: l.CreatedBy, Created: l.Created, Expires: l.Expires, RevokedBy: l.RevokedBy,
	}
	if out.Mask == nil {
		out.Mask = publicview.Mask{}
	}
	if out.Open {
		out.Href = publicview.Path + l.Token
	}
	if !l.Revoked.IsZero() {
		out.Revoked = &l.Revoked
	}
	return out
}

// linkError gives an error of the links the meaning that the API knows.
func linkError(err error) error {
	for _, m := range []struct{ from, to error }{
		{publicview.ErrNoLink, ErrNotFound},
		{publicview.ErrClosed, ErrConflict},
		{publicview.ErrConflict, ErrConflict},
		{publicview.ErrMask, ErrInvalid},
		{publicview.ErrRequest, ErrInvalid},
	} {
		if errors.Is(err, m.from) {
			return fmt.Errorf("%w: %w", m.to, err)
		}
	}
	return err
}

func (s *site) listLinks(w http.ResponseWriter, r *http.Request) {
	if s.deps.Public == nil {
		s.failCamera(w, r, errNotConfigured("public links"))
		return
	}
	out := linkList{Time: s.now(), Links: []publicLink{}}
	links := s.deps.Public.Links(r.URL.Query().Get("camera"))
	for i := range links {
		out.Links = append(out.Links, s.publicLink(&links[i]))
	}
	s.answer(w, r, out)
}

// A linkBody is what is posted about a link that there is.
type linkBody struct {
	Actor   string          `json:"actor"`
	Version int             `json:"version"`
	Mask    publicview.Mask `json:"mask"`
	Bare    bool            `json:"bare"`
}

// changeLink answers with the link that do makes or changes.
func (s *site) changeLink(w http.ResponseWriter, r *http.Request, body any, actor *string, do func() (publicview.Link, error)) {
	err := decodeUpTo(maxLinkBody, w, r, body)
	if err == nil {
		err = checkText("actor", actor, maxActor, unicode.IsControl)
	}
	if err == nil && s.deps.Public == nil {
		err = errNotConfigured("public links")
	}
	var l publicview.Link
	if err == nil {
		l, err = do()
	}
	if err != nil {
		s.failCamera(w, r, linkError(err))
		return
	}
	s.answer(w, r, s.publicLink(&l))
}

func (s *site) createLink(w http.ResponseWriter, r *http.Request) {
	var body publicview.Request
	s.changeLink(w, r, &body, &body.Actor, func() (publicview.Link, error) { return s.deps.Public.Create(body) })
}

func (s *site) remaskLink(w http.ResponseWriter, r *http.Request) {
	var body linkBody
	s.changeLink(w, r, &body, &body.Actor, func() (publicview.Link, error) {
		return s.deps.Public.Remask(r.PathValue("id"), body.Actor, body.Version, body.Mask, body.Bare)
	})
}

func (s *site) revokeLink(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Actor string `json:"actor"`
	}
	s.changeLink(w, r, &body, &body.Actor, func() (publicview.Link, error) {
		return s.deps.Public.Revoke(r.PathValue("id"), body.Actor)
	})
}

// mostAccesses bounds what is told of who looked.
const mostAccesses = 1000

type accessList struct {
	Time     time.Time           `json:"time"`
	Accesses []publicview.Access `json:"accesses"`
}

func (s *site) listAccesses(w http.ResponseWriter, r *http.Request) {
	limit, err := number(r, "limit", 100, mostAccesses)
	if err == nil && s.deps.Public == nil {
		err = errNotConfigured("public links")
	}
	out := accessList{Time: s.now()}
	if err == nil {
		out.Accesses, err = s.deps.Public.Accesses(r.PathValue("id"), int(limit))
	}
	if err != nil {
		s.failCamera(w, r, err)
		return
	}
	if out.Accesses == nil {
		out.Accesses = []publicview.Access{}
	}
	s.answer(w, r, out)
}
