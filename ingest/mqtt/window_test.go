package mqtt

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
)

// A sent is a message that notes its acknowledgement.
type sent struct {
	number  int
	payload []byte
	acked   *[]int
}

func (m *sent) Ack()            { *m.acked = append(*m.acked, m.number) }
func (m *sent) Payload() []byte { return m.payload }

func (*sent) Duplicate() bool   { return false }
func (*sent) Qos() byte         { return 1 }
func (*sent) Retained() bool    { return false }
func (*sent) Topic() string     { return "" }
func (*sent) MessageID() uint16 { return 0 }

// startWindow runs a window until the test's bubble ends.
func startWindow(t *testing.T, size int, failed func(error)) *window {
	w := newWindow(size, failed)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); w.run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	return w
}

func noFailure(t *testing.T) func(error) { return func(err error) { t.Error(err) } }

func TestAcknowledgementsAreInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size, rounds = 50, 20
		var acked []int
		w := startWindow(t, size, noFailure(t))
		number := 0
		for range rounds {
			var dones []func(error)
			for range size {
				dones = append(dones, w.open(t.Context(), &sent{number: number, acked: &acked}))
				number++
			}
			for i, at := range rand.Perm(size) {
				dones[at](nil)
				if i == size/2 {
					synctest.Wait()
				}
			}
			synctest.Wait()
			if len(acked) != number || w.len() != 0 {
				t.Fatalf("%d of %d acknowledged, %d in flight", len(acked), number, w.len())
			}
		}
		if !slices.IsSorted(acked) {
			t.Error("out of order")
		}
	})
}

func TestFullWindowWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, m := range map[string]struct {
			size    int
			payload []byte
		}{
			"of messages": {2, nil},
			"of bytes":    {1000, make([]byte, maxBytes/2)},
		} {
			var acked []int
			w := startWindow(t, m.size, noFailure(t))
			first := w.open(t.Context(), &sent{number: 1, payload: m.payload, acked: &acked})
			w.open(t.Context(), &sent{number: 2, payload: m.payload, acked: &acked})
			if !w.stalled() {
				t.Errorf("%s: not full", name)
			}
			ctx, cancel := context.WithCancel(t.Context())
			third := make(chan func(error), 1)
			open := func(ctx context.Context) { third <- w.open(ctx, &sent{number: 3, payload: m.payload, acked: &acked}) }
			go open(ctx)
			synctest.Wait()
			if len(third) > 0 {
				t.Fatalf("%s: a message too many", name)
			}
			cancel()
			if done := <-third; done != nil {
				t.Errorf("%s: let in when the connection ended", name)
			}
			go open(t.Context())
			synctest.Wait()
			first(nil)
			if done := <-third; done == nil {
				t.Errorf("%s: not let in when there was room", name)
			}
		}
	})
}

func TestWhatFailsIsNeverAcknowledged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var acked []int
		var cause error
		w := startWindow(t, 10, func(err error) { cause = err })
		lost := errors.New("stopped")
		first := w.open(t.Context(), &sent{number: 1, acked: &acked})
		second := w.open(t.Context(), &sent{number: 2, acked: &acked})
		first(lost)
		second(nil)
		synctest.Wait()
		if len(acked) > 0 || !errors.Is(cause, lost) {
			t.Errorf("acknowledged %v, cause %v", acked, cause)
		}
	})
}
