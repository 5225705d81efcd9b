package audit_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"citywatch/internal/audit"
)

// TestPages: whatever is asked for, page by page, is what a look at every line
// gives.
func TestPages(t *testing.T) {
	b, dir := newBench(), t.TempDir()
	b.happen(400) // from October into November: two files of several blocks
	for i := range b.ts {
		if i%7 == 3 {
			b.ts[i].Alert.ID, b.ts[i].Actor = "rain~m1~1", "Lan"
		}
	}
	b.write(t, dir, 400)
	at := func(i int) time.Time { return b.ts[i].At }
	for name, q := range map[string]audit.Query{
		"all":                {},
		"an alert":           {Alert: "rain~m1~1"},
		"an actor, in part":  {Actor: "trực BAN"},
		"nobody":             {Actor: "nobody"},
		"from":               {From: at(390)},
		"to":                 {To: at(20)},
		"to, in the middle":  {To: at(211)},
		"between, a month's": {From: at(100), To: at(300)},
		"before":             {Before: 100},
		"before all":         {Before: 1},
		"before and to":      {Before: 350, To: at(320), Alert: "fire~p1~1"},
		"empty":              {From: at(10), To: at(10)},
		"of the future":      {From: at(399).Add(time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			var want []uint64
			for i := range slices.Backward(b.ts) {
				ts := &b.ts[i]
				if (q.Before == 0 || ts.Seq < q.Before) && (q.From.IsZero() || !ts.At.Before(q.From)) && (q.To.IsZero() || ts.At.Before(q.To)) &&
					(q.Alert == "" || ts.Alert.ID == q.Alert) &&
					(q.Actor == "" || q.Actor == "trực BAN" && ts.Actor == "Trực ban Nguyễn") {
					want = append(want, ts.Seq)
				}
			}
			var got []uint64
			for _, limit := range []int{7, 5000} {
				got = nil
				asked := q
				asked.Limit = limit
				for pages := 0; ; pages++ {
					page, err := audit.Read(dir, asked)
					if err != nil {
						t.Fatal(err)
					}
					if len(page.Lines) > limit {
						t.Errorf("%d lines where at most %d were wanted", len(page.Lines), limit)
					}
					for _, l := range page.Lines {
						got = append(got, l.N)
					}
					if page.Next == 0 {
						break
					}
					if pages > 1000 {
						t.Fatal("it does not end")
					}
					asked.Before = page.Next
				}
				if !slices.Equal(got, want) {
					t.Errorf("by %d: got %v\nwant %v", limit, brief(got), brief(want))
				}
			}
		})
	}
	if page, err := audit.Read(t.TempDir(), audit.Query{Limit: 10}); err != nil || len(page.Lines) > 0 || page.Next > 0 {
		t.Errorf("of no audit: %+v, %v", page, err)
	}
}

func brief(ns []uint64) string {
	if len(ns) < 20 {
		return fmt.Sprint(ns)
	}
	return fmt.Sprint(len(ns), ": ", ns[:8], " … ", ns[len(ns)-8:])
}
