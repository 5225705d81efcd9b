package dashboards_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"citywatch"
	"citywatch/dashboards"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A server is the site behind a real listener.
type server struct {
	url    string
	client *http.Client
}

func serve(t *testing.T, h http.Handler) *server {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return &server{url: srv.URL, client: &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (s *server) do(t *testing.T, method, path string, body string, header ...string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, data
}

func (s *server) get(t *testing.T, path string, header ...string) (*http.Response, []byte) {
	t.Helper()
	return s.do(t, http.MethodGet, path, "", header...)
}

func decode[T any](t *testing.T, data []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return v
}

type collection struct {
	Type     string
	Time     time.Time
	Features []struct {
		ID         string
		Geometry   *struct{ Type string }
		Properties map[string]any
	}
}

func (c collection) ids() []string {
	ids := []string{}
	for _, f := range c.Features {
		ids = append(ids, f.ID)
	}
	return ids
}

type problemDetails struct {
	Title, Detail, By string
	Status            int
	Alert             struct{ Properties struct{ ID string } }
}

func TestAlertsWorstFirst(t *testing.T) {
	p := newProvince(t)
	p.storm()
	s := serve(t, p.site(t))
	resp, body := s.get(t, "/api/v1/alerts")
	list := decode[collection](t, body)
	if resp.Header.Get("Content-Type") != "application/json" || list.Type != "FeatureCollection" || time.Since(list.Time) > time.Minute {
		t.Errorf("answered with %v, %s of %v", resp.Header, list.Type, list.Time)
	}
	var levels []float64
	for _, f := range list.Features {
		levels = append(levels, f.Properties["level"].(float64))
	}
	if want := []float64{4, 3, 2, 2, 2, 1, 1}; !slices.Equal(levels, want) {
		t.Errorf("the levels come as %v, want %v", levels, want)
	}
	for query, want := range map[string]int{
		"level=3": 2, "sector=fire": 1, "sector=fire,traffic": 2, "bbox=0,0,1,1": 0, "state=open": 7,
	} {
		_, body := s.get(t, "/api/v1/alerts?"+query)
		if got := decode[collection](t, body); len(got.Features) != want {
			t.Errorf("%s lists %v, want %d", query, got.ids(), want)
		}
	}
	if _, body := s.get(t, "/api/v1/alerts?bbox=0,0,1,1"); !bytes.Contains(body, []byte(`"features":[]`)) {
		t.Errorf("an empty list is %s", body)
	}
}

func TestReset(t *testing.T) {
	p := newProvince(t)
	a := p.raise("lao-cai-thao", "river-flood", 3, citywatch.Text{VI: "Lũ"}, citywatch.Evidence{Value: "water_level", Number: 83.6})
	s := serve(t, p.site(t))
	path := "/api/v1/alerts/" + url.PathEscape(a.ID) + "/reset"
	for _, want := range []int{http.StatusOK, http.StatusNotFound} { // the second time it is over
		resp, data := s.do(t, http.MethodPost, path, `{"actor":"Hoa","version":1}`, "Content-Type", "application/json")
		if resp.StatusCode != want {
			t.Errorf("answered with %s: %s; want %d", resp.Status, data, want)
		}
	}
}

func TestAcknowledge(t *testing.T) {
	p := newProvince(t)
	a := p.raise("lao-cai-thao", "river-flood", 3, citywatch.Text{VI: "Lũ"}, citywatch.Evidence{Value: "water_level", Number: 83.6})
	s := serve(t, p.site(t))
	path := "/api/v1/alerts/" + url.PathEscape(a.ID) + "/acknowledge"
	post := func(path, body string) (*http.Response, problemDetails) {
		resp, data := s.do(t, http.MethodPost, path, body, "Content-Type", "application/json")
		return resp, decode[problemDetails](t, data)
	}
	for body, status := range map[string]int{
		`{"actor":"Hoa","version":2}`:       http.StatusConflict,
		`{"actor":" ","version":1}`:         http.StatusBadRequest,
		`{"actor":"Hoa"}`:                   http.StatusBadRequest,
		`{"version":1}`:                     http.StatusBadRequest,
		`{"actor":"a\u0007","version":1}`:   http.StatusBadRequest,
		`{"actor":"Hoa","version":1,"x":1}`: http.StatusBadRequest,
		`{"actor":"Hoa","version":1}{}`:     http.StatusBadRequest,
		`not json`:                          http.StatusBadRequest,
		`{"actor":"` + strings.Repeat("ạ", 101) + `","version":1}`:    http.StatusBadRequest,
		`{"actor":"` + strings.Repeat("x", 20<<10) + `","version":1}`: http.StatusRequestEntityTooLarge,
	} {
		resp, problem := post(path, body)
		if resp.StatusCode != status || problem.Status != status || problem.Detail == "" {
			t.Errorf("%.60s is answered with %s: %+v, want %d", body, resp.Status, problem, status)
		}
	}
	if resp, _ := s.do(t, http.MethodPost, path, `{"actor":"Hoa","version":1}`, "Content-Type", "text/plain"); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("plain text is answered with %s", resp.Status)
	}
	if resp, _ := post("/api/v1/alerts/none/acknowledge", `{"actor":"Hoa","version":1}`); resp.StatusCode != http.StatusNotFound {
		t.Errorf("an unknown alert is answered with %s", resp.Status)
	}
	resp, data := s.do(t, http.MethodPost, path, `{"actor":" Nguyễn Thị Hoa ","version":1}`, "Content-Type", "application/json; charset=utf-8")
	if resp.StatusCode != http.StatusOK || !bytes.Contains(data, []byte(`"handled_by":"Nguyễn Thị Hoa"`)) {
		t.Errorf("answered with %s: %s", resp.Status, data)
	}
	_, data = s.get(t, "/api/v1/alerts/"+url.PathEscape(a.ID))
	if !bytes.Contains(data, []byte(`"handling":"acknowledged"`)) {
		t.Errorf("afterwards it is %s", data)
	}
}

// TestActions: what somebody does reaches the engine as it was posted, and what
// stands against it says what, and who was quicker.
func TestActions(t *testing.T) {
	p := newProvince(t)
	a := p.raise("lao-cai-thao", "river-flood", 3, citywatch.Text{VI: "Lũ"}, citywatch.Evidence{Value: "water_level", Number: 83.6})
	s := serve(t, p.site(t))
	alert := "/api/v1/alerts/" + url.PathEscape(a.ID) + "/"
	post := func(path, body string) (int, problemDetails) {
		resp, data := s.do(t, http.MethodPost, path, body, "Content-Type", "application/json")
		return resp.StatusCode, decode[problemDetails](t, data)
	}
	for _, c := range []struct {
		path, body string
		want       int
	}{
		{alert + "explode", `{"actor":"Hoa","version":1}`, http.StatusNotFound},
		{"/api/v1/devices/lao-cai-thao/explode", `{"actor":"Hoa"}`, http.StatusNotFound},
		{alert + "dispatch", `{"actor":"Hoa"}`, http.StatusBadRequest},
		{alert + "note", `{"actor":"Hoa","note":"a\u0000"}`, http.StatusBadRequest},
		{alert + "note", `{"actor":"Hoa","note":"` + strings.Repeat("ạ", 2001) + `"}`, http.StatusBadRequest},
		{alert + "shelve", `{"actor":"Hoa","version":1,"until":"tomorrow"}`, http.StatusBadRequest},
	} {
		if status, problem := post(c.path, c.body); status != c.want || problem.Detail == "" {
			t.Errorf("%s %.40s is answered with %d %q, want %d", c.path, c.body, status, problem.Detail, c.want)
		}
	}
	if len(p.done) > 0 {
		t.Fatalf("the engine was asked for %v", p.done)
	}
	status, problem := post(alert+"shelve", `{"actor":"Hoa","version":1,"note":" dòng một\ndòng hai ","to":"Đội 2","until":"2026-11-22T08:00:00+07:00"}`)
	if status != http.StatusConflict || problem.By != "Lan" || problem.Alert.Properties.ID != a.ID {
		t.Errorf("who was quicker is told as %d %+v", status, problem)
	}
	post(alert+"note", `{"actor":"Hoa","note":"x"}`)
	post("/api/v1/devices/lao-cai-thao/out_of_service", `{"actor":"Hoa","version":2,"note":"thay pin","from":"2026-11-22T07:00:00+07:00","until":"2026-11-22T08:00:00+07:00"}`)
	want := []dashboards.Action{
		{
			Do: "shelve", Alert: a.ID, Actor: "Hoa", Version: 1, Note: "dòng một\ndòng hai", To: "Đội 2",
			Until: time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC),
		},
		{Do: "note", Alert: a.ID, Actor: "Hoa", Note: "x"},
		{
			Do: "out_of_service", Device: "lao-cai-thao", Actor: "Hoa", Version: 2, Note: "thay pin",
			From: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC),
		},
	}
	if diff := cmp.Diff(want, p.done); diff != "" {
		t.Error(diff)
	}
}

