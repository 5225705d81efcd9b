package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"citywatch"
	"citywatch/internal/audit"
	"citywatch/internal/journal"
	"citywatch/internal/series"
	"citywatch/internal/servertest"
)

// readyWithin is the budget for a start after a kill. On a machine that is busy
// with other tests a start may take longer: the test reports the times and
// holds the median against the budget.
const readyWithin = 3 * time.Second

// TestKillLosesNothing publishes numbered readings through a real Mosquitto
// while citywatch is killed with SIGKILL again and again. Every reading that
// was acknowledged is in InfluxDB afterwards, and every alert was raised once.
// CITYWATCH_KILLS sets how often.
func TestKillLosesNothing(t *testing.T) {
	kills := 20
	if s := os.Getenv("CITYWATCH_KILLS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("CITYWATCH_KILLS=%q: %v", s, err)
		}
		kills = n
	}
	w := newKillWorld(t)
	p := start(t, "serve", "--config", w.config)
	var restarts []time.Duration
	published := w.publishUntil(func() {
		for range kills {
			time.Sleep(time.Duration(100+rand.IntN(900)) * time.Millisecond)
			p.kill()
			restarts = append(restarts, p.start())
		}
	})
	w.verify(p, published)
	slices.Sort(restarts)
	median, slowest := restarts[len(restarts)/2], restarts[len(restarts)-1]
	t.Logf("%d kills: ready again after %v (median), %v (slowest)", kills, median.Round(time.Millisecond), slowest.Round(time.Millisecond))
	if median > readyWithin {
		t.Errorf("ready after %v in the median, want %v", median, readyWithin)
	}
}

// TestStoreOutageLosesNothing does the same with InfluxDB down for 30 s.
func TestStoreOutageLosesNothing(t *testing.T) {
	w := newKillWorld(t)
	p := start(t, "serve", "--config", w.config)
	published := w.publishUntil(func() {
		time.Sleep(2 * time.Second)
		w.influx.Kill()
		time.Sleep(30 * time.Second)
		if !p.ready() {
			t.Error("citywatch is not ready while InfluxDB is down; it should be degraded, and ready")
		}
		w.influx.Start()
		time.Sleep(2 * time.Second)
	})
	w.verify(p, published)
}

// A killWorld is everything around the process that is killed.
type killWorld struct {
	t       *testing.T
	dir     string
	config  string
	broker  *servertest.Broker
	influx  *servertest.Influx
	devices []string
	begun   time.Time
}

const (
	killDevices = 20
	// toggleEvery is after how many readings a device crosses its bound, up
	// or down.
	toggleEvery = 25
	killBound   = 10.0
)

func newKillWorld(t *testing.T) *killWorld {
	w := &killWorld{t: t, dir: t.TempDir(), broker: servertest.Mosquitto(t), influx: servertest.Influx1(t)}
	write(t, w.dir, "zones.geojson", squareZone(103, 22, 105, 23))
	devices := "classes:\n  - {id: river_gauge, name: {vi: Trạm thủy văn}, sector: disaster, period: 1h}\ndevices:\n"
	for i := range killDevices {
		id := fmt.Sprintf("gauge-%02d", i)
		w.devices = append(w.devices, id)
		devices += fmt.Sprintf("  - {id: %s, class: river_gauge, at: [%.3f, 22.5]}\n", id, 104+float64(i)/1000)
	}
	write(t, w.dir, "devices.yaml", devices)
	write(t, w.dir, "rules.yaml", fmt.Sprintf(`rules:
  - id: level
    name: {vi: Mực nước, en: Water level}
    hazard: flood
    select: {class: river_gauge}
    threshold: {value: level, levels: {3: %v}, direction: above, recover: {margin: 0, for: 0s}}
`, killBound))
	w.config = write(t, w.dir, "citywatch.yaml", fmt.Sprintf(`province: {id: test, name: Thử nghiệm, extent: [103, 22, 105, 23]}
data: data
sources:
  - name: mosquitto
    url: %s
    topics:
      - {filter: city/disaster/+, format: json, device: "{2}"}
store: {kind: influxdb, url: %q, name: kill}
zones: {file: zones.geojson}
devices: {file: devices.yaml}
rules: {file: rules.yaml}
`, w.broker.URL, w.influx.URL))
	return w
}

// squareZone is a GeoJSON file of one zone.
func squareZone(west, south, east, north float64) string {
	return fmt.Sprintf(`{"type":"FeatureCollection","features":[{"type":"Feature","id":"all","properties":{"name":"Tất cả"},
"geometry":{"type":"Polygon","coordinates":[[[%[1]v,%[2]v],[%[3]v,%[2]v],[%[3]v,%[4]v],[%[1]v,%[4]v],[%[1]v,%[2]v]]]}}]}`, west, south, east, north)
}

// above reports whether a device's nth reading lies above its bound.
func above(n int) bool { return n/toggleEvery%2 == 1 }

// measured is when a device's nth reading was measured: no two at once.
func (w *killWorld) measured(n int) time.Time {
	return w.begun.Add(time.Duration(n) * time.Millisecond)
}

