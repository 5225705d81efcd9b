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

// startCity starts a citywatch with so many devices, and the probe.
func (b *bench) startCity(name string, devices int) (*city, error) {
	dir := b.TempDir()
	if err := writeSite(dir, name, b.broker.URL, devices); err != nil {
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

// big returns the citywatch of normal size, and starts it the first time.
func (b *bench) big() (*city, error) {
	if b.city != nil {
		return b.city, b.city.alive()
	}
	var err error
	b.city, err = b.startCity("bench", normalDevices)
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

// writeSite writes a configuration and what it names into a folder.
func writeSite(dir, name, broker string, devices int) error {
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
`, name, broker),
		"rules.yaml": fmt.Sprintf(`rules:
  - id: river-flood
    name: {vi: Lũ vượt mức báo động, en: River above flood alarm level}
    hazard: flood
    select: {class: river_gauge}
    threshold: {value: water_level, levels: {3: %v}, direction: above, recover: {margin: 0, for: 0s}}
`, bound),
		"zones.geojson": zones(),
		"devices.yaml":  deviceList(devices),
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// zones are twelve squares.
func zones() string {
	var b strings.Builder
	b.WriteString(`{"type":"FeatureCollection","features":[`)
	for i := range 12 {
		west, south := 103+float64(i%4)/2, 22+float64(i/4)/3
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"type":"Feature","id":"zone-%[1]d","properties":{"name":"Xã %[1]d"},"geometry":{"type":"Polygon","coordinates":[[[%[2]f,%[3]f],[%[4]f,%[3]f],[%[4]f,%[5]f],[%[2]f,%[5]f],[%[2]f,%[3]f]]]}}`,
			i, west, south, west+0.5, south+1.0/3)
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
