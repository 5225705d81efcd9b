package alerts

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"citywatch"
	"citywatch/internal/journal"
)

// childDir names the journal of a child process: this test binary, run again.
const childDir = "CITYWATCH_ALERTS_TEST_DIR"

// onJournal are the dependencies of an engine that reads a real journal.
func onJournal(j *journal.Journal, w *world) Deps {
	return Deps{
		Rules: w.rules, Devices: w.devices, Journal: j, Log: slog.New(slog.DiscardHandler),
		Entries:     func(from uint64) Reader[citywatch.Entry] { return j.Entries(0, from) },
		Transitions: func(from uint64) Reader[citywatch.Transition] { return j.Transitions(from) },
	}
}

// silentTB stands in for a test in the child, which has none.
type silentTB struct{ testing.TB }

func (silentTB) Helper()           {}
func (silentTB) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

// runChild runs an engine over a journal and feeds it until it is killed.
func runChild(dir string) {
	seed, err := strconv.ParseUint(os.Getenv(childDir+"_SEED"), 10, 64)
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	j, err := journal.Open(ctx, journal.Options{Dir: dir}, journal.Deps{})
	if err != nil {
		panic(err)
	}
	e := New(Options{}, onJournal(j, newWorld(silentTB{}, propertyDevices, propertyRules)))
	e.keepAfter = 150
	go func() { panic(e.Run(ctx)) }()
	r := rand.New(rand.NewPCG(seed, 4))
	// Each life begins an hour after the one before.
	began := time.Duration(seed) * time.Hour
	history := randomHistory(r, 20_000)
	fmt.Println("ready")
	for _, m := range history {
		entry := m.entry
		if !entry.Tick.IsZero() {
			_, err = j.Tick(ctx, 0, entry.Tick.Add(began))
		} else {
			for i := range entry.Readings {
				entry.Readings[i].Time = entry.Readings[i].Time.Add(began)
				entry.Readings[i].Arrived = entry.Readings[i].Arrived.Add(began)
			}
			_, err = j.Append(ctx, 0, entry.Readings)
		}
		if err != nil {
			panic(err)
		}
	}
	select {} // until it is killed
}

// TestKilledOnTheRealJournal kills a process that feeds and runs an engine on
// the real journal, and compares the transitions in the journal with those of
// one undisturbed run over its entries.
func TestKilledOnTheRealJournal(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	dir := t.TempDir()
	const lives = 6
	for life := range lives {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), childDir+"="+dir, fmt.Sprintf("%s_SEED=%d", childDir, life))
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 1)); err != nil {
			t.Fatal("the child did not start:", err)
		}
		time.Sleep(time.Duration(100+rand.IntN(500)) * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
	}

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	j, err := journal.Open(ctx, journal.Options{Dir: dir}, journal.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	w := newWorld(t, propertyDevices, propertyRules)
	last := New(Options{}, onJournal(j, w))
	if err := last.restore(ctx); err != nil {
		t.Fatal(err)
	}
	want := newFold(Options{}, onJournal(j, w))
	want.start()
	_, n, err := j.EntryBounds(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	entries := j.Entries(0, 1)
	defer entries.Close()
	for range n {
		entry, err := entries.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		want.apply(&entry)
		if entry.Seq <= last.fold.last.Seq {
			continue
		}
		last.apply(&entry)
		if err := last.flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	_, m, err := j.TransitionBounds(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var got []citywatch.Transition
	transitions := j.Transitions(1)
	defer transitions.Close()
	for range m {
		one, err := transitions.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, one)
	}
	sameTransitions(t, want.out, got)
	if len(got) < 20 {
		t.Errorf("only %d transitions", len(got))
	}
	t.Logf("%d entries, %d transitions over %d kills, each once", n, m, lives)
}
