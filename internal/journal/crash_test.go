package journal_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"citywatch"
	"citywatch/internal/journal"
)

// childDir names the journal of a child process: this test binary, run again.
const childDir = "CITYWATCH_JOURNAL_TEST_DIR"

func runChild(dir string) {
	round, err := strconv.Atoi(os.Getenv(childDir + "_ROUND"))
	if err != nil {
		panic(err)
	}
	j, err := journal.Open(context.Background(), journal.Options{Dir: dir}, journal.Deps{})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	appendUntilKilled(j, round)
}

const crashWriters = 4

// appendUntilKilled prints a line for everything that was acknowledged: the
// writer, the number and the entry of a reading, or the id and the place of a
// transition, or a checkpoint.
func appendUntilKilled(j *journal.Journal, round int) {
	ctx := context.Background()
	fail := func(err error) {
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
	}
	var work sync.WaitGroup
	for w := range crashWriters {
		work.Go(func() {
			for i := 0; ; i++ {
				rs := readings(1 + i%20)
				for k := range rs {
					rs[k].Device = fmt.Sprintf("writer-%d", w)
					rs[k].Values = []citywatch.Value{{Name: "number", Number: float64(i)}, {Name: "round", Number: float64(round)}}
				}
				seq, err := j.Append(ctx, 0, rs)
				fail(err)
				fmt.Println("reading", round, w, i, seq)
			}
		})
	}
	work.Go(func() {
		for i := 0; ; i++ {
			ts := transitions(fmt.Sprintf("round-%d-%d", round, i), 1+19*(i%2))
			fail(j.AppendTransitions(ctx, ts))
			for _, t := range ts {
				fmt.Println("transition", t.ID, t.Seq)
			}
			fail(j.Save(ctx, "cursor", fmt.Appendf(nil, "%d %d", round, i)))
			fmt.Println("saved", round, i)
		}
	})
	work.Wait()
}

// A ledger is what the children said was acknowledged.
type ledger struct {
	readings    map[string]uint64 // round, writer and number: the entry
	transitions map[string]uint64 // id: the place
	saved       [2]int            // round and number
}

func (l *ledger) note(t *testing.T, line string) {
	words := strings.Fields(line)
	switch {
	case words[0] == "reading" && len(words) == 5:
		l.readings[strings.Join(words[1:4], " ")] = number(t, words[4])
	case words[0] == "transition" && len(words) == 3:
		l.transitions[words[1]] = number(t, words[2])
	case words[0] == "saved" && len(words) == 3:
		l.saved = [2]int{int(number(t, words[1])), int(number(t, words[2]))}
	default:
		t.Errorf("the child said %q", line)
	}
}

func number(t *testing.T, s string) uint64 {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestNothingAcknowledgedIsLostByKill kills a writer at random, several times
// in the same folder, and looks for everything that it said was written.
func TestNothingAcknowledgedIsLostByKill(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	dir := t.TempDir()
	l := ledger{readings: map[string]uint64{}, transitions: map[string]uint64{}}
	for round := range 5 {
		killOnce(t, dir, round, &l)
	}
	if len(l.readings) == 0 || len(l.transitions) == 0 {
		t.Fatalf("nothing was acknowledged: %d, %d", len(l.readings), len(l.transitions))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	j := open(t, journal.Options{Dir: dir})
	checkReadings(ctx, t, j, &l)
	checkTransitions(ctx, t, j, &l)
	data, err := j.Load(ctx, "cursor")
	var got [2]int
	if _, scanErr := fmt.Sscan(string(data), &got[0], &got[1]); err != nil || scanErr != nil {
		t.Fatal(err, scanErr)
	}
	if got[0] < l.saved[0] || got[0] == l.saved[0] && got[1] < l.saved[1] {
		t.Errorf("checkpoint %v was acknowledged, %v is there", l.saved, got)
	}
	t.Logf("%d appends and %d transitions acknowledged over 5 kills, none lost", len(l.readings), len(l.transitions))
}

func killOnce(t *testing.T, dir string, round int, l *ledger) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir, childDir+"_ROUND="+strconv.Itoa(round))
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for first := true; lines.Scan(); first = false {
		if first { // it has started: now it has a little time
			time.AfterFunc(time.Duration(100+rand.IntN(400))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		}
		l.note(t, lines.Text())
	}
	_ = cmd.Wait() // killed
}

func checkReadings(ctx context.Context, t *testing.T, j *journal.Journal, l *ledger) {
	t.Helper()
	_, last, err := j.EntryBounds(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]uint64{}
	before := map[string]float64{} // round and writer: the number before
	r := j.Entries(0, 1)
	defer r.Close()
	for seq := uint64(1); seq <= last; seq++ {
		e, err := r.Next(ctx)
		if err != nil || e.Seq != seq {
			t.Fatalf("entry %d: got %d, %v", seq, e.Seq, err)
		}
		for _, reading := range e.Readings {
			n, _ := reading.Number("number")
			round, _ := reading.Number("round")
			who := fmt.Sprintf("%v %s", round, strings.TrimPrefix(reading.Device, "writer-"))
			if n < before[who] {
				t.Errorf("%s: %v comes behind %v", who, n, before[who])
			}
			before[who] = n
			found[fmt.Sprintf("%s %v", who, n)] = seq
		}
	}
	for key, seq := range l.readings {
		if found[key] != seq {
			t.Errorf("reading %s was acknowledged in entry %d, found in %d", key, seq, found[key])
		}
	}
}

func checkTransitions(ctx context.Context, t *testing.T, j *journal.Journal, l *ledger) {
	t.Helper()
	_, last, err := j.TransitionBounds(ctx)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]uint64{}
	r := j.Transitions(1)
	defer r.Close()
	for seq := uint64(1); seq <= last; seq++ {
		tr, err := r.Next(ctx)
		if err != nil || tr.Seq != seq {
			t.Fatalf("transition %d: got %d, %v", seq, tr.Seq, err)
		}
		if found[tr.ID] != 0 {
			t.Errorf("%s is there twice", tr.ID)
		}
		found[tr.ID] = seq
	}
	for id, seq := range l.transitions {
		if found[id] != seq {
			t.Errorf("transition %s was acknowledged at %d, found at %d", id, seq, found[id])
		}
	}
}
