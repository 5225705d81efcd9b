package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/influxdata/influxdb/models"
	"github.com/influxdata/influxdb/tsdb"

	"citywatch/internal/series"
)

// Write stores lines; it returns nil when all of them are on disk. See package
// series for what its errors mean.
func (db *DB) Write(ctx context.Context, to series.Resolution, lines []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	db.using.RLock()
	defer db.using.RUnlock()
	if db.closed {
		return errClosed
	}
	if db.limits == nil {
		return &series.Rejected{Reason: "it is open for reading only"}
	}
	// The points refer to the bytes they were parsed from, and the engine may
	// still look at some after it has reported the failure of others.
	points, err := models.ParsePointsWithPrecision(bytes.Clone(lines), time.Now(), "ns")
	if err != nil {
		return &series.Rejected{Reason: err.Error()}
	}
	fresh, err := db.limits[to].admit(points)
	if err != nil {
		return err
	}
	if len(fresh) > 0 {
		db.index.Lock()
		defer db.index.Unlock()
	}
	err = db.points.WritePointsPrivileged(tsdb.WriteContext{}, to.Database(db.name), policy, models.ConsistencyLevelOne, points)
	if reason, partial := partialWrite(err); partial {
		return &series.Rejected{Reason: reason}
	}
	if err != nil {
		return fmt.Errorf("write to the embedded time series store: %w", err)
	}
	db.limits[to].learn(fresh)
	return nil
}

// partialWrite tells the reason when the engine has dropped some of the points
// for good and stored the others. It uses the error both as a value and as a
// pointer.
func partialWrite(err error) (reason string, ok bool) {
	var pointer *tsdb.PartialWriteError
	if errors.As(err, &pointer) {
		return pointer.Reason, true
	}
	var value tsdb.PartialWriteError
	if errors.As(err, &value) {
		return value.Reason, true
	}
	return "", false
}
