package journal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"citywatch"
)

// A Folder reads the files of a journal without its server, and changes
// nothing: neither the files, nor what they keep. A server that is started in
// a folder drops what is older than its limits; this does not, and it reads
// beside a server that runs.
type Folder struct {
	name string
	dirs []string // of the blocks, by shard
}

// ErrNoJournal means that there is no journal in a folder.
var ErrNoJournal = errors.New("there is no journal")

// OpenFolder finds the journal in o.Dir.
func OpenFolder(o Options) (*Folder, error) {
	o = o.withDefaults()
	f := &Folder{name: o.Name}
	for shard := 0; ; shard++ {
		dir := filepath.Join(o.Dir, "jetstream", "$G", "streams", f.stream(shard), "msgs")
		if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
			break
		} else if err != nil {
			return nil, err
		}
		f.dirs = append(f.dirs, dir)
	}
	if len(f.dirs) == 0 {
		return nil, fmt.Errorf("%w in %s", ErrNoJournal, o.Dir)
	}
	return f, nil
}

func (f *Folder) stream(shard int) string { return f.name + "-readings-" + strconv.Itoa(shard) }

// Shards returns how many shards there are.
func (f *Folder) Shards() int { return len(f.dirs) }

// First returns when the oldest entry of any shard was written: the zero time
// if there is none.
func (f *Folder) First() (time.Time, error) {
	var first time.Time
	for shard := range f.dirs {
		r := &FolderReader{folder: f, shard: shard}
		numbers, err := r.numbers()
		if err != nil {
			return first, err
		}
		for _, n := range numbers {
			at, ok, err := r.begins(n)
			if err != nil {
				return first, err
			}
			if ok {
				if first.IsZero() || at.Before(first) {
					first = at
				}
				break
			}
		}
	}
	return first, nil
}

// Entries returns a reader of a shard from the first entry on that was written
// at or after from, and some before it.
func (f *Folder) Entries(shard int, from time.Time) *FolderReader {
	return &FolderReader{folder: f, shard: shard, from: from, decoder: newDecoder()}
}

// A FolderReader reads one shard in order. It is for one goroutine.
type FolderReader struct {
	folder  *Folder
	shard   int
	from    time.Time
	decoder *decoder

	started bool
	left    []int // the blocks to come
	block   *block
	last    uint64
	// skipped counts the entries that could not be understood, torn the blocks
	// of which the end was not read.
	skipped, torn int
}

// Next returns the next entry, io.EOF at the end of what is written by now. An
// entry that cannot be decoded is counted and skipped, and so is the rest of a
// block behind a record that is not whole.
func (r *FolderReader) Next(ctx context.Context) (citywatch.Entry, error) {
	if !r.started {
		if err := r.start(); err != nil {
			return citywatch.Entry{}, err
		}
	}
	for {
		if err := ctx.Err(); err != nil {
			return citywatch.Entry{}, err
		}
		if r.block == nil {
			if err := r.open(); err != nil {
				return citywatch.Entry{}, err
			}
			continue
		}
		rec, err := r.block.next()
		if err != nil {
			r.Close()
			if errors.Is(err, errTorn) {
				r.torn++
			} else if !errors.Is(err, io.EOF) {
				return citywatch.Entry{}, err
			}
			continue
		}
		if rec.seq <= r.last {
			continue
		}
		r.last = rec.seq
		e, err := r.decoder.entry(rec.data)
		if err != nil {
			r.skipped++
			continue
		}
		e.Seq = rec.seq
		return e, nil
	}
}

// Close closes the file that is being read.
func (r *FolderReader) Close() {
	if r.block != nil {
		r.block.close()
		r.block = nil
	}
}

// Damaged returns how many entries were not understood, and of how many files
// the end was not read. The newest file may be one while it is written to.
func (r *FolderReader) Damaged() (entries, files int) { return r.skipped, r.torn }

// start leaves out the blocks that end before from.
func (r *FolderReader) start() error {
	numbers, err := r.numbers()
	if err != nil {
		return err
	}
	r.started, r.left = true, numbers
	for len(r.left) > 1 {
		at, ok, err := r.begins(r.left[1])
		if err != nil {
			return err
		}
		if !ok || at.After(r.from) {
			break
		}
		r.left = r.left[1:]
	}
	return nil
}

// open opens the next block. One that is gone was dropped by the journal's
// limits since.
func (r *FolderReader) open() error {
	for len(r.left) > 0 {
		number := r.left[0]
		r.left = r.left[1:]
		b, err := openBlock(r.path(number), r.folder.stream(r.shard), number)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		r.block = b
		return err
	}
	return io.EOF
}

func (r *FolderReader) path(number int) string {
	return filepath.Join(r.folder.dirs[r.shard], strconv.Itoa(number)+".blk")
}

// numbers returns the numbers of the blocks, in order.
func (r *FolderReader) numbers() ([]int, error) {
	files, err := os.ReadDir(r.folder.dirs[r.shard])
	if err != nil {
		return nil, err
	}
	var numbers []int
	for _, f := range files {
		name, isBlock := strings.CutSuffix(f.Name(), ".blk")
		if n, err := strconv.Atoi(name); isBlock && err == nil {
			numbers = append(numbers, n)
		}
	}
	slices.SortFunc(numbers, cmp.Compare[int])
	return numbers, nil
}

// begins returns when the first message of a block was written; false if it
// has none.
func (r *FolderReader) begins(number int) (time.Time, bool, error) {
	b, err := openBlock(r.path(number), r.folder.stream(r.shard), number)
	if errors.Is(err, os.ErrNotExist) {
		return time.Time{}, false, nil
	}
	if err != nil {
		return time.Time{}, false, err
	}
	defer b.close()
	rec, err := b.next()
	if errors.Is(err, io.EOF) || errors.Is(err, errTorn) {
		return time.Time{}, false, nil
	}
	return time.Unix(0, rec.at), err == nil, err
}