// TestOtherSites: a page of another site cannot change anything.
func TestOtherSites(t *testing.T) {
	p := newProvince(t)
	s := serve(t, p.site(t))
	for _, header := range [][2]string{{"Origin", "https://evil.example"}, {"Sec-Fetch-Site", "cross-site"}} {
		resp, data := s.do(t, http.MethodPost, "/api/v1/readings", "{}", header[0], header[1])
		if resp.StatusCode != http.StatusForbidden || decode[problemDetails](t, data).Detail == "" {
			t.Errorf("%v is answered with %s: %s", header, resp.Status, data)
		}
	}
	if resp, _ := s.do(t, http.MethodPost, "/api/v1/readings", "{}", "Origin", s.url); resp.StatusCode != http.StatusAccepted {
		t.Errorf("a page of this site is answered with %s", resp.Status)
	}
}

// TestDevicesSayHowOldTheyAre: no device is called normal, and one that is
// silent says so.
func TestDevicesSayHowOldTheyAre(t *testing.T) {
	p := newProvince(t)
	p.raise("lao-cai-thao", "river-flood", 3, citywatch.Text{VI: "Lũ"}, citywatch.Evidence{Value: "water_level", Number: 83.6})
	s := serve(t, p.site(t))
	_, body := s.get(t, "/api/v1/devices")
	list := decode[collection](t, body)
	if len(list.Features) != len(p.devices) {
		t.Errorf("lists %d of %d", len(list.Features), len(p.devices))
	}
	states := map[string]string{}
	for _, f := range list.Features {
		states[f.ID] = fmt.Sprintf("%v %v", f.Properties["state"], f.Properties["freshness"])
	}
	for i, want := range map[int]string{0: "alarm fresh", 5: "fresh fresh", 30: "late late", 45: "silent silent", 60: "never never"} {
		if got := states[p.devices[i].Device.ID]; got != want {
			t.Errorf("%s is %q, want %q", p.devices[i].Device.ID, got, want)
		}
	}
	_, body = s.get(t, "/api/v1/devices/"+p.devices[60].Device.ID)
	for _, absent := range []string{`"age"`, `"time"`, `"heard"`} {
		if bytes.Contains(body, []byte(absent)) {
			t.Errorf("a device that was never heard has %s: %s", absent, body)
		}
	}
	_, body = s.get(t, "/api/v1/devices/lao-cai-thao")
	for _, want := range []string{`"label":{"vi":"Mực nước"`, `"unit":"m"`, `{"level":2,"bound":null}`, `"age":`} {
		if !bytes.Contains(body, []byte(want)) {
			t.Errorf("the gauge lacks %s: %s", want, body)
		}
	}
	if resp, _ := s.get(t, "/api/v1/devices/none"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("an unknown device is answered with %s", resp.Status)
	}
}

