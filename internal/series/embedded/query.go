package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/influxdata/influxdb/models"
	"github.com/influxdata/influxdb/query"
	"github.com/influxdata/influxdb/tsdb"
	"github.com/influxdata/influxql"

	"citywatch/internal/series"
)

// queryTimeout ends what a person no longer waits for.
const queryTimeout = 30 * time.Second

// Query answers one SELECT or SHOW statement.
func (db *DB) Query(ctx context.Context, from series.Resolution, q string) (series.Result, error) {
	result, err := db.query(ctx, from, q)
	if err != nil {
		return nil, fmt.Errorf("query the embedded time series store: %w", err)
	}
	return result, nil
}

func (db *DB) query(ctx context.Context, from series.Resolution, q string) (series.Result, error) {
	parsed, err := influxql.ParseQuery(q)
	if err != nil {
		return nil, &series.Rejected{Reason: err.Error()}
	}
	if len(parsed.Statements) != 1 || !readsOnly(parsed.Statements[0]) {
		return nil, &series.Rejected{Reason: "only one SELECT or SHOW statement is answered"}
	}
	db.using.RLock()
	defer db.using.RUnlock()
	if db.closed {
		return nil, errClosed
	}
	db.index.RLock()
	defer db.index.RUnlock()
	closing := make(chan struct{})
	defer close(closing)
	results := db.queries.ExecuteQuery(parsed, query.ExecutionOptions{
		Database:        from.Database(db.name),
		RetentionPolicy: policy,
		ReadOnly:        true,
		Quiet:           true,
		AbortCh:         ctx.Done(),
	}, closing)
	return collect(ctx, results)
}

// readsOnly says whether a statement can change nothing. The engine's own
// read-only mode merely warns.
func readsOnly(statement influxql.Statement) bool {
	switch s := statement.(type) {
	case *influxql.SelectStatement:
		return s.Target == nil
	case *influxql.ShowMeasurementsStatement, *influxql.ShowFieldKeysStatement, *influxql.ShowTagKeysStatement,
		*influxql.ShowTagValuesStatement, *influxql.ShowSeriesStatement:
		return true
	}
	return false
}

// collect reads all results, even after an error: the executor would wait for
// ever otherwise.
func collect(ctx context.Context, results <-chan *query.Result) (series.Result, error) {
	var out series.Result
	var failed error
	for r := range results {
		if failed == nil {
			failed = r.Err
		}
		if failed == nil {
			for _, row := range r.Series {
				out = appendRow(out, row)
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err // an aborted query just ends, without an error
	}
	if failed != nil {
		return nil, sorted(failed)
	}
	return out, nil
}

// sorted tells what the engine could not do now from what it never can: a type
// that a function is not for, say.
func sorted(err error) error {
	for _, passing := range []error{
		query.ErrQueryTimeoutLimitExceeded, query.ErrQueryInterrupted, query.ErrQueryEngineShutdown,
		tsdb.ErrStoreClosed, tsdb.ErrEngineClosed, tsdb.ErrShardDisabled, tsdb.ErrIndexClosing,
	} {
		if errors.Is(err, passing) {
			return err
		}
	}
	return &series.Rejected{Reason: err.Error()}
}

// appendRow adds a part of the answer, which may continue the table before it.
func appendRow(out series.Result, row *models.Row) series.Result {
	for _, values := range row.Values {
		for i, v := range values {
			values[i] = cell(v)
		}
	}
	if n := len(out); n > 0 && out[n-1].Name == row.Name && maps.Equal(out[n-1].Tags, row.Tags) {
		out[n-1].Rows = append(out[n-1].Rows, row.Values...)
		return out
	}
	return append(out, series.Series{Name: row.Name, Tags: row.Tags, Columns: row.Columns, Rows: row.Values})
}

// cell is v as package series has it. Numbers come as what the engine made of
// them: counts as integers.
func cell(v any) any {
	switch v := v.(type) {
	case time.Time:
		return v.UnixNano()
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return nil
		}
		return f
	}
	return v
}
