package ingest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"citywatch"
	"citywatch/ingest/decode"
)

// A Message is one message of a device, as a door received it.
type Message struct {
	decode.Message
	// Retained is set for what a broker kept and sends to whoever subscribes.
	// Nobody knows its age: unless it carries its own time it says nothing
	// about now, and no reading is made of it.
	Retained bool
}

// DoorOptions say how the messages of one kind are understood.
type DoorOptions struct {
	// Source is the configured name of where they come from; it labels
	// metrics and dead letters, and finds the door again for a replay.
	Source string
	// Format is the name of what Decoder understands.
	Format string
	// Decoder is used by the door alone.
	Decoder decode.Decoder
	// AutoRegister lets devices that nobody listed register themselves, with
	// this class and sector; an empty sector is that of the class.
	AutoRegister bool
	Class        string
	Sector       citywatch.Sector
}

// An ignorer is a decoder that knows some messages, by their topic alone, to
// measure nothing, such as pictures. However large they are, they are no fault.
type ignorer interface {
	Ignores(topic string) bool
}

// A Door takes in the messages of one source that one decoder understands. It
// is safe for concurrent use, one message at a time.
type Door struct {
	pipeline *Pipeline
	opts     DoorOptions
	metrics  doorMetrics
	panics   throttle

	mu       sync.Mutex // held by who uses the decoder and what it decodes to
	readings []citywatch.Reading
}

// Door returns a new door into the pipeline.
func (p *Pipeline) Door(o DoorOptions) *Door {
	return &Door{pipeline: p, opts: o, metrics: p.metrics.door(o.Source)}
}

// Offer takes in a message and calls done once: with nil when all that is to
// be kept of it is on disk, or when it was refused and accounted for; with an
// error when the pipeline or ctx ended before. It waits for room while the
// journal cannot keep up. The payload must not change until done.
//
// It returns what was refused of it, which is known at once. Done may be called
// before Offer returns, and must not block.
func (d *Door) Offer(ctx context.Context, m Message, done func(error)) Verdict {
	d.metrics.messages.Inc()
	d.mu.Lock()
	defer d.mu.Unlock()
	readings, refused := d.understand(m, m.Arrived)
	defer clear(d.readings)
	if refused == nil {
		d.pipeline.submit(ctx, readings, done)
		return Verdict{}
	}
	if len(readings) > 0 {
		done = join(2, done)
		d.pipeline.submit(ctx, readings, done)
	}
	d.keep(m, refused, done)
	return refused.verdict()
}

// A Verdict is what was refused of a message; the zero Verdict is that nothing
// was.
type Verdict struct {
	Refusal citywatch.Refusal
	// Detail says what was wrong, for people, and how to mend it.
	Detail string
}

// A refusal is what was refused of one message: the first fault in full, and
// how many there were.
type refusal struct {
	decode.Error
	device string
	count  int
}

func (r *refusal) add(device string, err *decode.Error) *refusal {
	if r == nil {
		r = &refusal{Error: *err, device: device}
	}
	r.count++
	return r
}

func (r *refusal) verdict() Verdict {
	detail := r.Detail
	if r.count > 1 {
		detail = fmt.Sprintf("%s; and %d more readings of it were refused", detail, r.count-1)
	}
	return Verdict{r.Refusal, detail}
}

// understand returns the complete readings of a message, in the door's own
// slice, and what was refused of it. No reading may be measured later than
// now.
func (d *Door) understand(m Message, now time.Time) ([]citywatch.Reading, *refusal) {
	var refused *refusal
	refuse := func(device string, err *decode.Error) {
		d.metrics.refuse(err.Refusal)
		refused = refused.add(device, err)
	}
	if i, ok := d.opts.Decoder.(ignorer); ok && i.Ignores(m.Topic) {
		return nil, nil
	}
	if len(m.Payload) > citywatch.MaxPayload {
		// How many there are is not said: a door may have cut it already.
		refuse("", &decode.Error{
			Refusal: citywatch.RefusedSize,
			Detail:  fmt.Sprintf("the message has more than %d bytes", citywatch.MaxPayload),
		})
		return nil, refused
	}
	decoded, err := d.decode(m.Message)
	if err != nil {
		refuse("", asDecodeError(err))
	}
	d.readings = decoded
	kept := decoded[:0]
	for i := range decoded {
		r := &decoded[i]
		if m.Retained && r.TimeAssumed {
			d.metrics.retained.Inc()
			continue
		}
		device := r.Device
		if err := d.admit(r, now); err != nil {
			refuse(device, err)
			continue
		}
		kept = append(kept, *r)
	}
	return kept, refused
}