func TestReadings(t *testing.T) {
	p := newProvince(t)
	var asked dashboards.HistoryQuery
	s := serve(t, p.site(t, func(d *dashboards.Deps) {
		d.History = historyFunc(func(ctx context.Context, q dashboards.HistoryQuery) ([]dashboards.Point, error) {
			asked = q
			return p.History(ctx, q)
		})
	}))
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	p.now = func() time.Time { return now }
	const path = "/api/v1/devices/lao-cai-thao/readings?"
	for _, c := range []struct {
		query string
		want  dashboards.HistoryQuery
	}{
		{"", dashboards.HistoryQuery{Value: "water_level", From: now.Add(-6 * time.Hour), To: now, Every: 30 * time.Second, Fn: "mean"}},
		{"value=discharge&from=-10m", dashboards.HistoryQuery{Value: "discharge", From: now.Add(-10 * time.Minute), To: now}},
		{"from=-1h&every=10m&fn=max", dashboards.HistoryQuery{Value: "water_level", From: now.Add(-time.Hour), To: now, Every: 10 * time.Minute, Fn: "max"}},
		{"from=2026-11-22T07:00:00%2B07:00&to=-30m&every=1m", dashboards.HistoryQuery{
			Value: "water_level", From: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), To: now.Add(-30 * time.Minute), Every: time.Minute, Fn: "mean"}},
	} {
		resp, body := s.get(t, path+c.query)
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s is answered with %s: %s", c.query, resp.Status, body)
			continue
		}
		c.want.Class, c.want.Device = "river_gauge", "lao-cai-thao"
		if !asked.From.Equal(c.want.From) || !asked.To.Equal(c.want.To) {
			t.Errorf("%s asks from %v to %v", c.query, asked.From, asked.To)
		}
		asked.From, asked.To = c.want.From, c.want.To
		if asked != c.want {
			t.Errorf("%s asks for %+v\nwant %+v", c.query, asked, c.want)
		}
		answer := decode[struct {
			Unit   string
			Points []dashboards.Point
		}](t, body)
		if len(answer.Points) == 0 || c.want.Value == "water_level" && answer.Unit != "m" {
			t.Errorf("%s is answered with %d points in %q", c.query, len(answer.Points), answer.Unit)
		}
	}
	for _, wrong := range []string{
		"from=now", "to=1", "from=-1h&to=-2h", "from=2001-01-01T00:00:00Z", "every=10", "every=10ms", "every=-1m", "every=1s&from=-24h",
		"every=0s&fn=max", "fn=median", "value=a%22b", "every=0s&from=-2400h",
	} {
		if resp, body := s.get(t, path+wrong); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s is answered with %s: %s", wrong, resp.Status, body)
		}
	}
}

