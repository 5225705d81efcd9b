package audit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"citywatch"
	"citywatch/internal/audit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A bench is a journal of transitions in memory.
type bench struct {
	epoch string
	mu    sync.Mutex
	kept  map[string][]byte
	ts    []citywatch.Transition
	more  chan struct{}
	log   bytes.Buffer
}

func newBench() *bench {
	return &bench{epoch: "e1", kept: map[string][]byte{}, more: make(chan struct{}, 1)}
}

func (b *bench) Epoch() string { return b.epoch }

func (b *bench) TransitionBounds(context.Context) (first, last uint64, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return 1, uint64(len(b.ts)), nil
}

func (b *bench) Load(_ context.Context, key string) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.kept[key], nil
}

func (b *bench) Save(_ context.Context, key string, data []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept[key] = data
	return nil
}

// happen adds n transitions of one alert that begins, is seen, and so on.
func (b *bench) happen(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for range n {
		seq := uint64(len(b.ts) + 1)
		t := citywatch.Transition{
			ID: fmt.Sprintf("fire~p1~1.%d", seq), Seq: seq, Reason: citywatch.ReasonRaised,
			At: time.Date(2026, 10, 31, 23, 59, 0, 0, time.UTC).Add(time.Duration(seq) * time.Second),
			Alert: citywatch.Alert{
				ID: "fire~p1~1", Rule: "fire", RuleHash: "ab", Device: "p1", Zone: "sa-pa",
				Level: 4, Condition: citywatch.Active, Handling: citywatch.New, Version: int(seq),
				Evidence: []citywatch.Evidence{{Device: "p1", Value: "state", Text: "cháy"}},
			},
		}
		if seq > 1 {
			t.Before, t.Actor = b.ts[seq-2].Alert.Standing(), "Trực ban Nguyễn"
			t.Note, t.To, t.Notice = "Khói ở tầng 2", "Đội 3", citywatch.NoticeSound
		}
		b.ts = append(b.ts, t)
	}
	select {
	case b.more <- struct{}{}:
	default:
	}
}

type reader struct {
	*bench
	next uint64
}

func (r *reader) Close() {}

func (r *reader) Next(ctx context.Context) (citywatch.Transition, error) {
	for {
		r.mu.Lock()
		if r.next <= uint64(len(r.ts)) {
			t := r.ts[r.next-1]
			r.next++
			r.mu.Unlock()
			return t, nil
		}
		r.mu.Unlock()
		select {
		case <-r.more:
		case <-ctx.Done():
			return citywatch.Transition{}, ctx.Err()
		}
	}
}

