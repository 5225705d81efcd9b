package store

import (
	"context"
	"encoding/json"
	"time"

	"citywatch"
)

// DeadLetterSource names the store in its dead letters, which hold readings in
// the default JSON.
const DeadLetterSource = "store"

// Each dead letter is a write to the disk. A device that does nothing but send
// what is refused must not hold up all others: beyond these, its readings are
// counted and dropped.
const (
	lettersPerSecond = 200
	letterBurst      = 5000
)

// refuse makes a reading that the store will never take a dead letter: in the
// default JSON, so that it can be sent through ingest again. It repeats until
// that is durable.
func (w *worker) refuse(ctx context.Context, r *citywatch.Reading, reason string) error {
	if !w.letters.Allow() {
		w.store.metrics.refused.WithLabelValues("no").Inc()
		w.unkept.remind("too many readings are refused by the time series store to keep them all as dead letters",
			"device", r.Device, "refused", reason)
		return nil
	}
	w.store.metrics.refused.WithLabelValues("yes").Inc()
	letter := deadLetter(r, reason)
	var wait backoff
	for reported := false; ; reported = true {
		err := w.store.parts.DeadLetters.AppendDeadLetter(ctx, letter)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !reported {
			w.store.parts.Log.Error("a reading that the time series store refuses cannot be kept as a dead letter; storing waits",
				"device", r.Device, "refused", reason, "err", err)
		}
		select {
		case <-time.After(wait.next(err)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func deadLetter(r *citywatch.Reading, reason string) citywatch.DeadLetter {
	payload := struct {
		Time     time.Time      `json:"time"`
		Values   map[string]any `json:"values"`
		Position *[2]float64    `json:"position,omitempty"`
	}{Time: r.Time, Values: map[string]any{}}
	for _, v := range r.Values {
		if v.IsText() {
			payload.Values[v.Name] = v.Text
		} else {
			payload.Values[v.Name] = v.Number
		}
	}
	if r.Position != nil {
		payload.Position = (*[2]float64)(r.Position)
	}
	// A reading that is not finite, or of a year that JSON cannot say, cannot
	// be sent again; the letter then says what and why.
	data, err := json.Marshal(payload)
	if err != nil {
		reason += "; " + err.Error()
	}
	return citywatch.DeadLetter{
		Source:  DeadLetterSource,
		Topic:   "city/" + r.Sector + "/" + r.Device,
		Decoder: "json",
		Device:  r.Device,
		Arrived: r.Arrived,
		Refusal: citywatch.RefusedStore,
		Detail:  reason,
		Payload: data[:min(len(data), citywatch.MaxPayload)],
	}
}
