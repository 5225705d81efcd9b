// Package push takes readings by HTTP POST, as JSON or as InfluxDB line
// protocol, from devices and gateways that do not speak MQTT.
//
// A request is answered when all that is accepted of it is on disk in the
// journal. The answer tells of each item or line that was refused. A sender
// that gets no answer, or a 503, sends all of it again: what comes twice
// counts once.
package push

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/semaphore"

	"citywatch"
	"citywatch/ingest"
	"citywatch/ingest/decode"
)

// Source is the name of this door in metrics and dead letters.
const Source = "push"

// Options of the door. What is zero has its default.
type Options struct {
	// TokenFile holds the tokens that senders may use, one a line, and is read
	// at each request. Without it anybody who can reach the server may send.
	TokenFile string `yaml:"token_file"`
	// MaxBody is the size of the largest request in bytes, unpacked; 4 MiB by
	// default.
	MaxBody int `yaml:"max_body"`
	// AutoRegister lets devices that are in no file register themselves, with
	// this class, by default the measurement of line protocol.
	AutoRegister bool             `yaml:"auto_register"`
	Class        string           `yaml:"class"`
	Sector       citywatch.Sector `yaml:"sector"`
}

const (
	defaultBody = 4 << 20
	leastBody   = 1 << 10
	mostBody    = 64 << 20
	// maxItems bounds the answer: it may have a sentence for each item.
	maxItems = 10_000
	// inHand bounds the bodies of all requests that are being served.
	inHand = 64 << 20
	// patience is how long a request waits to be served, answerWithin until
	// it is told that it was not.
	patience     = 2 * time.Second
	answerWithin = 10 * time.Second
	// bodyWithin is how long a sender may take.
	bodyWithin = 30 * time.Second
)

// Problems returns what is wrong in the options.
func (o Options) Problems() []citywatch.Problem {
	var problems []citywatch.Problem
	if o.MaxBody != 0 && (o.MaxBody < leastBody || o.MaxBody > mostBody) {
		problems = append(problems, citywatch.Problem{
			Path:    "$.max_body",
			Message: fmt.Sprintf("%d is out of range", o.MaxBody),
			Hint:    fmt.Sprintf("%d to %d bytes, or leave it out for the default", leastBody, mostBody),
		})
	}
	if o.Sector != "" && !slices.Contains(citywatch.Sectors(), o.Sector) {
		problems = append(problems, citywatch.Problem{
			Path:    "$.sector",
			Message: fmt.Sprintf("unknown sector %q", o.Sector),
			Hint:    fmt.Sprintf("one of %v", citywatch.Sectors()),
		})
	}
	return problems
}

// A Handler serves POST /api/v1/readings.
type Handler struct {
	opts     Options
	pipeline *ingest.Pipeline
	json     *ingest.Door
	lines    *ingest.Door
	inHand   *semaphore.Weighted
}

// New returns a handler that offers readings to p, and names its doors there
// for replays.
func New(o Options, p *ingest.Pipeline) (*Handler, error) {
	if o.MaxBody == 0 {
		o.MaxBody = defaultBody
	}
	fromJSON, err := decode.New(decode.Options{Format: decode.JSON, Device: "{payload:/device}"})
	if err != nil {
		return nil, fmt.Errorf("push: %w", err)
	}
	door := func(format string, d decode.Decoder) *ingest.Door {
		return p.Door(ingest.DoorOptions{
			Source: Source, Format: format, Decoder: d,
			AutoRegister: o.AutoRegister, Class: o.Class, Sector: o.Sector,
		})
	}
	h := &Handler{
		opts: o, pipeline: p, inHand: semaphore.NewWeighted(inHand),
		json:  door(decode.JSON, fromJSON),
		lines: door(formatLine, &lineDecoder{}),
	}
	p.Route(Source, func(l citywatch.DeadLetter) *ingest.Door {
		if l.Decoder == formatLine {
			return h.lines
		}
		return h.json
	})
	return h, nil
}

