package citywatch

import "time"

// An Entry is one record of the journal: a batch of readings, or a tick of the
// clock.
//
// Time passes for the journal's readers only by its entries. Because ticks lie
// in the same order as the readings, whatever a reader computes from the
// journal is the same however often, and however late, it reads it.
type Entry struct {
	// Seq is its place in its shard, from 1, given by the journal.
	Seq uint64
	// Readings is empty for a tick.
	Readings []Reading
	// Tick is the time of a tick, and zero for readings. Two ticks that lie
	// further apart than TickEvery mean that citywatch was not running
	// between them.
	Tick time.Time
}

// TickEvery is how often the journal is told the time.
const TickEvery = time.Second

// A Position is a place within the journal: a reading within an entry.
type Position struct {
	Seq   uint64 `json:"seq"`
	Index int    `json:"index"`
}

// After reports whether p lies behind q.
func (p Position) After(q Position) bool {
	return p.Seq > q.Seq || p.Seq == q.Seq && p.Index > q.Index
}
