package audit

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// A Fault is one place at which an audit is not what was written.
type Fault struct {
	File string
	Line int
	What string
}

func (f Fault) String() string { return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.What) }

// A Report is what verifying an audit found.
type Report struct {
	// Head is the last line there is.
	Head Head
	// From and To are when the first and the last change happened.
	From, To time.Time
	Faults   []Fault
}

// ErrNone means that there is no audit.
var ErrNone = errors.New("there is no audit")

// maxFaults bounds a report: an audit that is not one at all has many.
const maxFaults = 100

// Verify reads the audit in dir and reports every line that was changed, and
// every place where some are missing or do not belong. Known heads, as they
// were written down elsewhere, show whether lines are missing at the end. The
// error is one of reading.
func Verify(dir string, known ...Head) (Report, error) {
	names, err := files(dir)
	if err != nil {
		return Report{}, err
	}
	if len(names) == 0 {
		return Report{}, fmt.Errorf("%w in %s", ErrNone, dir)
	}
	v := verifier{wanted: map[uint64]string{}}
	for _, h := range known {
		v.wanted[h.N] = h.Hash
	}
	for _, name := range names {
		if err := v.file(dir, name); err != nil {
			return Report{}, err
		}
	}
	for _, h := range known {
		if h.N > v.Head.N {
			v.fault(fmt.Sprintf("lines are missing at the end: there were %d, and there are %d", h.N, v.Head.N))
		}
	}
	return v.Report, nil
}

type verifier struct {
	Report
	wanted map[uint64]string
	name   string
	line   int
}

func (v *verifier) fault(what string) {
	if len(v.Faults) < maxFaults {
		v.Faults = append(v.Faults, Fault{File: v.name, Line: v.line, What: what})
	}
}

func (v *verifier) file(dir, name string) error {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	defer f.Close()
	v.name, v.line = name, 0
	whole, err := wholeLines(f)
	if err != nil {
		return err
	}
	return lines(io.NewSectionReader(f, 0, whole), func(n int, text []byte) error {
		v.line = n
		v.take(text)
		return nil
	})
}

// take verifies one line. After a fault the chain goes on from what the line
// says, so that each fault is told once.
func (v *verifier) take(text []byte) {
	l, hash, err := read(text)
	if l == nil {
		v.fault(err.Error())
		return
	}
	switch {
	case err != nil:
		v.fault(err.Error())
	case l.N == v.Head.N+1 && l.Prev != v.Head.Hash:
		v.fault("the line before it is not the one that it was written behind")
	case l.N > v.Head.N+1:
		v.fault(fmt.Sprintf("lines %d to %d are missing", v.Head.N+1, l.N-1))
	case l.N <= v.Head.N:
		v.fault(fmt.Sprintf("line %d stands behind line %d", l.N, v.Head.N))
	}
	if want, ok := v.wanted[l.N]; ok && want != hash {
		v.fault(fmt.Sprintf("line %d is not the one whose hash was written down", l.N))
	}
	if v.From.IsZero() {
		v.From = l.At
	}
	v.To, v.Head = l.At, Head{N: l.N, Hash: hash}
}
