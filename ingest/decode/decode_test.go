package decode

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"citywatch"
)

func TestProblems(t *testing.T) {
	for _, c := range []struct {
		name, options string
		want          []string // path: message
	}{
		{"nothing set", "{}", nil},
		{"every option of json_fields", `
format: json_fields
device: "{1}-{payload:/id}"
fields:
  records: /data
  time: {at: /t, format: "2006-01-02 15:04", zone: "+07:00"}
  values: [{at: /a~1b/0, name: a, scale: 2, offset: 1, number: true}]
  longitude: /lon
  latitude: /lat`, nil},
		{"every option of senml", `{format: senml, device: "{1+}", value: level, split: ":"}`, nil},
		{"unknown format", "format: csv", []string{`$.format: unknown format "csv"`}},
		{"templates", `device: "{x}"`, []string{`$.device: {x} is neither a level of the topic nor payload:/pointer`}},
		{"brace not closed", `device: "a{1"`, []string{`$.device: a { without a } after it`}},
		{"brace not opened", `device: "a}1"`, []string{`$.device: a } without a { before it`}},
		{"pointer in a template", `device: "{payload:id}"`, []string{`$.device: "id" is not a JSON pointer: it begins with /, as in /data/temp`}},
		{"strays", `{format: json, value: x, split: "/", fields: {records: /a}}`, []string{
			"$.value: the format json has no value", "$.split: the format json has no split", "$.fields: the format json has no fields"}},
		{"scalar with payload", `{format: scalar, device: "{payload:/id}", value: "{"}`, []string{
			"$.device: a scalar payload has nothing but the value in it", "$.value: a { without a } after it"}},
		{"sparkplug with payload", `{format: sparkplug, device: "{payload:/id}"}`, []string{"$.device: a Sparkplug payload is not JSON"}},
		{"senml", `{format: senml, split: "::", value: "a\tb"}`, []string{
			"$.split: names are cut at one character", `$.value: the value's name "a\tb" has a control character, or is not UTF-8`}},
		{"json_fields", `
format: json_fields
fields:
  records: data
  time: {at: /~2, format: iso, zone: "+07:00"}
  values: [{at: a, name: ""}, {at: /b, name: b}, {at: /c, name: b}]
  longitude: /lon`, []string{
			`$.fields.records: "data" is not a JSON pointer: it begins with /, as in /data/temp`,
			`$.fields.time.at: "/~2" is not a JSON pointer: ~ is written ~0, and / within a name ~1`,
			`$.fields: only one of longitude and latitude is set`,
			`$.fields.time.format: unknown format of time "iso"`,
			`$.fields.values[0].at: "a" is not a JSON pointer: it begins with /, as in /data/temp`,
			`$.fields.values[0].name: the value's name is empty`,
			`$.fields.values[2].name: the value "b" is named twice`}},
		{"json_fields without values", `format: json_fields`, []string{"$.fields.values: no values are named"}},
		{"frigate below a prefix", `{format: frigate, device: "frigate:{2}"}`, nil},
		{"frigate without a camera", `{format: frigate, device: "frigate"}`, []string{
			"$.device: the device must have one level of the topic in it, at which Frigate's cameras stand"}},
		{"frigate with payload", `{format: frigate, device: "{1}-{payload:/after/camera}"}`, []string{
			"$.device: the device must have one level of the topic in it, at which Frigate's cameras stand"}},
		{"zones", `{format: json_fields, fields: {time: {at: /t, zone: "+07:00"}, values: [{at: /a, name: a}]}}`, []string{
			"$.fields.time.zone: only times of a layout have a zone"}},
		{"a zone's name", `{format: json_fields, fields: {time: {at: /t, format: "2006", zone: Asia/Hanoi}, values: [{at: /a, name: a}]}}`, []string{
			`$.fields.time.zone: "Asia/Hanoi" is no offset from UTC`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := parseOptions(t, c.options)
			var got []string
			for _, p := range o.Problems() {
				got = append(got, p.Path+": "+p.Message)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			d, err := New(o)
			if (err == nil) != (len(c.want) == 0) || (d == nil) != (err != nil) {
				t.Errorf("New: %v, %v", d, err)
			}
		})
	}
}

// TestFormatsWork makes a decoder of every format with as few options as it
// takes, and shows it garbage.
func TestFormatsWork(t *testing.T) {
	if n := len(Formats()); n != 10 {
		t.Errorf("%d formats", n)
	}
	for _, format := range Formats() {
		o := Options{Format: format}
		if format == JSONFields {
			o.Fields.Values = []ValueField{{At: "/a", Name: "a"}}
		}
		d, err := New(o)
		if err != nil {
			t.Errorf("%s: %v", format, err)
			continue
		}
		topic := "a/b/c/d"
		if format == Frigate {
			topic = "a/b/c" // deeper topics may be of a version to come
		}
		got, err := d.Decode(nil, Message{Topic: topic, Payload: []byte("\x00\xff"), Arrived: arrived})
		if err == nil || len(got) > 0 {
			t.Errorf("%s: garbage decoded to %v, %v", format, got, err)
		}
		checkError(t, err)
	}
}

func TestDecodeKeepsWhatWasThere(t *testing.T) {
	d := newDecoder(t, "{}")
	was := []citywatch.Reading{{Device: "before"}}
	got, err := d.Decode(was, Message{Topic: "a/b/c", Payload: []byte(`[{"values":{"a":1}},{}]`), Arrived: arrived})
	if err == nil || len(got) != 2 || got[0].Device != "before" || got[1].Device != "c" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestTooManyValues(t *testing.T) {
	payload := func(n int) []byte {
		var members []string
		for i := range n {
			members = append(members, fmt.Sprintf(`"v%d":%d`, i, i))
		}
		return []byte(`{"values":{` + strings.Join(members, ",") + `}}`)
	}
	d := newDecoder(t, "{}")
	if got, err := d.Decode(nil, Message{Topic: "a/b/c", Payload: payload(maxValues), Arrived: arrived}); err != nil || len(got[0].Values) != maxValues {
		t.Errorf("%d values: %v", maxValues, err)
	}
	if _, err := d.Decode(nil, Message{Topic: "a/b/c", Payload: payload(maxValues + 1), Arrived: arrived}); err == nil {
		t.Errorf("%d values were accepted", maxValues+1)
	}
}

func TestLongNamesAndTexts(t *testing.T) {
	d := newDecoder(t, "{}")
	for _, c := range []struct {
		topic, payload string
		ok             bool
	}{
		{"a/b/" + strings.Repeat("d", maxName), `{"values":{"a":1}}`, true},
		{"a/b/" + strings.Repeat("d", maxName+1), `{"values":{"a":1}}`, false},
		{"a/b/", `{"values":{"a":1}}`, false},
		{"a/b/c\xff", `{"values":{"a":1}}`, false},
		{"a/b/c", `{"values":{"` + strings.Repeat("n", maxName) + `":1}}`, true},
		{"a/b/c", `{"values":{"` + strings.Repeat("n", maxName+1) + `":1}}`, false},
		{"a/b/c", `{"values":{"a":"` + strings.Repeat("x", maxText) + `"}}`, true},
		{"a/b/c", `{"values":{"a":"` + strings.Repeat("x", maxText+1) + `"}}`, false},
	} {
		got, err := d.Decode(nil, Message{Topic: c.topic, Payload: []byte(c.payload), Arrived: arrived})
		if (err == nil) != c.ok {
			t.Errorf("%s %s: %v, %v", clip(c.topic), clip(c.payload), got, err)
		}
		checkReadings(t, got)
		checkError(t, err)
	}
}

func TestInternerIsBounded(t *testing.T) {
	var in interner
	for i := range 3 * maxInterned {
		name := fmt.Sprintf("device-%d", i)
		if got := in.string([]byte(name)); got != name {
			t.Fatalf("got %q, want %q", got, name)
		}
		if len(in.known) > maxInterned {
			t.Fatalf("%d strings are remembered", len(in.known))
		}
	}
	in.string([]byte(strings.Repeat("x", maxInternedLength+1)))
	for s := range in.known {
		if len(s) > maxInternedLength {
			t.Errorf("a string of %d bytes is remembered", len(s))
		}
	}
}

// A topic's level must not keep the whole topic in memory.
func TestInternerCopies(t *testing.T) {
	var in interner
	b := []byte("city/fire/panel-1")
	level := in.clone(string(b)[10:])
	if level != "panel-1" || in.clone("panel-1") != level {
		t.Errorf("got %q", level)
	}
}

func benchmark(b *testing.B, options, topic, payload string) {
	d := newDecoder(b, options)
	m := Message{Topic: topic, Payload: []byte(payload), Arrived: arrived}
	dst, err := d.Decode(nil, m)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(m.Payload)))
	b.ReportAllocs()
	for b.Loop() {
		if dst, err = d.Decode(dst[:0], m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkJSON(b *testing.B) {
	benchmark(b, "format: json", "city/disaster/lao-cai-thao",
		`{"time":"2026-11-22T07:00:00+07:00","values":{"water_level":80.12,"flow":1250.5,"battery":3.61}}`)
}

func BenchmarkJSONOneValue(b *testing.B) {
	benchmark(b, "format: json", "city/disaster/lao-cai-thao", `{"values":{"water_level":80.12}}`)
}

func BenchmarkJSONFields(b *testing.B) {
	benchmark(b, "{format: json_fields, device: '{payload:/id}', fields: {time: {at: /t, format: unix_ms}, values: [{at: /d/level, name: water_level, scale: 0.01}, {at: /d/bat, name: battery}]}}",
		"any", `{"id":"lao-cai-thao","t":1795302000000,"d":{"level":8012,"bat":3.61}}`)
}

func BenchmarkSenML(b *testing.B) {
	benchmark(b, "format: senml", "any", `[{"bn":"urn:dev:ow:10e2073a01080063:","bt":1795302000,"n":"voltage","u":"V","v":120.1},{"n":"current","u":"A","v":1.2}]`)
}

func BenchmarkChirpStack(b *testing.B) {
	benchmark(b, "format: chirpstack", "application/a/device/d/event/up", `{"deduplicationId":"3ac7e3c4-4401-4b8d-9386-a5c902f9202d","time":"2026-11-22T00:00:00.775023242+00:00","deviceInfo":{"tenantId":"52f14cd4-c6f1-4fbd-8f87-4025e1d49242","tenantName":"ChirpStack","applicationId":"17c82e96-be03-4f38-aef3-f83d48582d97","applicationName":"Landslide","deviceProfileId":"14855bf7-d10d-4aee-b618-ebfcb64dc7ad","deviceProfileName":"EM500","deviceName":"Soil 12","devEui":"24e124136b502123"},"devAddr":"00189440","dr":5,"fCnt":1234,"fPort":85,"data":"AXVkA2cIAQRofwV/8AA=","object":{"battery":100.0,"temperature":26.4,"moisture":63.5},"rxInfo":[{"gatewayId":"0016c001f153a14c","uplinkId":4217106255,"rssi":-101,"snr":-2.5}]}`)
}

func BenchmarkScalar(b *testing.B) {
	benchmark(b, "format: scalar", "city/disaster/lao-cai-thao/water_level", "80.12")
}

func BenchmarkSparkplug(b *testing.B) {
	d := newDecoder(b, "format: sparkplug")
	if _, err := d.Decode(nil, Message{Topic: "spBv1.0/lc/NBIRTH/gw1", Payload: nodeBirth(3), Arrived: arrived}); err != nil {
		b.Fatal(err)
	}
	m := Message{Topic: "spBv1.0/lc/NDATA/gw1", Arrived: arrived,
		Payload: spPayload{time: t0, seq: -1, metrics: []spMetric{{alias: new(uint64(1)), double: new(12.5)}}}.encode()}
	var dst []citywatch.Reading
	var err error
	b.ReportAllocs()
	for b.Loop() {
		if dst, err = d.Decode(dst[:0], m); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkHostile decodes payloads of the largest size that are made to cost
// as much time as they can. None may cost more than some tens of milliseconds.
func BenchmarkHostile(b *testing.B) {
	fill := func(head, unit, tail string) string {
		return head + strings.Repeat(unit, (citywatch.MaxPayload-len(head)-len(tail))/len(unit)) + tail
	}
	broad := strings.TrimSuffix(wide(maxMembers-1), "}")
	const fields = "{format: json_fields, fields: {records: /r, values: [{at: /a/x, name: a}, {at: /b, name: b}, {at: /c, name: c}, {at: /d, name: d}]}}"
	for _, c := range []struct{ name, options, payload string }{
		{"records that are none", "{}", fill("[", "1,", "1]")},
		{"nodes up to the bound", "{}", "[" + strings.Repeat("1,", maxNodes-4) + "1]"},
		{"objects that lack values", "{}", fill("[", "{},", "{}]")},
		{"records up to the bound", "{}", "[" + strings.Repeat(`{"values":{"a":1}},`, 3000) + "{}]"},
		{"nested as deep as may be", "{}", fill("[", strings.Repeat("[", 31)+strings.Repeat("]", 31)+",", "1]")},
		{"a wide object", "{}", broad + "}"},
		{"escapes", "{}", fill(`{"values":{"a":"`, `\u00e9`, `"}}`)},
		{"lookups that fail in a wide whole", fields, broad + `,"r":[` + strings.Repeat(`{"d":1},`, 4000) + `{"d":1}]}`},
		{"senml of empty records", "format: senml", fill("[", "{},", "{}]")},
		{"senml of one device", "format: senml", fill(`[{"bn":"a/"},`, `{"n":"b","v":1},`, `{"n":"c","v":1}]`)},
		{"cbor of empty records", "format: senml", "\x9f" + strings.Repeat("\xa0", maxNodes) + "\xff"},
	} {
		b.Run(c.name, func(b *testing.B) {
			d := newDecoder(b, c.options)
			var dst []citywatch.Reading
			m := Message{Topic: "a/b/c", Payload: []byte(c.payload), Arrived: arrived}
			for b.Loop() {
				dst, _ = d.Decode(dst[:0], m)
			}
		})
	}
}
