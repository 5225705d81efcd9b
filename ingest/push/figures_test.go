package push_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"citywatch/ingest/push"
)

func saigon() *time.Location { return time.FixedZone("+07", 7*3600) }

// figures is the door of the indicators g1 to g9 into a disk.
func figures(t *testing.T, o push.Options, d *disk) *push.Figures {
	t.Helper()
	h, _ := door(t, o, d)
	return h.Figures(func(id string) (string, bool) { return "on_time", strings.HasPrefix(id, "g") }, saigon())
}

// told is what was kept, each as device value time.
func told(d *disk) string {
	var out []string
	for _, r := range d.kept() {
		v, _ := r.Number("on_time")
		out = append(out, fmt.Sprintf("%s %v %s", r.Device, v, r.Time.In(saigon()).Format("02/01/2006 15:04")))
	}
	return strings.Join(out, ", ")
}

func TestFigures(t *testing.T) {
	for name, c := range map[string]struct{ kind, body, want string }{
		"one":           {jsonType, `{"indicator": "g1", "value": 97.4, "as_of": "2026-01-21T17:00:00+07:00"}`, "g1 97.4 21/01/2026 17:00"},
		"a list":        {jsonType, `[{"indicator": "g1", "value": 1, "as_of": "2026-01-21T10:00:00Z"}, {"indicator": "g2", "value": 0, "as_of": "2026-01-22T10:00:00Z"}]`, "g1 1 21/01/2026 17:00, g2 0 22/01/2026 17:00"},
		"English table": {"text/csv", "indicator,as_of,value\r\ng1,2026-01-21 17:00,97.4\r\ng2,2026-01-21,12\r\n", "g1 97.4 21/01/2026 17:00, g2 12 21/01/2026 00:00"},
		"Vietnamese table": {"text/csv; charset=utf-8", "\ufeffGhi chú;Value;AS_OF;Indicator\n\"a;b\";97,4;21/01/2026 17:00;g1\n;;;\n",
			"g1 97.4 21/01/2026 17:00"},
	} {
		t.Run(name, func(t *testing.T) {
			d := &disk{}
			if a := ask(t, figures(t, push.Options{}, d), request(c.kind, c.body)); a.code != 200 || told(d) != c.want {
				t.Errorf("answered with %d %s; kept %s", a.code, a.Detail, told(d))
			}
		})
	}
}

// TestFiguresAllOrNone: one that cannot be read keeps the others out, and the
// answer tells which.
func TestFiguresAllOrNone(t *testing.T) {
	good := "g1,2026-01-21,5\n"
	for body, want := range map[string]string{
		"indicator,as_of\n" + good:                                "line 1 must name the columns",
		"indicator,as_of,value\n" + good + "g1,2026-01-21,much\n": `line 3: value "much" is not a number`,
		"indicator,as_of,value\n" + good + "g1,2026-01-21,NaN\n":  `line 3: value "NaN" is not a number`,
		"indicator,as_of,value\n" + good + "g1,yesterday,5\n":     `line 3: as_of "yesterday" is not a time`,
		"indicator,as_of,value\n" + good + "g1,2026-01-21\n":      "line 3: it has only 2 columns",
		"indicator,as_of,value\n" + good + ",2026-01-21,5\n":      "line 3: indicator is missing",
		"indicator,as_of,value\n" + good + "x1,2026-01-21,5\n":    `no indicator "x1" is registered`,
		"indicator,as_of,value\n" + good + "g1,2026-01-21,\"5\n":  `extraneous or missing "`,
		"": "the table is empty",
	} {
		d := &disk{}
		a := ask(t, figures(t, push.Options{}, d), request("text/csv", body))
		if a.code != 422 || !strings.Contains(a.Detail, want) || told(d) != "" {
			t.Errorf("%q is answered with %d %s; kept %s", body, a.code, a.Detail, told(d))
		}
	}
	for body, want := range map[string]string{
		`{"indicator": "g1", "as_of": "2026-01-21T10:00:00Z"}`:                                                "item 1: value of g1 is missing",
		`[{"indicator": "g1", "value": 1, "as_of": "2026-01-21T10:00:00Z"}, {"indicator": "g1", "value": 1}]`: "item 2: as_of of g1 is missing",
		`{"indicator": "g1", "value": "1", "as_of": "2026-01-21T10:00:00Z"}`:                                  "item 1: ",
		`[{"indicator": "g1", "value": 1, "as_of": "2026-01-21T10:00:00Z"}`:                                   "item 2: ",
	} {
		d := &disk{}
		a := ask(t, figures(t, push.Options{}, d), request(jsonType, body))
		if a.code != 422 || !strings.Contains(a.Detail, want) || told(d) != "" {
			t.Errorf("%s is answered with %d %s; kept %s", body, a.code, a.Detail, told(d))
		}
	}
}

