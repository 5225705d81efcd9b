package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"citywatch"
	"citywatch/ingest"
)

func TestFirstReadingAfterAPauseWaitsForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, ingest.Options{}, &disk{took: 700 * time.Microsecond})
		for range 3 {
			time.Sleep(time.Second)
			began := time.Now()
			isDone(t, offer(t, b.door(), "d1 level=1"), nil)
			if took := time.Since(began); took != b.disk.took {
				t.Errorf("done after %v; the disk took %v", took, b.disk.took)
			}
		}
	})
}

func TestReadingsShareEntriesUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const took = 500 * time.Microsecond
		b := start(t, ingest.Options{}, &disk{took: took})
		door := b.door()
		var worst time.Duration
		for range 2000 { // one every 200 µs
			offered := time.Now()
			door.Offer(t.Context(), message("d1 level=1"), func(err error) {
				if err != nil {
					t.Error(err)
				}
				worst = max(worst, time.Since(offered))
			})
			time.Sleep(200 * time.Microsecond)
		}
		time.Sleep(time.Second)
		b.stop()
		entries := len(b.disk.sizes())
		if entries > 2000/20 {
			t.Errorf("%d entries for 400 ms of readings: too many", entries)
		}
		// A reading may wait for the append before, and for its own.
		if limit := 5*time.Millisecond + 2*took; worst > limit {
			t.Errorf("a reading was durable after %v; at most %v", worst, limit)
		}
	})
}

// A broker that sends no more until its few messages are acknowledged must not
// wait for the rest of the batch's time.
func TestBatchGoesWhenNoMoreComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const took = 500 * time.Microsecond
		b := start(t, ingest.Options{BatchDelay: 50 * time.Millisecond}, &disk{took: took})
		door := b.door()
		isDone(t, offer(t, door, "d1 level=0"), nil)
		began := time.Now()
		var last <-chan error
		for i := range 20 {
			last = offer(t, door, fmt.Sprintf("d1 level=%d", i))
		}
		isDone(t, last, nil)
		if took := time.Since(began); took > 3*time.Millisecond {
			t.Errorf("waited %v with nothing more to come", took)
		}
		if got := b.disk.sizes(); !slices.Equal(got, []int{1, 20}) {
			t.Errorf("entries of %v readings", got)
		}
	})
}

func TestEntriesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const large = 12 << 10 // bytes; 42 such readings fit into 512 KiB
		b := start(t, ingest.Options{BatchReadings: 100}, &disk{took: time.Millisecond})
		offer(t, b.door(), "d0 level=1") // goes at once, and alone
		synctest.Wait()
		offer(t, b.door(), strings.Repeat("d2 level=1\n", 1050))
		var last <-chan error
		for range 250 {
			last = offer(t, b.door(), "d1 note="+strings.Repeat("x", large))
		}
		isDone(t, last, nil)
		want := append([]int{1}, slices.Repeat([]int{100}, 10)...)
		want = append(want, 50+42, 42, 42, 42, 42, 40)
		if got := b.disk.sizes(); !slices.Equal(got, want) {
			t.Errorf("entries of %v readings, want %v", got, want)
		}
	})
}

func TestOrderWithinADeviceIsKept(t *testing.T) {
	b := start(t, ingest.Options{Shards: 3, BatchReadings: 7}, &disk{took: 50 * time.Microsecond})
	const each = 500
	door := b.door()
	done := make(chan error, 10*each)
	for i := range each {
		for d := range 10 {
			door.Offer(t.Context(), message(fmt.Sprintf("d%d n=%d", d, i)), func(err error) { done <- err })
		}
	}
	for range 10 * each {
		isDone(t, done, nil)
	}
	next := map[string]float64{}
	for _, r := range b.disk.readings() {
		if n := r.Values[0].Number; n != next[r.Device] {
			t.Fatalf("%s: reading %v where %v is next", r.Device, n, next[r.Device])
		}
		next[r.Device]++
	}
	if len(next) != 10 || next["d3"] != each {
		t.Fatalf("kept %v", next)
	}
	if len(b.disk.entries) != 3 {
		t.Errorf("used %d shards of 3", len(b.disk.entries))
	}
}

// The numbers are in journals on disk: they may never change.
func TestShardOfIsForEver(t *testing.T) {
	for key, want := range map[string]int{"": 5, "sa-pa": 7, "bac-ha": 3, "lao-cai": 5} {
		if got := ingest.ShardOf(key, 8); got != want {
			t.Errorf("ShardOf(%q, 8) = %d, want %d", key, got, want)
		}
	}
}

