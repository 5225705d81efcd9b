package audit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// monthName is the layout of the files' names, whose order is that of time.
const monthName = "2006-01.jsonl"

// files returns the names of the audit's files, in their order.
func files(dir string) ([]string, error) {
	found, err := filepath.Glob(filepath.Join(dir, "????-??.jsonl"))
	if err != nil {
		return nil, err
	}
	for i := range found {
		found[i] = filepath.Base(found[i])
	}
	slices.Sort(found)
	return found, nil
}

// openFile opens a file to append to, and cuts off a line that was not written
// whole: nothing was ever told that it was.
func openFile(dir, name string) (*os.File, error) {
	path := filepath.Join(dir, name)
	_, err := os.Stat(path)
	isNew := errors.Is(err, os.ErrNotExist)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o640)
	if err != nil {
		return nil, err
	}
	whole, err := wholeLines(f)
	if err == nil {
		err = f.Truncate(whole)
	}
	if err == nil && isNew {
		err = syncDir(dir)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// syncDir makes a new file's name survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// wholeLines returns the size of a file without a last line that has no end.
func wholeLines(f *os.File) (int64, error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	const block64k = 64 << 10
	for size > 0 {
		from := max(size-block64k, 0)
		block := make([]byte, size-from)
		if _, err := f.ReadAt(block, from); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(block, '\n'); i >= 0 {
			return from + int64(i) + 1, nil
		}
		size = from
	}
	return 0, nil
}

// end returns where the audit in dir ends, and the name of its last file. A
// last line that cannot be read is an error: going on behind it would make one
// chain of two.
func end(dir string) (position, string, error) {
	names, err := files(dir)
	if err != nil {
		return position{}, "", err
	}
	for _, name := range slices.Backward(names) {
		text, err := lastLine(filepath.Join(dir, name))
		if err != nil {
			return position{}, "", err
		}
		if text == nil {
			continue // nothing was written whole
		}
		l, hash, err := read(text)
		if err != nil {
			return position{}, "", fmt.Errorf("%s: its last line: %w; `citywatch audit verify` tells more. Put the folder aside to begin a new audit", name, err)
		}
		return position{Head: Head{N: l.N, Hash: hash}, epoch: l.Epoch, seq: l.Seq}, name, nil
	}
	return position{}, "", nil
}

// lastLine returns the last whole line of a file with its end, or nil.
func lastLine(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	whole, err := wholeLines(f)
	if err != nil || whole == 0 {
		return nil, err
	}
	var last []byte
	err = lines(io.NewSectionReader(f, 0, whole), func(_ int, text []byte) error {
		last = append(last[:0], text...)
		return nil
	})
	return last, err
}

// lines calls do with every whole line of r, its number from 1 and its text
// with its end. The text is do's only until it returns.
func lines(r io.Reader, do func(n int, text []byte) error) error {
	b := bufio.NewReaderSize(r, 64<<10)
	var text []byte
	for n := 1; ; {
		part, err := b.ReadSlice('\n')
		text = append(text, part...)
		switch {
		case err == nil:
			if err := do(n, text); err != nil {
				return err
			}
			text = text[:0]
			n++
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return nil
		default:
			return err
		}
	}
}
