package handover

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"citywatch"
)

// Open opens the handovers in dir, which is made if it is not there. What is
// wrong with those that are signed is logged, and shown with them.
func Open(dir string, d Deps) (*Book, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	b := &Book{deps: d, root: root, heads: map[string]citywatch.HandoverHead{}}
	if err := b.load(); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	b.loadKept()
	for id, head := range b.heads {
		if head.Fault != "" {
			d.Log.Error("a handover is not as it was signed", "dir", dir, "handover", id, "fault", head.Fault)
		}
	}
	return b, nil
}

// Close closes the folder.
func (b *Book) Close() error { return b.root.Close() }

const suffix = ".json"

// load reads the heads of all files, and follows the chain of the signed ones.
func (b *Book) load() error {
	entries, err := fs.ReadDir(b.root.FS(), ".")
	if err != nil {
		return err
	}
	next := map[string]string{} // from a hash to the id of what was signed after it
	for _, e := range entries { // in the order of the names, which is that of time
		id, ok := strings.CutSuffix(e.Name(), suffix)
		if !ok {
			continue // of a write that was cut off
		}
		h, err := b.read(id)
		if err != nil {
			return err
		}
		b.heads[id] = headOf(&h)
		if h.Hash != "" {
			if other, twice := next[h.Prev]; twice {
				b.fault(id, "it follows the same one as "+other)
			}
			next[h.Prev] = id
		}
	}
	b.follow(next)
	return nil
}

// follow finds the end of the chain, and where it is broken: what comes after
// that hangs on the one behind the break.
func (b *Book) follow(next map[string]string) {
	hangs := map[string]bool{}
	walk := func(id string, ok bool) {
		for ; ok && !hangs[id]; id, ok = next[b.last] {
			hangs[id], b.last = true, b.heads[id].Hash
		}
	}
	id, ok := next[""]
	walk(id, ok)
	for _, id := range slices.Sorted(maps.Keys(b.heads)) {
		if b.heads[id].Hash != "" && !hangs[id] {
			b.fault(id, "the one that was signed before it is missing, or was changed")
			walk(id, true)
		}
	}
}

func (b *Book) fault(id, text string) {
	head := b.heads[id]
	if head.Fault == "" {
		head.Fault = text
	}
	b.heads[id] = head
}

// read reads one handover, and holds a signed one against its hash.
func (b *Book) read(id string) (citywatch.Handover, error) {
	var h citywatch.Handover
	data, err := b.root.ReadFile(id + suffix)
	if err != nil {
		return h, err
	}
	if json.Unmarshal(data, &h) != nil {
		h = citywatch.Handover{} // and so of another id
	}
	h.Fault = ""
	if h.ID != id {
		return citywatch.Handover{ID: id, Fault: "the file cannot be read as a handover"}, nil
	}
	if sum, err := hash(&h); h.Hash != "" && (err != nil || sum != h.Hash) {
		h.Fault = "it was changed after it was signed"
	}
	return h, nil
}

// hash is over all of a handover but the hash.
func hash(h *citywatch.Handover) (string, error) {
	bare := *h
	bare.Hash, bare.Fault = "", ""
	data, err := json.Marshal(bare)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// keep writes a handover, whole or not at all, and returns when the disk has
// it.
func (b *Book) keep(h *citywatch.Handover) error {
	h.Fault = ""
	data, err := json.MarshalIndent(h, "", " ")
	if err != nil {
		return err
	}
	name := h.ID + suffix
	mode := os.FileMode(0o640)
	if h.Signed() {
		mode = 0o440
	}
	if err := b.replace(name, append(bytes.TrimSpace(data), '\n'), mode); err != nil {
		return fmt.Errorf("keeping handover %s: %w", h.ID, err)
	}
	b.heads[h.ID] = headOf(h)
	if h.Signed() {
		b.last = h.Hash
	}
	return nil
}

func (b *Book) replace(name string, data []byte, mode os.FileMode) (err error) {
	const unfinished = "unfinished"
	_ = b.root.Remove(unfinished) // of a write that was cut off
	f, err := b.root.OpenFile(unfinished, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := b.root.Rename(unfinished, name); err != nil {
		return err
	}
	return b.sync()
}

// sync makes names survive a power cut.
func (b *Book) sync() error {
	dir, err := b.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func (b *Book) remove(id string) error {
	if err := b.root.Remove(id + suffix); err != nil {
		return err
	}
	delete(b.heads, id)
	return b.sync()
}