func TestMessageIsDoneWhenAllItsShardsAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, ingest.Options{Shards: 4}, &disk{took: time.Second})
		var payload strings.Builder
		for d := range 10 {
			fmt.Fprintf(&payload, "d%d level=1\n", d)
		}
		done := offer(t, b.door(), payload.String())
		time.Sleep(999 * time.Millisecond)
		isPending(t, done)
		isDone(t, done, nil)
		if n := len(b.disk.readings()); n != 10 {
			t.Errorf("done with %d of 10 readings kept", n)
		}
		isPending(t, done) // not told twice
	})
}

func TestReadingsMadeHereAreTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, ingest.Options{Shards: 4}, &disk{})
		var made []citywatch.Reading
		for i := range 8 {
			made = append(made, citywatch.Reading{
				Device: fmt.Sprintf("camera-%d", i), Class: citywatch.CameraHealthClass, Time: time.Now(), Arrived: time.Now(),
				Values: []citywatch.Value{{Name: "up", Number: 1}},
			})
		}
		if err := b.Take(t.Context(), made); err != nil {
			t.Fatal(err)
		}
		if n := len(b.disk.readings()); n != len(made) {
			t.Errorf("%d of %d readings kept", n, len(made))
		}
		b.stop()
		if err := b.Take(t.Context(), made); !errors.Is(err, ingest.ErrStopped) {
			t.Errorf("after the end: %v", err)
		}
	})
}

var errFull = errors.New("no space left on device")

func TestFullDiskHoldsBackAndLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, ingest.Options{BatchReadings: 10, MaxPending: 30}, &disk{full: errFull})
		door := b.door()
		dones := make(chan error, 1000)
		offered := 0
		for ; ; offered++ {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			refused := make(chan error, 1)
			door.Offer(ctx, message(fmt.Sprintf("d1 n=%d", offered)), func(err error) {
				if err != nil {
					refused <- err
					return
				}
				dones <- nil
			})
			cancel()
			if len(refused) > 0 {
				isDone(t, refused, context.DeadlineExceeded)
				break
			}
		}
		if offered < 30 || offered > 60 {
			t.Errorf("took %d readings for a disk that takes none; 30 are allowed to wait", offered)
		}
		if len(dones) > 0 {
			t.Fatal("acknowledged what is on no disk")
		}
		if err := b.Err(); !errors.Is(err, errFull) {
			t.Errorf("Err is %v", err)
		}
		b.Route("test", func(citywatch.DeadLetter) *ingest.Door { return door })
		if err := b.Replay(t.Context(), citywatch.DeadLetter{Source: "test", Payload: []byte("d1 n=1")}); !errors.Is(err, errFull) {
			t.Errorf("a replay meanwhile: %v", err)
		}
		b.disk.setFull(nil)
		time.Sleep(time.Minute)
		if len(dones) != offered || len(b.disk.readings()) != offered {
			t.Errorf("of %d readings %d are kept, %d acknowledged", offered, len(b.disk.readings()), len(dones))
		}
		if err := b.Err(); err != nil {
			t.Errorf("Err is still %v", err)
		}
		if b.count(t, "append_retries_total") == 0 || b.count(t, "stalls_total") == 0 {
			t.Error("the outage was not counted")
		}
	})
}

func TestWhoWaitsForRoomGetsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, ingest.Options{BatchReadings: 1, MaxPending: 1}, &disk{took: time.Millisecond})
		done := make(chan error, 300)
		for range 3 {
			door := b.door()
			go func() {
				for range 100 {
					door.Offer(t.Context(), message("d1 level=1"), func(err error) { done <- err })
				}
			}()
		}
		for range 300 {
			isDone(t, done, nil)
		}
	})
}

func TestStopAcknowledgesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, ingest.Options{BatchReadings: 2, MaxPending: 4}, &disk{took: time.Hour})
		door := b.door()
		var dones []<-chan error
		for range 5 {
			dones = append(dones, offer(t, door, "d1 level=1"))
		}
		time.Sleep(time.Second)
		b.stop()
		dones = append(dones, offer(t, door, "d1 level=1"), offer(t, door, "! refused"))
		for _, done := range dones {
			isDone(t, done, ingest.ErrStopped)
		}
	})
}
