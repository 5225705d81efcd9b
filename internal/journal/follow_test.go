package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"citywatch"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
)

// A logBuffer is what a journal has logged.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func openInside(t *testing.T, o Options) (*Journal, *logBuffer) {
	t.Helper()
	log := &logBuffer{}
	if o.Dir == "" && o.URL == "" {
		o.Dir = t.TempDir()
	}
	j, err := Open(t.Context(), o, Deps{Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return j, log
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// tick appends n ticks, one a second, the first at the Unix time from.
func tick(t *testing.T, j *Journal, from, n int) {
	t.Helper()
	for i := range n {
		if _, err := j.Tick(within(t), 0, time.Unix(int64(from+i), 0)); err != nil {
			t.Fatal(err)
		}
	}
}

// expect reads entries, which must be those from first to last.
func expect(t *testing.T, r *EntryReader, first, last uint64) {
	t.Helper()
	for seq := first; seq <= last; seq++ {
		e, err := r.Next(within(t))
		if err != nil {
			t.Fatalf("entry %d: %v", seq, err)
		}
		if e.Seq != seq {
			t.Fatalf("entry %d comes where %d should", e.Seq, seq)
		}
	}
}

func TestReaderResumesAfterRestart(t *testing.T) {
	dir := t.TempDir()
	j, _ := openInside(t, Options{Dir: dir})
	tick(t, j, 1, 10)
	r := j.Entries(0, 0)
	expect(t, r, 1, 4)
	r.Close()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j, _ = openInside(t, Options{Dir: dir})
	tick(t, j, 11, 5)
	r = j.Entries(0, 5)
	defer r.Close()
	expect(t, r, 5, 15)
}

// TestEndedContextLosesNothing gives up waiting at every possible moment.
func TestEndedContextLosesNothing(t *testing.T) {
	const n = 300
	j, _ := openInside(t, Options{})
	go func() {
		for i := range n {
			_, _ = j.Tick(context.Background(), 0, time.Unix(int64(i+1), 0))
		}
	}()
	r := j.Entries(0, 1)
	defer r.Close()
	patience, gaveUp := time.Microsecond, 0
	for want := uint64(1); want <= n; {
		ctx, cancel := context.WithTimeout(within(t), patience)
		e, err := r.Next(ctx)
		cancel()
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			gaveUp++
			patience = patience%(5*time.Millisecond) + 50*time.Microsecond
			if t.Context().Err() != nil || gaveUp > 100000 {
				t.Fatal("no progress")
			}
		case err != nil || e.Seq != want:
			t.Fatalf("entry %d: got %d, %v", want, e.Seq, err)
		default:
			want++
		}
	}
	if gaveUp == 0 {
		t.Error("it never had to wait")
	}
}

// TestReaderOutlastsTheServer restarts the server, and takes the reader's
// consumer away, while it reads.
func TestReaderOutlastsTheServer(t *testing.T) {
	j, _ := openInside(t, Options{})
	r := j.Entries(0, 1)
	defer r.Close()
	tick(t, j, 1, 5)
	expect(t, r, 1, 3)
	if err := j.server.restart(within(t)); err != nil {
		t.Fatal(err)
	}
	tick(t, j, 6, 5)
	expect(t, r, 4, 10)

	for name := range j.shards[0].stream.ConsumerNames(within(t)).Name() {
		if err := j.shards[0].stream.DeleteConsumer(within(t), name); err != nil {
			t.Fatal(err)
		}
	}
	tick(t, j, 11, 5)
	expect(t, r, 11, 15)
	if r.Lost() != 0 {
		t.Errorf("%d entries were lost", r.Lost())
	}
}

// TestWritersOutlastTheServer holds that an append waits for a server that
// starts anew, and that each is written once.
func TestWritersOutlastTheServer(t *testing.T) {
	j, _ := openInside(t, Options{})
	restarted := make(chan error)
	go func() { restarted <- j.server.restart(within(t)) }()
	tick(t, j, 1, 200)
	if err := <-restarted; err != nil {
		t.Fatal(err)
	}
	r := j.Entries(0, 1)
	defer r.Close()
	for i := range 200 {
		e, err := r.Next(within(t))
		if err != nil || e.Tick.Unix() != int64(i+1) {
			t.Fatalf("tick %d: got %d, %v", i+1, e.Tick.Unix(), err)
		}
	}
	if _, last, err := j.EntryBounds(within(t), 0); err != nil || last != 200 {
		t.Errorf("%d entries, %v", last, err)
	}
}

func TestCorruptEntryIsSkipped(t *testing.T) {
	j, log := openInside(t, Options{})
	tick(t, j, 1, 1)
	for range 3 {
		if _, err := j.js.Publish(within(t), j.shards[0].subject, []byte("garbage")); err != nil {
			t.Fatal(err)
		}
	}
	tick(t, j, 2, 1)
	r := j.Entries(0, 1)
	defer r.Close()
	expect(t, r, 1, 1)
	expect(t, r, 5, 5)
	if r.Lost() != 0 {
		t.Errorf("garbage is counted as %d lost entries", r.Lost())
	}
	if n := strings.Count(log.String(), "cannot be understood"); n != 1 {
		t.Errorf("it was logged %d times:\n%s", n, log)
	}
}

// TestDroppedEntriesAreCounted has the limits take entries that a reader
// wanted, before it begins and while it reads.
func TestDroppedEntriesAreCounted(t *testing.T) {
	j, log := openInside(t, Options{})
	tick(t, j, 1, 10)
	purge := func(below uint64) {
		if err := j.shards[0].stream.Purge(within(t), jetstream.WithPurgeSequence(below)); err != nil {
			t.Fatal(err)
		}
	}
	purge(4)
	r := j.Entries(0, 2).Named("store")
	defer r.Close()
	expect(t, r, 4, 5)
	if r.Lost() != 2 {
		t.Errorf("%d lost, not entries 2 and 3", r.Lost())
	}
	fromFirst := j.Entries(0, 0)
	defer fromFirst.Close()
	expect(t, fromFirst, 4, 4)
	if fromFirst.Lost() != 0 {
		t.Errorf("a reader that began with the first lost %d", fromFirst.Lost())
	}
	expect(t, r, 6, 10)
	tick(t, j, 11, 2*ahead)
	purge(11 + ahead)
	expect(t, r, 11, 11) // it was fetched before
	for e := (citywatch.Entry{}); e.Seq < 10+2*ahead; {
		var err error
		if e, err = r.Next(within(t)); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(log.String(), "reader=store") {
		t.Errorf("not a word of it:\n%s", log)
	}
}

// TestJournalBegunAnewIsReadFromItsStart is a reader whose place was remembered
// elsewhere than the journal.
func TestJournalBegunAnewIsReadFromItsStart(t *testing.T) {
	j, log := openInside(t, Options{})
	tick(t, j, 1, 3)
	r := j.Entries(0, 1000)
	defer r.Close()
	expect(t, r, 1, 3)
	if !strings.Contains(log.String(), "begun anew") {
		t.Errorf("not a word of it:\n%s", log)
	}
}

// TestReadersShareEntries holds that what is shared is always the entry that
// was asked for, also for a reader that begins anew far behind.
func TestReadersShareEntries(t *testing.T) {
	j, _ := openInside(t, Options{})
	const n = 5 * len(recentEntries{})
	tick(t, j, 1, n)
	ahead, behind := j.Entries(0, 1), j.Entries(0, 1)
	defer ahead.Close()
	defer behind.Close()
	for _, r := range []*EntryReader{ahead, behind} {
		for i := range n {
			e, err := r.Next(within(t))
			if err != nil || e.Seq != uint64(i+1) || e.Tick.Unix() != int64(i+1) {
				t.Fatalf("entry %d: got %d of %v, %v", i+1, e.Seq, e.Tick, err)
			}
		}
	}
	if _, err := j.Append(within(t), 0, mixed(3)); err != nil {
		t.Fatal(err)
	}
	a, err1 := ahead.Next(within(t))
	b, err2 := behind.Next(within(t))
	if err1 != nil || err2 != nil || &a.Readings[0] != &b.Readings[0] {
		t.Errorf("two readers that keep up decode the same entry twice: %v, %v", err1, err2)
	}
}

func TestClosedReader(t *testing.T) {
	j, _ := openInside(t, Options{})
	tick(t, j, 1, 2)
	r := j.Entries(0, 1)
	expect(t, r, 1, 1)
	r.Close()
	r.Close()
	if _, err := r.Next(within(t)); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
	names := 0
	for range j.shards[0].stream.ConsumerNames(within(t)).Name() {
		names++
	}
	if names != 0 {
		t.Errorf("the server still keeps %d consumers", names)
	}
}

// TestAlarmsComeBeforeTheLoss reads the share of the limits off a stream that
// is told to be of some size.
func TestAlarmsComeBeforeTheLoss(t *testing.T) {
	j, log := openInside(t, Options{})
	tick(t, j, 1, 100)
	r := j.Entries(0, 1).Named("store")
	defer r.Close()
	now := time.Now()
	sized := func(used float64, age time.Duration) *jetstream.StreamInfo {
		return &jetstream.StreamInfo{State: jetstream.StreamState{
			Msgs: 100, Bytes: uint64(used * float64(defaultMaxBytes)), LastSeq: 100, FirstTime: now.Add(-age),
		}}
	}
	logged := func() int { return strings.Count(log.String(), "far behind") }
	steps := []struct {
		bytes float64
		age   time.Duration
		lines int
	}{
		{0.1, time.Hour, 0},
		{0.49, time.Hour, 0},
		{0.51, time.Hour, 1},
		{0.60, time.Hour, 1}, // said already
		{0.85, time.Hour, 2},
		{0.1, time.Hour, 2},
		{0.1, defaultMaxAge / 2, 3},
	}
	for _, s := range steps {
		r.warn(sized(s.bytes, s.age), now)
		if logged() != s.lines {
			t.Errorf("at %v of the size and an age of %v: %d lines in the log, want %d", s.bytes, s.age, logged(), s.lines)
		}
	}
	expect(t, r, 1, 100)
	if used := r.used(sized(1, defaultMaxAge), now); used != 0 {
		t.Errorf("a reader that has read everything uses %v of the limits", used)
	}
}

func TestFullStreamIsReportedOnce(t *testing.T) {
	log := &logBuffer{}
	logger := slog.New(slog.NewTextHandler(log, nil))
	f := fullness{}
	for i, bytes := range []uint64{10, 89, 91, 95, 50, 90} {
		f.warn(logger, &jetstream.StreamInfo{
			Config: jetstream.StreamConfig{Name: "dead-letters", MaxBytes: 100},
			State:  jetstream.StreamState{Bytes: bytes},
		})
		want := []int{0, 0, 1, 1, 1, 2}[i]
		if n := strings.Count(log.String(), "nearly full"); n != want {
			t.Errorf("at %d of 100 bytes: %d lines, want %d", bytes, n, want)
		}
	}
	f.warn(logger, &jetstream.StreamInfo{Config: jetstream.StreamConfig{Name: "transitions", MaxBytes: -1}, State: jetstream.StreamState{Bytes: 1e9}})
	if strings.Contains(log.String(), "transitions") {
		t.Errorf("a stream without a limit is full:\n%s", log)
	}
}

func TestFaultsAreReportedOncePerSecond(t *testing.T) {
	log := &logBuffer{}
	logger := slog.New(slog.NewTextHandler(log, nil))
	f := faults{last: time.Now()}
	f.report(logger, "broken")
	f.report(logger, "broken")
	f.last = time.Time{}
	f.report(logger, "broken", "where", "here")
	if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), "where=here similar_since=2") {
		t.Errorf("got %d lines:\n%s", n, log)
	}
}

