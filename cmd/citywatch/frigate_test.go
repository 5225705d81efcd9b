package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"citywatch"
	"citywatch/internal/servertest"
)

// TestFrigate is a person in front of a camera, as Frigate tells it by MQTT: how
// many there are raises one alert, how sure Frigate is of the person another,
// and what it says again of the same event stays one point in the store, which
// the evidence leads to.
func TestFrigate(t *testing.T) {
	broker := servertest.Mosquitto(t)
	p := start(t, "serve", "--config", frigateSite(t, broker.URL))
	f := frigate{t: t, client: connect(t, broker.URL)}

	// A picture, larger than any reading, is no fault.
	f.publish("gate/person/snapshot", string(bytes.Repeat([]byte{0xff, 0xd8}, 100<<10)))
	f.publish("gate/person", "2")
	counted := p.evidence("people")
	if counted.Value != "person" || counted.Number != 2 {
		t.Errorf("the evidence of the count is %+v", counted)
	}

	// Two events. Of the one Frigate becomes ever surer: each time it is the
	// same reading, which is corrected.
	began := time.Now().Add(-3 * time.Second)
	one, before := eventID(began, "mxklsc"), eventID(began.Add(-time.Second), "a1b2c3")
	f.event(began.Add(-time.Second), before, `"top_score":0.3,"end_time":null`)
	f.event(began, one, `"top_score":0.7,"end_time":null`)
	f.event(began, one, `"top_score":0.95,"end_time":null`)
	sure := p.evidence("surely-a-person")
	if sure.Value != "person_score" || sure.Number != 0.95 {
		t.Errorf("the evidence of the event is %+v", sure)
	}
	if event := p.last("event"); event.Text != one || !event.Time.Equal(sure.Time) {
		t.Errorf("the evidence is of %v, and the event then is %+v, want %s", sure.Time, event, one)
	}
	f.event(began, one, fmt.Sprintf(`"top_score":0.96,"end_time":%s`, seconds(began.Add(2*time.Second))))
	p.eventually(historyOf("ended", sure.Time), func(body []byte) bool {
		got := points(body)
		return len(got) == 1 && got[0].Time.Equal(sure.Time) && got[0].Value == 1
	})
	p.eventually(historyOf("top_score", began.Add(-time.Minute)), func(body []byte) bool {
		got := points(body)
		return len(got) == 2 && got[0].Value == 0.3 && got[1].Value == 0.96
	})

	// A review item says by itself when it is over.
	review := eventID(began, "fqk5ka")
	f.review(began, review, `"severity":"detection","end_time":null`)
	f.review(began, review, `"severity":"alert","end_time":null`)
	if reviewed := p.evidence("review"); reviewed.Text != "alert" {
		t.Errorf("the evidence of the review is %+v", reviewed)
	}
	f.review(began, review, `"severity":"alert","end_time":1795302009.0`)
	p.eventually("/api/v1/alerts", func(body []byte) bool { return conditions(t, body)["review"] == citywatch.Normal })

	// And when nobody is seen any more the count says so.
	f.publish("gate/person", "0")
	p.eventually("/api/v1/alerts", func(body []byte) bool { return conditions(t, body)["people"] == citywatch.Normal })
	p.eventually("/api/v1/deadletters", func(body []byte) bool { return !bytes.Contains(body, []byte("topic")) })
}

// frigateSite writes a configuration with one camera of Frigate's.
func frigateSite(t *testing.T, broker string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "zones.geojson", squareZone(103, 22, 105, 23))
	write(t, dir, "devices.yaml", `classes:
  - id: frigate_camera
    name: {vi: Camera đếm người, en: Counting camera}
    sector: traffic
    period: 1m
    quantities: [{value: person, name: {vi: Số người, en: People}, unit: "{person}", decimals: 0}]
devices:
  - {id: counter-gate, class: frigate_camera, at: [104.35, 22.165], aliases: [gate]}
`)
	write(t, dir, "rules.yaml", `rules:
  - id: people
    name: {vi: Có người, en: People}
    hazard: intrusion
    select: {class: frigate_camera}
    threshold: {value: person, levels: {2: 1}, recover: {margin: 0, for: 0s}}
  - id: surely-a-person
    name: {vi: Chắc chắn có người, en: Surely a person}
    hazard: intrusion
    select: {class: frigate_camera}
    threshold: {value: person_score, levels: {3: 0.9}, recover: {margin: 0, for: 0s}}
  - id: review
    name: {vi: Cần xem lại, en: To be reviewed}
    hazard: intrusion
    select: {class: frigate_camera}
    state: {value: review_state, levels: {alert: 3}}
`)
	return write(t, dir, "citywatch.yaml", fmt.Sprintf(`province: {id: test, name: Thử nghiệm, extent: [103, 22, 105, 23]}
data: data
sources:
  - {name: mosquitto, url: %q, topics: [{filter: "frigate/#", format: frigate}]}
zones: {file: zones.geojson}
devices: {file: devices.yaml}
rules: {file: rules.yaml}
`, broker))
}

