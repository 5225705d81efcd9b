package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"citywatch"
	"citywatch/internal/audit"
	"citywatch/internal/servertest"
)

// TestKillInAStorm: citywatch is killed with SIGKILL again and again while a
// condition comes at one device after the other. There is one alert of each in
// the end, none twice, and the wall has them in few rows. CITYWATCH_KILLS sets
// how often; there are 100 conditions for each.
func TestKillInAStorm(t *testing.T) {
	kills := 5
	if s := os.Getenv("CITYWATCH_KILLS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("CITYWATCH_KILLS=%q: %v", s, err)
		}
		kills = n
	}
	const each = 100
	w := newStormWorld(t, kills*each)
	p := start(t, "serve", "--config", w.config)
	client := w.sensors()
	for k := range kills {
		published := make(chan error, 1)
		go func() { published <- w.publish(client, k*each, each) }()
		time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
		p.kill()
		p.start()
		if err := <-published; err != nil {
			t.Fatal(err)
		}
	}
	storm := w.awaitFolded(p)
	if len(storm.Rows) > 200 || !storm.On {
		t.Errorf("on %v: %d alerts in %d rows, want at most 200", storm.On, storm.Open, len(storm.Rows))
	}
	p.stop()
	w.verify()
	t.Logf("%d kills in a storm of %d conditions: each alert once, in %d rows", kills, w.conditions, len(storm.Rows))
}

// A stormWorld is a broker and a configuration of many devices in 99 communes.
type stormWorld struct {
	t           *testing.T
	dir, config string
	broker      *servertest.Broker
	conditions  int
}

func newStormWorld(t *testing.T, conditions int) *stormWorld {
	w := &stormWorld{t: t, dir: t.TempDir(), broker: servertest.Mosquitto(t), conditions: conditions}
	var zones, devices strings.Builder
	for i := range 99 {
		west, south := 103+float64(i%11)/10, 22+float64(i/11)/10
		fmt.Fprintf(&zones, `,{"type":"Feature","id":"xa-%[1]d","properties":{"name":"Xã %[1]d"},"geometry":{"type":"Polygon","coordinates":[[[%[2]f,%[3]f],[%[4]f,%[3]f],[%[4]f,%[5]f],[%[2]f,%[5]f],[%[2]f,%[3]f]]]}}`,
			i, west, south, west+0.1, south+0.1)
	}
	devices.WriteString("classes:\n  - {id: slope, name: {vi: Cảm biến sạt trượt}, sector: disaster, period: 1h}\ndevices:\n")
	for i := range conditions {
		fmt.Fprintf(&devices, "  - {id: %s, class: slope, at: [%.3f, %.3f]}\n", stormDevice(i), 103.05+float64(i%11)/10, 22.05+float64(i/11%9)/10)
	}
	write(t, w.dir, "zones.geojson", `{"type":"FeatureCollection","features":[`+zones.String()[1:]+`]}`)
	write(t, w.dir, "devices.yaml", devices.String())
	write(t, w.dir, "rules.yaml", `rules:
  - id: slide
    name: {vi: Sạt trượt, en: Landslide}
    hazard: landslide
    select: {class: slope}
    threshold: {value: tilt, levels: {3: 10}, direction: above, recover: {margin: 0, for: 0s}}
`)
	w.config = write(t, w.dir, "citywatch.yaml", fmt.Sprintf(`province: {id: test, name: Thử nghiệm, extent: [103, 22, 105, 23]}
data: data
sources:
  - name: mosquitto
    url: %s
    topics:
      - {filter: city/disaster/+, format: json, device: "{2}"}
zones: {file: zones.geojson}
devices: {file: devices.yaml}
rules: {file: rules.yaml}
`, w.broker.URL))
	return w
}

func stormDevice(i int) string { return fmt.Sprintf("slope-%05d", i) }

func (w *stormWorld) sensors() paho.Client {
	w.t.Helper()
	client := paho.NewClient(paho.NewClientOptions().AddBroker(w.broker.URL).SetClientID("sensors"))
	if token := client.Connect(); token.Wait() && token.Error() != nil {
		w.t.Fatal(token.Error())
	}
	w.t.Cleanup(func() { client.Disconnect(100) })
	return client
}

// publish has a condition come at n devices, each acknowledged by the broker
// before the next.
func (w *stormWorld) publish(client paho.Client, from, n int) error {
	for i := from; i < from+n; i++ {
		token := client.Publish("city/disaster/"+stormDevice(i), 1, false, fmt.Sprintf(`{"time":%q,"values":{"tilt":12}}`, time.Now().Format(time.RFC3339Nano)))
		if !token.WaitTimeout(time.Minute) {
			return fmt.Errorf("the broker has not taken reading %d after a minute", i)
		}
		if err := token.Error(); err != nil {
			return err
		}
		time.Sleep(3 * time.Millisecond)
	}
	return nil
}

// awaitFolded waits until every alert is there, and in a row. Behind many kills
// there may be much to read again.
func (w *stormWorld) awaitFolded(p *process) (storm citywatch.Storm) {
	w.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		response, err := http.Get("http://" + p.http + "/api/v1/storm")
		if err != nil {
			w.t.Fatal(err)
		}
		storm = citywatch.Storm{}
		err = json.NewDecoder(response.Body).Decode(&storm)
		_ = response.Body.Close()
		folded := 0
		for _, r := range storm.Rows {
			folded += r.Count
		}
		if err == nil && storm.Open >= w.conditions && folded == storm.Open {
			return storm
		}
	}
	w.t.Fatalf("%d alerts are open of %d conditions", storm.Open, w.conditions)
	return storm
}

// verify reads the transitions from the journal itself, and holds the audit
// against them.
func (w *stormWorld) verify() {
	w.t.Helper()
	fired := map[string]int{}
	transitions := transitionsIn(w.t, w.dir+"/data/journal")
	for _, tr := range transitions {
		switch {
		case tr.Alert.Rule != "slide": // citywatch's own, of a busy machine
		case tr.Reason != citywatch.ReasonFired:
			w.t.Errorf("%s of %s: nothing but conditions came", tr.Reason, tr.Alert.Device)
		default:
			fired[tr.Alert.Device]++
		}
	}
	for i := range w.conditions {
		if n := fired[stormDevice(i)]; n != 1 {
			w.t.Errorf("%s: %d alerts", stormDevice(i), n)
		}
	}
	report, err := audit.Verify(w.dir + "/data/audit")
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range report.Faults {
		w.t.Error(f)
	}
	if report.Head.N != uint64(len(transitions)) {
		w.t.Errorf("the audit has %d lines of %d transitions", report.Head.N, len(transitions))
	}
}
