package series_test

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/influxdata/influxdb/models"
	"github.com/paulmach/orb"

	"citywatch"
	"citywatch/internal/series"
)

var at = time.Date(2026, 11, 22, 7, 0, 0, 123456789, time.FixedZone("", 7*3600))

func gauge() *citywatch.Reading {
	return &citywatch.Reading{
		Device: "lao-cai-thao", Class: "river_gauge", Zone: "p-lao-cai", Sector: "disaster",
		Time: at, Arrived: at,
		Values: []citywatch.Value{{Name: "battery", Number: 3}, {Name: "water_level", Number: 80.12}},
	}
}

func TestAppendReading(t *testing.T) {
	tests := []struct {
		name   string
		change func(*citywatch.Reading)
		want   string // without the newline
	}{
		{"plain", func(*citywatch.Reading) {},
			`river_gauge,device=lao-cai-thao,sector=disaster,zone=p-lao-cai battery=3,water_level=80.12 1795305600123456789`},
		{"no zone, no sector", func(r *citywatch.Reading) { r.Zone, r.Sector = "", "" },
			`river_gauge,device=lao-cai-thao battery=3,water_level=80.12 1795305600123456789`},
		{"text", func(r *citywatch.Reading) {
			r.Values = []citywatch.Value{{Name: "state", Text: `fire "A"\` + "\nroom, 2"}}
		}, `river_gauge,device=lao-cai-thao,sector=disaster,zone=p-lao-cai state="fire \"A\"\\` + "\n" + `room, 2" 1795305600123456789`},
		{"position", func(r *citywatch.Reading) { r.Position = &orb.Point{103.97, 22.48}; r.Values = r.Values[:1] },
			`river_gauge,device=lao-cai-thao,sector=disaster,zone=p-lao-cai battery=3,longitude=103.97,latitude=22.48 1795305600123456789`},
		{"escapes", func(r *citywatch.Reading) {
			r.Class, r.Device = "a,b c=d", "x,y z=w"
			r.Values = []citywatch.Value{{Name: "v,1 =", Number: -1.5e300}}
		}, `a\,b\ c=d,device=x\,y\ z\=w,sector=disaster,zone=p-lao-cai v\,1\ \==-1.5e+300 1795305600123456789`},
		{"what cannot be carried", func(r *citywatch.Reading) {
			r.Class, r.Device = "#a\n", "b\\\x00\x7f\xff"
			r.Values = []citywatch.Value{{Name: "\tv", Number: 1}}
		}, "＃a␊,device=b⧵␀␡\uFFFD,sector=disaster,zone=p-lao-cai ␉v=1 1795305600123456789"},
		{"reserved names", func(r *citywatch.Reading) {
			r.Values = []citywatch.Value{{Name: "device", Number: 1}, {Name: "time", Number: 2}}
		}, `river_gauge,device=lao-cai-thao,sector=disaster,zone=p-lao-cai device_=1,time_=2 1795305600123456789`},
		{"not finite", func(r *citywatch.Reading) { r.Values[0].Number = math.NaN() },
			`river_gauge,device=lao-cai-thao,sector=disaster,zone=p-lao-cai water_level=80.12 1795305600123456789`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := gauge()
			test.change(r)
			got, ok := series.AppendReading([]byte("before\n"), r)
			if !ok || string(got) != "before\n"+test.want+"\n" {
				t.Errorf("got  %s\nwant %s", strings.TrimPrefix(string(got), "before\n"), test.want)
			}
		})
	}
}

func TestAppendReadingWithNothingToStore(t *testing.T) {
	r := gauge()
	r.Values = []citywatch.Value{{Name: "water_level", Number: math.Inf(1)}}
	if got, ok := series.AppendReading([]byte("before\n"), r); ok || string(got) != "before\n" {
		t.Errorf("got %q, %v", got, ok)
	}
}

func TestAppendReadingAllocatesNothing(t *testing.T) {
	r, buf := gauge(), make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() { buf, _ = series.AppendReading(buf[:0], r) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzAppendReading holds the encoder against the engine's own parser: two
// readings, whatever their names, are two points with those very names.
func FuzzAppendReading(f *testing.F) {
	f.Add("river_gauge", "lao-cai-thao", "disaster", "p-lao-cai", "water_level", 80.12, "state", "fire", int64(1795305600123456789))
	f.Add("a b,c=d", `x\`, " ", "=", `"q"`, math.Copysign(0, -1), `\`, `"\`+"\n", int64(0))
	f.Add("#", "\n", "\x00", "\xff", ",", 1e308, " ", "", int64(-1))
	f.Add("\\,", "\\ ", "\\=", "ế", "\\\\", 5e-324, "\u2028", "a=1,b=\"", int64(math.MaxInt32))
	f.Fuzz(func(t *testing.T, class, device, sector, zone, number string, n float64, text, s string, ns int64) {
		if class == "" || number == "" || math.IsNaN(n) || math.IsInf(n, 0) || time.Unix(0, ns).Year() < 1700 {
			return
		}
		r := &citywatch.Reading{Class: class, Device: device, Sector: sector, Zone: zone, Time: time.Unix(0, ns),
			Values: []citywatch.Value{{Name: number, Number: n}}}
		if text != "" && series.FieldName(text) != series.FieldName(number) {
			r.Values = append(r.Values, citywatch.Value{Name: text, Text: s})
		}
		lines, ok := series.AppendReading(nil, r)
		if !ok || len(lines) > 60_000 {
			return
		}
		lines, _ = series.AppendReading(lines, gauge())
		points, err := models.ParsePoints(lines)
		if err != nil || len(points) != 2 {
			t.Fatalf("%d points, %v of\n%s", len(points), err, lines)
		}
		check(t, points[0], r)
		check(t, points[1], gauge())
	})
}

func check(t *testing.T, p models.Point, r *citywatch.Reading) {
	t.Helper()
	if got := string(p.Name()); got != series.Measurement(r.Class) {
		t.Errorf("measurement %q, want %q", got, series.Measurement(r.Class))
	}
	for key, want := range map[string]string{"device": r.Device, "sector": r.Sector, "zone": r.Zone} {
		if got := p.Tags().GetString(key); got != series.Name(want) {
			t.Errorf("tag %s %q, want %q", key, got, series.Name(want))
		}
	}
	fields, err := p.Fields()
	if err != nil || len(fields) != len(r.Values) {
		t.Fatalf("%d fields, %v, want %d", len(fields), err, len(r.Values))
	}
	for _, v := range r.Values {
		var want any = v.Number
		if v.IsText() {
			want = strings.ToValidUTF8(v.Text, string(utf8.RuneError))
		}
		if got := fields[series.FieldName(v.Name)]; got != want {
			t.Errorf("field %q is %#v, want %#v", v.Name, got, want)
		}
	}
	if p.UnixNano() != r.Time.UnixNano() {
		t.Errorf("time %d, want %d", p.UnixNano(), r.Time.UnixNano())
	}
}

func BenchmarkAppendReading(b *testing.B) {
	r := gauge()
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = series.AppendReading(buf[:0], r)
	}
	b.SetBytes(int64(len(buf)))
}
