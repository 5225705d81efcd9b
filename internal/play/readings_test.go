package play_test

import (
	"errors"
	"strings"
	"testing"

	"citywatch"
	"citywatch/internal/play"
)

func TestReadingsOfKnownStations(t *testing.T) {
	mapping, _, problems := play.ParseMapping([]byte("device: station\ntime: {column: time}\nvalues: {level: level}\n"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	r, err := play.Read(strings.NewReader("station,time,level\na,2026-09-29T20:00:01Z,81\nb,2026-09-29T20:00:00Z,1\na,2026-09-29T20:00:00Z,80\n"), mapping)
	if err != nil {
		t.Fatal(err)
	}
	rs, err := r.Readings([]citywatch.Device{{ID: "a", Class: "gauge", Zone: "bac-ha", Sector: citywatch.SectorDisaster}})
	if err != nil || len(rs) != 2 {
		t.Fatalf("%d readings, %v", len(rs), err)
	}
	if n, _ := rs[0].Number("level"); n != 80 || rs[0].Zone != "bac-ha" || rs[0].Class != "gauge" || !rs[0].Arrived.Equal(rs[0].Time) {
		t.Errorf("%+v", rs[0])
	}
	if _, err := r.Readings(nil); !errors.Is(err, play.ErrUnknownStations) {
		t.Errorf("without devices: %v", err)
	}
}
