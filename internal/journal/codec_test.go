package journal

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"google.golang.org/protobuf/encoding/protowire"

	"citywatch"
)

// encode returns an entry that holds the readings.
func encode(t testing.TB, readings []citywatch.Reading) []byte {
	t.Helper()
	enc := encoders.Get().(*encoder)
	defer enc.release()
	n, err := enc.encodeBatch(readings)
	if err != nil || n != len(readings) {
		t.Fatalf("encoded %d of %d readings: %v", n, len(readings), err)
	}
	return appendEntry(nil, enc.buf)
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

// corners are readings as odd as ingest lets through.
var corners = []citywatch.Reading{
	{
		Device: "lao-cai-thao", Class: "river_gauge", Zone: "lao-cai", Sector: "disaster",
		Time: at("2026-11-22T00:00:00Z"), Arrived: at("2026-11-22T00:00:01.234567891Z"),
		Values: []citywatch.Value{{Name: "battery", Number: 3.6}, {Name: "water_level", Number: 80.12}},
	},
	{
		Device: "panel", Class: "fire_panel", Sector: "fire", // no zone
		Time: at("2026-11-22T00:00:01.5Z"), Arrived: at("2026-11-22T00:00:01.5Z"), TimeAssumed: true,
		Values: []citywatch.Value{{Name: "state", Text: "cháy"}},
	},
	{
		Device: "xe cứu hộ #3 🚒", Class: "fire_panel", Zone: "sa-pa", Sector: "fire",
		Time: at("1601-01-01T00:00:00Z"), Arrived: at("2026-11-22T00:00:00.999999999Z"),
		Values:   []citywatch.Value{{Name: "a", Number: -0.5}, {Name: "b"}, {Name: "c", Text: "cháy"}, {Name: "d", Number: 1.7976931348623157e308}},
		Position: &orb.Point{103.9707, 22.4856},
	},
	{
		Device: strings.Repeat("x", 300), Class: "river_gauge", Zone: "lao-cai", Sector: "disaster",
		Time: time.Time{}, Arrived: at("2026-11-21T23:59:59Z"),
		Values: []citywatch.Value{{Name: "note", Text: strings.Repeat("y", 60000)}},
	},
}

func TestEntryComesBackAsItWas(t *testing.T) {
	got, err := newDecoder().entry(encode(t, corners))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(corners, got.Readings); diff != "" {
		t.Error(diff)
	}
	if !got.Tick.IsZero() {
		t.Errorf("readings with a tick: %v", got.Tick)
	}
}

func TestTickComesBackAsItWas(t *testing.T) {
	want := at("2026-11-22T07:00:00.000000001Z")
	got, err := newDecoder().entry(appendTick(nil, want))
	if err != nil || !got.Tick.Equal(want) || got.Readings != nil {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestDecodingForgetsTheMessage holds that nothing decoded lies in the buffer
// that the client reuses, and that batches have tables of their own.
func TestDecodingForgetsTheMessage(t *testing.T) {
	var batches [][]byte
	for i := range corners {
		enc := &encoder{strings: map[string]uint64{}}
		if _, err := enc.encodeBatch(corners[i : i+1]); err != nil {
			t.Fatal(err)
		}
		batches = append(batches, enc.buf)
	}
	data := appendEntry(nil, batches...)
	got, err := newDecoder().entry(data)
	if err != nil {
		t.Fatal(err)
	}
	clear(data)
	if diff := cmp.Diff(corners, got.Readings); diff != "" {
		t.Error(diff)
	}
}

// TestUnknownFieldsAreSkipped is the promise of entry.proto to a later version.
func TestUnknownFieldsAreSkipped(t *testing.T) {
	unknown := func(b []byte) []byte {
		b = appendUint(b, 100, 7)
		b = appendBytes(b, 101, []byte("later"))
		b = protowire.AppendTag(b, 102, protowire.Fixed32Type)
		b = protowire.AppendFixed32(b, 1)
		b = protowire.AppendTag(b, 103, protowire.Fixed64Type)
		return protowire.AppendFixed64(b, 1)
	}
	enc := &encoder{strings: map[string]uint64{}}
	if _, err := enc.encodeBatch(corners[:1]); err != nil {
		t.Fatal(err)
	}
	reading := unknown(appendBytes(nil, readingDevice, []byte("new-device")))
	reading = appendBytes(reading, readingValue, unknown(appendUint(nil, valueName, 1)))
	batch := appendBytes(unknown(enc.buf), batchReading, reading)
	data := unknown(appendEntry(nil, batch))

	got, err := newDecoder().entry(data)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Readings) != 2 || got.Readings[1].Device != "new-device" || len(got.Readings[1].Values) != 1 {
		t.Fatalf("got %+v", got.Readings)
	}
	if diff := cmp.Diff(corners[0], got.Readings[0]); diff != "" {
		t.Error(diff)
	}
}

func TestCorruptEntriesAreRefused(t *testing.T) {
	whole := encode(t, corners)
	cases := map[string][]byte{
		"nothing":             {},
		"no version":          appendBytes(nil, entryBatch, nil),
		"a later version":     appendUint(nil, entryVersion, wireVersion+1),
		"neither":             appendUint(nil, entryVersion, wireVersion),
		"both":                appendUint(bytes.Clone(whole), entryTick, 2),
		"an unknown string":   appendEntry(nil, appendBytes(nil, batchReading, appendUint(appendBytes(nil, readingDevice, []byte("d")), readingClass, 1))),
		"no device":           appendEntry(nil, appendBytes(nil, batchReading, nil)),
		"a short position":    appendEntry(nil, appendBytes(nil, batchReading, appendBytes(appendBytes(nil, readingDevice, []byte("d")), readingPosition, []byte("short")))),
		"too many nanos":      appendEntry(nil, appendBytes(nil, batchReading, appendUint(appendBytes(nil, readingDevice, []byte("d")), readingArrivedNanos, 1e9))),
		"text":                []byte("not an entry"),
		"a cut in the middle": whole[:len(whole)/2],
	}
	for name, data := range cases {
		if got, err := newDecoder().entry(data); !errors.Is(err, errCorrupt) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	for n := range len(whole) {
		if _, err := newDecoder().entry(whole[:n]); err == nil {
			t.Errorf("the first %d of %d bytes were taken for the whole", n, len(whole))
		}
	}
}

// TestHintsAreNotTrusted holds that a few bytes cannot ask for gigabytes.
func TestHintsAreNotTrusted(t *testing.T) {
	batch := appendUint(nil, batchReadingsCount, 1<<40)
	batch = appendUint(batch, batchValuesCount, 1<<40)
	batch = appendBytes(batch, batchReading, appendBytes(nil, readingDevice, []byte("d")))
	got, err := newDecoder().entry(appendEntry(nil, batch))
	if err != nil || len(got.Readings) != 1 {
		t.Fatal(got, err)
	}
	if c := cap(got.Readings); c > len(batch) {
		t.Errorf("room for %d readings was made for %d bytes", c, len(batch))
	}
}

func TestInternedStringsAreBounded(t *testing.T) {
	d := newDecoder()
	for i := range maxInterned + 10 {
		d.intern(fmt.Append(nil, "device-", i))
	}
	d.intern(bytes.Repeat([]byte("x"), maxInternedLen+1))
	if n := len(d.interned); n > maxInterned || n == 0 {
		t.Errorf("%d strings are kept", n)
	}
}

func TestLargeAppendsAreCut(t *testing.T) {
	var readings []citywatch.Reading
	for i := range 30 {
		r := corners[3]
		r.Device = fmt.Sprint("device-", i)
		r.Class = fmt.Sprint("class-", i)
		readings = append(readings, r)
		readings[i].Values = []citywatch.Value{{Name: "note", Text: strings.Repeat(fmt.Sprint(i%10), 50000)}}
	}
	var got []citywatch.Reading
	for rest := readings; len(rest) > 0; {
		enc := encoders.Get().(*encoder)
		n, err := enc.encodeBatch(rest)
		if err != nil {
			t.Fatal(err)
		}
		if len(enc.buf) > maxBatch {
			t.Errorf("a batch of %d bytes", len(enc.buf))
		}
		e, err := newDecoder().entry(appendEntry(nil, enc.buf))
		if err != nil {
			t.Fatal(err)
		}
		got, rest = append(got, e.Readings...), rest[n:]
		enc.release()
	}
	if diff := cmp.Diff(readings, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadingWithoutDeviceIsRefused(t *testing.T) {
	enc := &encoder{strings: map[string]uint64{}}
	if _, err := enc.encodeBatch([]citywatch.Reading{{Class: "river_gauge"}}); err == nil {
		t.Error("it could not be read again")
	}
}

// TestEncodersAreClean holds that nothing of one batch is left in the next.
func TestEncodersAreClean(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	enc := &encoder{strings: map[string]uint64{}}
	for range 200 {
		readings := random(rng)
		if _, err := enc.encodeBatch(readings); err != nil {
			t.Fatal(err)
		}
		got, err := newDecoder().entry(appendEntry(nil, enc.buf))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(readings, got.Readings) {
			t.Fatal(cmp.Diff(readings, got.Readings))
		}
	}
}

// random makes readings of few different strings.
func random(rng *rand.Rand) []citywatch.Reading {
	word := func() string {
		return []string{"", "a", "b", "river_gauge", "Sa Pa", "cháy"}[rng.IntN(6)]
	}
	readings := make([]citywatch.Reading, 1+rng.IntN(20))
	for i := range readings {
		r := &readings[i]
		*r = citywatch.Reading{
			Device: "d" + word(), Class: word(), Zone: word(), Sector: word(),
			Arrived: time.Unix(rng.Int64N(4e9), rng.Int64N(1e9)).UTC(), TimeAssumed: rng.IntN(2) == 0,
		}
		r.Time = r.Arrived
		if rng.IntN(2) == 0 {
			r.Time = time.Unix(rng.Int64N(4e9), rng.Int64N(2)).UTC()
		}
		if rng.IntN(4) == 0 {
			r.Position = &orb.Point{rng.Float64(), rng.Float64()}
		}
		for range 1 + rng.IntN(4) {
			v := citywatch.Value{Name: word(), Text: word()}
			if v.Text == "" {
				v.Number = rng.NormFloat64()
			}
			r.Values = append(r.Values, v)
		}
	}
	return readings
}

// FuzzEntry holds that no bytes make the decoder panic, and that what it
// accepts it would write and read again as the same.
func FuzzEntry(f *testing.F) {
	f.Add(encode(f, corners))
	f.Add(encode(f, corners[:2]))
	f.Add(appendTick(nil, at("2026-11-22T00:00:00Z")))
	f.Add(appendEntry(nil, appendUint(nil, batchReadingsCount, 1<<40)))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := newDecoder()
		e, err := d.entry(data)
		if err != nil {
			if !errors.Is(err, errCorrupt) {
				t.Errorf("an error without a name: %v", err)
			}
			return
		}
		if len(e.Readings)*smallestReading > len(data) {
			t.Errorf("%d readings in %d bytes", len(e.Readings), len(data))
		}
		if len(e.Readings) == 0 {
			return
		}
		enc := &encoder{strings: map[string]uint64{}}
		n, err := enc.encodeBatch(e.Readings)
		if err != nil {
			t.Fatal(err)
		}
		again, err := d.entry(appendEntry(nil, enc.buf))
		if err != nil {
			t.Fatal(err)
		}
		// As text, since NaN is not equal to itself.
		if want, got := fmt.Sprintf("%+v", flat(e.Readings[:n])), fmt.Sprintf("%+v", flat(again.Readings)); want != got {
			t.Errorf("read %s\nand again %s", want, got)
		}
	})
}

// flat shows positions instead of their addresses.
func flat(readings []citywatch.Reading) []any {
	var out []any
	for _, r := range readings {
		if r.Position != nil {
			out = append(out, *r.Position)
			r.Position = nil
		}
		out = append(out, r)
	}
	return out
}

// mixed is a batch as ingest makes it: devices of several classes in turn.
func mixed(n int) []citywatch.Reading {
	classes := []string{"river_gauge", "rain_gauge", "traffic_counter", "air_station"}
	names := [][]string{{"battery", "water_level"}, {"rain", "battery"}, {"count", "speed"}, {"pm10", "pm25", "no2"}}
	readings := make([]citywatch.Reading, n)
	for i := range readings {
		k := i % len(classes)
		arrived := at("2026-11-22T00:00:00.123456789Z").Add(time.Duration(i) * 31 * time.Microsecond)
		r := citywatch.Reading{
			Device: fmt.Sprintf("%s-%04d", classes[k], i), Class: classes[k], Zone: fmt.Sprint("zone-", i%12), Sector: "disaster",
			Time: arrived.Truncate(time.Second), Arrived: arrived,
		}
		for j, name := range names[k] {
			r.Values = append(r.Values, citywatch.Value{Name: name, Number: float64(i)/7 + float64(j)})
		}
		readings[i] = r
	}
	return readings
}

func BenchmarkEncode(b *testing.B) {
	readings := mixed(500)
	b.ReportAllocs()
	size := 0
	for b.Loop() {
		enc := encoders.Get().(*encoder)
		if _, err := enc.encodeBatch(readings); err != nil {
			b.Fatal(err)
		}
		size = len(enc.buf)
		enc.release()
	}
	perReading(b, 500)
	b.ReportMetric(float64(size)/500, "B/reading")
}

func BenchmarkDecode(b *testing.B) {
	data := encode(b, mixed(500))
	d := newDecoder()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.entry(data); err != nil {
			b.Fatal(err)
		}
	}
	perReading(b, 500)
}

func perReading(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/reading")
}