// A frigate speaks as Frigate does.
type frigate struct {
	t      *testing.T
	client paho.Client
}

func connect(t *testing.T, broker string) paho.Client {
	t.Helper()
	client := paho.NewClient(paho.NewClientOptions().AddBroker(broker).SetClientID("test-frigate"))
	if token := client.Connect(); token.Wait() && token.Error() != nil {
		t.Fatal(token.Error())
	}
	t.Cleanup(func() { client.Disconnect(100) })
	return client
}

func (f *frigate) publish(topic, payload string) {
	f.t.Helper()
	if token := f.client.Publish("frigate/"+topic, 0, false, payload); token.Wait() && token.Error() != nil {
		f.t.Fatal(token.Error())
	}
}

func seconds(at time.Time) string { return fmt.Sprintf("%.6f", float64(at.UnixMicro())/1e6) }

func eventID(began time.Time, suffix string) string { return seconds(began) + "-" + suffix }

func (f *frigate) event(began time.Time, id, rest string) {
	f.t.Helper()
	f.publish("events", fmt.Sprintf(`{"type":"update","before":{},"after":{"id":%q,"camera":"gate","label":"person","start_time":%s,%s}}`, id, seconds(began), rest))
}

func (f *frigate) review(began time.Time, id, rest string) {
	f.t.Helper()
	f.publish("reviews", fmt.Sprintf(`{"type":"update","before":{},"after":{"id":%q,"camera":"gate","start_time":%s,%s,"data":{"detections":[],"objects":["person"]}}}`, id, seconds(began), rest))
}

// alertList is an answer of /api/v1/alerts.
type alertList struct {
	Features []struct{ Properties citywatch.Alert }
}

// evidence waits until the rule has an active alert, and returns what it rests
// on.
func (p *process) evidence(rule string) (found citywatch.Evidence) {
	p.t.Helper()
	p.eventually("/api/v1/alerts", func(body []byte) bool {
		var list alertList
		if json.Unmarshal(body, &list) != nil {
			return false
		}
		for _, f := range list.Features {
			if a := f.Properties; a.Rule == rule && a.Condition == citywatch.Active && len(a.Evidence) > 0 {
				found = a.Evidence[len(a.Evidence)-1]
				return true
			}
		}
		return false
	})
	return found
}

// conditions returns the condition of each rule's alert.
func conditions(t *testing.T, body []byte) map[string]citywatch.Condition {
	t.Helper()
	var list alertList
	if err := json.Unmarshal(body, &list); err != nil {
		t.Fatal(err)
	}
	got := map[string]citywatch.Condition{}
	for _, f := range list.Features {
		got[f.Properties.Rule] = f.Properties.Condition
	}
	return got
}

type point struct {
	Time  time.Time
	Value float64
}

func points(body []byte) []point {
	var answer struct{ Points []point }
	if json.Unmarshal(body, &answer) != nil {
		return nil
	}
	return answer.Points
}

// historyOf is where a value's readings from a time on are found.
func historyOf(value string, from time.Time) string {
	return "/api/v1/devices/counter-gate/readings?value=" + value + "&every=0s&from=" + url.QueryEscape(from.Format(time.RFC3339Nano))
}

// A lastValue is the last that is known of one value.
type lastValue struct {
	Value, Text string
	Time        time.Time
}

// last waits until the value is known, and returns it.
func (p *process) last(value string) (got lastValue) {
	p.t.Helper()
	p.eventually("/api/v1/devices", func(body []byte) bool {
		var list struct {
			Features []struct {
				Properties struct {
					Class  string
					Values []lastValue
				}
			}
		}
		if json.Unmarshal(body, &list) != nil {
			return false
		}
		for _, f := range list.Features {
			for _, v := range f.Properties.Values {
				if f.Properties.Class != citywatch.SystemClass && v.Value == value {
					got = v
					return true
				}
			}
		}
		return false
	})
	return got
}