// write runs a log until the audit in dir has n lines.
func (b *bench) write(t *testing.T, dir string, n uint64) {
	t.Helper()
	l := audit.New(dir, audit.Deps{
		Journal:     b,
		Transitions: func(from uint64) audit.Reader { return &reader{b, from} },
		Log:         slog.New(slog.NewTextHandler(&b.log, nil)),
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if report, err := audit.Verify(dir); err == nil && report.Head.N >= n {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the lines are not written")
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func verify(t *testing.T, dir string, known ...audit.Head) audit.Report {
	t.Helper()
	report, err := audit.Verify(dir, known...)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestEveryChangeIsALineAndTheChainHolds(t *testing.T) {
	b, dir := newBench(), t.TempDir()
	b.happen(1000)
	b.write(t, dir, 1000)
	b.happen(1000)
	b.write(t, dir, 2000) // goes on behind the last line
	report := verify(t, dir)
	if len(report.Faults) > 0 || report.Head.N != 2000 {
		t.Fatalf("got %+v", report)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(names) != 2 || filepath.Base(names[0]) != "2026-10.jsonl" {
		t.Errorf("files %v, %v", names, err)
	}
	first := linesOf(t, names[0])[1]
	var l audit.Line
	if err := json.Unmarshal([]byte(first), &l); err != nil {
		t.Fatal(err)
	}
	if l.N != 2 || l.Actor != "Trực ban Nguyễn" || l.Note != "Khói ở tầng 2" || l.To != "Đội 3" || l.Notice != citywatch.NoticeSound || l.Before.Level != 4 || l.After.Condition != citywatch.Active ||
		l.RuleHash != "ab" || l.Evidence[0].Text != "cháy" {
		t.Errorf("got %+v", l)
	}
}

func linesOf(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.SplitAfter(string(data), "\n")
}

func TestTamperingIsFound(t *testing.T) {
	b, original := newBench(), t.TempDir()
	b.happen(50)
	b.write(t, original, 50)
	head := verify(t, original).Head
	for name, c := range map[string]struct {
		tamper func([]string) []string
		want   string
	}{
		"a word changed": {func(l []string) []string {
			l[20] = strings.Replace(l[20], "Nguyễn", "Trần", 1)
			return l
		}, "2026-10.jsonl:21: the line was changed"},
		"a line removed":    {func(l []string) []string { return slices.Delete(l, 20, 21) }, "lines 21 to 21 are missing"},
		"lines exchanged":   {func(l []string) []string { l[20], l[21] = l[21], l[20]; return l }, "missing"},
		"a line twice":      {func(l []string) []string { return slices.Insert(l, 20, l[20]) }, "line 21 stands behind line 21"},
		"the end cut off":   {func(l []string) []string { return l[:40] }, "lines are missing at the end: there were 50, and there are 40"},
		"the first gone":    {func(l []string) []string { return l[1:] }, "lines 1 to 1 are missing"},
		"not JSON at all":   {func(l []string) []string { l[5] = "hello\n"; return l }, "2026-10.jsonl:6: not a line of an audit"},
		"a line of its own": {func(l []string) []string { return append(l, l[10]) }, "stands behind"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			changed := c.tamper(linesOf(t, filepath.Join(original, "2026-10.jsonl"))[:50])
			if err := os.WriteFile(filepath.Join(dir, "2026-10.jsonl"), []byte(strings.Join(changed, "")), 0o600); err != nil {
				t.Fatal(err)
			}
			report := verify(t, dir, head)
			if len(report.Faults) == 0 {
				t.Fatal("nothing was found")
			}
			var all strings.Builder
			for _, f := range report.Faults {
				fmt.Fprintln(&all, f)
			}
			if !strings.Contains(all.String(), c.want) {
				t.Errorf("found %s, which does not say %q", all.String(), c.want)
			}
		})
	}
	if report := verify(t, original, head); len(report.Faults) > 0 {
		t.Errorf("the original: %v", report.Faults)
	}
}

// Whatever a crash leaves of the last write, nothing is lost and nothing is
// told twice.
func TestATornLineIsWrittenAgain(t *testing.T) {
	b, whole := newBench(), t.TempDir()
	b.happen(3)
	b.write(t, whole, 3)
	want, err := os.ReadFile(filepath.Join(whole, "2026-10.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for cut := 0; cut < len(want); cut += 37 {
		dir := t.TempDir()
		path := filepath.Join(dir, "2026-10.jsonl")
		if err := os.WriteFile(path, want[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		b.write(t, dir, 3)
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("cut at %d: got %s", cut, got)
		}
	}
}

func TestAnAuditThatIsShorterThanItWasIsReported(t *testing.T) {
	b, dir := newBench(), t.TempDir()
	b.happen(10)
	b.write(t, dir, 10)
	path := filepath.Join(dir, "2026-10.jsonl")
	l := linesOf(t, path)
	if err := os.WriteFile(path, []byte(strings.Join(l[:5], "")), 0o600); err != nil {
		t.Fatal(err)
	}
	b.write(t, dir, 10)
	if !strings.Contains(b.log.String(), "lines are missing at the end of the audit") {
		t.Errorf("the log says %q", b.log.String())
	}
}

func TestAJournalThatBeginsAnewIsWrittenOn(t *testing.T) {
	b, dir := newBench(), t.TempDir()
	b.happen(5)
	b.write(t, dir, 5)
	b.epoch, b.ts = "e2", nil
	b.happen(2)
	b.write(t, dir, 7)
	if report := verify(t, dir); len(report.Faults) > 0 {
		t.Error(report.Faults)
	}
}

func TestARuinedEndIsNotBuiltUpon(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "2026-10.jsonl"), []byte("ruin\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := newBench()
	err := audit.New(dir, audit.Deps{Journal: b, Log: slog.New(slog.DiscardHandler)}).Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "Put the folder aside") {
		t.Errorf("got %v", err)
	}
}

func TestParseHead(t *testing.T) {
	h := audit.Head{N: 12, Hash: strings.Repeat("ab", 32)}
	if got, err := audit.ParseHead(h.String()); err != nil || got != h {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := audit.ParseHead("12"); err == nil {
		t.Error("a number alone is taken for a head")
	}
}

func BenchmarkAppend(b *testing.B) {
	bench := newBench()
	bench.happen(b.N)
	dir := b.TempDir()
	l := audit.New(dir, audit.Deps{
		Journal:     bench,
		Transitions: func(from uint64) audit.Reader { return &reader{bench, from} },
		Log:         slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	done := make(chan error, 1)
	b.ResetTimer()
	go func() { done <- l.Run(ctx) }()
	for l.Head().N < uint64(b.N) {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}
