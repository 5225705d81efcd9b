package dashboards_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"citywatch"
	"citywatch/dashboards"
	"citywatch/internal/audit"
)

// pastDeps tells of the province's own transitions, and of what its devices
// would have measured. Nothing is known from before the first transition but
// that there was none, for a day.
func (p *province) pastDeps() *dashboards.PastDeps {
	begun := p.now().Add(-24 * time.Hour)
	return &dashboards.PastDeps{
		Since: func(context.Context) (time.Time, error) { return begun, nil },
		Alerts: func(_ context.Context, at time.Time) ([]citywatch.Alert, error) {
			if at.Before(begun) {
				return nil, fmt.Errorf("%w: only to %v", dashboards.ErrNotFound, begun)
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			last := map[string]citywatch.Alert{}
			for _, t := range p.happened {
				if !t.At.After(at) {
					last[t.Alert.ID] = t.Alert
				}
			}
			var open []citywatch.Alert
			for _, a := range last {
				if a.Open() {
					open = append(open, a)
				}
			}
			return open, nil
		},
		Values: func(_ context.Context, class string, at time.Time, _ time.Duration) (map[string][]citywatch.LastValue, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.broken != nil {
				return nil, p.broken
			}
			values := map[string][]citywatch.LastValue{}
			for i, s := range p.devices {
				if s.Device.Class != class || i == 60 {
					continue
				}
				when := at.Truncate(s.Device.Period)
				for _, q := range p.classQuantities(class) {
					n, text := measure(s.Device.ID, q, when)
					values[s.Device.ID] = append(values[s.Device.ID], citywatch.LastValue{
						Value: citywatch.Value{Name: q, Number: n, Text: text}, Time: when,
					})
				}
			}
			return values, nil
		},
	}
}

func (p *province) classQuantities(class string) []string {
	var names []string
	for _, c := range p.classes {
		if c.ID == class {
			for _, q := range c.Quantities {
				names = append(names, q.Value)
			}
		}
	}
	return names
}

// auditDeps writes the province's transitions into a real audit, and reads that.
func (p *province) auditDeps(t testing.TB) *dashboards.AuditDeps {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "audit")
	l := audit.New(dir, audit.Deps{
		Journal: auditJournal{p}, Log: slog.New(slog.DiscardHandler),
		Transitions: func(from uint64) audit.Reader { return &happenings{p, from} },
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("audit: %v", err)
		}
	})
	return &dashboards.AuditDeps{
		Read: func(_ context.Context, q dashboards.AuditQuery) (dashboards.AuditPage, error) {
			page, err := audit.Read(dir, audit.Query{Before: q.Before, From: q.From, To: q.To, Alert: q.Alert, Actor: q.Actor, Limit: q.Limit})
			out := dashboards.AuditPage{Next: page.Next}
			for i := range page.Lines {
				line, encoding := json.Marshal(page.Lines[i])
				out.Lines, err = append(out.Lines, line), errors.Join(err, encoding)
			}
			return out, err
		},
		Verify: func(context.Context) (dashboards.AuditReport, error) {
			found, err := audit.Verify(dir)
			return dashboards.AuditReport{Checked: p.now(), Lines: found.Head.N, Hash: found.Head.Hash, From: found.From, To: found.To}, err
		},
	}
}

type auditJournal struct{ p *province }

func (j auditJournal) Epoch() string { return j.p.Epoch() }

func (j auditJournal) TransitionBounds(context.Context) (first, last uint64, err error) {
	j.p.mu.Lock()
	defer j.p.mu.Unlock()
	return 1, j.p.seq, nil
}

func (auditJournal) Load(context.Context, string) ([]byte, error) { return nil, nil }
func (auditJournal) Save(context.Context, string, []byte) error   { return nil }

// happenings reads what has happened in a province.
type happenings struct {
	p    *province
	next uint64
}

func (*happenings) Close() {}

