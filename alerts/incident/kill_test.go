package incident

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"citywatch"
)

// everything is all that a book would tell anybody.
func everything(t *testing.T, b *Book, now time.Time) string {
	t.Helper()
	all := struct {
		Open, Closed []citywatch.Incident
		Files        []citywatch.IncidentFile
		Storm        citywatch.Storm
		Last         uint64
	}{Open: b.Open(), Closed: b.Closed(1e6, nil), Storm: b.Storm(now), Last: b.Last()}
	for _, in := range append(all.Open, all.Closed...) {
		f, _ := b.File(in.ID)
		all.Files = append(all.Files, f)
	}
	data, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestKilledAnywhere: a book that is killed at any transitions, goes on from an
// older checkpoint or from none, and is told again what came after it, and some
// of what came before, answers every transition as one that was never killed,
// and knows the same in the end.
func TestKilledAnywhere(t *testing.T) {
	runs := 40
	if testing.Short() {
		runs = 20
	}
	for seed := range uint64(runs) {
		r := rand.New(rand.NewPCG(seed, 3))
		devices := scattered(20, seed)
		o := Options{Rivers: NewRivers(devices), Storm: StormOptions{PerOperator: 1 + r.IntN(6)}}
		transitions := history(seed, 150, devices)
		type answer struct {
			incident string
			notice   citywatch.Notice
		}
		var answers []answer
		whole := NewBook(o)
		for i := range transitions {
			in, notice := whole.Apply(&transitions[i])
			answers = append(answers, answer{in, notice})
		}

		var (
			kept  []byte
			known = NewBook(o)
		)
		for i := 0; i < len(transitions); i++ {
			in, notice := known.Apply(&transitions[i])
			if got := (answer{in, notice}); got != answers[i] {
				t.Fatalf("seed %d, transition %d: %v, want %v", seed, i, got, answers[i])
			}
			switch r.IntN(8) {
			case 0:
				snapshot := known.Snapshot()
				if i+1 < len(transitions) {
					known.Apply(&transitions[i+1]) // the snapshot is of before
					known = restored(t, o, mustEncode(t, snapshot))
				}
				kept = mustEncode(t, snapshot)
			case 1:
				known = restored(t, o, kept)
				for j := max(0, int(known.Last())-3); j <= i; j++ {
					known.Apply(&transitions[j])
				}
			}
		}
		now := transitions[len(transitions)-1].At
		if got, want := everything(t, known, now), everything(t, whole, now); got != want {
			t.Fatalf("seed %d: killed\n%s\nnever killed\n%s", seed, got, want)
		}
		if got, want := string(mustEncode(t, known.Snapshot())), string(mustEncode(t, whole.Snapshot())); got != want {
			t.Fatalf("seed %d: the checkpoints differ\n%s\n%s", seed, got, want)
		}
	}
}

func mustEncode(t *testing.T, s *Snapshot) []byte {
	t.Helper()
	data, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func restored(t *testing.T, o Options, data []byte) *Book {
	t.Helper()
	b := NewBook(o)
	if data == nil {
		return b
	}
	if err := b.Load(data); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestLoadRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, data := range []string{"", "{", `{"version": 99}`, `[]`} {
		b := NewBook(Options{})
		if err := b.Load([]byte(data)); err == nil {
			t.Errorf("%q was taken", data)
		}
		if len(b.records) > 0 || b.last > 0 {
			t.Errorf("%q left something behind", data)
		}
	}
}

// TestOtherJoinsCountFromNowOn: what has joined stays joined.
func TestOtherJoinsCountFromNowOn(t *testing.T) {
	w := newTeller(t, Options{})
	w.fire(alert("a", "fire", "p1", "a", coocLeu, 2))
	w.fire(alert("b", "fire", "p2", "a", north(coocLeu, 250), 2))
	w.book.SetJoins([]Join{{Hazard: "fire", By: ByDistance, Radius: 50, Within: time.Minute}})
	w.together("before", "a", "b")
	w.fire(alert("c", "fire", "p3", "a", north(coocLeu, 100), 2))
	w.fire(alert("d", "fire", "p4", "a", north(coocLeu, 20), 2))
	w.apart("after", "a", "c")
	w.together("within the new radius", "a", "d")
}

// FuzzLoad: whatever a checkpoint holds, loading it and going on does not panic.
func FuzzLoad(f *testing.F) {
	w := newTeller(f, Options{Rivers: NewRivers(thao)})
	w.fire(alert("a", "fire", "p1", "a", coocLeu, 2))
	w.fire(alert("b", "flood", "lao-cai", "a", coocLeu, 5))
	w.close("a", citywatch.Closed)
	data, err := w.book.Snapshot().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		w := newTeller(t, Options{Rivers: NewRivers(thao)})
		if w.book.Load(data) != nil {
			return
		}
		w.seq = w.book.last
		w.fire(alert("a", "fire", "p1", "a", coocLeu, 2))
		w.fire(alert("c", "flood", "yen-bai", "a", coocLeu, 2))
		w.close("a", citywatch.Closed)
		w.book.Open()
		w.book.Storm(begin)
		w.book.Snapshot()
	})
}
