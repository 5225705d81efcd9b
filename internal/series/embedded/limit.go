package embedded

import (
	"fmt"
	"sync"

	"github.com/influxdata/influxdb/models"
	"github.com/influxdata/influxdb/tsdb"

	"citywatch/internal/series"
)

// A limit keeps the number of series of one database. Every series costs
// memory for as long as it is kept, and devices choose their own names.
type limit struct {
	max int
	// file returns the engine's list of series, or nil before the first one.
	file func() *tsdb.SeriesFile

	mu    sync.Mutex
	known map[uint64]struct{} // hashes of the keys of series that exist
	count int                 // of series, known or not
}

func newLimit(max int, file func() *tsdb.SeriesFile) *limit {
	l := &limit{max: max, file: file, known: map[uint64]struct{}{}}
	if f := file(); f != nil {
		l.count = int(f.SeriesCount())
	}
	return l
}

// admit refuses points of which one would make a series too many. Those before
// it count as made: they are written again without it.
func (l *limit) admit(points []models.Point) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range points {
		id := p.HashID()
		if _, ok := l.known[id]; ok {
			continue
		}
		f := l.file()
		isNew := f == nil || !f.HasSeries(p.Name(), p.Tags(), nil)
		if isNew && l.count >= l.max {
			// Expired series leave the list, which only it knows.
			if f == nil || int(f.SeriesCount()) >= l.max {
				return &series.Rejected{Reason: fmt.Sprintf("%s would be a series more than the %d allowed", p.Key(), l.max)}
			}
			l.count = int(f.SeriesCount())
			clear(l.known)
		}
		if isNew {
			l.count++
		}
		l.known[id] = struct{}{}
	}
	return nil
}

// seriesFile returns a function that finds the engine's list of series of a
// database. The list exists from the first shard on, and every shard has it.
func (db *DB) seriesFile(database string) func() *tsdb.SeriesFile {
	var found *tsdb.SeriesFile
	return func() *tsdb.SeriesFile {
		if found != nil {
			return found
		}
		for _, shard := range db.store.Shards(db.store.ShardIDs()) {
			if shard.Database() != database {
				continue
			}
			if f, err := shard.SeriesFile(); err == nil {
				found = f
				break
			}
		}
		return found
	}
}
