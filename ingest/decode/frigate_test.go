package decode

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"citywatch"
)

// frigateEvent is an event of a person with an id and a time that fit.
func frigateEvent(start float64, suffix, rest string) string {
	return fmt.Sprintf(`{"type":"update","after":{"id":"%[1]f-%[2]s","camera":"cong","label":"person","start_time":%[1]f%[3]s}}`, start, suffix, rest)
}

// TestFrigateEventIsOneReading holds the promise that the store and the rules
// rely on: what is said of one event has one time, what is said of another has
// another, and each lies where the event began.
func TestFrigateEventIsOneReading(t *testing.T) {
	d := newDecoder(t, "format: frigate")
	decodeOne := func(topic, payload string) citywatch.Reading {
		t.Helper()
		got, err := d.Decode(nil, Message{Topic: topic, Payload: []byte(payload), Arrived: arrived})
		if err != nil || len(got) != 1 {
			t.Fatalf("%s: %v, %v", payload, got, err)
		}
		return got[0]
	}
	const start = 1795302000.475377
	first := decodeOne("frigate/events", frigateEvent(start, "mxklsc", `,"end_time":null,"frame_time":1795302001.2`))
	last := decodeOne("frigate/events", frigateEvent(start, "mxklsc", `,"end_time":1795302009.25`))
	plate := decodeOne("frigate/tracked_object_update",
		`{"type":"lpr","id":"1795302000.475377-mxklsc","camera":"cong","plate":"24A12345","score":0.9,"timestamp":1795302003.1}`)
	if !first.Time.Equal(last.Time) || !first.Time.Equal(plate.Time) {
		t.Errorf("one event has the times %v, %v and %v", first.Time, last.Time, plate.Time)
	}
	if began := time.UnixMicro(1795302000475377); first.Time.Sub(began).Abs() > time.Millisecond || first.TimeAssumed {
		t.Errorf("an event that began at %v has the time %v", began.UTC(), first.Time)
	}
	if ended, _ := last.Number("ended"); ended != 1 {
		t.Errorf("%v has not ended", last.Values)
	}
	times := map[time.Time]string{first.Time: "mxklsc"}
	for i := range 100 {
		suffix := fmt.Sprintf("%06d", i*7919)
		r := decodeOne("frigate/events", frigateEvent(start, suffix, ""))
		if other, taken := times[r.Time]; taken {
			t.Errorf("%s has the time of %s", suffix, other)
		}
		times[r.Time] = suffix
	}
}

// TestFrigateListsAreBounded gives a review more events than a value can name.
func TestFrigateListsAreBounded(t *testing.T) {
	d := newDecoder(t, "format: frigate")
	ids := strings.Repeat(`"1795302000.475377-mxklsc",`, 100)
	payload := `{"after":{"id":"1795302000.4-a","camera":"cong","start_time":1795302000.4,"severity":"alert","data":{"detections":[` + strings.TrimSuffix(ids, ",") + `]}}}`
	got, err := d.Decode(nil, Message{Topic: "frigate/reviews", Payload: []byte(payload), Arrived: arrived})
	if err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	events, _ := got[0].Text("review_events")
	for id := range strings.SplitSeq(events, ",") {
		if id != "1795302000.475377-mxklsc" {
			t.Errorf("an event is called %q", id)
		}
	}
	if n := len(events); n < maxText-30 || n > maxText {
		t.Errorf("%d bytes of events", n)
	}
}

func BenchmarkFrigateCount(b *testing.B) {
	benchmark(b, "format: frigate", "frigate/cau_coc_leu/person", "2")
}

func BenchmarkFrigateEvent(b *testing.B) {
	benchmark(b, "format: frigate", "frigate/events", `{"type":"update","before":{"id":"1795302000.475377-mxklsc","camera":"cau_coc_leu","frame_time":1795302001.837752,"label":"person","top_score":0.958984375,"false_positive":false,"start_time":1795302000.475377,"end_time":null,"score":0.7890625,"box":[424,500,536,712],"area":23744,"region":[264,450,667,853],"current_zones":["driveway"],"entered_zones":["yard","driveway"]},"after":{"id":"1795302000.475377-mxklsc","camera":"cau_coc_leu","frame_time":1795302002.082975,"label":"person","sub_label":null,"top_score":0.958984375,"false_positive":false,"start_time":1795302000.475377,"end_time":null,"score":0.87890625,"box":[432,496,544,854],"area":40096,"region":[218,440,693,915],"stationary":false,"current_zones":["yard","driveway"],"entered_zones":["yard","driveway"],"has_clip":true,"has_snapshot":true}}`)
}
