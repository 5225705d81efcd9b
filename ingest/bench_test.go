package ingest_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"citywatch"
	"citywatch/ingest"
	"citywatch/ingest/decode"
)

// A null is a journal that is never what takes the time.
type null struct{}

func (null) Append(context.Context, int, []citywatch.Reading) (uint64, error) { return 0, nil }
func (null) AppendDeadLetter(context.Context, citywatch.DeadLetter) error     { return nil }

// BenchmarkOffer is the way of one message from its door to the journal.
func BenchmarkOffer(b *testing.B) {
	p := ingest.New(ingest.Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil))}, null{}, &devices{})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = p.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	decoder, err := decode.New(decode.Options{Format: decode.JSON})
	if err != nil {
		b.Fatal(err)
	}
	door := p.Door(ingest.DoorOptions{Source: "bench", Decoder: decoder})
	var messages []ingest.Message
	for i := range 10 {
		messages = append(messages, ingest.Message{Message: decode.Message{
			Topic:   fmt.Sprintf("city/disaster/d%d", i),
			Payload: []byte(`{"time":"2026-11-22T07:00:00+07:00","values":{"water_level":80.12,"flow":12.5}}`),
			Arrived: time.Now().Add(24 * 365 * time.Hour),
		}})
	}
	left := make(chan struct{}, 1)
	n := 0
	done := func(err error) {
		if err != nil {
			b.Error(err)
		}
		if n++; n == b.N {
			left <- struct{}{}
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		door.Offer(ctx, messages[i%len(messages)], done)
	}
	<-left
}
