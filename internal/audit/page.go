package audit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"
)

// A Query asks for lines of an audit. Its zero value asks for the newest.
type Query struct {
	// Before is the number that the lines' numbers lie below; 0 is behind the
	// last.
	Before uint64
	// From is included, To is not; a zero one bounds nothing.
	From, To time.Time
	// Alert is the id of the alert that the lines are of, Actor a part of the
	// name of who made the changes, in any case; empty for all.
	Alert, Actor string
	// Limit is the most lines to return.
	Limit int
}

// A Page is a part of an audit, the newest line first.
type Page struct {
	Lines []Line
	// Next is what Query.Before is to be for the lines that follow; 0 where
	// there are no more. A page may hold few lines, or none, though others
	// follow: only so much is read at once.
	Next uint64
}

// maxScan is how many lines are read for one page.
const maxScan = 50_000

// Read returns a page of the audit in dir. It reads while others write.
func Read(dir string, q Query) (Page, error) {
	names, err := files(dir)
	if err != nil {
		return Page{}, err
	}
	p := pager{Query: q}
	for _, name := range slices.Backward(names) {
		if err := p.file(filepath.Join(dir, name)); err != nil {
			return Page{}, fmt.Errorf("audit: %s: %w", name, err)
		}
		if p.done {
			break
		}
	}
	return p.Page, nil
}

type pager struct {
	Query
	Page
	scanned int
	done    bool
}

// file goes through the lines of a file from its end.
func (p *pager) file(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	end, err := wholeLines(f)
	if err == nil {
		end, err = p.begin(f, end)
	}
	if err != nil {
		return err
	}
	b := backward{file: f, at: end}
	for !p.done {
		text, err := b.line()
		if text == nil || err != nil {
			return err
		}
		l, _, err := read(text)
		if l == nil {
			if err != nil {
				continue // Verify tells of it
			}
			return err
		}
		p.take(l)
	}
	return nil
}

// take adds a line that is wanted. That it may have been changed is for Verify
// to tell.
func (p *pager) take(l *Line) {
	if !p.From.IsZero() && l.At.Before(p.From) {
		p.done = true
		return
	}
	p.scanned++
	wanted := (p.Before == 0 || l.N < p.Before) &&
		(p.To.IsZero() || l.At.Before(p.To)) &&
		(p.Alert == "" || l.Alert == p.Alert) &&
		(p.Actor == "" || strings.Contains(strings.ToLower(l.Actor), strings.ToLower(p.Actor)))
	if wanted {
		p.Lines = append(p.Lines, *l)
	}
	if l.N > 1 && (len(p.Lines) >= p.Limit || p.scanned >= maxScan) {
		p.Next, p.done = l.N, true
	}
}

// begin returns behind which line of a file the page begins: lines lie in the
// order of their numbers, and of their times.
func (p *pager) begin(f *os.File, end int64) (int64, error) {
	if p.Before == 0 && p.To.IsZero() {
		return end, nil
	}
	const block = 64 << 10
	blocks := int((end + block - 1) / block)
	var failed error
	// The first block whose first whole line is too young.
	i := sort.Search(blocks, func(i int) bool {
		l, err := firstLine(f, int64(i)*block, end)
		if err != nil {
			failed = err
		}
		return l != nil && (p.Before > 0 && l.N >= p.Before || !p.To.IsZero() && !l.At.Before(p.To))
	})
	if failed != nil || i >= blocks {
		return end, failed
	}
	// The line that was looked at may begin in the block before.
	text, at, err := lineFrom(f, int64(i)*block, end)
	if err != nil || text == nil {
		return end, err
	}
	return at, nil
}

func firstLine(f *os.File, from, end int64) (*Line, error) {
	text, _, err := lineFrom(f, from, end)
	if text == nil || err != nil {
		return nil, err
	}
	l, _, _ := read(text)
	return l, nil
}

// errLong is for a line that is longer than any that is written.
var errLong = errors.New("a line has no end")

// maxLine bounds a line.
const maxLine = 4 << 20

// lineFrom returns the first line that begins at from or behind it, and where.
func lineFrom(f *os.File, from, end int64) (text []byte, at int64, err error) {
	if from > 0 {
		from-- // the end of the line before, if from is where one begins
	}
	var buf []byte
	for size := int64(64 << 10); ; size *= 4 {
		size = min(size, end-from)
		buf = make([]byte, size)
		if _, err := f.ReadAt(buf, from); err != nil {
			return nil, 0, err
		}
		begin := 0
		if from > 0 {
			if begin = indexEnd(buf); begin == 0 && size == end-from {
				return nil, 0, nil
			}
		}
		if length := indexEnd(buf[begin:]); length > 0 && (begin > 0 || from == 0) {
			return buf[begin : begin+length], from + int64(begin), nil
		}
		if size == end-from {
			return nil, 0, nil
		}
		if size > maxLine {
			return nil, 0, errLong
		}
	}
}
