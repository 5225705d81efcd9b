package ingest

import (
	"time"

	"citywatch"
)

// batchBytes bounds one entry of the journal.
const batchBytes = 512 << 10

// A batch is what goes into the journal as one entry. Batches are used again.
type batch struct {
	readings []citywatch.Reading
	bytes    int
	// dones are told when the batch is durable.
	dones []func(error)
	// began is when the first reading came.
	began time.Time
}

// fits reports whether a reading of this size may still be added. A batch
// takes one reading, whatever its size.
func (b *batch) fits(size, limit int) bool {
	return len(b.readings) == 0 || len(b.readings) < limit && b.bytes+size <= batchBytes
}

func (b *batch) add(r *citywatch.Reading, size int, done func(error)) {
	b.readings = append(b.readings, *r)
	b.bytes += size
	if done != nil {
		b.dones = append(b.dones, done)
	}
}

// finish tells everybody who waits for the batch.
func (b *batch) finish(err error) {
	for _, done := range b.dones {
		done(err)
	}
}

// reset empties the batch, and lets go of all that was in it.
func (b *batch) reset() {
	clear(b.readings)
	clear(b.dones)
	b.readings, b.dones, b.bytes = b.readings[:0], b.dones[:0], 0
}

// sizeOf estimates what the reading takes up in the journal.
func sizeOf(r *citywatch.Reading) int {
	n := 48 + len(r.Device) + len(r.Class) + len(r.Zone) + len(r.Sector)
	for i := range r.Values {
		n += 12 + len(r.Values[i].Name) + len(r.Values[i].Text)
	}
	return n
}
