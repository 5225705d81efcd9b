package problem_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"citywatch/dashboards/problem"
)

func TestWrite(t *testing.T) {
	w := httptest.NewRecorder()
	w.Header().Set("ETag", `"of what should have been sent"`)
	problem.Write(w, httptest.NewRequest(http.MethodGet, "/api/v1/devices/x?y=1", nil), http.StatusNotFound, "no device \"x\"")
	if w.Code != http.StatusNotFound || w.Header().Get("Content-Type") != "application/problem+json" ||
		w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("ETag") != "" {
		t.Errorf("answered %d with %v", w.Code, w.Header())
	}
	var got problem.Details
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := problem.Details{Title: "Not Found", Status: 404, Code: "not_found", Detail: `no device "x"`, Instance: "/api/v1/devices/x"}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestEveryProblemHasACode: a page can say each in its reader's language.
func TestEveryProblemHasACode(t *testing.T) {
	for _, c := range []struct {
		details problem.Details
		want    string
	}{
		{problem.Details{Status: http.StatusTeapot}, "invalid"},
		{problem.Details{Status: http.StatusConflict}, "conflict"},
		{problem.Details{Status: http.StatusConflict, Code: "still_true"}, "still_true"},
		{problem.Details{Status: http.StatusUnprocessableEntity}, "refused"},
		{problem.Details{Status: http.StatusTooManyRequests}, "busy"},
		{problem.Details{Status: http.StatusBadGateway}, "unavailable"},
		{problem.Details{Status: http.StatusHTTPVersionNotSupported}, "internal"},
	} {
		w := httptest.NewRecorder()
		problem.WriteDetails(w, httptest.NewRequest(http.MethodGet, "/", nil), c.details)
		var got problem.Details
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Code != c.want {
			t.Errorf("%+v has the code %q (%v), want %q", c.details, got.Code, err, c.want)
		}
	}
}
