package dashboards

import (
	"fmt"
	"net/http"

	"citywatch/dashboards/problem"
)

// contentPolicy lets pages load only what this server gives them, and no
// script that stands in a page. MapLibre draws its symbols from data: images,
// and starts its worker from its own file; live pictures are played from a
// MediaSource, whose address is a blob:.
const contentPolicy = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; " +
	"img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

// exerciseHeader stands in every answer of a drill.
const exerciseHeader = "Citywatch-Exercise"

// maxURL bounds what is read as a query.
const maxURL = 8 << 10

// protect puts what every answer and every request needs around h.
func (s *site) protect(h http.Handler) (http.Handler, error) {
	guard := http.NewCrossOriginProtection()
	for _, origin := range s.options.TrustedOrigins {
		if err := guard.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("trusted origin: %w", err)
		}
	}
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		problem.Write(w, r, http.StatusForbidden, "the page that asks for this is of another site")
	}))
	h = guard.Handler(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		set := w.Header().Set
		set("Content-Security-Policy", contentPolicy)
		set("X-Content-Type-Options", "nosniff")
		set("Referrer-Policy", "no-referrer")
		set("Cross-Origin-Opener-Policy", "same-origin")
		set("Cross-Origin-Resource-Policy", "same-origin")
		set("Permissions-Policy", "camera=(), microphone=(), geolocation=(self), payment=(), usb=()")
		if s.deps.Exercise {
			set(exerciseHeader, "true")
		}
		if len(r.URL.RawQuery)+len(r.URL.Path) > maxURL {
			problem.Write(w, r, http.StatusRequestURITooLong, "")
			return
		}
		h.ServeHTTP(w, r)
	}), nil
}
