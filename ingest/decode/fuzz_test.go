package decode

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/txtar"

	"citywatch"
)

// addGolden seeds the fuzzer with the messages of the golden files of the
// format.
func addGolden(f *testing.F, format string) {
	f.Helper()
	files, err := filepath.Glob("testdata/golden/" + format + "*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatalf("no golden files of %s: %v", format, err)
	}
	for _, name := range files {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			kind, topic, _ := strings.Cut(file.Name, " ")
			switch kind {
			case "message":
				f.Add(topic, bytes.TrimSpace(file.Data))
			case "hex":
				b, err := hex.DecodeString(strings.Join(strings.Fields(string(file.Data)), ""))
				if err != nil {
					f.Fatal(err)
				}
				f.Add(topic, b)
			}
		}
	}
}

// fuzz decodes arbitrary messages and checks what the Decoder promises of
// every reading and every error.
func fuzz(f *testing.F, options string) {
	f.Helper()
	o := parseOptions(f, options)
	f.Fuzz(func(t *testing.T, topic string, payload []byte) {
		d, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		original := bytes.Clone(payload)
		m := Message{Topic: topic, Payload: payload, Arrived: arrived}
		got, err := d.Decode(nil, m)
		checkReadings(t, got)
		checkError(t, err)
		if !bytes.Equal(payload, original) {
			t.Fatal("the decoder wrote into the payload")
		}
		before := describe(got, err)
		for i := range payload {
			payload[i] ^= 0x5a
		}
		if after := describe(got, err); after != before {
			t.Fatalf("the readings share memory with the payload: %q became %q", before, after)
		}
		// A decoder that has seen one message means the same by the next.
		again, err := d.Decode(nil, Message{Topic: topic, Payload: original, Arrived: arrived})
		if after := describe(again, err); after != before && !strings.HasPrefix(topic, "spBv1.0/") {
			t.Fatalf("decoded again: %q became %q", before, after)
		}
	})
}

func checkReadings(t *testing.T, readings []citywatch.Reading) {
	t.Helper()
	for _, r := range readings {
		if err := checkName("the device's id", r.Device); err != nil {
			t.Fatal(err)
		}
		if r.Class != "" || r.Zone != "" || r.Sector != "" {
			t.Fatalf("%+v has what only the registry knows", r)
		}
		if r.TimeAssumed && !r.Time.Equal(r.Arrived) || !r.Arrived.Equal(arrived) {
			t.Fatalf("%+v: the times do not fit", r)
		}
		if u := r.Time.Unix(); u < minUnix-1<<29 || u >= maxUnix {
			t.Fatalf("the time %v", r.Time)
		}
		if p := r.Position; p != nil && !(p[0] >= -180 && p[0] <= 180 && p[1] >= -90 && p[1] <= 90) {
			t.Fatalf("the position %v", p)
		}
		if n := len(r.Values); n == 0 || n > maxValues {
			t.Fatalf("%d values", n)
		}
		if !slices.IsSortedFunc(r.Values, func(a, b citywatch.Value) int { return cmp.Compare(a.Name, b.Name) }) {
			t.Fatalf("not sorted: %+v", r.Values)
		}
		for i, v := range r.Values {
			if i > 0 && v.Name == r.Values[i-1].Name {
				t.Fatalf("%q occurs twice", v.Name)
			}
			if err := checkName("the value's name", v.Name); err != nil {
				t.Fatal(err)
			}
			if math.IsNaN(v.Number) || math.IsInf(v.Number, 0) || v.IsText() && v.Number != 0 {
				t.Fatalf("the value %+v", v)
			}
			if len(v.Text) > maxText || !utf8.ValidString(v.Text) {
				t.Fatalf("the text %q", v.Text)
			}
		}
	}
}

func checkError(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	var refused *Error
	if !errors.As(err, &refused) || refused == nil {
		t.Fatalf("%v is a %T, not an *Error", err, err)
	}
	if refused.Refusal == "" || refused.Detail == "" || !utf8.ValidString(refused.Detail) {
		t.Fatalf("the refusal %+v", refused)
	}
}

func FuzzJSON(f *testing.F) {
	addGolden(f, "json")
	fuzz(f, "format: json")
}

func FuzzThingsBoard(f *testing.F) {
	addGolden(f, "thingsboard")
	fuzz(f, "{format: thingsboard, device: '{1}'}")
}

func FuzzJSONFields(f *testing.F) {
	addGolden(f, "fields")
	fuzz(f, `
format: json_fields
device: "{payload:/station/id}"
fields:
  records: /data
  time: {at: /t, format: unix_s}
  values:
    - {at: /raw/level, name: water_level, scale: 1e10, offset: 70}
    - {at: /raw/rain, name: rain, number: true}
    - {at: /ok, name: ok}
  longitude: /station/lon
  latitude: /station/lat
`)
}

func FuzzScalar(f *testing.F) {
	addGolden(f, "scalar")
	fuzz(f, "format: scalar")
}

func FuzzChirpStack(f *testing.F) {
	addGolden(f, "chirpstack")
	fuzz(f, "format: chirpstack")
}

func FuzzTTS(f *testing.F) {
	addGolden(f, "tts")
	fuzz(f, "format: tts")
}

func FuzzZigbee2MQTT(f *testing.F) {
	addGolden(f, "zigbee2mqtt")
	fuzz(f, "format: zigbee2mqtt")
}

func FuzzFrigate(f *testing.F) {
	addGolden(f, "frigate")
	fuzz(f, "format: frigate")
}

func FuzzSenML(f *testing.F) {
	addGolden(f, "senml")
	fuzz(f, "format: senml")
}

// FuzzSparkplug decodes a birth first, so that the data after it can name
// metrics by their aliases.
func FuzzSparkplug(f *testing.F) {
	birth := spPayload{time: 1795302000000, seq: 0, metrics: []spMetric{
		{name: "bdSeq", datatype: 8, integer: new(uint64(7))},
		{name: "Temps/Boiler", alias: new(uint64(1)), datatype: 9, float: new(float32(21.3))},
		{name: "Level", alias: new(uint64(2)), datatype: 3, integer: new(uint64(0xFFFFFFFF))},
	}}.encode()
	data := spPayload{time: 1795302001000, seq: 1, metrics: []spMetric{{alias: new(uint64(2)), integer: new(uint64(5))}}}.encode()
	f.Add("spBv1.0/g/NDATA/n", data)
	f.Add("spBv1.0/g/DBIRTH/n/d", birth)
	f.Add("spBv1.0/g/NDEATH/n", birth)
	f.Add("spBv1.0/g/NBIRTH/n", birth[:len(birth)-3])
	f.Fuzz(func(t *testing.T, topic string, payload []byte) {
		d, err := New(Options{Format: Sparkplug})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Decode(nil, Message{Topic: "spBv1.0/g/NBIRTH/n", Payload: birth, Arrived: arrived}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			got, err := d.Decode(nil, Message{Topic: topic, Payload: payload, Arrived: arrived})
			checkReadings(t, got)
			checkError(t, err)
			before := describe(got, err)
			clobbered := bytes.Clone(payload)
			clear(payload)
			if after := describe(got, err); after != before {
				t.Fatalf("the readings share memory with the payload: %q became %q", before, after)
			}
			copy(payload, clobbered)
		}
	})
}
