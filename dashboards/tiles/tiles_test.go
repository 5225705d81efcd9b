package tiles

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"citywatch"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"
)

// A world of devices, all heard at the beginning.
type world struct {
	mu     sync.Mutex
	now    time.Time
	states []citywatch.DeviceState
	alerts []citywatch.Alert
	asked  int
}

func (w *world) Alerts() ([]citywatch.Alert, uint64) { return w.alerts, 0 }

func (w *world) Devices() []citywatch.DeviceState {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	return w.states
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func newWorld() *world { return &world{now: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)} }

func (w *world) add(id string, at orb.Point, heard time.Duration) {
	d := &citywatch.Device{ID: id, Name: "Trạm " + id, Class: "rain_gauge", Position: at, Period: time.Minute}
	s := citywatch.DeviceState{Device: d}
	if heard >= 0 {
		s.Heard = w.now.Add(-heard)
	}
	w.states = append(w.states, s)
}

// scatter adds n devices that report, all over a province.
func (w *world) scatter(n int) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		w.add(fmt.Sprintf("d%06d", i), orb.Point{103.5 + 1.5*r.Float64(), 21.4 + 1.5*r.Float64()}, time.Second)
	}
}

// features returns what a tile holds, in degrees.
func features(t *testing.T, tiles *Tiles, tile maptile.Tile) []*geojson.Feature {
	t.Helper()
	drawn, err := tiles.Tile(uint32(tile.Z), tile.X, tile.Y)
	if err != nil {
		t.Fatal(err)
	}
	layers, err := mvt.Unmarshal(drawn.Data)
	if err != nil {
		t.Fatal(err)
	}
	if len(layers) == 0 {
		return nil
	}
	if len(layers) != 1 || layers[0].Name != Layer {
		t.Fatalf("%v holds %d layers", tile, len(layers))
	}
	layers.ProjectToWGS84(tile)
	return layers[0].Features
}

func TestADeviceIsInTheTilesOfItsPlace(t *testing.T) {
	w := newWorld()
	at := orb.Point{103.9655, 22.5010}
	w.add("cau-coc-leu", at, time.Second)
	w.add("nowhere", orb.Point{}, time.Second)
	tiles := New(w, w.clock)
	for z := range maptile.Zoom(MaxZoom + 1) {
		tile := maptile.At(at, z)
		got := features(t, tiles, tile)
		if len(got) != 1 {
			t.Fatalf("zoom %d holds %d devices", z, len(got))
		}
		p := got[0].Point()
		if unit := 360 / float64(uint64(1)<<z) / extent; max(p.Lon()-at.Lon(), at.Lon()-p.Lon()) > 1.01*unit {
			t.Errorf("zoom %d: at %v", z, p)
		}
		if got[0].Properties["id"] != "cau-coc-leu" || got[0].Properties["look"] != "fresh" {
			t.Errorf("zoom %d: %v", z, got[0].Properties)
		}
		if name, ok := got[0].Properties["name"]; ok != (z >= namedFrom) || ok && name != "Trạm cau-coc-leu" {
			t.Errorf("zoom %d: the name is %v", z, name)
		}
		if z > 0 {
			beside := tile
			beside.X ^= 1
			if got := features(t, tiles, beside); len(got) != 0 {
				t.Errorf("zoom %d: the tile beside holds %v", z, got[0].Properties)
			}
		}
	}
}

// TestEveryDeviceIsInOneTile of each zoom, alone or counted with others.
func TestEveryDeviceIsInOneTile(t *testing.T) {
	w := newWorld()
	w.scatter(5000)
	tiles := New(w, w.clock)
	for _, z := range []maptile.Zoom{0, 6, 8, 9, 11, 12} {
		seen := 0
		low, high := maptile.At(orb.Point{103.5, 22.9}, z), maptile.At(orb.Point{105, 21.4}, z)
		for x := low.X; x <= high.X; x++ {
			for y := low.Y; y <= high.Y; y++ {
				got := features(t, tiles, maptile.New(x, y, z))
				if len(got) > cells*cells {
					t.Errorf("a tile of zoom %d holds %d features", z, len(got))
				}
				for _, f := range got {
					if n, ok := f.Properties["count"].(float64); ok {
						seen += int(n)
					} else {
						seen++
					}
				}
			}
		}
		if seen != 5000 {
			t.Errorf("zoom %d shows %d devices", z, seen)
		}
	}
}

