package ingest

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"citywatch"
)

// Options of the pipeline. What is zero has its default.
type Options struct {
	// BatchReadings is how many readings go into one entry of the journal at
	// most; 500 by default.
	BatchReadings int `yaml:"batch_readings"`
	// BatchDelay is how long a reading may wait for others to share its entry
	// with; 5ms by default. At a quiet time none waits.
	BatchDelay time.Duration `yaml:"batch_delay"`
	// MaxPending is how many readings may wait for the journal before the
	// doors are held back; 65536 by default.
	MaxPending int `yaml:"max_pending"`
	// DeadLettersPerSecond is how many refused messages of one source are
	// kept, beyond a burst of ten times as many; 100 by default. The others
	// are counted.
	DeadLettersPerSecond int `yaml:"dead_letters_per_second"`

	// Shards is the journal's number of shards; 1 by default.
	Shards int `yaml:"-"`
	// Route returns the shard of a reading, and those that it is copied to. By
	// default a zone has one shard, and so has a device that is in none.
	Route func(*citywatch.Reading) (home int, copies []int) `yaml:"-"`
	// Log is told of a journal that takes nothing; slog.Default by default.
	Log *slog.Logger `yaml:"-"`
	// Metrics may be nil.
	Metrics prometheus.Registerer `yaml:"-"`
}

// maxBatchReadings keeps an entry, with its encoding, small enough to be read
// and passed on whole.
const maxBatchReadings = 10_000

// Problems returns what is wrong in the options.
func (o Options) Problems() []citywatch.Problem {
	var problems []citywatch.Problem
	outside := func(path string, value, least, most any) {
		problems = append(problems, citywatch.Problem{
			Path:    path,
			Message: fmt.Sprintf("%v is out of range", value),
			Hint:    fmt.Sprintf("%v to %v, or leave it out for the default", least, most),
		})
	}
	check := func(path string, value, most int) {
		if value < 0 || value > most {
			outside(path, value, 1, most)
		}
	}
	check("$.batch_readings", o.BatchReadings, maxBatchReadings)
	check("$.max_pending", o.MaxPending, 10_000_000)
	check("$.dead_letters_per_second", o.DeadLettersPerSecond, 10_000)
	if o.BatchDelay < 0 || o.BatchDelay > time.Second {
		outside("$.batch_delay", o.BatchDelay, time.Millisecond, time.Second)
	}
	return problems
}

func (o Options) withDefaults() Options {
	set := func(field *int, value int) {
		if *field == 0 {
			*field = value
		}
	}
	set(&o.BatchReadings, 500)
	set(&o.MaxPending, 65536)
	set(&o.DeadLettersPerSecond, 100)
	set(&o.Shards, 1)
	if o.BatchDelay == 0 {
		o.BatchDelay = 5 * time.Millisecond
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}
