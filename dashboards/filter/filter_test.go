package filter_test

import (
	"net/url"
	"strings"
	"testing"

	"citywatch"
	"citywatch/dashboards/filter"

	"github.com/paulmach/orb"
)

func parse(t *testing.T, query string) filter.Filter {
	t.Helper()
	q, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	f, err := filter.Parse(q)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return f
}

func TestFilter(t *testing.T) {
	a := citywatch.Alert{Zone: "sa-pa", Sector: citywatch.SectorFire, Level: 3, Position: orb.Point{103.84, 22.33}, Assigned: "cc-sa-pa"}
	alert := filter.OfAlert(&a)
	device := filter.OfDevice(&citywatch.Device{Zone: "sa-pa", Sector: citywatch.SectorFire, Position: orb.Point{103.84, 22.33}})
	for _, c := range []struct {
		query         string
		alert, device bool
	}{
		{"", true, true},
		{"zone=sa-pa", true, true},
		{"zone=lao-cai&zone=sa-pa", true, true},
		{"zone=lao-cai,sa-pa", true, true},
		{"zone=lao-cai", false, false},
		{"sector=fire", true, true},
		{"sector=traffic,environment", false, false},
		{"level=3", true, true},
		{"level=4", false, true}, // devices have no level
		{"bbox=103,22,104,23", true, true},
		{"bbox=104,22,105,23", false, false},
		{"bbox=103.84,22.33,103.84,22.33", true, true}, // its border belongs to it
		{"zone=sa-pa&sector=traffic", false, false},
		{"zone=&sector=", true, true},
		{"zone=lao-cai&level=5&team=cc-sa-pa", true, false}, // given to my team, wherever it is
		{"zone=lao-cai&team=cc-lao-cai,cc-sa-pa", true, false},
		{"zone=lao-cai&team=cc-lao-cai", false, false},
		{"team=cc-lao-cai", true, true}, // besides everything else
	} {
		f := parse(t, c.query)
		if got := f.Alert(&alert); got != c.alert {
			t.Errorf("%q: alert %v", c.query, got)
		}
		if got := f.Device(&device); got != c.device {
			t.Errorf("%q: device %v", c.query, got)
		}
	}
}

func TestWrong(t *testing.T) {
	for _, query := range []string{
		"sector=weather", "level=0", "level=6", "level=3.5", "level=-1",
		"bbox=1,2,3", "bbox=1,2,3,4,5", "bbox=a,2,3,4", "bbox=3,2,1,4", "bbox=1,4,3,2", "bbox=NaN,NaN,NaN,NaN", "bbox=-Inf,1,2,3", "bbox=1,2,3,400", "bbox=,,,",
		"zone=" + strings.Repeat("z,", 257),
	} {
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := filter.Parse(q); err == nil {
			t.Errorf("%.40q is accepted", query)
		}
	}
}

// TestKey: filters that let other things pass have other keys.
func TestKey(t *testing.T) {
	seen := map[string]string{}
	for _, query := range []string{
		"", "zone=a", "zone=b", "zone=a,b", "zone=a b", "sector=fire", "level=2", "level=3", "bbox=1,2,3,4", "bbox=1,2,3,5", "zone=a&level=2", `zone=a" "b`, "zone=a&team=b",
	} {
		f := parse(t, strings.ReplaceAll(query, " ", "+"))
		key := f.Key()
		if other, taken := seen[key]; taken {
			t.Errorf("%q and %q have the same key %q", query, other, key)
		}
		seen[key] = query
		if f.Empty() != (query == "") {
			t.Errorf("%q: empty is %v", query, f.Empty())
		}
	}
	if a, b := parse(t, "zone=a&level=2"), parse(t, "level=2&zone=a"); a.Key() != b.Key() {
		t.Errorf("%q and %q", a.Key(), b.Key())
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"zone=a,b&sector=fire", "level=3", "bbox=103,22,104,23", "bbox=NaN,0,0,0", "zone=a&team=b,c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		q, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		want, err := filter.Parse(q)
		if err != nil {
			return
		}
		s := filter.OfAlert(&citywatch.Alert{Level: 5})
		if want.Alert(&s) && !want.Device(&s) {
			t.Errorf("an alert passes where its device does not: %q", query)
		}
		if want.Empty() && !want.Alert(&s) {
			t.Error("an empty filter holds something back")
		}
	})
}
