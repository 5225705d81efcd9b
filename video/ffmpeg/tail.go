package ffmpeg

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
	"unicode"

	"citywatch/video/address"
)

const (
	keptBytes  = 2 << 10
	lineLength = 200
)

// A tail keeps the end of what a child complained of. It takes any amount.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p[max(0, len(p)-keptBytes):]...)
	if over := len(t.kept) - keptBytes; over > 0 {
		t.kept = t.kept[:copy(t.kept, t.kept[over:])]
	}
	return len(p), nil
}

// line returns the last complaint as one short line of plain text without
// secrets. The same complaint is the same line each time.
func (t *tail) line() string {
	t.mu.Lock()
	kept := bytes.TrimSpace(t.kept)
	if i := bytes.LastIndexByte(kept, '\n'); i >= 0 {
		kept = kept[i+1:]
	}
	said := string(kept)
	t.mu.Unlock()

	said = memoryAddress.ReplaceAllString(said, "")
	said = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(said, "?"))
	said = address.Redact(strings.TrimSpace(said))
	if runes := []rune(said); len(runes) > lineLength {
		said = string(runes[:lineLength]) + "…"
	}
	return said
}

// memoryAddress is where ffmpeg's parts lie: [h264 @ 0x5643657449c0].
var memoryAddress = regexp.MustCompile(` @ 0x[0-9a-f]+`)