// TestExternalServer holds that a server elsewhere is used just the same.
func TestExternalServer(t *testing.T) {
	srv, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, SyncAlways: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	defer func() { srv.Shutdown(); srv.WaitForShutdown() }()
	if !srv.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server does not start")
	}
	one, _ := openInside(t, Options{URL: srv.ClientURL(), Name: "one", MaxBytes: 1 << 30})
	two, _ := openInside(t, Options{URL: srv.ClientURL(), Name: "two", MaxBytes: 1 << 30})
	tick(t, one, 1, 3)
	r := one.Entries(0, 1)
	defer r.Close()
	expect(t, r, 1, 3)
	if _, last, err := two.EntryBounds(within(t), 0); err != nil || last != 0 {
		t.Errorf("the other journal on the same server has %d entries, %v", last, err)
	}
	if err := one.Writable(within(t)); err != nil {
		t.Error(err)
	}
}

func TestUnreachableServer(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := Open(ctx, Options{URL: "nats://127.0.0.1:1"}, Deps{})
	if err == nil || !strings.Contains(err.Error(), "journal.url") {
		t.Errorf("got %v", err)
	}
}

func TestFolderOfAnotherIsRefused(t *testing.T) {
	dir := t.TempDir()
	openInside(t, Options{Dir: dir})
	if _, err := Open(t.Context(), Options{Dir: dir}, Deps{}); err == nil || !strings.Contains(err.Error(), "already running") {
		t.Errorf("got %v", err)
	}
}

