package push_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"citywatch"
	"citywatch/ingest"
	"citywatch/ingest/push"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A disk is a journal in memory that can be full, or slow.
type disk struct {
	took time.Duration

	mu       sync.Mutex
	full     error
	readings []citywatch.Reading
	letters  []citywatch.DeadLetter
}

func (d *disk) Append(ctx context.Context, _ int, readings []citywatch.Reading) (uint64, error) {
	select {
	case <-time.After(d.took):
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.full != nil {
		return 0, d.full
	}
	d.readings = append(d.readings, readings...)
	return 1, nil
}

func (d *disk) AppendDeadLetter(_ context.Context, l citywatch.DeadLetter) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.letters = append(d.letters, l)
	return nil
}

func (d *disk) kept() []citywatch.Reading {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.readings)
}

func (d *disk) deadLetters() []citywatch.DeadLetter {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.letters)
}

// gauges is a registry of g1 to g9; others may register as any class.
type gauges struct{}

func (gauges) Lookup(id string) (*citywatch.Device, bool) {
	if len(id) == 2 && id[0] == 'g' {
		return &citywatch.Device{ID: id, Class: "river_gauge", Zone: "z" + id[1:]}, true
	}
	return nil, false
}

func (gauges) Register(id, class string, _ citywatch.Sector) (*citywatch.Device, error) {
	return &citywatch.Device{ID: id, Class: class, Auto: true}, nil
}

// door starts a pipeline on the disk and returns a handler into it.
func door(t testing.TB, o push.Options, d *disk) (*push.Handler, *ingest.Pipeline) {
	t.Helper()
	p := ingest.New(ingest.Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil))}, d, gauges{})
	h, err := push.New(o, p)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = p.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	return h, p
}

// An answer is any answer's members.
type answer struct {
	Status   int    `json:"status"`
	Title    string `json:"title"`
	Detail   string `json:"detail"`
	Accepted int    `json:"accepted"`
	Refused  []struct {
		Line   int    `json:"line"`
		Item   int    `json:"item"`
		Reason string `json:"reason"`
		Detail string `json:"detail"`
	} `json:"refused"`

	code   int
	header http.Header
}

const (
	jsonType = "application/json"
	lineType = "text/plain; charset=utf-8"
)

func request(contentType, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/api/v1/readings", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	return r
}

func ask(t testing.TB, h http.Handler, r *http.Request) answer {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	a := answer{code: w.Code, header: w.Header()}
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatalf("answer %d is not JSON: %v\n%s", w.Code, err, w.Body)
	}
	wantType := "application/json"
	if a.code >= 400 {
		wantType = "application/problem+json"
		if a.Status != a.code || a.Title == "" || a.Detail == "" {
			t.Errorf("problem %+v", a)
		}
	}
	if got := a.header.Get("Content-Type"); got != wantType {
		t.Errorf("answer %d is %s, want %s", a.code, got, wantType)
	}
	return a
}

func TestJSON(t *testing.T) {
	const good = `{"device":"g1","time":"2026-11-22T07:00:00+07:00","values":{"water_level":80.12,"door":"open"}}`
	for _, c := range []struct {
		name, body string
		code       int
		accepted   int
		refused    string // item and reason of each
	}{
		{"one", good, 200, 1, ""},
		{"without a time", `{"device":"g1","values":{"n":1}}`, 200, 1, ""},
		{"an array", "[" + good + "," + good + "\n]", 200, 2, ""},
		{"part of an array", "[" + good + `,{"device":"ghost","values":{"n":1}},{"device":"g2"},` + good + "]", 207, 2, "2 unknown_device, 3 no_values"},
		{"ahead", `[{"device":"g1","time":"2096-11-22T07:00:00+07:00","values":{"n":1}}]`, 422, 0, "1 future"},
		{"no device", `{"values":{"n":1}}`, 422, 0, "1 decode"},
		{"too large for a number", `{"device":"g1","values":{"n":1e999}}`, 422, 0, "1 not_finite"},
		{"too large", `[` + good + `,{"device":"g1","values":{"n":1},"x":"` + strings.Repeat("x", 64<<10) + `"}]`, 207, 1, "2 too_large"},
		{"broken at the second", "[" + good + `,{"device":"g1","values":}, ` + good + "]", 207, 1, "2 decode"},
		{"not closed", "[" + good, 207, 1, "2 decode"},
		{"more behind", "[" + good + "] x", 207, 1, "2 decode"},
		{"two values", good + good, 422, 0, "1 decode"},
		{"not JSON", "water_level 80", 422, 0, "1 decode"},
		{"an array of none", "[]", 422, 0, ""},
		{"empty", " \n", 422, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &disk{}
			h, _ := door(t, push.Options{}, d)
			a := ask(t, h, request(jsonType, c.body))
			var refused []string
			for _, r := range a.Refused {
				refused = append(refused, fmt.Sprint(r.Item, " ", r.Reason))
				if r.Detail == "" {
					t.Error("a refusal says nothing")
				}
			}
			if got := strings.Join(refused, ", "); a.code != c.code || a.Accepted != c.accepted || got != c.refused {
				t.Errorf("answered %d, accepted %d, refused %q", a.code, a.Accepted, got)
			}
			if n := len(d.kept()); n != c.accepted {
				t.Errorf("%d readings are on disk, %d were accepted", n, c.accepted)
			}
			if n := len(d.deadLetters()); n != len(a.Refused) {
				t.Errorf("%d dead letters for %d refusals", n, len(a.Refused))
			}
		})
	}
}

