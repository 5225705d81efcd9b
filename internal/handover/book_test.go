package handover

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citywatch"
)

var eight = time.Date(2026, 11, 22, 8, 0, 0, 0, time.FixedZone("+07", 7*3600))

// A desk is where handovers are written: a folder that outlives its books.
type desk struct {
	*Book
	dir string
	now time.Time
	log bytes.Buffer
	// broken is why it cannot be told how things stand.
	broken error
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{dir: filepath.Join(t.TempDir(), Folder), now: eight}
	d.reopen(t)
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func (d *desk) reopen(t *testing.T) {
	t.Helper()
	if d.Book != nil {
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	d.Book, err = Open(d.dir, Deps{
		Take: func(context.Context) (citywatch.HandoverPicture, error) {
			a := citywatch.Alert{ID: "flood~gauge~1", Rule: "flood", Level: 3, Condition: citywatch.Active, Handling: citywatch.New, Since: d.now.Add(-90 * time.Second)}
			return Take(d.now, []citywatch.Alert{a}, nil, nil), d.broken
		},
		Now: func() time.Time { return d.now },
		Log: slog.New(slog.NewTextHandler(&d.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// signed makes a handover of two people.
func (d *desk) signed(t *testing.T, leaving, arriving string) citywatch.Handover {
	t.Helper()
	d.now = d.now.Add(time.Hour)
	h, err := d.Begin(t.Context(), leaving)
	if err == nil {
		h, err = d.Sign(h.ID, leaving, h.Version)
	}
	if err == nil {
		h, err = d.Sign(h.ID, arriving, h.Version)
	}
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (d *desk) get(t *testing.T, id string) citywatch.Handover {
	t.Helper()
	h, err := d.Get(id)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func refused(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

func TestAHandoverIsWrittenByOneAndSignedByTwo(t *testing.T) {
	d := newDesk(t)
	h, err := d.Begin(t.Context(), "Lan")
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Begin(t.Context(), "Lan")
	refused(t, "a second of the same person", err, ErrConflict)
	edit := citywatch.HandoverEdit{
		Remarks: "Nước lên chậm", Notes: map[string]string{"flood~gauge~1": "xã đã sơ tán 12 hộ"},
		Promises: []citywatch.HandoverPromise{
			{Promise: citywatch.Promise{Due: eight.Add(2 * time.Hour), By: "Đội 2", Note: "báo lại"}},
			{Promise: citywatch.Promise{Due: eight, By: "Lan", Note: "gọi xã"}, Done: true},
		},
	}
	_, err = d.Edit(h.ID, "Minh", 1, edit)
	refused(t, "written by another", err, ErrNotYours)
	_, err = d.Sign(h.ID, "Minh", 1)
	refused(t, "the one who arrives signs first", err, ErrNotYours)
	if h, err = d.Sign(h.ID, "Lan", 1); err != nil || h.Leaving == nil {
		t.Fatal(h.Leaving, err)
	}
	_, err = d.Edit(h.ID, "Lan", 1, edit)
	refused(t, "written over what is newer", err, ErrConflict)
	if h, err = d.Edit(h.ID, "Lan", 2, edit); err != nil || h.Leaving != nil {
		t.Fatalf("a signature stands beneath what was not there when it was put down: %v, %v", h.Leaving, err)
	}
	d.now = d.now.Add(time.Minute)
	if h, err = d.Retake(t.Context(), h.ID, "Lan", 3); err != nil || h.Open[0].Age != 90 || !h.Taken.Equal(d.now) || h.Remarks == "" {
		t.Fatalf("taken again it is %+v, %v", h, err)
	}
	if h, err = d.Sign(h.ID, "Lan", 4); err != nil {
		t.Fatal(err)
	}
	d.reopen(t)
	_, err = d.Sign(h.ID, " lan ", 5)
	refused(t, "the same person arrives", err, ErrNotYours)
	_, err = d.Sign(h.ID, "Minh", 4)
	refused(t, "signed unseen", err, ErrConflict)
	if h, err = d.Sign(h.ID, "Minh", 5); err != nil || !h.Signed() || h.Hash == "" {
		t.Fatal(h, err)
	}
	if again, err := d.Sign(h.ID, "Minh", 5); err != nil || again.Version != h.Version {
		t.Errorf("signed once more, as when the answer was lost: %v", err)
	}
	d.reopen(t)
	if diff := cmp.Diff(h, d.get(t, h.ID)); diff != "" {
		t.Errorf("kept otherwise than signed:\n%s", diff)
	}
	if heads := d.List(); len(heads) != 1 || heads[0].Open[3] != 1 || heads[0].Fault != "" || heads[0].Arriving.Name != "Minh" {
		t.Errorf("listed as %+v", heads)
	}
	next, err := d.Begin(t.Context(), "Minh")
	if err != nil || len(next.Promises) != 1 || next.Promises[0].Note != "báo lại" {
		t.Errorf("the next begins with the promises %+v, %v", next.Promises, err)
	}
}

func TestWhatIsSignedIsNotChanged(t *testing.T) {
	d := newDesk(t)
	h := d.signed(t, "Lan", "Minh")
	path := filepath.Join(d.dir, h.ID+suffix)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Edit(h.ID, "Lan", h.Version, citywatch.HandoverEdit{Remarks: "khác"})
	refused(t, "edit", err, ErrSigned)
	_, err = d.Retake(t.Context(), h.ID, "Lan", h.Version)
	refused(t, "retake", err, ErrSigned)
	_, err = d.Sign(h.ID, "Hoa", h.Version)
	refused(t, "a third signature", err, ErrSigned)
	refused(t, "discard", d.Discard(h.ID, "Lan"), ErrSigned)
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Error("the file has changed", err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o440 {
		t.Error("the file can be written:", info.Mode(), err)
	}
}

// TestTampering: a signed handover that was changed, or taken away, is seen.
func TestTampering(t *testing.T) {
	for name, tamper := range map[string]func(t *testing.T, path string){
		"changed": func(t *testing.T, path string) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			_ = os.Remove(path)
			if err := os.WriteFile(path, bytes.Replace(data, []byte(`"age": 90`), []byte(`"age": 91`), 1), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"garbled": func(t *testing.T, path string) {
			_ = os.Remove(path)
			if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"missing": func(t *testing.T, path string) { _ = os.Remove(path) },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.signed(t, "Lan", "Minh")
			second := d.signed(t, "Minh", "Hoa")
			third := d.signed(t, "Hoa", "Lan")
			tamper(t, filepath.Join(d.dir, second.ID+suffix))
			d.reopen(t)
			var faults []string
			for _, head := range d.List() {
				if head.Fault != "" {
					faults = append(faults, head.ID)
					if shown := d.get(t, head.ID); shown.Fault != head.Fault {
						t.Errorf("%s is shown with %q, and listed with %q", head.ID, shown.Fault, head.Fault)
					}
				}
			}
			want := []string{second.ID}
			switch name {
			case "garbled":
				want = []string{third.ID, second.ID}
			case "missing":
				want = []string{third.ID}
			}
			if diff := cmp.Diff(want, faults); diff != "" {
				t.Error(diff)
			}
			if !strings.Contains(d.log.String(), "not as it was signed") {
				t.Error("it is not logged")
			}
			// The next hangs on what is there, and has no fault of its own.
			fourth := d.signed(t, "Lan", "Minh")
			d.reopen(t)
			if got := d.get(t, fourth.ID).Fault; got != "" || fourth.Prev != third.Hash {
				t.Errorf("the next has the fault %q", got)
			}
		})
	}
}

func TestOnlyOneArrives(t *testing.T) {
	d := newDesk(t)
	h, err := d.Begin(t.Context(), "Lan")
	if err == nil {
		h, err = d.Sign(h.ID, "Lan", 1)
	}
	if err != nil {
		t.Fatal(err)
	}
	var wins sync.Map
	var all sync.WaitGroup
	for _, name := range []string{"Minh", "Hoa", "Tú", "Sơn"} {
		all.Go(func() {
			if _, err := d.Sign(h.ID, name, h.Version); err == nil {
				wins.Store(name, true)
			} else if !errors.Is(err, ErrSigned) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	n := 0
	wins.Range(func(name, _ any) bool {
		n++
		if got := d.get(t, h.ID).Arriving.Name; got != name {
			t.Errorf("%s was told to have signed, and %s has", name, got)
		}
		return true
	})
	if n != 1 {
		t.Errorf("%d have arrived", n)
	}
}

func TestDraftsAreDiscarded(t *testing.T) {
	d := newDesk(t)
	h, err := d.Begin(t.Context(), "Lan")
	if err != nil {
		t.Fatal(err)
	}
	other, err := d.Begin(t.Context(), "Minh") // at the same second, and not held up by Lan's
	if err != nil || other.ID == h.ID {
		t.Fatal(other.ID, err)
	}
	refused(t, "another's", d.Discard(h.ID, "Minh"), ErrNotYours)
	if err := d.Discard(h.ID, "Lan"); err != nil {
		t.Error(err)
	}
	refused(t, "twice", d.Discard(h.ID, "Lan"), ErrNotFound)
	_, err = d.Get("../../etc/passwd")
	refused(t, "a path", err, ErrNotFound)
	// What a power cut leaves of a write is no handover.
	if err := os.WriteFile(filepath.Join(d.dir, "unfinished"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.reopen(t)
	if len(d.List()) != 1 {
		t.Errorf("there are %v", d.List())
	}
	if _, err := d.Begin(t.Context(), "Hoa"); err != nil {
		t.Error(err)
	}
}

func TestTooMuch(t *testing.T) {
	d := newDesk(t)
	h, err := d.Begin(t.Context(), "Lan")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []citywatch.HandoverEdit{
		{Remarks: strings.Repeat("x", maxRemarks+1)},
		{Notes: map[string]string{"a": strings.Repeat("x", maxNote)}},
		{Promises: make([]citywatch.HandoverPromise, maxPromises+1)},
		{Promises: []citywatch.HandoverPromise{{Promise: citywatch.Promise{Note: strings.Repeat("x", maxNote+1)}}}},
	} {
		_, err := d.Edit(h.ID, "Lan", 1, e)
		refused(t, "too much", err, ErrTooLong)
	}
}

// TestNoHandoverOfHalfThePicture: where it is not known how things stand, there
// is none rather than one that says that all is well.
func TestNoHandoverOfHalfThePicture(t *testing.T) {
	d := newDesk(t)
	h, err := d.Begin(t.Context(), "Minh")
	if err != nil {
		t.Fatal(err)
	}
	d.broken = errors.New("still reading")
	_, err = d.Begin(t.Context(), "Lan")
	refused(t, "begin", err, d.broken)
	_, err = d.Retake(t.Context(), h.ID, "Minh", 1)
	refused(t, "retake", err, d.broken)
	if got := d.get(t, h.ID); got.Version != 1 || len(d.List()) != 1 {
		t.Errorf("there are %+v", d.List())
	}
}
