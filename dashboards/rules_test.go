package dashboards_test

import (
	"net/http"
	"strings"
	"testing"

	"citywatch/dashboards"
)

func TestReloadSaysWhatIsWrong(t *testing.T) {
	p := newProvince(t)
	s := serve(t, p.site(t, newEye().see))
	post := func() (int, string) {
		t.Helper()
		resp, body := s.do(t, http.MethodPost, "/api/v1/rules/reload", "")
		return resp.StatusCode, string(body)
	}
	if status, body := post(); status != http.StatusOK || !strings.Contains(body, `"hash":"4f3a"`) {
		t.Errorf("%d %s", status, body)
	}
	p.ruleFault = "rules.yaml:5:21: unknown class"
	if status, body := post(); status != http.StatusUnprocessableEntity || !strings.Contains(body, "rules.yaml:5:21: unknown class") {
		t.Errorf("%d %s", status, body)
	}
	without := serve(t, p.site(t, func(d *dashboards.Deps) { d.Rules = nil }))
	if resp, _ := without.get(t, "/api/v1/rules"); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("without rules: %s", resp.Status)
	}
}