// TestTheWorstWins: what needs somebody is never hidden below what does not.
func TestTheWorstWins(t *testing.T) {
	at := orb.Point{104.0, 22.3}
	steps := []struct {
		name string
		do   func(*world)
	}{
		{"late", func(w *world) { w.add("late", at, 3*time.Minute) }},
		{"never", func(w *world) { w.add("never", at, -1) }},
		{"silent", func(w *world) { w.add("silent", at, time.Hour) }},
		{"alarm 1", func(w *world) {
			w.add("a1", at, time.Second)
			w.alerts = append(w.alerts, citywatch.Alert{Device: "a1", Level: 1, Condition: citywatch.Active, Handling: citywatch.New})
		}},
		{"alarm 4", func(w *world) {
			w.add("a4", at, time.Second)
			w.alerts = append(w.alerts, citywatch.Alert{Device: "a4", Level: 4, Condition: citywatch.Active, Handling: citywatch.New})
		}},
	}
	w := newWorld()
	w.scatter(4 * crowded)
	for i, step := range steps {
		step.do(w)
		var id string
		for _, f := range features(t, New(w, w.clock), maptile.At(at, 6)) {
			if p := f.Point(); max(p.Lon()-at.Lon(), at.Lon()-p.Lon()) < 0.002 && max(p.Lat()-at.Lat(), at.Lat()-p.Lat()) < 0.002 {
				id, _ = f.Properties["id"].(string)
				if f.Properties["count"] == nil {
					t.Errorf("%s does not say that it stands for more: %v", step.name, f.Properties)
				}
			}
		}
		if want := []string{"late", "never", "silent", "a1", "a4"}[i]; id != want {
			t.Errorf("%s: %q is shown, not %q", step.name, id, want)
		}
	}
}

// TestTilesAreAsOldAsIsSaid, and no older; and the same as long as nothing has
// changed.
func TestTilesAreAsOldAsIsSaid(t *testing.T) {
	w := newWorld()
	at := orb.Point{104.0, 22.3}
	w.add("one", at, 0)
	tiles := New(w, w.clock)
	tile := maptile.At(at, 8)
	ask := func() Tile {
		t.Helper()
		got, err := tiles.Tile(8, tile.X, tile.Y)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	first := ask()
	w.pass(Every - time.Millisecond)
	if again := ask(); again.At != first.At || w.asked != 1 {
		t.Errorf("a new picture after %v, of %d", again.At.Sub(first.At), w.asked)
	}
	w.pass(time.Millisecond)
	same := ask()
	if !same.At.Equal(first.At.Add(Every)) || same.ETag != first.ETag || w.asked != 2 {
		t.Errorf("after %v: %v with %s, %d pictures", Every, same.At, same.ETag, w.asked)
	}
	w.pass(time.Hour)
	if silent := ask(); silent.ETag == first.ETag {
		t.Error("a device that fell silent looks as before")
	}
	w.pass(-time.Hour) // the clock is set back
	if back := ask(); back.ETag != first.ETag {
		t.Error("the clock was set back, and the tile is of the future")
	}
}

func TestNoSuchTile(t *testing.T) {
	tiles := New(newWorld(), time.Now)
	for _, of := range [][3]uint32{{MaxZoom + 1, 0, 0}, {3, 8, 0}, {3, 0, 8}, {0, 1, 0}, {1 << 31, 0, 0}} {
		if _, err := tiles.Tile(of[0], of[1], of[2]); !errors.Is(err, ErrNoTile) {
			t.Errorf("%v: %v", of, err)
		}
	}
}

// TestManyAsk at once, and share one picture.
func TestManyAsk(t *testing.T) {
	w := newWorld()
	w.scatter(3000)
	tiles := New(w, w.clock)
	tile := maptile.At(orb.Point{104, 22.3}, 8)
	var all sync.WaitGroup
	tags := make([]string, 32)
	for i := range tags {
		all.Go(func() {
			got, err := tiles.Tile(8, tile.X, tile.Y)
			if err != nil {
				t.Error(err)
			}
			tags[i] = got.ETag
		})
	}
	all.Wait()
	if slices.Sort(tags); tags[0] != tags[len(tags)-1] || w.asked != 1 {
		t.Errorf("%d pictures, tiles %s and %s", w.asked, tags[0], tags[len(tags)-1])
	}
}

// BenchmarkTiles draws the tiles of a province of 100,000 devices, each anew.
func BenchmarkTiles(b *testing.B) {
	w := newWorld()
	w.scatter(100_000)
	b.Run("picture", func(b *testing.B) {
		for b.Loop() {
			take(w, w.now)
		}
	})
	p := take(w, w.now)
	for _, z := range []maptile.Zoom{6, 8, 10, 12} {
		b.Run(fmt.Sprintf("zoom %d", z), func(b *testing.B) {
			tile := maptile.At(orb.Point{104.2, 22.2}, z)
			var took []time.Duration
			var data []byte
			for b.Loop() {
				began := time.Now()
				var err error
				if data, err = p.draw(tile); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
			b.ReportMetric(float64(len(data)), "bytes")
		})
	}
}
