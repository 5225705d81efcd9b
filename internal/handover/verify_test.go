package handover

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"citywatch"
)

// doctored changes a handover's file as somebody would who knows how its hash is
// made.
func doctored(t *testing.T, path string, change func(*citywatch.Handover)) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var h citywatch.Handover
	if err := json.Unmarshal(data, &h); err != nil {
		t.Fatal(err)
	}
	change(&h)
	if h.Hash, err = hash(&h); err != nil {
		t.Fatal(err)
	}
	if data, err = json.Marshal(h); err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(path)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestVerify(t *testing.T) {
	d := newDesk(t)
	d.signed(t, "Lan", "Minh")
	second := d.signed(t, "Minh", "Hoa")
	third := d.signed(t, "Hoa", "Lan")
	if _, err := d.Begin(t.Context(), "Lan"); err != nil {
		t.Fatal(err)
	}
	r, err := Verify(d.dir, second.Hash)
	if err != nil || len(r.Faults) > 0 || r.Signed != 3 || r.Drafts != 1 || r.Last != third.Hash || !r.From.Before(r.To) {
		t.Fatalf("%+v, %v", r, err)
	}
	path := filepath.Join(d.dir, third.ID+suffix)
	for name, tamper := range map[string]struct {
		change func(*citywatch.Handover)
		want   string
	}{
		"twice":    {func(h *citywatch.Handover) { h.Arriving.Name = " hoa " }, "signed it twice"},
		"another":  {func(h *citywatch.Handover) { h.Leaving.Name = "Tú" }, "has signed as the one who leaves"},
		"order":    {func(h *citywatch.Handover) { h.Arriving.At = h.Leaving.At.Add(-time.Minute) }, "before the one who left"},
		"unsigned": {func(h *citywatch.Handover) { h.Arriving = nil }, "not both signatures"},
		"hung":     {func(h *citywatch.Handover) { h.Prev = "0" }, "missing, or was changed"},
	} {
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		doctored(t, path, tamper.change)
		r, err := Verify(d.dir, third.Hash)
		if err != nil {
			t.Fatal(err)
		}
		told := ""
		for _, f := range r.Faults {
			told += f.String() + "\n"
		}
		if !strings.Contains(told, tamper.want) || !strings.Contains(told, third.Hash) {
			t.Errorf("%s: told %q", name, told)
		}
		_ = os.Remove(path)
		if err := os.WriteFile(path, before, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Verify(filepath.Join(d.dir, "none")); err == nil {
		t.Error("handovers that are not there are as they were signed")
	}
}

func TestPromisesAskUntilTheyAreKept(t *testing.T) {
	d := newDesk(t)
	alert := citywatch.Alert{ID: "a", Promises: []citywatch.Promise{{Due: eight.Add(time.Hour), By: "Đội 2", Note: "báo lại"}}}
	open := []citywatch.Alert{alert}
	h, err := d.Begin(t.Context(), "Lan")
	if err == nil {
		h, err = d.Edit(h.ID, "Lan", 1, citywatch.HandoverEdit{Promises: []citywatch.HandoverPromise{
			{Promise: citywatch.Promise{Due: eight.Add(3 * time.Hour), By: "Lan", Note: "gọi xã"}},
			{Promise: citywatch.Promise{Due: eight.Add(2 * time.Hour), By: "Lan", Note: "xong rồi"}, Done: true},
		}})
	}
	if err != nil {
		t.Fatal(err)
	}
	notes := func(want ...string) []citywatch.OpenPromise {
		t.Helper()
		all, err := d.Promises(open)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range all {
			got = append(got, p.Note)
		}
		if strings.Join(got, ",") != strings.Join(want, ",") {
			t.Errorf("open are %v, want %v", got, want)
		}
		return all
	}
	notes("báo lại") // a draft promises nothing yet
	if h, err = d.Sign(h.ID, "Lan", h.Version); err == nil {
		h, err = d.Sign(h.ID, "Minh", h.Version)
	}
	if err != nil {
		t.Fatal(err)
	}
	all := notes("báo lại", "gọi xã")
	if all[0].Alert != "a" || all[1].Handover != h.ID {
		t.Errorf("%+v", all)
	}
	for range 2 {
		if err := d.Keep(all[1].ID, "Minh", open); err != nil {
			t.Error(err)
		}
	}
	notes("báo lại")
	if err := d.Keep("none", "Minh", open); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	d.reopen(t)
	notes("báo lại")
	next, err := d.Begin(t.Context(), "Minh")
	if err != nil || len(next.Promises) != 0 {
		t.Errorf("the next begins with %+v, %v", next.Promises, err)
	}
	if r, err := Verify(d.dir); err != nil || len(r.Faults) > 0 {
		t.Errorf("what is said to be kept is taken for a handover: %+v, %v", r.Faults, err)
	}
}
