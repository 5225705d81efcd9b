package journal

import (
	"context"
	"errors"
	"fmt"

	"github.com/klauspost/compress/s2"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// maxCheckpoint is how large a checkpoint may be, compressed: a message
	// less its header.
	maxCheckpoint = maxPayload - 64<<10
	// maxCheckpointData bounds what Load allocates.
	maxCheckpointData = 512 << 20
)

// Save keeps data under a key, instead of what was there, and returns once it
// is on the disk. A key is made of letters, digits and the characters - _ / =
// and a dot. Each Save costs a write to the disk: keep them rare. It returns
// ErrTooLarge for more than nearly 8 MiB after compression.
func (j *Journal) Save(ctx context.Context, key string, data []byte) error {
	packed := s2.EncodeBetter(nil, data)
	if len(packed) > maxCheckpoint || len(data) > maxCheckpointData {
		return fmt.Errorf("%w: checkpoint %s of %d bytes, %d compressed", ErrTooLarge, key, len(data), len(packed))
	}
	if j.full.Load() {
		return ErrDiskFull
	}
	if _, err := j.checkpoints.Put(ctx, key, packed); err != nil {
		return fmt.Errorf("checkpoint %s: %w", key, j.explain(ctx, err))
	}
	return nil
}

// Load returns what was saved last under a key; nil and no error where nothing
// was.
func (j *Journal) Load(ctx context.Context, key string) ([]byte, error) {
	entry, err := j.checkpoints.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("checkpoint %s: %w", key, j.explain(ctx, err))
	}
	packed := entry.Value()
	if n, err := s2.DecodedLen(packed); err != nil || n > maxCheckpointData {
		return nil, fmt.Errorf("checkpoint %s is damaged", key)
	}
	data, err := s2.Decode(nil, packed)
	if err != nil {
		return nil, fmt.Errorf("checkpoint %s is damaged: %w", key, err)
	}
	return data, nil
}

// Writable reports whether something can be written now: nil, or why not. It
// writes to the disk.
func (j *Journal) Writable(ctx context.Context) error {
	return j.Save(ctx, "writable", nil)
}
