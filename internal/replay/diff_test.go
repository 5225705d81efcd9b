package replay_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"citywatch"
)

// differences are a line each.
func differences(r *citywatch.Replay) []string {
	one := func(a *citywatch.ReplayAlert) string {
		if a == nil {
			return "-"
		}
		return fmt.Sprintf("%v level %d", a.Raised.Sub(start).Round(time.Second), a.Level)
	}
	var out []string
	for _, d := range r.Diff.Differences {
		out = append(out, fmt.Sprintf("%s %s/%s %s → %s", d.Change, d.Rule, d.Of, one(d.Before), one(d.After)))
	}
	return out
}

func TestDiff(t *testing.T) {
	for name, test := range map[string]struct {
		other string
		want  []string
		same  int
	}{
		"nothing": {flood + silent, nil, 3},
		"a higher bound": {
			strings.Replace(flood, "1: 80,", "1: 80.3,", 1) + silent,
			[]string{"later flood/a 1m0s level 2 → 2m0s level 2"}, 2,
		},
		"a lower one": {
			strings.Replace(flood, "1: 80,", "1: 79,", 1) + silent,
			[]string{"earlier flood/a 1m0s level 2 → 0s level 2", "gone flood/a 8m0s level 1 → -"}, 1,
		},
		"another level": {
			strings.Replace(flood, "2: 82", "2: 83", 1) + silent,
			[]string{"lower flood/a 1m0s level 2 → 1m0s level 1"}, 2,
		},
		"other rules": {
			strings.Replace(flood, "id: flood", "id: high-water", 1),
			[]string{
				"gone flood/a 1m0s level 2 → -", "new high-water/a - → 1m0s level 2",
				"gone silent/b 5m1s level 1 → -",
				"gone flood/a 8m0s level 1 → -", "new high-water/a - → 8m0s level 1",
			}, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			src := list(entries(history()))
			o := options(parse(t, flood+silent))
			o.Other = parse(t, test.other)
			r := run(t, &src, o)
			if diff := cmp.Diff(test.want, differences(r)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if r.Diff.Same != test.same {
				t.Errorf("%d are the same, not %d", r.Diff.Same, test.same)
			}
		})
	}
}

// Rules that only one set has are counted on their side alone.
func TestDiffCounts(t *testing.T) {
	src := list(entries(history()))
	o := options(parse(t, flood+silent))
	o.Other = parse(t, strings.Replace(flood, "id: flood", "id: high-water", 1))
	o.Differences = 2
	r := run(t, &src, o)
	has := map[string][2]bool{}
	for _, rule := range r.Rules {
		has[rule.Rule] = [2]bool{rule.Counts != nil, rule.Other != nil}
	}
	want := map[string][2]bool{"flood": {true, false}, "silent": {true, false}, "high-water": {false, true}}
	if diff := cmp.Diff(want, has); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(r.Diff.Differences) != 2 || r.Diff.Omitted != 3 {
		t.Errorf("%d differences, %d omitted", len(r.Diff.Differences), r.Diff.Omitted)
	}
}
