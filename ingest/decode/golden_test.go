package decode

import (
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/rogpeppe/go-internal/txtar"

	"citywatch"
)

var update = flag.Bool("update", false, "write what the decoders return into testdata/golden")

// arrived is when every test's messages arrive.
var arrived = time.Date(2026, 11, 22, 0, 0, 3, 0, time.UTC)

// TestGolden decodes the messages of testdata/golden/*.txtar. Each file has
// the decoder's options, then messages, whose file name is "message" and the
// topic, or "hex" and the topic, and last what comes of them, "want".
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/golden/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := decodeArchive(t, archive)
			last := &archive.Files[len(archive.Files)-1]
			if last.Name != "want" {
				t.Fatalf("%s does not end with want", name)
			}
			if *update {
				last.Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := string(last.Data); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// decodeArchive decodes the archive's messages one after another, and
// describes what came of each.
func decodeArchive(t *testing.T, archive *txtar.Archive) string {
	t.Helper()
	var b strings.Builder
	var decoder Decoder
	for _, file := range archive.Files {
		kind, topic, _ := strings.Cut(file.Name, " ")
		payload := []byte(strings.TrimSpace(string(file.Data)))
		switch kind {
		case "options":
			decoder = newDecoder(t, string(file.Data))
			continue
		case "hex":
			var err error
			if payload, err = hex.DecodeString(strings.Join(strings.Fields(string(payload)), "")); err != nil {
				t.Fatal(err)
			}
		case "want":
			continue
		}
		got, err := decoder.Decode(nil, Message{Topic: topic, Payload: payload, Arrived: arrived})
		// Nothing that was returned may refer to the payload.
		clear(payload)
		b.WriteString(describe(got, err))
	}
	return b.String()
}

func newDecoder(t testing.TB, options string) Decoder {
	t.Helper()
	d, err := New(parseOptions(t, options))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func parseOptions(t testing.TB, source string) Options {
	t.Helper()
	var o Options
	if err := yaml.UnmarshalWithOptions([]byte(source), &o, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	return o
}

// describe writes readings and an error as text, a line each.
func describe(readings []citywatch.Reading, err error) string {
	var b strings.Builder
	for _, r := range readings {
		b.WriteString(r.Device)
		if r.TimeAssumed {
			b.WriteString(" arrived")
		} else {
			b.WriteString(" " + r.Time.Format(time.RFC3339Nano))
		}
		if r.Position != nil {
			fmt.Fprintf(&b, " at %v,%v", r.Position.Lon(), r.Position.Lat())
		}
		for _, v := range r.Values {
			b.WriteString(" " + v.Name + "=")
			if v.IsText() {
				b.WriteString(strconv.Quote(v.Text))
			} else {
				b.WriteString(strconv.FormatFloat(v.Number, 'g', -1, 64))
			}
		}
		b.WriteString("\n")
	}
	var refused *Error
	switch {
	case errors.As(err, &refused):
		fmt.Fprintf(&b, "refused %s: %s\n", refused.Refusal, refused.Detail)
	case err != nil:
		fmt.Fprintf(&b, "an error that is no *Error: %v\n", err)
	case len(readings) == 0:
		b.WriteString("nothing\n")
	}
	return b.String()
}
