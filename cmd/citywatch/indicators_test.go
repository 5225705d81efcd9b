package main

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"citywatch/internal/servertest"
)

// TestIndicators: the figures of another system come by MQTT through a real
// broker, and as a table over HTTP; the indicator tells the newest by its own
// time, and whether it reaches its target.
func TestIndicators(t *testing.T) {
	broker := servertest.Mosquitto(t)
	dir := t.TempDir()
	write(t, dir, "zones.geojson", squareZone(103, 22, 105, 23))
	write(t, dir, "devices.yaml", `classes:
  - id: lodging
    name: {vi: Lưu trú du lịch, en: Tourist lodging}
    sector: tourism
    period: 1d
    quantities: [{value: occupancy, name: {vi: Công suất phòng, en: Room occupancy}, unit: "%", decimals: 0}]
devices:
  - {id: phong-sa-pa, name: Công suất phòng Sa Pa, class: lodging, indicator: {target: 60, better: higher, owner: Phòng Lưu trú, source: Báo cáo lưu trú}}
`)
	write(t, dir, "rules.yaml", "rules: []\n")
	config := write(t, dir, "citywatch.yaml", fmt.Sprintf(`province: {id: test, name: Thử nghiệm, extent: [103, 22, 105, 23], time_zone: Asia/Ho_Chi_Minh}
data: data
sources:
  - {name: mosquitto, url: %q, topics: [{filter: city/+/+}]}
zones: {file: zones.geojson}
devices: {file: devices.yaml}
rules: {file: rules.yaml}
`, broker.URL))
	p := start(t, "serve", "--config", config)
	zone := time.FixedZone("+07", 7*3600)
	at := time.Now().In(zone).Add(-time.Minute).Truncate(time.Second)

	publish(t, broker.URL, "city/tourism/phong-sa-pa", fmt.Sprintf(`{"time":%q,"values":{"occupancy":64}}`, at.Format(time.RFC3339)))
	// shows reports whether an answer tells that figure as of then.
	shows := func(figure float64, asOf time.Time, met bool) func([]byte) bool {
		return func(body []byte) bool {
			var list struct {
				Indicators []struct {
					Value *float64
					AsOf  time.Time `json:"as_of"`
					Met   *bool
				}
			}
			if json.Unmarshal(body, &list) != nil || len(list.Indicators) != 1 {
				return false
			}
			i := list.Indicators[0]
			return i.Value != nil && *i.Value == figure && i.AsOf.Equal(asOf) && i.Met != nil && *i.Met == met
		}
	}
	p.eventually("/api/v1/indicators?sector=tourism", shows(64, at, true))

	// A later one from a spreadsheet, below the target; and then one of before,
	// which says nothing of now.
	later := at.Add(30 * time.Second)
	table := func(asOf time.Time, figure string) string {
		return "indicator;as_of;value\r\nphong-sa-pa;" + asOf.Format("02/01/2006 15:04:05") + ";" + figure + "\r\n"
	}
	p.post("/api/v1/indicators", "text/csv", table(later, "50,5"))
	p.eventually("/api/v1/indicators?sector=tourism", shows(50.5, later, false))
	publish(t, broker.URL, "city/tourism/phong-sa-pa", fmt.Sprintf(`{"time":%q,"values":{"occupancy":99}}`, at.Add(-time.Hour).Format(time.RFC3339)))
	p.post("/api/v1/indicators", "text/csv", table(later.Add(time.Second), "61"))
	p.eventually("/api/v1/indicators?sector=tourism", shows(61, later.Add(time.Second), true))
}