func TestJSONReading(t *testing.T) {
	d := &disk{}
	h, _ := door(t, push.Options{}, d)
	ask(t, h, request(jsonType, `{"device":"g3","time":"2026-11-22T07:00:00+07:00","values":{"water_level":80.12,"door":"open","up":true}}`))
	r := d.kept()[0]
	if r.Device != "g3" || r.Zone != "z3" || r.Time.Unix() != 1795305600 || r.TimeAssumed || len(r.Values) != 3 {
		t.Errorf("kept %+v", r)
	}
	if f, _ := r.Number("water_level"); f != 80.12 {
		t.Errorf("kept %+v", r)
	}
}

func TestLines(t *testing.T) {
	d := &disk{}
	h, _ := door(t, push.Options{}, d)
	a := ask(t, h, request(lineType, strings.Join([]string{
		"# a comment",
		"river_gauge,device=g1 water_level=80.12,flow=12i 1795305600000000000",
		"",
		"river_gauge,device=ghost water_level=80.12",
		"river_gauge,device=g2 water_level=0x1p4",
		"river_gauge,device=g2 water_level=NaN\r",
		"river_gauge,device=g2 water_level=1",
	}, "\n")))
	var refused []string
	for _, r := range a.Refused {
		refused = append(refused, fmt.Sprint(r.Line, " ", r.Reason))
	}
	if got := strings.Join(refused, ", "); a.code != 207 || a.Accepted != 2 || got != "4 unknown_device, 5 decode, 6 not_finite" {
		t.Errorf("answered %d, accepted %d, refused %q", a.code, a.Accepted, got)
	}
	kept := d.kept()
	if len(kept) != 2 || kept[0].Time.Unix() != 1795305600 || kept[0].TimeAssumed || !kept[1].TimeAssumed {
		t.Fatalf("kept %+v", kept)
	}
}

func TestRefusedLineIsReplayedInItsPrecision(t *testing.T) {
	d := &disk{}
	h, p := door(t, push.Options{}, d)
	r := request(lineType, "river_gauge,device=ghost n=1 1795305600000")
	r.URL.RawQuery = "precision=ms&db=x"
	if a := ask(t, h, r); a.code != 422 {
		t.Fatalf("answered %d", a.code)
	}
	letter := d.deadLetters()[0]
	letter.Payload = bytes.ReplaceAll(letter.Payload, []byte("ghost"), []byte("g1"))
	if err := p.Replay(t.Context(), letter); err != nil {
		t.Fatal(err)
	}
	if got := d.kept(); len(got) != 1 || got[0].Time.Unix() != 1795305600 {
		t.Errorf("replayed as %+v", got)
	}
}

func TestDevicesRegisterAsTheirMeasurement(t *testing.T) {
	d := &disk{}
	h, _ := door(t, push.Options{AutoRegister: true}, d)
	ask(t, h, request(lineType, "air_station,device=new pm25=12"))
	if got := d.kept(); len(got) != 1 || got[0].Class != "air_station" {
		t.Errorf("kept %+v", got)
	}
}

func packed(t testing.TB, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, s); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRequests(t *testing.T) {
	const line = "river_gauge,device=g1 n=1"
	for _, c := range []struct {
		name   string
		change func(*http.Request)
		body   string
		code   int
	}{
		{"plain", func(*http.Request) {}, line, 200},
		{"influx media type", func(r *http.Request) { r.Header.Set("Content-Type", "application/vnd.influx.line-protocol") }, line, 200},
		{"form", func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, line, 415},
		{"no media type", func(r *http.Request) { r.Header.Del("Content-Type") }, line, 415},
		{"GET", func(r *http.Request) { r.Method = http.MethodGet }, "", 405},
		{"unknown precision", func(r *http.Request) { r.URL.RawQuery = "precision=h" }, line, 400},
		{"wrong precision", func(r *http.Request) { r.URL.RawQuery = "precision=s" }, line + " 1795305600000", 422},
		{"gzip", func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, packed(t, line), 200},
		{"said to be gzip", func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, line, 400},
		{"broken gzip", func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, packed(t, line)[:20], 400},
		{"zstd", func(r *http.Request) { r.Header.Set("Content-Encoding", "zstd") }, line, 415},
		{"too large", func(*http.Request) {}, strings.Repeat(line+"\n", 500), 413},
		{"too large unpacked", func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, packed(t, strings.Repeat(line+"\n", 500)), 413},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &disk{}
			h, _ := door(t, push.Options{MaxBody: 8 << 10}, d)
			r := request(lineType, c.body)
			c.change(r)
			if a := ask(t, h, r); a.code != c.code {
				t.Errorf("answered %d: %s", a.code, a.Detail)
			}
			if n := len(d.kept()); (n > 0) != (c.code == 200) {
				t.Errorf("%d readings are on disk", n)
			}
		})
	}
}

