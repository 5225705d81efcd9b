package store_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"citywatch"
	"citywatch/internal/journal"
	"citywatch/internal/series"
	"citywatch/internal/series/embedded"
	"citywatch/internal/store"
)

// killDir is set in the environment of the child process that runs a journal
// and a store until it is killed.
const killDir = "CITYWATCH_TEST_STORE"

// A node is a real journal and a real engine, with a store between them.
type node struct {
	journal *journal.Journal
	db      *embedded.DB
	store   *store.Store
}

func openNode(ctx context.Context, dir string) (*node, error) {
	j, err := journal.Open(ctx, journal.Options{Dir: filepath.Join(dir, "journal")}, journal.Deps{})
	if err != nil {
		return nil, err
	}
	db, err := embedded.Open(embedded.Options{Dir: filepath.Join(dir, "series"), Name: "citywatch"})
	if err != nil {
		j.Close()
		return nil, err
	}
	o := store.DefaultOptions()
	o.Retention = series.Retention{}
	s := store.New(store.Parts{
		DB: db, Checkpoints: j, DeadLetters: j, Options: o,
		Entries: func(shard int, from uint64) store.Entries { return j.Entries(shard, from) },
	})
	s.SetSumEvery(100 * time.Millisecond)
	return &node{j, db, s}, nil
}

// numbered is the reading with this number. They lie a second apart.
func numbered(n int) citywatch.Reading {
	return reading("thao", time.Unix(1_700_000_000+int64(n), 0), float64(n))
}

// feedForEver appends numbered readings and prints the number of each that the
// journal has acknowledged.
func feedForEver(dir string) error {
	ctx := context.Background()
	n, err := openNode(ctx, dir)
	if err != nil {
		return err
	}
	go func() {
		fmt.Fprintln(os.Stderr, n.store.Run(ctx))
		os.Exit(1)
	}()
	_, last, err := n.journal.EntryBounds(ctx, 0)
	if err != nil {
		return err
	}
	// One entry for each reading, and nothing else is in the journal.
	for i := int(last); ; i++ {
		if _, err := n.journal.Append(ctx, 0, []citywatch.Reading{numbered(i)}); err != nil {
			return err
		}
		fmt.Println(i)
	}
}

// TestKill kills the process at random moments: every acknowledged reading is
// stored, and the summaries are those of all readings.
func TestKill(t *testing.T) {
	dir, acknowledged := t.TempDir(), -1
	for range 5 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), killDir+"="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(500*time.Millisecond+rand.N(time.Second), func() { _ = cmd.Process.Kill() })
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if acknowledged, err = strconv.Atoi(lines.Text()); err != nil {
				t.Fatal(err)
			}
		}
		_ = cmd.Wait() // killed
	}
	if acknowledged < 100 {
		t.Fatalf("only %d readings were acknowledged", acknowledged)
	}
	n, err := openNode(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer n.journal.Close()
	defer n.db.Close()
	_, last, err := n.journal.EntryBounds(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d acknowledged, %d in the journal", acknowledged+1, last)
	if int(last) < acknowledged+1 {
		t.Fatalf("the journal has %d of %d", last, acknowledged+1)
	}
	all := model{}
	for i := range int(last) {
		all.add(numbered(i))
	}
	runFor(t, n.store, func() {
		stored(t, n.db, int(last))
		wantSummaries(t, n.db, all, "level")
	})
	if letters, err := n.journal.DeadLetters(t.Context(), 0, 10); err != nil || len(letters) > 0 {
		t.Errorf("dead letters %v, %v", letters, err)
	}
}