func TestFigureRequests(t *testing.T) {
	d := &disk{}
	if a := ask(t, figures(t, push.Options{}, d), request("text/plain", "x")); a.code != 415 {
		t.Errorf("plain text is answered with %d", a.code)
	}
	token := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(token, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	guarded := figures(t, push.Options{TokenFile: token}, d)
	r := request(jsonType, `{"indicator": "g1", "value": 1, "as_of": "2026-01-21T10:00:00Z"}`)
	if a := ask(t, guarded, r); a.code != 401 {
		t.Errorf("without a token it is answered with %d", a.code)
	}
	r = request(jsonType, `{"indicator": "g1", "value": 1, "as_of": "2026-01-21T10:00:00Z"}`)
	r.Header.Set("Authorization", "Bearer secret")
	if a := ask(t, guarded, r); a.code != 200 {
		t.Errorf("with it, with %d %s", a.code, a.Detail)
	}
	future := request(jsonType, `{"indicator": "g1", "value": 1, "as_of": "2999-01-21T10:00:00Z"}`)
	if a := ask(t, figures(t, push.Options{}, d), future); a.code != 422 || len(a.Refused) != 1 {
		t.Errorf("a figure of the future is answered with %d %+v", a.code, a.Refused)
	}
}

// A notebook is a log that can be read while it is written.
type notebook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (n *notebook) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.buf.Write(p)
}

func (n *notebook) count(text string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Count(n.buf.String(), text)
}

// TestWatchedTable: a table is taken in when it comes, when it changes, and when
// a disk that was full is no longer; what is wrong in it is said once.
func TestWatchedTable(t *testing.T) {
	d := &disk{}
	f := figures(t, push.Options{}, d)
	file := filepath.Join(t.TempDir(), "figures.csv")
	var log notebook
	ctx, cancel := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	watching.Go(func() {
		err := f.Watch(ctx, push.FileOptions{File: file, Every: 10 * time.Millisecond}, slog.New(slog.NewTextHandler(&log, nil)))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
	})
	defer watching.Wait()
	defer cancel()
	write := func(rows string) {
		t.Helper()
		if err := os.WriteFile(file, []byte("indicator,as_of,value\n"+rows), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wait := func(what string, is func() bool) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("still not %s; kept %s", what, told(d))
			}
		}
	}
	wait("said that it is missing", func() bool { return log.count("cannot be read") == 1 })
	write("g1,2026-01-21,5\n")
	wait("taken", func() bool { return told(d) == "g1 5 21/01/2026 00:00" })
	write("g1,2026-01-22,much too much\n")
	wait("said what is wrong", func() bool { return log.count("much too much") > 0 })
	d.mu.Lock()
	d.full = errors.New("disk full")
	d.mu.Unlock()
	write("g1,2026-01-23,7.25\n")
	wait("said that it could not be kept", func() bool { return log.count("tried again") > 0 || log.count("could not be kept") > 0 })
	d.mu.Lock()
	d.full = nil
	d.mu.Unlock()
	wait("taken after all", func() bool { return strings.HasSuffix(told(d), "g1 7.25 23/01/2026 00:00") })
	if n := log.count("much too much"); n != 1 {
		t.Errorf("what is wrong was said %d times", n)
	}
}

func FuzzParseTable(f *testing.F) {
	f.Add([]byte("indicator,as_of,value\ng1,2026-01-21,5\n"))
	f.Add([]byte("\ufeffindicator;as_of;value\ng1;21/01/2026;5,5\n"))
	f.Add([]byte("a,b\n\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		figures, err := push.ParseTable(data, saigon())
		for _, figure := range figures {
			if err == nil && (figure.Indicator == "" || figure.Value == nil || figure.AsOf.IsZero()) {
				t.Errorf("a figure is not whole: %+v", figure)
			}
		}
	})
}