// publishUntil publishes from every device, each waiting for the broker to
// acknowledge one reading before it sends the next, until during returns. It
// returns how many each device had acknowledged.
func (w *killWorld) publishUntil(during func()) []int {
	w.begun = time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	var done atomic.Bool
	counts := make([]int, len(w.devices))
	var wg sync.WaitGroup
	for i, device := range w.devices {
		wg.Go(func() {
			client := paho.NewClient(paho.NewClientOptions().AddBroker(w.broker.URL).SetClientID("test-" + device))
			if token := client.Connect(); token.Wait() && token.Error() != nil {
				w.t.Error(token.Error())
				return
			}
			defer client.Disconnect(100)
			for n := 0; !done.Load(); n++ {
				level := killBound - 1
				if above(n) {
					level = killBound + 1
				}
				payload := fmt.Sprintf(`{"time":%q,"values":{"n":%d,"level":%v}}`, w.measured(n).Format(time.RFC3339Nano), n, level)
				if token := client.Publish("city/disaster/"+device, 1, false, payload); token.Wait() && token.Error() != nil {
					w.t.Error(token.Error())
					return
				}
				counts[i] = n + 1
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	during()
	done.Store(true)
	wg.Wait()
	return counts
}

// verify holds what was acknowledged against what arrived.
func (w *killWorld) verify(p *process, published []int) {
	w.t.Helper()
	total := 0
	for _, n := range published {
		total += n
	}
	w.awaitStored(total)
	w.awaitJudged(p, published)
	p.stop()
	raised := w.verifyAlerts(published)
	w.verifyAudit(raised)
	w.t.Logf("ledger: %d readings acknowledged, 0 lost; %d transitions of %d alerts, each once", total, raised, len(w.devices))
}

// awaitJudged waits until the rules have seen what is stored: nobody promises
// that they are as fast as the store, and what is not judged when citywatch
// stops is judged after the next start.
func (w *killWorld) awaitJudged(p *process, published []int) {
	w.t.Helper()
	p.eventually("/api/v1/alerts", func(body []byte) bool {
		var list alertList
		if json.Unmarshal(body, &list) != nil {
			return false
		}
		versions := map[string]int{}
		for _, f := range list.Features {
			versions[f.Properties.Device] = f.Properties.Version
		}
		for i, device := range w.devices {
			if versions[device] < len(wanted(published[i])) {
				return false
			}
		}
		return true
	})
}

// awaitStored waits until every reading is in InfluxDB, and names the first
// that is not.
func (w *killWorld) awaitStored(total int) {
	w.t.Helper()
	var stored int
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		stored = 0
		for _, device := range w.devices {
			stored += len(w.numbers(device))
		}
		if stored == total {
			return
		}
	}
	for _, device := range w.devices {
		for i, n := range w.numbers(device) {
			if n != i {
				w.t.Errorf("%s: reading %d is missing", device, i)
				break
			}
		}
	}
	w.t.Fatalf("%d readings stored of %d acknowledged", stored, total)
}

// numbers returns what InfluxDB holds of a device.
func (w *killWorld) numbers(device string) []int {
	w.t.Helper()
	rows := w.influx.Query(w.t, "kill_raw", "SELECT n FROM river_gauge WHERE device = "+series.String(device))
	numbers := make([]int, 0, len(rows))
	for _, row := range rows {
		n, err := row[1].(json.Number).Int64()
		if err != nil {
			w.t.Fatal(err)
		}
		numbers = append(numbers, int(n))
	}
	return numbers
}

// verifyAlerts reads the transitions from the journal itself: each device's
// must be just those that its readings call for, in order, none twice.
func (w *killWorld) verifyAlerts(published []int) (transitions int) {
	w.t.Helper()
	got := map[string][]citywatch.Reason{}
	seen := map[string]bool{}
	for _, tr := range transitionsIn(w.t, w.dir+"/data/journal") {
		if seen[tr.ID] {
			w.t.Errorf("transition %s is in the journal twice", tr.ID)
		}
		seen[tr.ID] = true
		got[tr.Alert.Device] = append(got[tr.Alert.Device], tr.Reason)
		transitions++
	}
	for i, device := range w.devices {
		want := wanted(published[i])
		if !slices.Equal(got[device], want) {
			same := 0
			for same < min(len(got[device]), len(want)) && got[device][same] == want[same] {
				same++
			}
			w.t.Errorf("%s: %d transitions, want %d; they differ from number %d on", device, len(got[device]), len(want), same+1)
		}
	}
	return transitions
}

// wanted are the transitions that so many readings of a device call for.
func wanted(published int) (want []citywatch.Reason) {
	for n := toggleEvery; n < published; n += toggleEvery {
		switch {
		case !above(n):
			want = append(want, citywatch.ReasonRecovered)
		case len(want) == 0:
			want = append(want, citywatch.ReasonFired)
		default:
			want = append(want, citywatch.ReasonRelapsed)
		}
	}
	return want
}

// verifyAudit holds the audit against the journal: a line for each change, in
// one chain, however often its writer was killed.
func (w *killWorld) verifyAudit(transitions int) {
	w.t.Helper()
	report, err := audit.Verify(w.dir + "/data/audit")
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range report.Faults {
		w.t.Error(f)
	}
	if report.Head.N != uint64(transitions) {
		w.t.Errorf("the audit has %d lines of %d transitions", report.Head.N, transitions)
	}
}

// transitionsIn reads every transition that a stopped citywatch left.
func transitionsIn(t *testing.T, dir string) []citywatch.Transition {
	t.Helper()
	j, err := journal.Open(t.Context(), journal.Options{Dir: dir}, journal.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	first, last, err := j.TransitionBounds(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if last < first || last == 0 {
		return nil
	}
	reader := j.Transitions(first)
	defer reader.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var all []citywatch.Transition
	for {
		tr, err := reader.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, tr)
		if tr.Seq >= last {
			return all
		}
	}
}