// ServeHTTP takes one request's readings.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	result, fault := h.serve(w, r)
	if fault != nil {
		fault.write(w)
		return
	}
	result.write(w)
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) (*result, *problem) {
	if r.Method != http.MethodPost {
		return nil, &problem{Status: http.StatusMethodNotAllowed, Detail: "send readings with POST", header: header("Allow", http.MethodPost)}
	}
	if fault := h.authorize(r); fault != nil {
		return nil, fault
	}
	body, fault := h.kind(r)
	if fault != nil {
		return nil, fault
	}
	if err := h.pipeline.Err(); err != nil {
		return nil, busy(5*time.Second, "readings cannot be kept at the moment")
	}
	release, fault := h.admit(r)
	if fault != nil {
		return nil, fault
	}
	defer release()
	// Not every ResponseWriter has deadlines; the server's own stay then.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyWithin))
	if body.data, fault = h.read(w, r); fault != nil {
		return nil, fault
	}
	ctx, cancel := context.WithTimeout(r.Context(), answerWithin)
	defer cancel()
	return offer(ctx, body, time.Now())
}

// A body is a request's body and how it is to be read.
type body struct {
	door  *ingest.Door
	topic string // where it was sent to, for dead letters and their replay
	items func(data []byte, yield func(number int, item []byte) bool)
	lines bool // items are counted as lines
	data  []byte
}

// kind finds out what the request holds.
func (h *Handler) kind(r *http.Request) (body, *problem) {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err == nil && mediaType == "application/json":
		return body{door: h.json, topic: r.URL.Path, items: jsonItems}, nil
	case err == nil && (mediaType == "text/plain" || mediaType == "application/vnd.influx.line-protocol"):
		precision := r.URL.Query().Get("precision")
		if _, ok := unitOf(precision); !ok {
			return body{}, &problem{Status: http.StatusBadRequest, Detail: fmt.Sprintf("unknown precision %q; one of ns, us, ms, s", clip(precision))}
		}
		topic := r.URL.Path
		if precision != "" {
			topic += precisionParam + precision
		}
		return body{door: h.lines, topic: topic, items: lineItems, lines: true}, nil
	}
	return body{}, &problem{
		Status: http.StatusUnsupportedMediaType,
		Detail: "set Content-Type to application/json, or to text/plain for line protocol",
		header: header("Accept", "application/json, text/plain, application/vnd.influx.line-protocol"),
	}
}

// admit waits until there is memory for the request's body.
func (h *Handler) admit(r *http.Request) (release func(), fault *problem) {
	size := int64(h.opts.MaxBody)
	if r.ContentLength >= 0 && r.Header.Get("Content-Encoding") == "" {
		size = min(size, r.ContentLength)
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	if err := h.inHand.Acquire(ctx, size); err != nil {
		return nil, busy(time.Second, "too many requests at once")
	}
	return func() { h.inHand.Release(size) }, nil
}

// offer takes in the items and waits until all are durable or refused.
func offer(ctx context.Context, b body, now time.Time) (*result, *problem) {
	var res result
	var pending tally
	tooMany := false
	pending.add()
	b.items(b.data, func(number int, item []byte) bool {
		if res.items == maxItems {
			tooMany = true
			return false
		}
		res.items++
		pending.add()
		m := ingest.Message{Message: decode.Message{Topic: b.topic, Payload: item, Arrived: now}}
		if v := b.door.Offer(ctx, m, pending.done); v.Refusal != "" {
			res.refuse(number, b.lines, v)
		}
		return ctx.Err() == nil
	})
	pending.done(nil)
	if err := pending.wait(ctx); err != nil {
		return nil, unkept(err)
	}
	switch {
	case tooMany:
		return nil, &problem{
			Status: http.StatusRequestEntityTooLarge,
			Detail: fmt.Sprintf("more than %d readings; the first %d of them are taken: send the others in requests of their own", maxItems, maxItems),
			result: &res,
		}
	case res.items == 0:
		return nil, &problem{Status: http.StatusUnprocessableEntity, Detail: "there is no reading in the request"}
	}
	return &res, nil
}

func unkept(err error) *problem {
	if errors.Is(err, ingest.ErrStopped) {
		return busy(time.Second, "the server is stopping")
	}
	return busy(5*time.Second, "the readings could not be kept in time")
}
