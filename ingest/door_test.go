package ingest_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"citywatch"
	"citywatch/ingest"
	"citywatch/ingest/decode"
)

func TestReadingIsCompletedFromTheRegistry(t *testing.T) {
	b := start(t, ingest.Options{}, &disk{})
	m := message("serial-7 level=80.5")
	isDone(t, offerMessage(t.Context(), b.door(), m), nil)
	got := b.disk.readings()
	if len(got) != 1 {
		t.Fatalf("kept %d readings", len(got))
	}
	r := got[0]
	if r.Device != "d7" || r.Class != "river_gauge" || r.Zone != "z7" || r.Sector != "disaster" {
		t.Errorf("kept %+v", r)
	}
	if !r.Arrived.Equal(m.Arrived) || !r.TimeAssumed || r.Values[0].Number != 80.5 {
		t.Errorf("kept %+v", r)
	}
	if n := b.count(t, "readings_total", "test"); n != 1 {
		t.Errorf("counted %d readings", n)
	}
}

// A picky decoder wants to hear nothing of pictures.
type picky struct{ texts }

func (picky) Ignores(topic string) bool { return strings.HasSuffix(topic, "/snapshot") }

// TestPicturesAreNoFault holds that what a decoder ignores is not refused for
// its size, which it cannot know to be too large.
func TestPicturesAreNoFault(t *testing.T) {
	b := start(t, ingest.Options{}, &disk{})
	door := b.Door(ingest.DoorOptions{Source: "test", Format: "picky", Decoder: picky{}})
	for letters, topic := range []string{"frigate/gate/person/snapshot", "frigate/gate/person"} {
		m := message(strings.Repeat("\xff", 100<<10))
		m.Topic = topic
		isDone(t, offerMessage(t.Context(), door, m), nil)
		if got := b.disk.deadLetters(); len(got) != letters {
			t.Errorf("after %s there are %d dead letters, want %d", topic, len(got), letters)
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name, payload string
		refusal       citywatch.Refusal
		device        string // on the dead letter
		detail        string // a part of it
		kept          int    // readings of it
	}{
		{"not decodable", "!", citywatch.RefusedDecode, "", "begins with !", 0},
		{"one line of three", "d1 n=1\n!\nd2 n=1", citywatch.RefusedDecode, "", "begins with !", 2},
		{"decoder panics", "panic", citywatch.RefusedDecode, "", "at the decoder", 0},
		{"too large", "d1 note=" + strings.Repeat("x", 64<<10), citywatch.RefusedSize, "", "more than 65536", 0},
		{"not a number", "d1 n=NaN", citywatch.RefusedNumber, "", "not a finite number", 0},
		{"infinite", "d1 n=+Inf", citywatch.RefusedNumber, "", "not a finite number", 0},
		{"nothing in it", "d1", citywatch.RefusedNoValues, "d1", "no values", 0},
		{"unknown device", "ghost n=1", citywatch.RefusedDevice, "ghost", `"ghost" is not known; add it`, 0},
		{"two unknown of three", "ghost n=1\nd1 n=1\nspectre n=1", citywatch.RefusedDevice, "ghost", "and 1 more", 1},
		{"2 minutes ahead", "d1@2m n=1", "", "", "", 1},
		{"more than 2 minutes ahead", "d1@2m1s n=1", citywatch.RefusedFuture, "d1", "set the device's clock", 0},
		{"years ago", "d1@-87600h n=1", "", "", "", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := start(t, ingest.Options{}, &disk{})
			m := message(c.payload)
			isDone(t, offerMessage(t.Context(), b.door(), m), nil)
			if n := len(b.disk.readings()); n != c.kept {
				t.Errorf("kept %d readings, want %d", n, c.kept)
			}
			letters := b.disk.deadLetters()
			if c.refusal == "" {
				if len(letters) > 0 {
					t.Errorf("refused: %+v", letters[0])
				}
				return
			}
			if len(letters) != 1 {
				t.Fatalf("%d dead letters", len(letters))
			}
			l := letters[0]
			if l.Refusal != c.refusal || !strings.Contains(l.Detail, c.detail) {
				t.Errorf("refused as %s: %s", l.Refusal, l.Detail)
			}
			if c.device != "" && l.Device != c.device {
				t.Errorf("the dead letter is of device %q", l.Device)
			}
			if l.Source != "test" || l.Decoder != "texts" || l.Topic != "a/b" || !l.Arrived.Equal(m.Arrived) {
				t.Errorf("dead letter %+v", l)
			}
			if want := c.payload[:min(len(c.payload), citywatch.MaxPayload)]; string(l.Payload) != want {
				t.Errorf("the dead letter has %d bytes of payload, want %d", len(l.Payload), len(want))
			}
			if b.count(t, "refused_total", "test", string(c.refusal)) == 0 {
				t.Error("not counted")
			}
		})
	}
}

