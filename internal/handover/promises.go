package handover

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"citywatch"
)

// keptFile holds who said when that which promise was kept: what is signed is
// not written again.
const keptFile = "kept"

// keptFor is how long that is remembered.
const keptFor = 400 * 24 * time.Hour

// kept is that somebody said that a promise was kept.
type kept struct {
	By string    `json:"by"`
	At time.Time `json:"at"`
}

// promiseID names a promise: the one that a handover takes over from the last
// is the same.
func promiseID(alert string, p citywatch.Promise) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d\x00%s\x00%s", alert, p.Due.UnixNano(), p.By, p.Note))
	return hex.EncodeToString(sum[:8])
}

// Promises returns what the last signed handover and open alerts promise and
// nobody has said to be kept, what is due first.
func (b *Book) Promises(open []citywatch.Alert) ([]citywatch.OpenPromise, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.promises(open)
}

func (b *Book) promises(open []citywatch.Alert) ([]citywatch.OpenPromise, error) {
	all := []citywatch.OpenPromise{}
	add := func(alert, handover string, p citywatch.Promise) {
		id := promiseID(alert, p)
		if _, done := b.kept[id]; !done {
			all = append(all, citywatch.OpenPromise{ID: id, Promise: p, Handover: handover, Alert: alert})
		}
	}
	if last, ok := b.lastSigned(); ok {
		if b.promised.of != last {
			h, err := b.read(last)
			if err != nil {
				return nil, err
			}
			b.promised = promised{last, h.Promises}
		}
		for _, p := range b.promised.promises {
			if !p.Done {
				add("", last, p.Promise)
			}
		}
	}
	for i := range open {
		for _, p := range open[i].Promises {
			add(open[i].ID, "", p)
		}
	}
	slices.SortFunc(all, func(x, y citywatch.OpenPromise) int {
		return cmp.Or(x.Due.Compare(y.Due), cmp.Compare(x.ID, y.ID))
	})
	return all, nil
}

// promised are the promises of a signed handover, which do not change.
type promised struct {
	of       string
	promises []citywatch.HandoverPromise
}

// Keep notes that somebody said that a promise was kept, and returns when that
// is on the disk. The error is ErrNotFound where there is no such open promise;
// who says so of one that is kept already changes nothing.
func (b *Book) Keep(id, by string, open []citywatch.Alert) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, done := b.kept[id]; done {
		return nil
	}
	all, err := b.promises(open)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(p citywatch.OpenPromise) bool { return p.ID == id }) {
		return fmt.Errorf("%w: no promise %q is open", ErrNotFound, id)
	}
	now := b.deps.Now()
	next := maps.Clone(b.kept)
	maps.DeleteFunc(next, func(_ string, k kept) bool { return now.Sub(k.At) > keptFor })
	next[id] = kept{by, now}
	data, err := json.MarshalIndent(next, "", " ")
	if err != nil {
		return err
	}
	if err := b.replace(keptFile, append(data, '\n'), 0o640); err != nil {
		return fmt.Errorf("keeping that a promise is kept: %w", err)
	}
	b.kept = next
	return nil
}

// loadKept reads what was said to be kept.
func (b *Book) loadKept() {
	b.kept = map[string]kept{}
	data, err := b.root.ReadFile(keptFile)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		err = json.Unmarshal(data, &b.kept)
	}
	if err != nil {
		// The promises ask once more: better than not to start.
		b.kept = map[string]kept{}
		b.deps.Log.Error("which promises were kept cannot be read: all of them ask again", "file", keptFile, "err", err)
	}
}
