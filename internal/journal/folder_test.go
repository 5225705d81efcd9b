package journal_test

import (
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"citywatch"
	"citywatch/internal/journal"
)

// filled returns a journal of two shards with readings of very different sizes
// between ticks, in several blocks, and what its server reads in each shard.
func filled(t *testing.T) (*journal.Journal, journal.Options, [][]citywatch.Entry) {
	t.Helper()
	o := journal.Options{Dir: t.TempDir(), Shards: 2}
	j := open(t, o)
	ctx := t.Context()
	rs := readings(12_000)
	wrote := make([]uint64, 2)
	note := func(shard int, seq uint64, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		wrote[shard] = seq
	}
	for i := range 60 {
		shard := i % 2
		seq, err := j.Append(ctx, shard, rs[:1+i*1213%len(rs)])
		note(shard, seq, err)
		seq, err = j.Tick(ctx, shard, start.Add(time.Duration(i)*time.Second))
		note(shard, seq, err)
	}
	entries := make([][]citywatch.Entry, 2)
	for shard, last := range wrote {
		r := j.Entries(shard, 0)
		defer r.Close()
		for len(entries[shard]) == 0 || entries[shard][len(entries[shard])-1].Seq < last {
			e, err := r.Next(ctx)
			if err != nil {
				t.Fatal(err)
			}
			entries[shard] = append(entries[shard], e)
		}
	}
	return j, o, entries
}

// all reads a shard of a folder to its end.
func all(t *testing.T, f *journal.Folder, shard int, from time.Time) ([]citywatch.Entry, *journal.FolderReader) {
	t.Helper()
	r := f.Entries(shard, from)
	defer r.Close()
	var entries []citywatch.Entry
	for {
		e, err := r.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return entries, r
		}
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
}

func folder(t *testing.T, o journal.Options) *journal.Folder {
	t.Helper()
	f, err := journal.OpenFolder(o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// The files are read as their server reads them, while it runs and after.
func TestFolderReadsWhatTheServerReads(t *testing.T) {
	j, o, want := filled(t)
	f := folder(t, o)
	if f.Shards() != 2 {
		t.Fatalf("%d shards", f.Shards())
	}
	check := func() {
		t.Helper()
		for shard := range 2 {
			got, r := all(t, f, shard, time.Time{})
			if !reflect.DeepEqual(want[shard], got) {
				t.Fatalf("shard %d: %d entries in the files are not the server's %d", shard, len(got), len(want[shard]))
			}
			if entries, files := r.Damaged(); entries+files > 0 {
				t.Errorf("shard %d: %d entries and %d files are damaged", shard, entries, files)
			}
		}
	}
	check()
	first, err := f.First()
	if err != nil {
		t.Fatal(err)
	}
	oldest, err := j.FirstEntry(t.Context())
	if err != nil || !first.Equal(oldest) {
		t.Errorf("it begins at %s, its server says %s, %v", first, oldest, err)
	}
	if blocks, _ := filepath.Glob(filepath.Join(o.Dir, "jetstream", "$G", "streams", "citywatch-readings-0", "msgs", "*.blk")); len(blocks) < 2 {
		t.Errorf("%d blocks: too few to see whether they are read one after the other", len(blocks))
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	check()
}

// Reading must not do what the journal does: drop what is too old, or write.
func TestFolderIsLeftAsItIs(t *testing.T) {
	j, o, want := filled(t)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	before := contents(t, o.Dir)
	got, _ := all(t, folder(t, o), 0, time.Time{})
	if len(got) != len(want[0]) {
		t.Errorf("%d entries of %d", len(got), len(want[0]))
	}
	if !maps.Equal(before, contents(t, o.Dir)) {
		t.Error("the files have changed")
	}
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// What a kill or a bad disk leaves is read as far as it is whole, and counted.
func TestTornFilesAreReadAsFarAsTheyAreWhole(t *testing.T) {
	j, o, want := filled(t)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	blocks, err := filepath.Glob(filepath.Join(o.Dir, "jetstream", "$G", "streams", "citywatch-readings-0", "msgs", "*.blk"))
	if err != nil || len(blocks) == 0 {
		t.Fatalf("blocks %v, %v", blocks, err)
	}
	last := blocks[len(blocks)-1]
	data, err := os.ReadFile(last)
	if err != nil {
		t.Fatal(err)
	}
	for name, damaged := range map[string][]byte{
		"cut in a record": data[:len(data)-3],
		"cut in a head":   append([]byte{}, data[:10]...),
		"a flipped bit":   flipped(data, len(data)/2),
		"a wild length":   flipped(data, 2),
	} {
		if err := os.WriteFile(last, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		got, r := all(t, folder(t, o), 0, time.Time{})
		if len(got) >= len(want[0]) {
			t.Errorf("%s: nothing is missing", name)
			continue
		}
		if len(got) > 0 && !reflect.DeepEqual(want[0][:len(got)], got) {
			t.Errorf("%s: what is read is not what was written", name)
		}
		if _, files := r.Damaged(); files != 1 {
			t.Errorf("%s: %d damaged files", name, files)
		}
	}
}

func flipped(data []byte, at int) []byte {
	out := append([]byte{}, data...)
	out[at] ^= 0x10
	return out
}

func TestNoJournalInAFolder(t *testing.T) {
	if _, err := journal.OpenFolder(journal.Options{Dir: t.TempDir()}); !errors.Is(err, journal.ErrNoJournal) {
		t.Errorf("%v", err)
	}
}

// The entries written from a moment on are found, whatever lies before.
func TestEntryAt(t *testing.T) {
	j := open(t, journal.Options{Dir: t.TempDir()})
	ctx := t.Context()
	for i := range 20 {
		if _, err := j.Tick(ctx, 0, start.Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(2 * time.Millisecond)
	now := time.Now()
	time.Sleep(2 * time.Millisecond)
	if _, err := j.Tick(ctx, 0, start.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Time]uint64{start.Add(-time.Hour): 1, now: 21, now.Add(time.Hour): 22} {
		if got, err := j.EntryAt(ctx, 0, at); err != nil || got != want {
			t.Errorf("at %s: %d, %v, not %d", at, got, err, want)
		}
	}
}