// unrefused lets through what no decoder should.
type unrefused struct{ number float64 }

func (u unrefused) Decode(dst []citywatch.Reading, m decode.Message) ([]citywatch.Reading, error) {
	return append(dst, citywatch.Reading{Device: "d1", Time: m.Arrived, Arrived: m.Arrived,
		Values: []citywatch.Value{{Name: "n", Number: u.number}}}), nil
}

func TestNoDecoderGetsANaNThrough(t *testing.T) {
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		b := start(t, ingest.Options{}, &disk{})
		door := b.Door(ingest.DoorOptions{Source: "test", Decoder: unrefused{f}})
		isDone(t, offer(t, door, ""), nil)
		if n := len(b.disk.readings()); n != 0 {
			t.Errorf("%v was kept", f)
		}
	}
}

// What a broker kept is of unknown age: it must not make a dead sensor look
// alive.
func TestRetainedWithoutItsOwnTimeSaysNothing(t *testing.T) {
	b := start(t, ingest.Options{}, &disk{})
	for _, payload := range []string{"d1 n=1", "d1@-1h n=1", "ghost@-1h n=1"} {
		m := message(payload)
		m.Retained = true
		isDone(t, offerMessage(t.Context(), b.door(), m), nil)
	}
	if got := b.disk.readings(); len(got) != 1 || got[0].TimeAssumed {
		t.Errorf("kept %+v", got)
	}
	if n := b.count(t, "retained_skipped_total"); n != 1 {
		t.Errorf("counted %d", n)
	}
	if n := len(b.disk.deadLetters()); n != 0 {
		t.Errorf("%d dead letters of messages that come again with every connection", n)
	}
}

func TestDevicesRegisterThemselvesUpToALimit(t *testing.T) {
	b := start(t, ingest.Options{}, &disk{})
	door := b.Door(ingest.DoorOptions{Source: "test", Decoder: texts{}, AutoRegister: true, Class: "air_station", Sector: citywatch.SectorEnvironment})
	for i := range 1000 {
		isDone(t, offer(t, door, fmt.Sprintf("new%d n=1", i)), nil)
	}
	got := b.disk.readings()
	if len(got) != 2 { // as many as the registry has room for
		t.Fatalf("kept readings of %d new devices", len(got))
	}
	if r := got[0]; r.Class != "air_station" || r.Sector != "environment" {
		t.Errorf("kept %+v", r)
	}
	isDone(t, offer(t, door, "new1 n=2\nd1 n=2"), nil)
	if n := len(b.disk.readings()); n != 4 {
		t.Errorf("a flood of new devices stopped the known ones: %d readings", n)
	}
}

func TestFloodOfBadMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, ingest.Options{DeadLettersPerSecond: 50}, &disk{})
		door := b.door()
		done := make(chan error, 3*20_000)
		deliver := func(payload string) {
			door.Offer(t.Context(), message(payload), func(err error) { done <- err })
		}
		const flood = 20_000
		for i := range flood { // 20 s of one device's fault, and good readings
			deliver("spammer n=1")
			if i%10 == 0 {
				deliver(fmt.Sprintf("d1 n=%d", i))
			}
			if i == flood/2 {
				deliver("ghost n=1")
			}
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Minute)
		if want := flood + flood/10 + 1; len(done) != want {
			t.Fatalf("%d of %d messages are done", len(done), want)
		}
		if n := len(b.disk.readings()); n != flood/10 {
			t.Errorf("kept %d good readings of %d", n, flood/10)
		}
		letters := b.disk.deadLetters()
		if len(letters) > 200 {
			t.Errorf("kept %d dead letters of one device's one fault", len(letters))
		}
		if !slices.ContainsFunc(letters, func(l citywatch.DeadLetter) bool { return l.Device == "ghost" }) {
			t.Error("the flood left no room for another device's fault")
		}
		kept, not := b.count(t, "dead_letters_total", "true"), b.count(t, "dead_letters_total", "false")
		if kept != len(letters) || kept+not != flood+1 {
			t.Errorf("counted %d kept and %d not, of %d", kept, not, flood+1)
		}
	})
}

func TestFloodFromManyDevicesIsBoundedPerSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, ingest.Options{DeadLettersPerSecond: 10}, &disk{})
		hostile := b.Door(ingest.DoorOptions{Source: "hostile", Decoder: texts{}})
		for i := range 5000 {
			hostile.Offer(t.Context(), message(fmt.Sprintf("x%d n=1", i)), func(error) {})
			synctest.Wait()
		}
		isDone(t, offer(t, b.door(), "ghost n=1"), nil)
		perSource := map[string]int{}
		for _, l := range b.disk.deadLetters() {
			perSource[l.Source]++
		}
		if perSource["hostile"] != 100 || perSource["test"] != 1 {
			t.Errorf("kept %v", perSource)
		}
	})
}

