package badcamera_test

import (
	"context"
	"errors"
	"runtime"
	"runtime/metrics"
	"sync"
	"testing"
	"time"

	"citywatch"
	"citywatch/internal/badcamera"
	"citywatch/video"
	"citywatch/video/rtsp"
)

const (
	// failures is how many sessions are to fail in a row.
	failures = 300
	// atOnce is how many of them do at a time.
	atOnce = 40
	// mostHeap is what the heap may grow by in the midst of it, and leftHeap
	// when it is over.
	mostHeap, leftHeap = 96 << 20, 8 << 20
)

// TestFailures has sessions fail in every way there is, one after another and
// without a pause, and demands that nothing of them is left.
func TestFailures(t *testing.T) {
	films := badcamera.Shoot(t)
	sources := failing(t, films)
	round(t, sources[:atOnce]) // what is made once and kept is not left
	goroutines, files, heap := runtime.NumGoroutine(), descriptors(t), live()
	most := watchHeap(t)
	failed := 0
	for failed < failures {
		failed += round(t, sources)
	}
	if grown := most() - heap; grown > mostHeap {
		t.Errorf("the heap grew by %d KiB", grown>>10)
	} else {
		t.Logf("%d sessions failed; the heap grew by %d KiB meanwhile", failed, grown>>10)
	}
	if !eventually(func() bool { return runtime.NumGoroutine() <= goroutines && descriptors(t) <= files }) {
		t.Errorf("%d goroutines and %d descriptors, of %d and %d before: %v",
			runtime.NumGoroutine(), descriptors(t), goroutines, files, labelled(t))
	}
	if left := live() - heap; left > leftHeap {
		t.Errorf("%d KiB more are in use than before", left>>10)
	}
}

// failing returns a source for each case in which a session ends by itself.
func failing(t *testing.T, films badcamera.Films) []*witness {
	t.Helper()
	var sources []*witness
	for _, c := range badcamera.Cases() {
		if c.Want == citywatch.CameraOnline || c.Want == citywatch.CameraFrozen {
			continue
		}
		camera := badcamera.Start(t, c, badcamera.Options{Films: films, After: 100 * time.Millisecond})
		o := options(t, camera)
		o.Timeout = 300 * time.Millisecond
		sources = append(sources, &witness{name: c.Name, source: rtsp.New(o)})
	}
	return sources
}

// round plays each source until its session fails, and returns how many did.
func round(t *testing.T, sources []*witness) int {
	t.Helper()
	var (
		places = make(chan struct{}, atOnce)
		all    sync.WaitGroup
		mu     sync.Mutex
		failed int
	)
	for _, w := range sources {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			// What sends frames without a key frame is borne for minutes.
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			err := w.Play(ctx, nobody{})
			mu.Lock()
			defer mu.Unlock()
			var fault *video.Fault
			switch {
			case errors.As(err, &fault):
				clean(t, w.name, err.Error())
				failed++
			case !errors.Is(err, context.DeadlineExceeded):
				t.Errorf("%s: no fault: %v", w.name, err)
			}
		})
	}
	all.Wait()
	return failed
}

// nobody is a sink that keeps nothing.
type nobody struct{}

// Tracks implements video.Sink.
func (nobody) Tracks([]video.Track) {}

// Unit implements video.Sink.
func (nobody) Unit(video.Unit) {}

// Lost implements video.Sink.
func (nobody) Lost(int) {}

// live returns the bytes that are in use.
func live() int {
	runtime.GC()
	runtime.GC() // the first one's finalizers have run
	return heapBytes()
}

func heapBytes() int {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return int(sample[0].Value.Uint64())
}

// watchHeap watches the heap until it is asked for the most that it was.
func watchHeap(t *testing.T) func() int {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	most := make(chan int, 1)
	go func() {
		n := 0
		for ctx.Err() == nil {
			n = max(n, heapBytes())
			time.Sleep(10 * time.Millisecond)
		}
		most <- n
	}()
	return func() int {
		cancel()
		return <-most
	}
}
