package video

import (
	"math/rand/v2"
	"testing"
	"time"

	"citywatch"
)

func TestBackoffGrows(t *testing.T) {
	var b backoff
	for i, want := range []float64{1, 2, 4, 8, 16, 32, 60, 60, 60} {
		if got := b.next(citywatch.CameraUnreachable, 0, 0); got.Seconds() != want {
			t.Errorf("after %d faults: %v, want %v s", i+1, got, want)
		}
	}
	if got := b.next(citywatch.CameraUnreachable, 29*time.Second, 0); got != time.Minute {
		t.Errorf("after a short session: %v", got)
	}
	if got := b.next(citywatch.CameraUnreachable, steady, 0); got != time.Second {
		t.Errorf("after a steady session: %v", got)
	}
}

func TestBackoffOfRefusals(t *testing.T) {
	var b backoff
	for i, want := range []float64{1, 2, 4, 8, 10, 10} {
		if got := b.next(citywatch.CameraBadCredentials, 0, 0); got.Minutes() != want {
			t.Errorf("after %d refusals: %v, want %v min", i+1, got, want)
		}
	}
}

func TestBackoffIsBounded(t *testing.T) {
	all := []citywatch.CameraState{
		citywatch.CameraUnreachable, citywatch.CameraBadCredentials, citywatch.CameraNoVideo, citywatch.CameraUnsupported,
	}
	var b backoff
	for range 10_000 {
		state := all[rand.IntN(len(all))]
		d := b.next(state, time.Duration(rand.Int64N(int64(time.Minute))), rand.Float64())
		least, most := leastBackoff*3/4, mostBackoff
		if state == citywatch.CameraBadCredentials {
			least, most = leastRefused, mostRefused*5/4
		}
		if d < least || d > most {
			t.Fatalf("%s: %v", state, d)
		}
	}
}
