package push_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"citywatch"
	"citywatch/ingest"
	"citywatch/ingest/push"
)

type nowhere struct{}

func (nowhere) Append(context.Context, int, []citywatch.Reading) (uint64, error) { return 1, nil }
func (nowhere) AppendDeadLetter(context.Context, citywatch.DeadLetter) error     { return nil }

// BenchmarkHandler takes requests of 1000 readings each; an op is a reading.
func BenchmarkHandler(b *testing.B) {
	const each = 1000
	p := ingest.New(ingest.Options{}, nowhere{}, gauges{})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = p.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	h, err := push.New(push.Options{}, p)
	if err != nil {
		b.Fatal(err)
	}
	var lines, items []string
	for i := range each {
		lines = append(lines, fmt.Sprintf("river_gauge,device=g%d water_level=80.%d,flow=12.5 1795305600000000000", i%9+1, i))
		items = append(items, fmt.Sprintf(`{"device":"g%d","time":"2026-11-22T07:00:00+07:00","values":{"water_level":80.%d,"flow":12.5}}`, i%9+1, i))
	}
	for contentType, body := range map[string]string{
		lineType: strings.Join(lines, "\n"),
		jsonType: "[" + strings.Join(items, ",") + "]",
	} {
		name, _, _ := strings.Cut(contentType, ";")
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range (b.N + each - 1) / each {
				r := httptest.NewRequest(http.MethodPost, "/api/v1/readings", bytes.NewReader([]byte(body)))
				r.Header.Set("Content-Type", contentType)
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatalf("answered %d: %.200s", w.Code, w.Body)
				}
			}
		})
	}
}
