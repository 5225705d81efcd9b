package app

import (
	"context"
	"fmt"
	"log/slog"

	"citywatch"
	"citywatch/dashboards"
	"citywatch/internal/config"
	"citywatch/internal/drill"
	"citywatch/internal/replay"
)

// NewDrill returns an App for an exercise: it plays what the player has, by the
// player's clock, and is connected to nothing but those who look at its pages.
func NewDrill(d *config.Drill, player *drill.Player, o Options) *App {
	a := New(d.Site(), Options{Version: o.Version, Log: o.Log, Ready: o.Ready, Reload: o.Reload})
	a.drill, a.now = player, player.Now
	return a
}

// DrillHistory returns what is stored of a time, with what lies before it so
// that the rules know it. Of what it is read from nothing is changed, and
// nothing stays open but files that are read.
func DrillHistory(ctx context.Context, site *config.Site, q ReplayQuestion, log *slog.Logger) (replay.Source, error) {
	r := &replayer{site: site, histories: &filed{site: site, log: log}}
	o := replay.Options{From: q.From, To: q.To, Rules: site.Rules, Devices: [][]citywatch.Device{site.Devices}}
	o.WarmFrom = q.From.Add(-o.LookBack())
	src, history, err := r.source(ctx, q.History, &o)
	if err != nil || history == HistoryJournal {
		return src, err
	}
	return drill.Keep(ctx, src)
}

// PlaysIn reports whether a reading is one of an exercise: what citywatch said
// of itself and of its cameras is not.
func PlaysIn(r *citywatch.Reading) bool {
	d := citywatch.Device{Class: r.Class}
	return !d.Own()
}

// drillParts are those of an exercise in place of the clock, and of all by which
// readings come in.
func (a *App) drillParts(h *house) []part {
	return []part{{"drill", func(ctx context.Context) error {
		if err := a.drill.Run(ctx, h.journal); err != nil && ctx.Err() == nil {
			return fmt.Errorf("playing the recording: %w", err)
		}
		return ctx.Err()
	}}}
}

// isolated leaves out of the pages what would bring anything real into an
// exercise, or lead out of it.
func (a *App) isolated(d dashboards.Deps) dashboards.Deps {
	if a.drill == nil {
		return d
	}
	d.Exercise = true
	d.Push, d.Figures, d.Replays, d.Public = nil, nil, nil, nil
	return d
}