type historyFunc func(context.Context, dashboards.HistoryQuery) ([]dashboards.Point, error)

func (f historyFunc) History(ctx context.Context, q dashboards.HistoryQuery) ([]dashboards.Point, error) {
	return f(ctx, q)
}

// TestErrors: what is wrong with citywatch is not told to whoever asks, and
// what is wrong with the request is.
func TestErrors(t *testing.T) {
	p := newProvince(t)
	s := serve(t, p.site(t))
	const secret = "token-abc"
	for err, want := range map[error]int{
		errors.New("dial " + secret):                                   http.StatusInternalServerError,
		fmt.Errorf("%w: the store is down", dashboards.ErrUnavailable): http.StatusServiceUnavailable,
		fmt.Errorf("query: %w", context.DeadlineExceeded):              http.StatusGatewayTimeout,
		fmt.Errorf("%w: no such value", dashboards.ErrNotFound):        http.StatusNotFound,
		fmt.Errorf("%w: cannot be summed", dashboards.ErrInvalid):      http.StatusBadRequest,
	} {
		p.mu.Lock()
		p.broken = err
		p.mu.Unlock()
		resp, body := s.get(t, "/api/v1/devices/lao-cai-thao/readings")
		problem := decode[problemDetails](t, body)
		if resp.StatusCode != want || problem.Status != want || resp.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%v is answered with %s %+v, want %d", err, resp.Status, problem, want)
		}
		if bytes.Contains(body, []byte(secret)) {
			t.Errorf("the answer tells %s", body)
		}
	}
}

func TestDeadLetters(t *testing.T) {
	p := newProvince(t)
	for seq := range uint64(3) {
		p.letters = append(p.letters, citywatch.DeadLetter{Seq: seq + 1, Source: "mqtt", Refusal: citywatch.RefusedDecode, Payload: []byte("{oops")})
	}
	p.letters[2].Payload = []byte{0xff, 0xfe}
	s := serve(t, p.site(t))
	type list struct {
		DeadLetters []struct {
			Seq     uint64
			Text    string
			Payload []byte
		} `json:"dead_letters"`
	}
	read := func(query string) list {
		_, body := s.get(t, "/api/v1/deadletters"+query)
		return decode[list](t, body)
	}
	all := read("").DeadLetters
	if len(all) != 3 || all[0].Text != "{oops" || all[2].Text != "" || !bytes.Equal(all[2].Payload, []byte{0xff, 0xfe}) {
		t.Errorf("listed %+v", all)
	}
	if some := read("?from=2&limit=1").DeadLetters; len(some) != 1 || some[0].Seq != 2 {
		t.Errorf("from=2&limit=1 lists %+v", some)
	}
	for request, status := range map[string]int{
		"POST /api/v1/deadletters/1/replay": http.StatusNoContent,
		"DELETE /api/v1/deadletters/2":      http.StatusNoContent,
		"DELETE /api/v1/deadletters/9":      http.StatusNotFound,
		"DELETE /api/v1/deadletters/x":      http.StatusNotFound,
		"GET /api/v1/deadletters?limit=-1":  http.StatusBadRequest,
	} {
		method, path, _ := strings.Cut(request, " ")
		if resp, body := s.do(t, method, path, ""); resp.StatusCode != status {
			t.Errorf("%s is answered with %s: %s", request, resp.Status, body)
		}
	}
	if left := read("").DeadLetters; len(left) != 1 || left[0].Seq != 3 {
		t.Errorf("left are %+v", left)
	}
}

