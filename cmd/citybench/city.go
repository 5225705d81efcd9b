package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"citywatch/internal/servertest"
)

// Normal load is devices that report twice a minute; probe is a device that
// takes no part in it, and whose alerts are measured.
const (
	normalDevices = 5000
	normalRate    = 170
	probe         = "probe"
	bound         = 100.0 // of water_level: above it there is an alert
)

// A city is a running citywatch.
type city struct {
	*process
	http string
}

// A site is what a citywatch of the bench is configured with, besides the probe.
type site struct {
	name, broker string
	devices      int
	// rules is how many there are, 1 of which concerns every device: the others
	// are shared out among the zones.
	rules int
	// across and down are how many zones there are.
	across, down int
}

// startCity starts a citywatch.
func (b *bench) startCity(s site) (*city, error) {
	s.broker = b.broker.URL
	dir := b.TempDir()
	if err := s.write(dir); err != nil {
		return nil, err
	}
	return b.boot(dir)
}

// boot starts the citywatch whose configuration is in the folder, and waits
// until it is ready.
func (b *bench) boot(dir string) (*city, error) {
	c := &city{http: servertest.FreeAddr(b)}
	var err error
	c.process, err = b.start(b.o.city, "serve",
		"--config", filepath.Join(dir, "citywatch.yaml"), "--data", filepath.Join(dir, "data"), "--http", c.http)
	if err != nil {
		return nil, err
	}
	for range 600 {
		if err := c.alive(); err != nil {
			return nil, err
		}
		if c.ready(b.ctx) {
			return c, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil, fmt.Errorf("citywatch is not ready after 30 s; its output is in %s", c.output)
}

// normalSite is of normal size, with one rule.
func normalSite() site {
	return site{name: "bench", devices: normalDevices, rules: 1, across: 4, down: 3}
}

// big returns the citywatch of normal size, and starts it the first time.
func (b *bench) big() (*city, error) {
	if b.city != nil {
		return b.city, b.city.alive()
	}
	var err error
	b.city, err = b.startCity(normalSite())
	return b.city, err
}

// ready reports whether readings are taken, and walls are served.
func (c *city) ready(ctx context.Context) bool {
	response, err := get(ctx, "http://"+c.http+"/readyz")
	if err != nil {
		return false
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return false
	}
	conn, err := dialStream(ctx, c.http, 0)
	return err == nil && conn.Close() == nil
}

func get(ctx context.Context, url string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(request)
}

// metrics returns citywatch's metrics, those with the same name and different
// labels added up.
func (c *city) metrics(ctx context.Context) (map[string]float64, error) {
	response, err := get(ctx, "http://"+c.http+"/metrics")
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	sums := map[string]float64{}
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), " ")
		if labels := strings.LastIndexByte(lines.Text(), '}'); labels >= 0 {
			value = strings.TrimSpace(lines.Text()[labels+1:])
		}
		name, _, _ = strings.Cut(name, "{")
		if v, err := strconv.ParseFloat(value, 64); ok && err == nil && name != "#" {
			sums[name] += v
		}
	}
	return sums, lines.Err()
}

// write writes a configuration and what it names into a folder.
func (s site) write(dir string) error {
	files := map[string]string{
		"citywatch.yaml": fmt.Sprintf(`province: {id: %[1]s, name: Đo kiểm, extent: [103, 21.9, 105, 23]}
data: data
sources:
  - name: mosquitto
    url: %[2]s
    client_id: citywatch-%[1]s
    topics:
      - {filter: %[1]s/+/+, format: json, device: "{2}"}
zones: {file: zones.geojson}
devices: {file: devices.yaml}
rules: {file: rules.yaml}
`, s.name, s.broker),
		"rules.yaml":    s.ruleList(),
		"zones.geojson": s.zones(),
		"devices.yaml":  deviceList(s.devices),
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// ruleList has one rule that the probe can break. The others' bounds are higher
// than any number that is published.
func (s site) ruleList() string {
	var b strings.Builder
	fmt.Fprintf(&b, `rules:
  - id: river-flood
    name: {vi: Lũ vượt mức báo động, en: River above flood alarm level}
    hazard: flood
    select: {class: river_gauge}
    threshold: {value: water_level, levels: {3: %v}, direction: above, recover: {margin: 0, for: 0s}}
`, bound)
	for i := 1; i < s.rules; i++ {
		fmt.Fprintf(&b, `  - id: level-%[1]d
    name: {vi: Lũ %[1]d, en: Flood %[1]d}
    hazard: flood
    select: {class: river_gauge, zone: [zone-%[2]d]}
    threshold: {value: water_level, levels: {1: %[3]v, 2: %[4]v}, direction: above, for: 10m, recover: {margin: 0.1, for: 10m}}
`, i, i%(s.across*s.down), 10*bound+float64(i), 20*bound+float64(i))
	}
	return b.String()
}

// zones are rectangles side by side.
func (s site) zones() string {
	var b strings.Builder
	b.WriteString(`{"type":"FeatureCollection","features":[`)
	wide, high := 2/float64(s.across), 1/float64(s.down)
	for i := range s.across * s.down {
		west, south := 103+float64(i%s.across)*wide, 22+float64(i/s.across)*high
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"type":"Feature","id":"zone-%[1]d","properties":{"name":"Xã %[1]d"},"geometry":{"type":"Polygon","coordinates":[[[%[2]f,%[3]f],[%[4]f,%[3]f],[%[4]f,%[5]f],[%[2]f,%[5]f],[%[2]f,%[3]f]]]}}`,
			i, west, south, west+wide, south+high)
	}
	b.WriteString("]}")
	return b.String()
}

func deviceList(n int) string {
	var b strings.Builder
	b.WriteString(`classes:
  - id: river_gauge
    name: {vi: Trạm thủy văn, en: River gauge}
    sector: disaster
    period: 1h
    quantities: [{value: water_level, name: {vi: Mực nước, en: Water level}, unit: m, decimals: 2}]
devices:
`)
	fmt.Fprintf(&b, "  - {id: %s, name: Thử, class: river_gauge, at: [104.1, 22.5]}\n", probe)
	for i := range n {
		fmt.Fprintf(&b, "  - {id: %s, name: Trạm %d, class: river_gauge, at: [%.4f, %.4f]}\n",
			device(i), i, 103.01+1.98*float64(i%100)/100, 22.01+0.98*float64(i/100%100)/100)
	}
	return b.String()
}

func device(i int) string { return "gauge-" + strconv.Itoa(i) }
