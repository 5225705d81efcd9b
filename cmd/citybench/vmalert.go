package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"citywatch/internal/servertest"
)

const vmalertVersion = "1.130.0"

var errNoVmalert = errors.New("no vmalert " + vmalertVersion + ": run `make vmalert`")

// vmalert returns how many evaluations vmalert, and the VictoriaMetrics that it
// asks, make in a second of processor time: the same number of rules, with one
// level each, over as many devices, once a second. The readings are there
// already, so taking them in costs it nothing.
func (b *bench) vmalert(long time.Duration) (rate float64, err error) {
	dir := filepath.Join(cacheDir(), "vmalert-"+vmalertVersion)
	if _, err := os.Stat(filepath.Join(dir, "vmalert")); err != nil {
		return 0, errNoVmalert
	}
	data := b.TempDir()
	store := servertest.FreeAddr(b)
	metrics, err := b.start(filepath.Join(dir, "victoria-metrics"), "-storageDataPath", filepath.Join(data, "store"),
		"-httpListenAddr", store, "-retentionPeriod", "2d", "-search.maxUniqueTimeseries", "1000000")
	if err != nil {
		return 0, err
	}
	defer metrics.kill()
	if err := b.fillVictoria(store, metrics); err != nil {
		return 0, err
	}
	rules := filepath.Join(data, "rules.yml")
	if err := os.WriteFile(rules, promRules(), 0o600); err != nil {
		return 0, err
	}
	addr := servertest.FreeAddr(b)
	alert, err := b.start(filepath.Join(dir, "vmalert"), "-rule", rules, "-datasource.url", "http://"+store,
		"-notifier.blackhole", "-httpListenAddr", addr, "-rule.evalDelay", "0s")
	if err != nil {
		return 0, err
	}
	defer alert.kill()
	used := func() (time.Duration, error) {
		one, err1 := cpuTime(metrics.pid())
		two, err2 := cpuTime(alert.pid())
		return one + two, errors.Join(err1, err2)
	}
	peer := &city{process: alert, http: addr}
	first, err := b.iterations(peer, 1)
	if err != nil {
		return 0, err
	}
	before, err := used()
	if err != nil {
		return 0, err
	}
	select {
	case <-time.After(max(long, 5*time.Second)):
	case <-b.ctx.Done():
		return 0, b.ctx.Err()
	}
	last, err := b.iterations(peer, first+1)
	if err != nil {
		return 0, err
	}
	after, err := used()
	return (last - first) * ruleCount * ruleDevices / (after - before).Seconds(), err
}

// iterations waits until vmalert has gone through its rules so often, and
// returns how often it has.
func (b *bench) iterations(peer *city, least float64) (float64, error) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if err := peer.alive(); err != nil {
			return 0, err
		}
		m, err := peer.metrics(b.ctx)
		if err != nil {
			continue // it is not there yet
		}
		if m["vmalert_execution_errors_total"] > 0 {
			return 0, errors.New("its rules fail")
		}
		if n := m["vmalert_iteration_total"]; n >= least {
			return n, nil
		}
	}
	return 0, fmt.Errorf("fewer than %.0f rounds within %v", least, patience)
}

// fillVictoria stores a reading of every device, and waits until they are found.
func (b *bench) fillVictoria(addr string, p *process) error {
	var lines bytes.Buffer
	at := time.Now().Add(-30 * time.Second).UnixMilli()
	for i := range ruleDevices {
		fmt.Fprintf(&lines, "water_level{device=%q} %v %d\n", device(i), bound/2, at)
	}
	var last error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if err := p.alive(); err != nil {
			return err
		}
		if lines.Len() > 0 {
			if last = post(b.ctx, "http://"+addr+"/api/v1/import/prometheus", lines.Bytes()); last != nil {
				continue
			}
			lines.Reset()
		}
		var found int
		if found, last = countSeries(b.ctx, addr); last == nil && found == ruleDevices {
			return nil
		}
	}
	return fmt.Errorf("the readings were not found within %v: %w", patience, last)
}

func post(ctx context.Context, url string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		return errors.New(response.Status)
	}
	return nil
}

func countSeries(ctx context.Context, addr string) (int, error) {
	response, err := get(ctx, "http://"+addr+"/api/v1/query?query=count(water_level)&nocache=1")
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	var answer struct {
		Data struct {
			Result []struct{ Value []any }
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return 0, err
	}
	found := 0
	for _, r := range answer.Data.Result {
		if len(r.Value) == 2 {
			_, _ = fmt.Sscan(fmt.Sprint(r.Value[1]), &found)
		}
	}
	return found, nil
}

// promRules are rules of one level each.
func promRules() []byte {
	var b bytes.Buffer
	b.WriteString("groups:\n  - name: flood\n    interval: 1s\n    rules:\n")
	for i := range ruleCount {
		fmt.Fprintf(&b, "      - {alert: flood%d, expr: water_level > %d, for: 10m}\n", i, 100+i)
	}
	return b.Bytes()
}