func TestHealth(t *testing.T) {
	p := newProvince(t)
	p.system.Store = dashboards.Part{Name: "store", State: dashboards.Down, Detail: "connection refused"}
	s := serve(t, p.site(t))
	_, body := s.get(t, "/api/v1/health")
	h := decode[struct {
		Freshness    map[string]int
		Devices      int
		Store        dashboards.Part
		Unconfigured []struct {
			Device string
			Level  int
		}
	}](t, body)
	if h.Devices != 120 || h.Freshness["fresh"] != 117 || h.Freshness["late"] != 1 || h.Freshness["silent"] != 1 || h.Freshness["never"] != 1 {
		t.Errorf("counts %d devices as %v", h.Devices, h.Freshness)
	}
	if h.Store.State != dashboards.Down {
		t.Errorf("the store is %+v", h.Store)
	}
	missing := slices.ContainsFunc(h.Unconfigured, func(u struct {
		Device string
		Level  int
	}) bool {
		return u.Device == "lao-cai-thao" && u.Level == 2
	})
	if !missing {
		t.Errorf("BĐ2 of Lào Cai is not said to be unconfigured: %+v", h.Unconfigured)
	}
	s = serve(t, p.site(t, func(d *dashboards.Deps) { d.System = nil }))
	if _, body := s.get(t, "/api/v1/health"); !bytes.Contains(body, []byte(`"store":{"name":"store","state":"unknown"}`)) {
		t.Errorf("what nobody knows is told as %s", body)
	}
}

func TestReady(t *testing.T) {
	p := newProvince(t)
	s := serve(t, p.site(t))
	if resp, _ := s.get(t, "/readyz"); resp.StatusCode != http.StatusOK {
		t.Errorf("ready is %s", resp.Status)
	}
	p.ready.Ready = false
	if resp, _ := s.get(t, "/readyz"); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("not ready is %s", resp.Status)
	}
	for _, path := range []string{"/healthz", "/metrics"} {
		if resp, _ := s.get(t, path); resp.StatusCode != http.StatusOK {
			t.Errorf("%s is %s", path, resp.Status)
		}
	}
}

// TestWrongWays: what is not there, and what may not be done with what is, are
// problems too.
func TestWrongWays(t *testing.T) {
	p := newProvince(t)
	s := serve(t, p.site(t, func(d *dashboards.Deps) { d.Push = nil }))
	for request, status := range map[string]int{
		"GET /api/v1/nothing":                               http.StatusNotFound,
		"GET /api/v2/alerts":                                http.StatusNotFound,
		"DELETE /api/v1/alerts":                             http.StatusMethodNotAllowed,
		"GET /api/v1/readings":                              http.StatusMethodNotAllowed,
		"POST /api/v1/readings":                             http.StatusServiceUnavailable,
		"GET /api/v1/alerts/x":                              http.StatusNotFound,
		"GET /api/v1/alerts?level=9":                        http.StatusBadRequest,
		"GET /api/v1/alerts?state=closed":                   http.StatusBadRequest,
		"GET /api/v1/devices?sector=x":                      http.StatusBadRequest,
		"GET /api/v1/alerts?x=" + strings.Repeat("y", 9000): http.StatusRequestURITooLong,
	} {
		method, path, _ := strings.Cut(request, " ")
		resp, body := s.do(t, method, path, "")
		if resp.StatusCode != status || decode[problemDetails](t, body).Status != status {
			t.Errorf("%.60s is answered with %s: %s", request, resp.Status, body)
		}
		if status == http.StatusMethodNotAllowed && resp.Header.Get("Allow") == "" {
			t.Errorf("%s: no Allow", request)
		}
	}
}

func TestOptionProblems(t *testing.T) {
	ps := dashboards.Options{QueryTimeout: -1, TrustedOrigins: []string{"https://ok.example", "wall"}}.Problems()
	if len(ps) != 2 || ps[0].Path != "$.query_timeout" || ps[1].Path != "$.trusted_origins[1]" {
		t.Errorf("found %+v", ps)
	}
}
