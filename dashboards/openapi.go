package dashboards

import (
	_ "embed"
	"net/http"
)

// openAPI describes the API.
//
//go:embed openapi.json
var openAPI []byte

func (s *site) openAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(openAPI) // nobody is left to be told of an error
}
