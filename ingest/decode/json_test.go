package decode

import (
	"testing"
	"time"
)

var arrived = time.Date(2026, 11, 22, 0, 0, 3, 0, time.UTC)

func BenchmarkJSON(b *testing.B) {
	d, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	m := Message{Topic: "city/disaster/lao-cai-thao", Arrived: arrived,
		Payload: []byte(`{"time":"2026-11-22T07:00:00+07:00","values":{"water_level":80.12,"flow":1250.5,"battery":3.61}}`)}
	dst, err := d.Decode(nil, m)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(m.Payload)))
	b.ReportAllocs()
	for b.Loop() {
		if dst, err = d.Decode(dst[:0], m); err != nil {
			b.Fatal(err)
		}
	}
}
