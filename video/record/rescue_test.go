package record_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"

	"citywatch/video/record"
)

// oneSegment records footage into one segment and returns its bytes.
func oneSegment(t testing.TB, f footage) []byte {
	t.Helper()
	s := open(t, set{now: epoch})
	s.begin("cam", f)
	s.shoot("cam", f, 0, epoch)
	s.settle("cam", f)
	s.stop()
	names := files(t, s.dir)
	if len(names) != 1 || filepath.Base(names[0]) != "20261122T070000.120Z_12000ms.mp4" {
		t.Fatalf("segments %v", names)
	}
	data, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// parts returns where each part ends, the header's end first.
func parts(t *testing.T, data []byte) []int {
	t.Helper()
	var ends []int
	for at := 0; at < len(data); {
		kind := string(data[at+4 : at+8])
		at += int(uint32(data[at])<<24 | uint32(data[at+1])<<16 | uint32(data[at+2])<<8 | uint32(data[at+3]))
		if kind == "moov" || kind == "mdat" {
			ends = append(ends, at)
		}
	}
	return ends
}

// TestSegmentIsFragmentedMP4 has another reader agree on what a segment is.
func TestSegmentIsFragmentedMP4(t *testing.T) {
	f := film(t, picture+tone+"-c:v libx264 -g 50 -bf 2 -preset fast -pix_fmt yuv420p -c:a aac")
	data := oneSegment(t, f)
	ends := parts(t, data)
	var header fmp4.Init
	if err := header.Unmarshal(bytes.NewReader(data[:ends[0]])); err != nil {
		t.Fatal(err)
	}
	var list fmp4.Parts
	if err := list.Unmarshal(data[ends[0]:]); err != nil {
		t.Fatal(err)
	}
	if len(header.Tracks) != 2 || len(list) != 12 {
		t.Errorf("%d tracks in %d parts, want 2 in 12: one a second", len(header.Tracks), len(list))
	}
	pictures, bytesOf := 0, 0
	for _, p := range list {
		for _, track := range p.Tracks {
			for _, s := range track.Samples {
				bytesOf += len(s.Payload)
			}
			if track.ID == 1 {
				pictures += len(track.Samples)
			}
		}
	}
	if pictures != f.pictures() {
		t.Errorf("%d pictures, %d were recorded", pictures, f.pictures())
	}
	t.Logf("%.2f %% of a segment is not media", 100-100*float64(bytesOf)/float64(len(data)))
}

// TestTornTail cuts and spoils a segment as a power cut would: what is whole
// stays, to the part.
func TestTornTail(t *testing.T) {
	t.Parallel()
	f := film(t, picture+"-c:v libx264 -g 50 -bf 0 "+fast)
	data := oneSegment(t, f)
	ends := parts(t, data)
	random := rand.New(rand.NewPCG(1, 2))
	spoil := map[string]func([]byte, int) []byte{
		"cut":   func(data []byte, at int) []byte { return data[:at] },
		"zeros": func(data []byte, at int) []byte { return append(data[:at:at], make([]byte, len(data)-at)...) },
		"garbage": func(data []byte, at int) []byte {
			rest := make([]byte, 4000)
			for i := range rest {
				rest[i] = byte(random.Uint32())
			}
			return append(data[:at:at], rest...)
		},
	}
	for name, do := range spoil {
		t.Run(name, func(t *testing.T) {
			var places []int
			for _, end := range ends {
				places = append(places, end, end+1, end+20, end+40, end+200)
				if name == "cut" { // nothing tells that media itself is spoilt
					places = append(places, end-1)
				}
			}
			dir := t.TempDir()
			ids := []string{}
			want := map[string]int{}
			for i, at := range places {
				if at > len(data) {
					continue
				}
				id := "cam" + string(rune('a'+i/26)) + string(rune('a'+i%26))
				ids = append(ids, id)
				for _, end := range ends[1:] {
					if at >= end {
						want[id]++
					}
				}
				folder := filepath.Join(dir, id, "2026-11-22")
				if err := os.MkdirAll(folder, 0o750); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(folder, "20261122T070000.120Z.mp4"), do(data, at), 0o640); err != nil {
					t.Fatal(err)
				}
			}
			s := open(t, set{Options: record.Options{Dir: dir}, now: epoch, ids: ids})
			for i, id := range ids {
				list, err := s.rec.Intervals(id, epoch.Add(-time.Hour), epoch.Add(time.Hour))
				if err != nil {
					t.Fatal(err)
				}
				length := time.Duration(0)
				if len(list) > 0 {
					length = list[0].To.Sub(list[0].From)
				}
				if length != time.Duration(want[id])*time.Second {
					t.Errorf("%s: %v are left, want %d parts of 1 s", id, length, want[id])
				}
				if want[id] > 0 && i%20 == 0 {
					_, data := s.clip(id, epoch, epoch.Add(time.Hour))
					if l := probe(t, data); l.Frames["video"] != 25*want[id] {
						t.Errorf("%s: %d pictures, want %d", id, l.Frames["video"], 25*want[id])
					}
				}
			}
		})
	}
}
