package origin_test

import (
	"net/http/httptest"
	"testing"

	"citywatch/dashboards/origin"
)

func TestAllowed(t *testing.T) {
	others := []string{"https://wall.example.vn"}
	for from, want := range map[string]bool{
		"": true, "http://city.example:8080": true, "HTTPS://CITY.example:8080": true,
		"https://wall.example.vn": true, "HTTPS://WALL.example.vn": true,
		"http://wall.example.vn": false, "https://wall.example.vn:8443": false,
		"https://wall.example.vn.evil.example": false, "http://city.example": false,
		"https://evil.example": false, "null": false, "::": false,
	} {
		r := httptest.NewRequest("GET", "http://city.example:8080/api/v1/stream", nil)
		if from != "" {
			r.Header.Set("Origin", from)
		}
		if got := origin.Allowed(r, others); got != want {
			t.Errorf("origin %q is allowed: %v", from, got)
		}
	}
}

func TestProblems(t *testing.T) {
	ps := origin.Problems("$.origins", []string{"https://ok.example", "wall.example.vn", "https://a/b", "http://ok.example:8080"})
	if len(ps) != 2 || ps[0].Path != "$.origins[1]" || ps[1].Path != "$.origins[2]" || ps[0].Hint == "" {
		t.Errorf("found %v", ps)
	}
}