func (h *happenings) Next(ctx context.Context) (citywatch.Transition, error) {
	for {
		h.p.mu.Lock()
		if n := int(max(h.next, 1)); n <= len(h.p.happened) {
			defer h.p.mu.Unlock()
			h.next = uint64(n) + 1
			return h.p.happened[n-1], nil
		}
		h.p.mu.Unlock()
		select {
		case <-ctx.Done():
			return citywatch.Transition{}, ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// A pastAnswer is what the tests read of how things were.
type pastAnswer struct {
	At     time.Time
	Alerts *struct {
		Features []struct{ Properties citywatch.Alert }
	}
	Devices *struct {
		Features []struct {
			ID         string
			Properties struct {
				State, Freshness string
				Level            int
				Age              *float64
			}
		}
	}
	Recordings []struct{ Camera string }
	Trouble    []string
}

func TestHowThingsWere(t *testing.T) {
	p := newProvince(t)
	base := time.Now().Truncate(time.Second)
	now := base
	p.now = func() time.Time { return now }
	flood := p.flood(3)
	now = base.Add(10 * time.Minute)
	if _, err := p.Do(t.Context(), dashboards.Action{Do: "acknowledge", Alert: flood.ID, Version: 1, Actor: "Hoa"}); err != nil {
		t.Fatal(err)
	}
	now = base.Add(20 * time.Minute)
	closed, _ := p.Alert(flood.ID)
	closed.Handling = citywatch.Closed
	p.publish(closed, citywatch.ReasonClosed, "Hoa")
	now = base.Add(30 * time.Minute)
	s := serve(t, p.site(t))
	at := func(when time.Time) pastAnswer {
		t.Helper()
		resp, data := s.get(t, "/api/v1/at?time="+url.QueryEscape(when.Format(time.RFC3339)))
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("at %v: %s %s", when, resp.Status, data)
		}
		return decode[pastAnswer](t, data)
	}
	for minute, want := range map[int]string{-1: "", 5: "new", 15: "acknowledged", 25: ""} {
		got := at(base.Add(time.Duration(minute) * time.Minute))
		var handlings []string
		for _, f := range got.Alerts.Features {
			handlings = append(handlings, string(f.Properties.Handling))
		}
		if strings.Join(handlings, " ") != want {
			t.Errorf("after %d minutes: %v, want %q", minute, handlings, want)
		}
		for _, f := range got.Devices.Features {
			if f.ID != flood.Device {
				continue
			}
			if alarmed := f.Properties.State == "alarm"; alarmed != (want != "") {
				t.Errorf("after %d minutes the gauge is %+v", minute, f.Properties)
			}
			if f.Properties.Age == nil || *f.Properties.Age < 0 || *f.Properties.Age > 600 {
				t.Errorf("after %d minutes the gauge's value has the age %v", minute, f.Properties.Age)
			}
		}
	}
	// One whose values are not found is silent: not fresh, and not never heard.
	silent := p.devices[60].Device.ID
	for _, f := range at(base).Devices.Features {
		if f.ID == silent && (f.Properties.Freshness != "silent" || f.Properties.State != "silent") {
			t.Errorf("without values: %+v", f.Properties)
		}
	}
	long := at(base.Add(-48 * time.Hour))
	if long.Alerts != nil || long.Devices == nil || len(long.Trouble) != 1 {
		t.Errorf("before what is remembered: alerts %v, trouble %q", long.Alerts, long.Trouble)
	}
	p.broken = errors.New("the store is down")
	if got := at(base); got.Devices != nil || got.Alerts == nil || len(got.Trouble) != 1 {
		t.Errorf("without the store: devices %v, trouble %q", got.Devices, got.Trouble)
	}
	for _, bad := range []string{"", "?time=yesterday", "?time=" + url.QueryEscape(now.Add(time.Hour).Format(time.RFC3339))} {
		if resp, data := s.get(t, "/api/v1/at"+bad); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%q is answered with %s %s", bad, resp.Status, data)
		}
	}
	without := serve(t, p.site(t, func(d *dashboards.Deps) { d.Past, d.Audit = nil, nil }))
	for _, path := range []string{"/api/v1/at?time=-1h", "/api/v1/audit", "/api/v1/audit/report"} {
		if resp, _ := without.get(t, path); resp.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
}

func TestAuditIsPaged(t *testing.T) {
	p := newProvince(t)
	p.storm()
	s := serve(t, p.site(t))
	type page struct {
		Lines []struct {
			N     uint64
			Actor string
			Alert string
		}
		Next uint64
	}
	get := func(query string) page {
		t.Helper()
		resp, data := s.get(t, "/api/v1/audit"+query)
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s %s", query, resp.Status, data)
		}
		return decode[page](t, data)
	}
	for deadline := time.Now().Add(20 * time.Second); len(get("").Lines) < int(p.seq); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the audit is not written")
		}
	}
	var all []uint64
	for query := "?limit=3"; ; {
		got := get(query)
		for _, l := range got.Lines {
			all = append(all, l.N)
		}
		if got.Next == 0 {
			break
		}
		query = fmt.Sprintf("?limit=3&before=%d", got.Next)
	}
	if len(all) != int(p.seq) || !slices.IsSortedFunc(all, func(a, b uint64) int { return int(b) - int(a) }) {
		t.Errorf("got %v of %d", all, p.seq)
	}
	if got := get("?actor=" + url.QueryEscape("nguyễn thị")); len(got.Lines) != 1 || got.Lines[0].Actor != "Nguyễn Thị Hoa" {
		t.Errorf("by actor: %+v", got)
	}
	if got := get("?alert=" + url.QueryEscape("rain-24h/mua-sa-pa/1")); len(got.Lines) != 1 {
		t.Errorf("by alert: %+v", got)
	}
	if got := get("?to=-1h"); len(got.Lines) != 0 {
		t.Errorf("of an hour ago: %+v", got)
	}
	for _, bad := range []string{"?limit=0", "?limit=5000", "?from=x", "?before=-1"} {
		if resp, _ := s.get(t, "/api/v1/audit"+bad); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s is answered with %s", bad, resp.Status)
		}
	}
	resp, data := s.get(t, "/api/v1/audit/report")
	report := decode[dashboards.AuditReport](t, data)
	if resp.StatusCode != http.StatusOK || report.Lines != p.seq || len(report.Faults) > 0 {
		t.Errorf("reported as %s %s", resp.Status, data)
	}
}
