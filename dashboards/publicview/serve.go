package publicview

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"citywatch"
	"citywatch/dashboards/problem"
)

// Path is where links lie.
const Path = "/p/"

// Mount puts what the public sees into a mux, below Path:
//
//	/p/{token}               a page for people
//	/p/{token}/picture.jpg   the newest picture
//	/p/{token}/stream.mjpeg  picture after picture, of links that are streams
func (p *Public) Mount(mux *http.ServeMux) {
	mux.Handle("GET "+Path+"{token}", p.open(p.page))
	mux.Handle("GET "+Path+"{token}/picture.jpg", p.open(p.servePicture))
	mux.Handle("GET "+Path+"{token}/stream.mjpeg", p.open(p.serveStream))
	mux.HandleFunc(Path, func(w http.ResponseWriter, r *http.Request) {
		problem.Write(w, r, http.StatusNotFound, "there is nothing here")
	})
}

// open answers for a link that is open, and says of any other that there is
// none or that it is gone.
func (p *Public) open(show func(http.ResponseWriter, *http.Request, *Link, Camera)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Robots-Tag", "noindex, nofollow")
		h.Set("Cache-Control", "no-store") // a link that is taken back is gone at once
		if !p.limits.allow(p.address(r), p.d.Now()) {
			h.Set("Retry-After", "5")
			refuse(w, r, http.StatusTooManyRequests)
			return
		}
		l, is := p.book.follow(r.PathValue("token"))
		if !is {
			refuse(w, r, http.StatusNotFound)
			return
		}
		camera, registered := p.d.Camera(l.Camera)
		if !l.Open(p.d.Now()) || !registered || camera.Sector != citywatch.SectorTourism {
			refuse(w, r, http.StatusGone)
			return
		}
		show(w, r, l, camera)
	})
}

// refuse says no more than the status does, and not where it was asked: the
// token is in there.
func refuse(w http.ResponseWriter, r *http.Request, status int) {
	r = r.Clone(r.Context())
	r.URL.Path = Path
	problem.Write(w, r, status, map[int]string{
		http.StatusNotFound:           "there is no such link",
		http.StatusGone:               "this link was taken back or has expired",
		http.StatusTooManyRequests:    "too many requests; try again in a few seconds",
		http.StatusServiceUnavailable: "there is no picture at the moment",
	}[status])
}

// address is from where somebody asks.
func (p *Public) address(r *http.Request) string {
	if p.o.AddressHeader != "" {
		if given := net.ParseIP(r.Header.Get(p.o.AddressHeader)); given != nil {
			return given.String()
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// next returns the newest public picture, once it is noted who gets it.
func (p *Public) next(r *http.Request, l *Link) (jpg []byte, at time.Time, err error) {
	jpg, at, err = p.picture(r.Context(), l)
	if err == nil {
		err = p.diary.looked(l, p.address(r), p.d.Now())
	}
	if err != nil && !errors.Is(err, ErrNoPicture) && r.Context().Err() == nil {
		p.d.Log.Error("a public picture was not sent", "link", l.ID, "camera", l.Camera, "err", err)
	}
	return jpg, at, err
}

func (p *Public) servePicture(w http.ResponseWriter, r *http.Request, l *Link, _ Camera) {
	jpg, at, err := p.next(r, l)
	if err != nil {
		refuse(w, r, http.StatusServiceUnavailable)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "image/jpeg")
	h.Set("Content-Length", strconv.Itoa(len(jpg)))
	p.tellAge(h, at)
	_, _ = w.Write(jpg) // nobody is left to be told of an error
}

// tellAge says when a picture was taken, and lets other sites show it.
func (p *Public) tellAge(h http.Header, at time.Time) {
	h.Set("X-Captured-At", at.UTC().Format(time.RFC3339Nano))
	h.Set("X-Picture-Age", fmt.Sprintf("%.1f", max(0, p.d.Now().Sub(at).Seconds())))
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
}