// While dead letters cannot be written, bad messages must not hold up good
// ones, nor be held in memory without end.
func TestDeadLettersThatCannotBeWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{full: errFull}
		b := start(t, ingest.Options{DeadLettersPerSecond: 10_000}, d)
		done := make(chan error, 1000)
		for i := range 1000 {
			b.door().Offer(t.Context(), message(fmt.Sprintf("x%d n=1", i)), func(err error) { done <- err })
		}
		synctest.Wait()
		if n := len(done); n < 1000-300 {
			t.Errorf("only %d of 1000 are done; at most 257 may wait", n)
		}
		d.setFull(nil)
		time.Sleep(time.Minute)
		if len(done) != 1000 || len(d.deadLetters()) < 200 {
			t.Errorf("%d of 1000 are done, %d kept", len(done), len(d.deadLetters()))
		}
	})
}

func TestReplay(t *testing.T) {
	b := start(t, ingest.Options{}, &disk{})
	fixed := false
	b.Route("test", func(l citywatch.DeadLetter) *ingest.Door {
		if l.Topic != "a/b" {
			return nil
		}
		return b.Door(ingest.DoorOptions{Source: "test", Decoder: texts{}, AutoRegister: fixed})
	})
	isDone(t, offer(t, b.door(), "ghost n=1\nd2 n=1"), nil)
	letter := b.disk.deadLetters()[0]

	var refused *decode.Error
	if err := b.Replay(t.Context(), letter); !errors.As(err, &refused) || refused.Refusal != citywatch.RefusedDevice {
		t.Errorf("replayed before the fault was mended: %v", err)
	}
	fixed = true
	before := len(b.disk.readings())
	if err := b.Replay(t.Context(), letter); err != nil {
		t.Errorf("replay: %v", err)
	}
	got := b.disk.readings()[before:]
	if len(got) != 2 || got[0].Device != "ghost" || !got[0].Arrived.Equal(letter.Arrived) || !got[0].Time.Equal(letter.Arrived) {
		t.Errorf("replayed %+v", got)
	}
	if n := len(b.disk.deadLetters()); n != 1 {
		t.Errorf("%d dead letters after the replays", n)
	}

	letter.Topic = "elsewhere"
	if err := b.Replay(t.Context(), letter); !errors.Is(err, ingest.ErrNoDoor) {
		t.Errorf("another topic: %v", err)
	}
	letter.Source = "gone"
	if err := b.Replay(t.Context(), letter); !errors.Is(err, ingest.ErrNoDoor) {
		t.Errorf("another source: %v", err)
	}
}

func TestReplayOfWhatWasAheadOfItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, ingest.Options{}, &disk{})
		b.Route("test", func(citywatch.DeadLetter) *ingest.Door { return b.door() })
		isDone(t, offer(t, b.door(), "d1@1h n=1"), nil)
		letter := b.disk.deadLetters()[0]
		if err := b.Replay(t.Context(), letter); err == nil {
			t.Error("taken while still ahead")
		}
		time.Sleep(time.Hour)
		if err := b.Replay(t.Context(), letter); err != nil {
			t.Errorf("an hour later: %v", err)
		}
	})
}

func TestReplayOfWhatWasTooLarge(t *testing.T) {
	b := start(t, ingest.Options{}, &disk{})
	b.Route("test", func(citywatch.DeadLetter) *ingest.Door { return b.door() })
	isDone(t, offer(t, b.door(), "d1 note="+strings.Repeat("x", 70_000)), nil)
	var refused *decode.Error
	if err := b.Replay(t.Context(), b.disk.deadLetters()[0]); !errors.As(err, &refused) || refused.Refusal != citywatch.RefusedSize {
		t.Errorf("replayed the beginning of it: %v", err)
	}
}

func TestOptionsProblems(t *testing.T) {
	if p := (ingest.Options{}).Problems(); len(p) > 0 {
		t.Errorf("the defaults: %v", p)
	}
	bad := ingest.Options{BatchReadings: -1, BatchDelay: time.Hour, MaxPending: -1, DeadLettersPerSecond: 1 << 20}
	var paths []string
	for _, p := range bad.Problems() {
		paths = append(paths, p.Path)
	}
	slices.Sort(paths)
	if want := []string{"$.batch_delay", "$.batch_readings", "$.dead_letters_per_second", "$.max_pending"}; !slices.Equal(paths, want) {
		t.Errorf("problems at %v, want %v", paths, want)
	}
}
