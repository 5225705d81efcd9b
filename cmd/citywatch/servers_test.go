package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"citywatch/internal/servertest"
)

// TestWithRealServers is the life of a few readings in the company that
// compose.yaml gives citywatch: Mosquitto and InfluxDB 2.
func TestWithRealServers(t *testing.T) {
	broker, influx := servertest.Mosquitto(t), servertest.Influx2(t)
	dir := t.TempDir()
	write(t, dir, "zones.geojson", squareZone(103, 22, 105, 23))
	write(t, dir, "devices.yaml", `classes:
  - id: river_gauge
    name: {vi: Trạm thủy văn, en: River gauge}
    sector: disaster
    period: 10m
    quantities: [{value: water_level, name: {vi: Mực nước, en: Water level}, unit: m, decimals: 2}]
devices:
  - {id: bao-ha, class: river_gauge, at: [104.35, 22.165]}
`)
	write(t, dir, "rules.yaml", "rules: []\n")
	write(t, dir, "token", influx.Token+"\n")
	config := write(t, dir, "citywatch.yaml", fmt.Sprintf(`province: {id: test, name: Thử nghiệm, extent: [103, 22, 105, 23]}
data: data
sources:
  - {name: mosquitto, url: %q, topics: [{filter: city/+/+}]}
store: {kind: influxdb, url: %q, org: %q, token_file: token, name: real}
zones: {file: zones.geojson}
devices: {file: devices.yaml}
rules: {file: rules.yaml}
`, broker.URL, influx.URL, influx.Org))
	p := start(t, "serve", "--config", config)
	at := time.Now().Add(-time.Minute).Truncate(time.Second)

	// One reading by MQTT, one by HTTP.
	publish(t, broker.URL, "city/disaster/bao-ha", fmt.Sprintf(`{"time":%q,"values":{"water_level":57.25}}`, at.Format(time.RFC3339)))
	p.post("/api/v1/readings", "text/plain", fmt.Sprintf("river_gauge,device=bao-ha water_level=57.5 %d", at.Add(time.Second).UnixNano()))
	p.eventually("/api/v1/devices/bao-ha/readings?value=water_level&from=-5m&every=0s", func(body []byte) bool {
		var answer struct{ Points []struct{ Value float64 } }
		return json.Unmarshal(body, &answer) == nil && len(answer.Points) == 2 &&
			answer.Points[0].Value == 57.25 && answer.Points[1].Value == 57.5
	})

	// Everybody who reads the journal is named, and has read it.
	p.eventually("/api/v1/health", func(body []byte) bool {
		var health struct {
			Lags []struct {
				Reader  string
				Entries uint64
			}
		}
		if err := json.Unmarshal(body, &health); err != nil {
			return false
		}
		unread := map[string]uint64{}
		for _, l := range health.Lags {
			unread[l.Reader] += l.Entries
		}
		return maps.Equal(unread, map[string]uint64{"store": 0, "alerts": 0, "audit": 0, "picture": 0, "crews": 0, "notify": 0})
	})

	// One that nobody can read is kept, with the reason.
	publish(t, broker.URL, "city/disaster/bao-ha", `{"values":{"water_level":NaN}}`)
	p.eventually("/api/v1/deadletters", func(body []byte) bool {
		return strings.Contains(string(body), `"topic":"city/disaster/bao-ha"`)
	})
}

func publish(t *testing.T, broker, topic, payload string) {
	t.Helper()
	client := paho.NewClient(paho.NewClientOptions().AddBroker(broker).SetClientID("test-publisher"))
	if token := client.Connect(); token.Wait() && token.Error() != nil {
		t.Fatal(token.Error())
	}
	defer client.Disconnect(100)
	if token := client.Publish(topic, 1, false, payload); token.Wait() && token.Error() != nil {
		t.Fatal(token.Error())
	}
}

func (p *process) post(path, contentType, body string) {
	p.t.Helper()
	response, err := http.Post("http://"+p.http+path, contentType, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if answer, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusOK {
		p.t.Fatalf("%s answers %s: %s", path, response.Status, answer)
	}
}

// eventually asks until the answer is good.
func (p *process) eventually(path string, good func([]byte) bool) {
	p.t.Helper()
	var last []byte
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		response, err := http.Get("http://" + p.http + path)
		if err != nil {
			p.t.Fatal(err)
		}
		last, err = io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err == nil && good(last) {
			return
		}
	}
	p.t.Fatalf("%s still answers %s", path, tail(last, 2<<10))
}
