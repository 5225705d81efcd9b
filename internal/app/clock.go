package app

import (
	"context"
	"log/slog"
	"time"

	"citywatch"
	"citywatch/internal/journal"
)

// tick tells every shard of the journal the time. That a tick fails is told
// once, when it begins: the readers see the gap themselves.
func tick(ctx context.Context, j *journal.Journal, log *slog.Logger) error {
	ticker := time.NewTicker(citywatch.TickEvery)
	defer ticker.Stop()
	failing := false
	for {
		var err error
		for shard := range j.Shards() {
			if _, tickErr := j.Tick(ctx, shard, time.Now()); tickErr != nil {
				err = tickErr
			}
		}
		if err != nil && !failing && ctx.Err() == nil {
			log.Error("the journal takes no ticks: alerts cannot tell time passing", "err", err)
		}
		failing = err != nil
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