func TestTooManyReadings(t *testing.T) {
	d := &disk{}
	h, _ := door(t, push.Options{}, d)
	a := ask(t, h, request(lineType, strings.Repeat("r,device=g1 n=1\n", 10_001)))
	if a.code != 413 || a.Accepted != 10_000 || len(d.kept()) != 10_000 {
		t.Errorf("answered %d, accepted %d, kept %d", a.code, a.Accepted, len(d.kept()))
	}
}

func TestTokens(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(file, []byte("# the gateway's\nfirst-secret\n\nsecond-secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h, _ := door(t, push.Options{TokenFile: file}, &disk{})
	for authorization, code := range map[string]int{
		"Bearer first-secret":     200,
		"bearer second-secret":    200,
		"":                        401,
		"Bearer":                  401,
		"Bearer ":                 401,
		"Bearer first":            401,
		"Bearer # the gateway's":  401,
		"Basic first-secret":      401,
		"Bearer first-secret and": 401,
	} {
		r := request(lineType, "river_gauge,device=g1 n=1")
		r.Header.Set("Authorization", authorization)
		a := ask(t, h, r)
		if a.code != code {
			t.Errorf("%q: answered %d", authorization, a.code)
		}
		if strings.Contains(fmt.Sprintf("%+v", a), "secret") {
			t.Errorf("%q: the answer tells a secret: %+v", authorization, a)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	r := request(lineType, "river_gauge,device=g1 n=1")
	r.Header.Set("Authorization", "Bearer first-secret")
	if a := ask(t, h, r); a.code != 500 || strings.Contains(a.Detail, file) {
		t.Errorf("without the file: answered %d: %s", a.code, a.Detail)
	}
}

func TestAnswerComesAfterTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := door(t, push.Options{}, &disk{took: 3 * time.Second})
		began := time.Now()
		a := ask(t, h, request(lineType, "river_gauge,device=g1 n=1"))
		if took := time.Since(began); a.code != 200 || took != 3*time.Second {
			t.Errorf("answered %d after %v", a.code, took)
		}
	})
}

func TestDiskThatTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{full: errors.New("no space left on device")}
		h, _ := door(t, push.Options{}, d)
		for i, within := range []time.Duration{10 * time.Second, 0} { // the second is told at once
			began := time.Now()
			a := ask(t, h, request(lineType, "river_gauge,device=g1 n=1"))
			if took := time.Since(began); a.code != 503 || took > within {
				t.Errorf("request %d: answered %d after %v", i, a.code, took)
			}
			if a.header.Get("Retry-After") == "" {
				t.Errorf("request %d: not told when to come back", i)
			}
			if strings.Contains(a.Detail, "device") {
				t.Errorf("request %d: told about this machine: %s", i, a.Detail)
			}
		}
		d.mu.Lock()
		d.full = nil
		d.mu.Unlock()
		time.Sleep(10 * time.Second)
		if a := ask(t, h, request(lineType, "river_gauge,device=g1 n=1")); a.code != 200 {
			t.Errorf("answered %d after the disk was mended", a.code)
		}
	})
}

// Over a real connection: many senders at once, each told the truth.
func TestManySenders(t *testing.T) {
	d := &disk{took: time.Millisecond}
	h, _ := door(t, push.Options{}, d)
	server := httptest.NewServer(h)
	defer server.Close()
	client := server.Client()
	defer client.CloseIdleConnections()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 20 {
				body := fmt.Sprintf(`[{"device":"g%d","values":{"n":%d}},{"device":"ghost","values":{"n":1}}]`, i+1, n)
				resp, err := client.Post(server.URL, jsonType, strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if resp.StatusCode != http.StatusMultiStatus {
					t.Errorf("answered %s", resp.Status)
				}
			}
		})
	}
	wg.Wait()
	if n := len(d.kept()); n != 160 {
		t.Errorf("%d of 160 readings are on disk", n)
	}
}
