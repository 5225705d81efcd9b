package notify

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const asNotifier = "CITYWATCH_TEST_NOTIFIER"

// The histories that the process tells of.
const (
	killChanges = 250
	killPhones  = 6
)

func killID(seq int) string { return fmt.Sprintf("f%d", seq) }

// notifierMain is a notifier whose journal holds killChanges transitions behind
// the first.
func notifierMain() {
	j := newTransitions()
	j.happen(flood("before", 1))
	fail := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	_, err := os.Stat(filepath.Join(os.Getenv(asNotifier), "outbox.jsonl"))
	fail(err) // the test has made it, with the phones
	for seq := range killChanges {
		j.happen(flood(killID(seq), 1))
	}
	n, err := Open(os.Getenv(asNotifier), loopback(), Deps{
		Journal: j, Transitions: newReaderOf(j), Place: placeOf, Zone: time.UTC, Log: discard(),
	})
	fail(err)
	fail(n.Run(context.Background()))
}

// TestKilledWhileTelling: a notifier that is killed time and again tells every
// phone of everything, and nobody again of what it had written down as told.
func TestKilledWhileTelling(t *testing.T) {
	service, dir := newPushService(t), t.TempDir()
	service.answer = func(string, pushed) int { time.Sleep(time.Millisecond); return 201 }
	j := newTransitions()
	j.happen(flood("before", 1))
	n := open(t, dir, loopback(), j)
	names := map[string]string{}
	for i := range killPhones {
		name := fmt.Sprintf("phone%d", i)
		names[subscribe(t, n, service.subscription(name)).ID] = name
	}
	if _, err := n.begin(t.Context()); err != nil { // from here on it reads
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	told := func() (sum int) {
		for _, name := range names {
			sum += service.total(name)
		}
		return sum
	}
	whole := func() bool {
		for seq := range killChanges {
			for _, name := range names {
				if service.count(name, fmt.Sprintf("%s.%d", killID(seq), seq+2)) == 0 {
					return false
				}
			}
		}
		return true
	}
	kills, final := 0, map[crossed]int{}
	for deadline := time.Now().Add(90 * time.Second); !whole(); kills++ {
		if time.Now().After(deadline) {
			t.Fatalf("after %d kills only %d are told", kills, told())
		}
		before := told()
		p := exec.Command(os.Args[0])
		p.Env = append(os.Environ(), asNotifier+"="+dir)
		var said bytes.Buffer
		p.Stderr = &said
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		// Somewhere in the middle of its work, however fast this machine is.
		some := 1 + rand.IntN(killChanges*killPhones/4)
		for wait := time.Now().Add(10 * time.Second); told() < before+some && !whole() && time.Now().Before(wait); {
			time.Sleep(200 * time.Microsecond)
		}
		_ = p.Process.Kill()
		_ = p.Wait()
		if said.Len() > 0 {
			t.Fatalf("it said %s", said.Bytes())
		}
		for x := range crossedOut(t, dir) {
			times := service.count(names[x.to], x.id)
			if times == 0 {
				t.Fatalf("%v counts as told and is not", x)
			}
			if known := final[x]; known != 0 && known != times {
				t.Errorf("%v was crossed out, and told again", x)
			}
			final[x] = times
		}
	}
	doubles := told() - killChanges*killPhones
	if doubles > kills*senders {
		t.Errorf("%d were told twice in %d kills: more than can have been under way", doubles, kills)
	}
	t.Logf("%d kills, %d messages told, %d of them twice because the kill came before they were crossed out", kills, killChanges*killPhones, doubles)
	again(t, dir, service, told())
}

// again runs it once more: nobody is told of anything.
func again(t *testing.T, dir string, service *pushService, before int) {
	t.Helper()
	j := newTransitions()
	j.happen(flood("before", 1))
	for seq := range killChanges {
		j.happen(flood(killID(seq), 1))
	}
	n := open(t, dir, loopback(), j)
	left := 0
	for _, x := range n.outbox.letters {
		left += len(x.waiting)
	}
	start(t, n)
	last := j.happen(flood("last", 1))
	sum := func() (all int) {
		for name := range service.phones {
			all += service.total(name)
		}
		return all
	}
	eventually(t, "what is new is told", func() bool {
		for name := range service.phones {
			if service.count(name, last.ID) == 0 {
				return false
			}
		}
		return sum() >= before+left+killPhones
	})
	if got := sum(); got > before+left+killPhones {
		t.Errorf("%d were told again although they were crossed out", got-before-left-killPhones)
	}
}

type crossed struct{ id, to string }

// crossedOut returns what the outbox says was told.
func crossedOut(t *testing.T, dir string) map[crossed]bool {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "outbox.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[crossed]bool{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var l outboxLine
		if json.Unmarshal(lines.Bytes(), &l) != nil {
			continue // cut off by the kill
		}
		for _, d := range l.Done {
			for _, to := range d.To {
				out[crossed{d.ID, to.ID}] = true
			}
		}
	}
	return out
}