// decode keeps a decoder's panic to the message that caused it.
func (d *Door) decode(m decode.Message) (readings []citywatch.Reading, err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		readings = nil
		err = &decode.Error{Refusal: citywatch.RefusedDecode, Detail: fmt.Sprintf("the decoder failed: %v", v)}
		if n := d.panics.report(m.Arrived); n > 0 {
			d.pipeline.opts.Log.Error("a decoder panicked; the message is among the dead letters",
				"source", d.opts.Source, "topic", m.Topic, "format", d.opts.Format, "times", n,
				"panic", v, "stack", string(debug.Stack()))
		}
	}()
	return d.opts.Decoder.Decode(d.readings[:0], m)
}

func asDecodeError(err error) *decode.Error {
	var e *decode.Error
	if errors.As(err, &e) {
		return e
	}
	return &decode.Error{Refusal: citywatch.RefusedDecode, Detail: err.Error()}
}

// admit completes a decoded reading with what is known of its device, or
// returns why it cannot be taken. A Class that the decoder has set is that of
// a device which registers itself.
func (d *Door) admit(r *citywatch.Reading, now time.Time) *decode.Error {
	if len(r.Values) == 0 {
		return &decode.Error{Refusal: citywatch.RefusedNoValues, Detail: "the reading has no values"}
	}
	for i := range r.Values {
		if f := r.Values[i].Number; math.IsNaN(f) || math.IsInf(f, 0) {
			return &decode.Error{
				Refusal: citywatch.RefusedNumber,
				Detail:  fmt.Sprintf("%s is %v, not a finite number; leave it out instead", r.Values[i].Name, f),
			}
		}
	}
	if ahead := r.Time.Sub(now); ahead > citywatch.MaxAhead {
		return &decode.Error{
			Refusal: citywatch.RefusedFuture,
			Detail: fmt.Sprintf("measured at %s, %v after it arrived; set the device's clock",
				r.Time.Format(time.RFC3339), ahead.Round(time.Second)),
		}
	}
	dev, err := d.device(r)
	if err != nil {
		return err
	}
	r.Device, r.Class, r.Zone, r.Sector = dev.ID, dev.Class, dev.Zone, string(dev.Sector)
	d.metrics.readings.Inc()
	return nil
}

// device returns the reading's device, registering it where that is allowed.
func (d *Door) device(r *citywatch.Reading) (*citywatch.Device, *decode.Error) {
	registry := d.pipeline.registry
	if dev, ok := registry.Lookup(r.Device); ok {
		return dev, nil
	}
	if !d.opts.AutoRegister {
		return nil, &decode.Error{
			Refusal: citywatch.RefusedDevice,
			Detail:  fmt.Sprintf("device %q is not known; add it to the devices file, or let the source register devices itself", r.Device),
		}
	}
	class := d.opts.Class
	if class == "" {
		class = r.Class
	}
	dev, err := registry.Register(r.Device, class, d.opts.Sector)
	if err != nil {
		return nil, &decode.Error{
			Refusal: citywatch.RefusedDevice,
			Detail:  fmt.Sprintf("device %q is not known and cannot be registered: %v", r.Device, err),
		}
	}
	return dev, nil
}

// keep passes a refused message to the dead letters. A retained one will come
// again by itself.
func (d *Door) keep(m Message, r *refusal, done func(error)) {
	if m.Retained {
		done(nil)
		return
	}
	d.pipeline.letters.offer(citywatch.DeadLetter{
		Source:  d.opts.Source,
		Topic:   m.Topic,
		Decoder: d.opts.Format,
		Device:  r.device,
		Arrived: m.Arrived,
		Refusal: r.Refusal,
		Detail:  r.verdict().Detail,
		Payload: m.Payload,
	}, done)
}

// doorMetrics are the counters of one source, looked up once.
type doorMetrics struct {
	messages, readings, retained prometheus.Counter
	refused                      *prometheus.CounterVec // by refusal
}

func (m *doorMetrics) refuse(r citywatch.Refusal) { m.refused.WithLabelValues(string(r)).Inc() }
