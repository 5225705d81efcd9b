// Package origin decides which sites' pages may open a websocket here. An
// upgrade is a GET, so the protection of cross-origin POSTs does not cover it.
package origin

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"citywatch"
	"citywatch/dashboards/problem"
)

// Allowed lets in programs, which send no Origin, pages of the request's own
// host, and those of the other origins.
func Allowed(r *http.Request, others []string) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	for _, allowed := range others {
		if strings.EqualFold(origin, allowed) {
			return true
		}
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}

// Problems returns what is wrong with a list of origins that stands at path.
func Problems(path string, origins []string) []citywatch.Problem {
	var ps []citywatch.Problem
	for i, origin := range origins {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme == "" || u.Host == "" || u.Path != "" {
			ps = append(ps, citywatch.Problem{
				Path:    fmt.Sprintf("%s[%d]", path, i),
				Message: fmt.Sprintf("%q is not an origin", origin),
				Hint:    "write scheme and host only: https://wall.example.vn",
			})
		}
	}
	return ps
}

// Refuse answers an upgrade that is not granted; it is an Upgrader's Error.
func Refuse(w http.ResponseWriter, r *http.Request, status int, reason error) {
	w.Header().Set("Sec-Websocket-Version", "13")
	problem.Write(w, r, status, strings.TrimPrefix(reason.Error(), "websocket: "))
}
