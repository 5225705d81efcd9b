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
	want := problem.Details{Title: "Not Found", Status: 404, Detail: `no device "x"`, Instance: "/api/v1/devices/x"}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
