package onvif

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/txtar"

	"citywatch/video/address"
)

// FuzzAnswer takes arbitrary answers for each that a camera gives. However they
// are, addresses lead to the host that was asked and texts are for people.
func FuzzAnswer(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatal("no cameras", err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, answer := range archive.Files {
			f.Add(answer.Data)
		}
	}
	a, err := address.Parse("onvif://viewer:secret@10.1.2.3:8000")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		c, err := newClient(Options{Address: a})
		if err != nil {
			t.Fatal(err)
		}
		answer = answer[:min(len(answer), 64<<10)]
		if fault := readFault(answer); fault != nil && (len(fault.Error()) > 4000 || !utf8.ValidString(fault.Error()) || strings.ContainsAny(fault.Error(), "\n\r\x1b\x00")) {
			t.Errorf("not for people: %q", fault.Error())
		}
		var m struct {
			Encoders []encoder `xml:"Body>GetProfilesResponse>Profiles>VideoEncoderConfiguration"`
			Uri      string    `xml:"Body>GetStreamUriResponse>MediaUri>Uri"`
			Time     dateTime  `xml:"Body>GetSystemDateAndTimeResponse>SystemDateAndTime>UTCDateTime"`
		}
		if parse(answer, &m) != nil {
			return
		}
		m.Time.time()
		for i := range m.Encoders {
			if p := m.Encoders[i].profile("t", "n", "s", nil); p.Width < 0 || p.Height < 0 || p.FPS < 0 || p.Bitrate < 0 || p.GOP < 0 {
				t.Errorf("%+v", p)
			}
		}
		if at, err := c.here(m.Uri); err == nil && !strings.HasPrefix(at, "http://10.1.2.3:") {
			t.Errorf("%q leads to %q", m.Uri, at)
		}
		if at, err := c.streamAddress(m.Uri); err == nil && at.Hostname() != "10.1.2.3" {
			t.Errorf("%q leads to %v", m.Uri, at)
		}
	})
}
