package play

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"citywatch/internal/sim/uplink"
)

// Options say where a recording is played to, and how fast.
type Options struct {
	// Broker is the address to publish to: mqtt://user:password@host:1883.
	Broker string
	// ClientID must be the broker's only one of that name; empty is
	// citywatch-play.
	ClientID string
	// Speed is how many times as fast as it was recorded; 0 is as fast as the
	// broker takes it. The readings keep the times at which they were
	// measured.
	Speed float64
	// Log hears when the broker cannot be reached, once an outage. Nil is
	// silence.
	Log *slog.Logger
}

// Play publishes the recording's readings at QoS 1, in the order of their
// times, and returns how many the broker has acknowledged. It returns when all
// are, when ctx ends, or with the error that ended it: a broker that wants
// nobody, or not these messages. A broker that is away is waited for.
//
// A station's reading is sent only when the broker has acknowledged the one
// before it, so they arrive in order; after a broken connection one may arrive
// twice.
func (r *Recording) Play(ctx context.Context, o Options) (int, error) {
	if o.ClientID == "" {
		o.ClientID = "citywatch-play"
	}
	link, err := uplink.New(uplink.Options{Broker: o.Broker, ClientID: o.ClientID, Log: o.Log})
	if err != nil {
		return 0, err
	}
	group, groupCtx := errgroup.WithContext(ctx)
	linkCtx, hangUp := context.WithCancel(groupCtx)
	defer hangUp()
	group.Go(func() error { return link.Run(linkCtx) })
	p := player{recording: r, link: link, speed: o.Speed}
	group.Go(func() error {
		defer hangUp()
		return p.run(groupCtx)
	})
	err = group.Wait()
	if err == nil {
		err = ctx.Err()
	}
	return int(p.published.Load()), err
}

// A publisher delivers one message to the broker and returns when that has it.
type publisher interface {
	Publish(ctx context.Context, topic string, payload []byte) error
}

// A player is one run of a recording.
type player struct {
	recording *Recording
	link      publisher
	speed     float64
	published atomic.Int64
}

// run hands out the rows as they are due. Each station is a goroutine that
// takes its next row when the last one is acknowledged.
func (p *player) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	stations := map[*Station]chan Row{}
	for _, s := range p.recording.Stations {
		rows := make(chan Row)
		stations[s] = rows
		group.Go(func() error { return p.station(ctx, rows) })
	}
	p.dispatch(ctx, stations)
	for _, rows := range stations {
		close(rows)
	}
	return group.Wait()
}

func (p *player) dispatch(ctx context.Context, stations map[*Station]chan Row) {
	begun := time.Now()
	for _, row := range p.recording.Rows {
		if p.speed > 0 {
			since := row.Time.Sub(p.recording.Rows[0].Time)
			if !sleepUntil(ctx, begun.Add(time.Duration(float64(since)/p.speed))) {
				return
			}
		}
		select {
		case stations[row.Station] <- row:
		case <-ctx.Done():
			return
		}
	}
}

func (p *player) station(ctx context.Context, rows <-chan Row) error {
	for row := range rows {
		topic, payload, err := p.recording.mapping.message(row)
		if err != nil {
			return fmt.Errorf("line %d: %w", row.Line, err)
		}
		if err := p.link.Publish(ctx, topic, payload); err != nil {
			return fmt.Errorf("line %d: %w", row.Line, err)
		}
		p.published.Add(1)
	}
	return nil
}

// message returns a row as a device with our default format publishes it.
func (m *Mapping) message(row Row) (topic string, payload []byte, err error) {
	topic = strings.NewReplacer(
		"{device}", row.Station.ID,
		"{class}", m.Class.ID,
		"{sector}", string(m.Class.Sector),
	).Replace(m.Topic)
	values := map[string]any{}
	for _, v := range row.Values {
		if v.IsText() {
			values[v.Name] = v.Text
		} else {
			values[v.Name] = v.Number
		}
	}
	payload, err = json.Marshal(map[string]any{"time": row.Time.Format(time.RFC3339Nano), "values": values})
	return topic, payload, err
}

// sleepUntil reports whether the time came before ctx ended.
func sleepUntil(ctx context.Context, t time.Time) bool {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
