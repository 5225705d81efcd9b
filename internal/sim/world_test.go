package sim

import (
	"bytes"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"citywatch"
	"citywatch/geo"
	"citywatch/internal/registry"
	"citywatch/provinces/laocai"
)

// A Sunday morning.
var start = time.Date(2026, 11, 22, 8, 0, 0, 0, indochina())

func read(t testing.TB, name string) []byte {
	t.Helper()
	src, err := laocai.Files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// province returns Lào Cai's devices, each with its zone.
func province(t testing.TB) []citywatch.Device {
	t.Helper()
	zones, problems := geo.Parse(bytes.NewReader(read(t, laocai.ZonesFile)), orb.Bound{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	index := geo.NewIndex(zones, nil)
	locate := func(p orb.Point) string {
		zone, _ := index.ZoneAt(p)
		return zone.ID
	}
	_, devices, _, problems := registry.Parse(read(t, laocai.DevicesFile), locate)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return devices
}

func world(t testing.TB, seed uint64) *World {
	t.Helper()
	w, err := NewWorld(Options{Devices: province(t), Seed: seed, Start: start})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// index returns the place of a device.
func (w *World) index(t testing.TB, id string) int {
	t.Helper()
	for i := range w.devices {
		if w.devices[i].ID == id {
			return i
		}
	}
	t.Fatalf("no device %s", id)
	return 0
}

// value returns one value of what a device measures so long after the start.
func (w *World) value(i int, name string, after time.Duration) (citywatch.Value, bool) {
	values, _ := w.Observe(i, start.Add(after))
	for _, v := range values {
		if v.Name == name {
			return v, true
		}
	}
	return citywatch.Value{}, false
}

// curve returns a value second by second through the first cycle.
func (w *World) curve(t testing.TB, id, name string) []float64 {
	t.Helper()
	i, c := w.index(t, id), make([]float64, steps)
	for s := range c {
		v, ok := w.value(i, name, time.Duration(s)*time.Second)
		if !ok {
			t.Fatalf("%s has no %s after %d s", id, name, s)
		}
		c[s] = v.Number
	}
	return c
}

func TestAWorldIsAFunctionOfItsSeedAndTheTime(t *testing.T) {
	one, same, other := world(t, 7), world(t, 7), world(t, 8)
	var differ bool
	for _, after := range []time.Duration{0, 31 * time.Second, 95 * time.Second, 700 * time.Second} {
		// The second world is asked in another order, of another cycle first.
		same.Observe(0, start.Add(2*Cycle-after))
		for i := len(one.devices) - 1; i >= 0; i-- {
			a, okA := one.Observe(i, start.Add(after))
			b, okB := same.Observe(i, start.Add(after))
			if d := cmp.Diff(a, b); d != "" || okA != okB {
				t.Fatalf("%s after %v: %s", one.devices[i].ID, after, d)
			}
			c, _ := other.Observe(i, start.Add(after))
			differ = differ || !cmp.Equal(a, c)
		}
	}
	if !differ {
		t.Error("another seed makes the same world")
	}
}

func TestMeasurementsArePossible(t *testing.T) {
	limits := map[string][2]float64{
		"water_level": {20, 250}, "discharge": {1, 20000}, "rain_1h": {0, 60}, "rain_12h": {0, 300},
		"rain_24h": {0, 300}, "soil_moisture": {30, 100}, "soil_temperature": {10, 35}, "battery": {0, 100},
		"supply": {24, 30}, "smoke": {0, 1}, "heat": {0, 1}, "temperature": {5, 120}, "aqi": {0, 200},
		"occupancy": {30, 100}, "visitors": {0, 9000}, "on_time": {85, 100}, "satisfied": {80, 100}, "share": {30, 60},
		"pm2_5": {0, 100}, "humidity": {20, 100}, "flow": {0, 120}, "speed": {5, 90},
	}
	w := world(t, 1)
	for i := range w.devices {
		for after := time.Duration(0); after < 2*Cycle; after += 17 * time.Second {
			values, _ := w.Observe(i, start.Add(after))
			for k, v := range values {
				if k > 0 && values[k-1].Name >= v.Name {
					t.Fatalf("%s: %s after %s: not sorted", w.devices[i].ID, v.Name, values[k-1].Name)
				}
				limit, known := limits[v.Name]
				if !v.IsText() && (!known || !(v.Number >= limit[0] && v.Number <= limit[1])) {
					t.Fatalf("%s after %v: %s = %v, outside %v", w.devices[i].ID, after, v.Name, v.Number, limit)
				}
			}
		}
	}
}

func TestRainSumsAgree(t *testing.T) {
	w := world(t, 1)
	for _, id := range []string{"mua-y-ty", "mua-bac-ha", "mua-yen-bai"} {
		one, twelve, all := w.curve(t, id, "rain_1h"), w.curve(t, id, "rain_12h"), w.curve(t, id, "rain_24h")
		for s := range one {
			if one[s] > twelve[s]+0.1 || twelve[s] > all[s]+0.1 {
				t.Fatalf("%s after %d s: %v mm in 1 h, %v in 12 h, %v in 24 h", id, s, one[s], twelve[s], all[s])
			}
			// What fell in the last hour is what the day's sum gained, while
			// nothing leaves it.
			if s >= hour && s < day && math.Abs(all[s]-all[s-hour]-one[s]) > 0.21 {
				t.Fatalf("%s after %d s: the day gained %v in an hour of %v mm", id, s, all[s]-all[s-hour], one[s])
			}
		}
	}
}

// lag returns by how many seconds b follows a: where their correlation is best.
func lag(a, b []float64) int {
	best, at := math.Inf(-1), 0
	for d := -100; d <= 200; d++ {
		var x, y []float64
		for s := range a {
			if s+d >= 0 && s+d < len(b) {
				x, y = append(x, a[s]), append(y, b[s+d])
			}
		}
		if r := correlation(x, y); r > best {
			best, at = r, d
		}
	}
	return at
}

func correlation(x, y []float64) float64 {
	var mx, my float64
	for i := range x {
		mx, my = mx+x[i]/float64(len(x)), my+y[i]/float64(len(x))
	}
	var xy, xx, yy float64
	for i := range x {
		dx, dy := x[i]-mx, y[i]-my
		xy, xx, yy = xy+dx*dy, xx+dx*dx, yy+dy*dy
	}
	return xy / math.Sqrt(xx*yy)
}

func TestTheLag(t *testing.T) {
	a, b := make([]float64, 300), make([]float64, 300)
	for s := range a {
		a[s], b[s] = bump(float64(s-100), 9), 5+2*bump(float64(s-117), 9)
	}
	if d := lag(a, b); d != 17 {
		t.Errorf("lag %d, want 17", d)
	}
}

// TestRiversFollowTheRain checks that each gauge answers after the rain
// upstream and after the gauge above it.
func TestRiversFollowTheRain(t *testing.T) {
	for seed := range uint64(5) {
		w := world(t, seed)
		for _, river := range [][]string{
			{"mua-y-ty", "lao-cai-thao", "bao-ha-thao", "yen-bai-thao"},
			{"mua-si-ma-cai", "bac-ha-chay", "bao-yen-chay", "luc-yen-chay"},
			{"mua-ta-van", "ta-van-muong-hoa"},
		} {
			above := w.curve(t, river[0], "rain_1h")
			for i, gauge := range river[1:] {
				level := w.curve(t, gauge, "water_level")
				if d := lag(above, level); d <= 0 {
					t.Errorf("seed %d: %s follows %s by %d s", seed, gauge, river[i], d)
				}
				above = level
			}
		}
	}
}

func TestSoilFollowsTheRain(t *testing.T) {
	w := world(t, 1)
	soil := w.curve(t, "dat-y-ty", "soil_moisture")
	if d := lag(w.curve(t, "mua-y-ty", "rain_1h"), soil); d <= 0 {
		t.Errorf("the soil follows the rain by %d s", d)
	}
	if soil[35] < soil[0]+15 || math.Abs(soil[599]-soil[0]) > 1 {
		t.Errorf("soil moisture %v, after the rain %v, at the end %v", soil[0], soil[35], soil[599])
	}
}

func TestCyclesJoin(t *testing.T) {
	w := world(t, 3)
	for name, jump := range map[string]float64{"water_level": 0.05, "rain_24h": 0.1, "soil_moisture": 1} {
		before := map[int]float64{}
		for i := range w.devices {
			if v, has := w.value(i, name, Cycle-time.Millisecond); has {
				before[i] = v.Number
			}
		}
		if len(before) == 0 {
			t.Errorf("nothing measures %s", name)
		}
		for i, was := range before {
			if v, _ := w.value(i, name, Cycle+time.Millisecond); math.Abs(was-v.Number) > jump {
				t.Errorf("%s: %s jumps from %v to %v where a cycle begins", w.devices[i].ID, name, was, v.Number)
			}
		}
	}
}

func TestTrafficFollowsTheClock(t *testing.T) {
	w := world(t, 1)
	flow := func(id string, at time.Time) float64 {
		values, _ := w.Observe(w.index(t, id), at)
		return values[0].Number
	}
	monday := start.Add(16 * time.Hour) // 00:00
	night, morning := flow("xe-cau-coc-leu", monday.Add(3*time.Hour)), flow("xe-cau-coc-leu", monday.Add(7*time.Hour+15*time.Minute))
	if night*3 > morning {
		t.Errorf("%v vehicles a minute at 3, %v at 7:15", night, morning)
	}
	sunday, weekday := flow("xe-sa-pa-trung-tam", start.Add(2*time.Hour)), flow("xe-sa-pa-trung-tam", monday.Add(10*time.Hour))
	if sunday <= weekday {
		t.Errorf("Sa Pa: %v vehicles a minute on Sunday, %v on Monday", sunday, weekday)
	}
}

func TestUnknownClassesAreRefused(t *testing.T) {
	_, err := NewWorld(Options{Devices: []citywatch.Device{{ID: "x", Class: "sundial"}}})
	if err == nil {
		t.Error("a sundial is simulated")
	}
}

func TestAWorldIsSafeForConcurrentUse(t *testing.T) {
	w := world(t, 1)
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range w.devices {
				// Half of them ask of this cycle, half of the next.
				w.Observe(i, start.Add(time.Duration(i/60)*Cycle+time.Duration(g)*time.Second))
			}
		})
	}
	all.Wait()
}

func BenchmarkObserve(b *testing.B) {
	w := world(b, 1)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		w.Observe(i%len(w.devices), start.Add(time.Duration(i%steps)*time.Second))
	}
}

