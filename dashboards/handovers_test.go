package dashboards_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"citywatch"
	"citywatch/dashboards"
	"citywatch/internal/handover"
)

// handovers opens a real book about the province.
func (p *province) handovers(t testing.TB) *handover.Book {
	t.Helper()
	b, err := handover.Open(t.TempDir(), handover.Deps{
		Take: func(context.Context) (citywatch.HandoverPicture, error) {
			alerts, _ := p.Alerts()
			return handover.Take(p.now(), alerts, p.Devices(), nil), nil
		},
		Now: p.now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// promisesOf are those of a book, and of no alerts.
type promisesOf struct{ book *handover.Book }

func (p promisesOf) Promises() ([]citywatch.OpenPromise, error) { return p.book.Promises(nil) }

func (p promisesOf) Keep(id, by string) error {
	err := p.book.Keep(id, by, nil)
	if errors.Is(err, handover.ErrNotFound) {
		err = fmt.Errorf("%w: %w", dashboards.ErrNotFound, err)
	}
	return err
}

// TestPromises are told until somebody says that they are kept.
func TestPromises(t *testing.T) {
	p := newProvince(t)
	book := p.handovers(t)
	h, err := book.Begin(t.Context(), "Lan")
	if err == nil {
		h, err = book.Edit(h.ID, "Lan", h.Version, citywatch.HandoverEdit{Promises: []citywatch.HandoverPromise{
			{Promise: citywatch.Promise{Due: p.now().Add(-time.Minute), By: "Lan", Note: "gọi xã"}},
			{Promise: citywatch.Promise{Due: p.now().Add(time.Hour), By: "Lan", Note: "xem lại"}},
		}})
	}
	for _, name := range []string{"Lan", "Minh"} {
		if err == nil {
			h, err = book.Sign(h.ID, name, h.Version)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, p.site(t, func(d *dashboards.Deps) { d.Promises = promisesOf{book} }))
	list := func(body []byte) (due int, ids []string) {
		t.Helper()
		var l struct {
			Due      int
			Promises []struct{ ID string }
		}
		if err := json.Unmarshal(body, &l); err != nil {
			t.Fatal(err)
		}
		for _, p := range l.Promises {
			ids = append(ids, p.ID)
		}
		return l.Due, ids
	}
	_, body := s.get(t, "/api/v1/promises")
	due, ids := list(body)
	if due != 1 || len(ids) != 2 {
		t.Fatalf("%s", body)
	}
	for id, want := range map[string]int{ids[0]: 200, "none": 404} {
		resp, body := s.do(t, "POST", "/api/v1/promises/"+id+"/kept", `{"actor": "Minh"}`, "Content-Type", "application/json")
		if resp.StatusCode != want {
			t.Errorf("%s: %s %s", id, resp.Status, body)
		}
	}
	if resp, _ := s.do(t, "POST", "/api/v1/promises/"+ids[1]+"/kept", `{}`, "Content-Type", "application/json"); resp.StatusCode != 400 {
		t.Error("kept by nobody:", resp.Status)
	}
	_, body = s.get(t, "/api/v1/promises")
	if due, left := list(body); due != 0 || len(left) != 1 || left[0] != ids[1] {
		t.Errorf("%s", body)
	}
}

// TestHandovers: what is posted reaches the book, and what cannot be is refused
// before it does. What the book refuses is tested with the whole program.
func TestHandovers(t *testing.T) {
	p := newProvince(t)
	a := p.raise("lao-cai-thao", "river-flood", 3, citywatch.Text{VI: "Lũ", EN: "Flood"}, citywatch.Evidence{Value: "water_level", Number: 83.6})
	book := p.handovers(t)
	s := serve(t, p.site(t, func(d *dashboards.Deps) { d.Handovers = book }))
	do := func(method, path, body string) (int, []byte) {
		resp, data := s.do(t, method, "/api/v1"+path, body, "Content-Type", "application/json")
		return resp.StatusCode, data
	}
	if status, data := do("GET", "/handovers", ""); status != http.StatusOK || !strings.Contains(string(data), `"handovers":[]`) {
		t.Errorf("an empty book is answered with %d %s", status, data)
	}
	status, data := do("POST", "/handovers", `{"actor":" Lan "}`)
	h := decode[citywatch.Handover](t, data)
	if status != http.StatusOK || h.By != "Lan" || len(h.Open) != 1 || h.Open[0].ID != a.ID {
		t.Fatalf("begun as %d %s", status, data)
	}
	path := "/handovers/" + h.ID
	for _, c := range []struct {
		method, path, body string
		want               int
	}{
		{"POST", "/handovers", `{}`, http.StatusBadRequest},
		{"POST", "/handovers", `{"actor":"a\u0007"}`, http.StatusBadRequest},
		{"PUT", path, `{"actor":"Lan","remarks":"x"}`, http.StatusBadRequest},
		{"PUT", path, `{"actor":"Lan","version":1,"signed":true}`, http.StatusBadRequest},
		{"PUT", path, `{"actor":"Lan","version":1,"remarks":"` + strings.Repeat("x", 2<<20) + `"}`, http.StatusRequestEntityTooLarge},
		{"POST", path + "/sign", `{"actor":"Lan"}`, http.StatusBadRequest},
		{"GET", "/handovers?limit=-1", "", http.StatusBadRequest},
		{"DELETE", path, "", http.StatusMethodNotAllowed},
	} {
		if status, data := do(c.method, c.path, c.body); status != c.want {
			t.Errorf("%s %s %.40s is answered with %d %s, want %d", c.method, c.path, c.body, status, data, c.want)
		}
	}
	long := strings.Repeat("Nước lên chậm. ", 2000) // more than other requests may have
	if status, data := do("PUT", path, fmt.Sprintf(`{"actor":"Lan","version":1,"remarks":%q}`, long)); status != http.StatusOK {
		t.Errorf("written with %d %.200s", status, data)
	}
	for _, step := range []struct{ path, body string }{
		{"/retake", `{"actor":"Lan","version":2}`}, {"/sign", `{"actor":"Lan","version":3}`}, {"/sign", `{"actor":"Minh","version":4}`},
	} {
		if status, data := do("POST", path+step.path, step.body); status != http.StatusOK {
			t.Fatalf("%s is answered with %d %s", step.path, status, data)
		}
	}
	kept, err := book.Get(h.ID)
	if err != nil || !kept.Signed() || kept.Arriving.Name != "Minh" || kept.Remarks != long {
		t.Errorf("kept as %+v, %v", kept, err)
	}
	_, data = do("POST", "/handovers", `{"actor":"Minh"}`)
	draft := decode[citywatch.Handover](t, data)
	if status, data := do("POST", "/handovers/"+draft.ID+"/discard", `{"actor":"Minh"}`); status != http.StatusOK {
		t.Errorf("discarded with %d %s", status, data)
	}
	_, data = do("GET", "/handovers?limit=1", "")
	list := decode[struct{ Handovers []citywatch.HandoverHead }](t, data).Handovers
	if len(list) != 1 || list[0].ID != h.ID || list[0].Open[3] != 1 {
		t.Errorf("listed as %s", data)
	}
}

// handedOver makes a signed handover of a bad day with everything that one can
// have, and returns its id.
func (p *province) handedOver(t testing.TB, book *handover.Book) string {
	t.Helper()
	alerts, _ := p.Alerts()
	for i, a := range alerts[:2] {
		a.Promises = []citywatch.Promise{{Due: p.now().Add(time.Hour), By: "Đội 2", Note: "báo lại"}}
		a.Shelved = &citywatch.Shelf{Until: p.now().Add(time.Hour), By: "Lan", Reason: "biết rồi"}
		a.OutOfService, a.Flapping, a.ToVerify, a.Escalation, a.Assigned = i == 0, i == 0, i == 0, i, "Đội 2"
		p.publish(a, citywatch.ReasonShelved, "Lan")
	}
	h, err := book.Begin(t.Context(), "Lan")
	if err == nil {
		h, err = book.Edit(h.ID, "Lan", h.Version, citywatch.HandoverEdit{
			Remarks: "x", Notes: map[string]string{"a": "b"},
			Promises: []citywatch.HandoverPromise{{Promise: citywatch.Promise{Due: p.now(), By: "Lan", Note: "gọi xã"}, Done: true}},
		})
	}
	for _, name := range []string{"Lan", "Minh"} {
		if err == nil {
			h, err = book.Sign(h.ID, name, h.Version)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return h.ID
}