func TestFolderThatCannotBe(t *testing.T) {
	for _, dir := range []string{"", "/dev/null/journal"} {
		if _, err := Open(t.Context(), Options{Dir: dir}, Deps{}); err == nil {
			t.Errorf("a journal in %q", dir)
		}
	}
}

func TestEpochSurvivesRestartOnly(t *testing.T) {
	dir := t.TempDir()
	j, _ := openInside(t, Options{Dir: dir})
	epoch := j.Epoch()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if again, _ := openInside(t, Options{Dir: dir}); again.Epoch() != epoch || epoch == "" {
		t.Errorf("%q, and after a restart %q", epoch, again.Epoch())
	}
	if other, _ := openInside(t, Options{}); other.Epoch() == epoch {
		t.Errorf("another journal has the same epoch %q", epoch)
	}
}

func TestOptionsProblems(t *testing.T) {
	if ps := (Options{}).Problems(); len(ps) != 0 {
		t.Errorf("the defaults: %v", ps)
	}
	bad := Options{
		Name: "a b", URL: "nats-1:4222", Replicas: 9, Shards: -1,
		MaxAge: time.Second, TransitionsMaxAge: time.Minute, MaxBytes: 1, DeadLettersMaxBytes: 1, MinFree: -1,
	}
	var paths []string
	for _, p := range bad.Problems() {
		paths = append(paths, p.Path)
		if p.Message == "" || p.Hint == "" {
			t.Errorf("%s: no message or no hint: %+v", p.Path, p)
		}
	}
	want := "[$.name $.url $.replicas $.shards $.max_age $.transitions_max_age $.max_bytes $.dead_letters_max_bytes $.min_free]"
	if got := fmt.Sprint(paths); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	embedded := Options{CredentialsFile: "x.creds", Replicas: 3}
	if n := len(embedded.Problems()); n != 2 {
		t.Errorf("credentials and replicas without a server: %v", embedded.Problems())
	}
	secret := Options{URL: "nats://citywatch:canary@nats-1:4222"}
	if ps := secret.Problems(); len(ps) != 1 || strings.Contains(fmt.Sprint(ps), "canary") {
		t.Errorf("a password in the address: %v", ps)
	}
	if _, err := Open(t.Context(), bad, Deps{}); err == nil {
		t.Error("they were opened all the same")
	}
}