// bounds returns the thresholds of the province's rules by class and value, and
// what is a sign of a fire, the margins they recover by, and the stations' own tables.
func bounds(t *testing.T) (levels map[string]map[string]map[int]float64, margins map[string]float64) {
	t.Helper()
	var file struct {
		Rules []struct {
			Select    struct{ Class string }
			Threshold *struct {
				Value   string
				Levels  any
				Recover struct{ Margin float64 }
			}
			Corroborate *struct {
				Levels struct {
					ToVerify int `yaml:"to_verify"`
				}
				Kinds []struct {
					Class, Value string
					AtLeast      float64 `yaml:"at_least"`
				}
			}
		}
	}
	if err := yaml.Unmarshal(read(t, laocai.RulesFile), &file); err != nil {
		t.Fatal(err)
	}
	levels, margins = map[string]map[string]map[int]float64{}, map[string]float64{}
	for _, r := range file.Rules {
		if c := r.Corroborate; c != nil {
			for _, k := range c.Kinds {
				levels[k.Class] = map[string]map[int]float64{k.Value: {c.Levels.ToVerify: k.AtLeast}}
			}
		}
		if r.Threshold == nil {
			continue
		}
		table := map[int]float64{}
		if own, ok := r.Threshold.Levels.(map[string]any); ok {
			src, _ := yaml.Marshal(own)
			if err := yaml.Unmarshal(src, &table); err != nil {
				t.Fatal(err)
			}
		}
		levels[r.Select.Class] = map[string]map[int]float64{r.Threshold.Value: table}
		margins[r.Select.Class] = r.Threshold.Recover.Margin
	}
	return levels, margins
}
