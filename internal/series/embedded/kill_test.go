package embedded_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"citywatch/internal/series"
	"citywatch/internal/series/embedded"
	"citywatch/internal/series/seriestest"
)

// writerDir is set in the environment of the child process that writes until
// it is killed.
const writerDir = "CITYWATCH_TEST_WRITER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerDir); dir != "" {
		if err := writeForEver(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	goleak.VerifyTestMain(m)
}

var (
	ctx  = context.Background()
	base = time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC)
)

// perWrite is how many points the child stores in one write.
const perWrite = 50

// writeForEver stores numbered points and prints the number of each write that
// was acknowledged.
func writeForEver(dir string) error {
	db, err := embedded.Open(embedded.Options{Dir: dir, Name: "citywatch"})
	if err != nil {
		return err
	}
	got, err := db.Query(ctx, series.Raw, "SELECT last(level) FROM river_gauge")
	if err != nil {
		return err
	}
	next := 0
	if len(got) > 0 {
		next = int(got[0].Rows[0][1].(float64)) + 1
	}
	for ; ; next++ {
		var lines []byte
		for i := range perWrite {
			r := reading(fmt.Sprint("device-", i), base.Add(time.Duration(next)*time.Second), float64(next))
			lines, _ = series.AppendReading(lines, &r)
		}
		if err := db.Write(ctx, series.Raw, lines); err != nil {
			return err
		}
		fmt.Println(next)
	}
}

func TestKill(t *testing.T) {
	dir, acknowledged := t.TempDir(), -1
	for round := range 5 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), writerDir+"="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		// Not always at the same place: in the middle of some write.
		for n := 0; lines.Scan(); n++ {
			if n == 20+7*round {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
			if acknowledged, err = strconv.Atoi(lines.Text()); err != nil {
				t.Fatal(err)
			}
		}
		_ = cmd.Wait() // killed
		checkAcknowledged(t, dir, acknowledged)
	}
}

// checkAcknowledged finds every point of every write up to the last one that
// the killed process saw acknowledged.
func checkAcknowledged(t *testing.T, dir string, last int) {
	t.Helper()
	db, err := embedded.Open(embedded.Options{Dir: dir, Name: "citywatch"})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	got, err := db.Query(t.Context(), series.Raw,
		fmt.Sprintf("SELECT count(level) FROM river_gauge WHERE time <= %d GROUP BY device", base.Add(time.Duration(last)*time.Second).UnixNano()))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != perWrite || last < 20 {
		t.Fatalf("%d devices after write %d, want %d", len(got), last, perWrite)
	}
	for _, s := range got {
		if n := s.Rows[0][1]; n != float64(last+1) {
			t.Errorf("%s has %v points, want %d", s.Tags["device"], n, last+1)
		}
	}
	// It goes on where it was.
	if err := db.Write(t.Context(), series.Raw, seriestest.Lines(reading("device-0", base, 0))); err != nil {
		t.Error(err)
	}
}
