package embedded

import (
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/influxdata/influxdb/models"
	"github.com/influxdata/influxdb/tsdb"

	"citywatch/internal/series"
)

// A limit bounds the number of series of one database: every series costs
// memory for as long as it is kept, and devices choose their own names. On the
// way it knows which points are of series that the index has already.
type limit struct {
	max   int
	shard time.Duration // the time that one index covers
	// file returns the engine's list of series, or nil before the first one.
	file func() *tsdb.SeriesFile

	mu    sync.Mutex
	known map[indexed]struct{}
}

// An indexed series is one in the index of one shard.
type indexed struct {
	series uint64 // hash of its key; a collision only lets one series too many in
	shard  int64
}

func newLimit(max int, shard time.Duration, file func() *tsdb.SeriesFile) *limit {
	return &limit{max: max, shard: shard, file: file, known: map[indexed]struct{}{}}
}

// admit refuses points of which one would make a series too many. It returns
// those that may be new to an index, to be learned once they are stored.
func (l *limit) admit(points []models.Point) (fresh map[indexed]struct{}, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	file, count, more := l.file(), 0, map[uint64]struct{}{}
	if file != nil {
		count = int(file.SeriesCount())
	}
	for _, p := range points {
		id := indexed{series: p.HashID(), shard: p.Time().Truncate(l.shard).Unix()}
		if _, known := l.known[id]; known {
			continue
		}
		if fresh == nil {
			fresh = map[indexed]struct{}{}
		}
		if _, seen := fresh[id]; seen {
			continue
		}
		fresh[id] = struct{}{}
		if file == nil || !file.HasSeries(p.Name(), p.Tags(), nil) {
			more[id.series] = struct{}{}
		}
		if count+len(more) > l.max {
			return nil, &series.Rejected{Reason: fmt.Sprintf("%s would be a series more than the %d allowed", p.Key(), l.max)}
		}
	}
	return fresh, nil
}

// learn notes that these are stored.
func (l *limit) learn(fresh map[indexed]struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.known) > 4*l.max {
		clear(l.known) // old shards: they are found again where they are needed
	}
	maps.Copy(l.known, fresh)
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
