package audit

import (
	"bytes"
	"os"
)

// indexEnd returns the length of the first line of b with its end, or 0.
func indexEnd(b []byte) int { return bytes.IndexByte(b, '\n') + 1 }

// A backward reads the lines of a file from the last to the first.
type backward struct {
	file *os.File
	at   int64  // where what has not been read ends
	rest []byte // read, and not returned; it begins at at
}

// line returns the line before those it has returned, with its end, or nil
// where there is none. The text is the caller's only until the next call.
func (b *backward) line() ([]byte, error) {
	for {
		if n := len(b.rest); n > 0 {
			if i := bytes.LastIndexByte(b.rest[:n-1], '\n'); i >= 0 || b.at == 0 {
				text := b.rest[i+1:]
				b.rest = b.rest[:i+1]
				return text, nil
			}
		}
		if b.at == 0 {
			return nil, nil
		}
		if len(b.rest) > maxLine {
			return nil, errLong
		}
		size := min(b.at, 64<<10)
		more := make([]byte, size, int(size)+len(b.rest))
		if _, err := b.file.ReadAt(more, b.at-size); err != nil {
			return nil, err
		}
		b.at -= size
		b.rest = append(more, b.rest...)
	}
}
