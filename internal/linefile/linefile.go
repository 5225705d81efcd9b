// Package linefile keeps small things that must survive a kill and a power cut,
// one JSON value a line, in a file that is only ever appended to, or replaced
// whole.
package linefile

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
)

// A File is such a file. It is not safe for concurrent use, and only one may be
// open for a name.
type File struct {
	root  *os.Root
	name  string
	file  *os.File
	size  int64 // of the lines that are on the disk
	lines int
	// broken is why nothing can be appended any more.
	broken error
}

// maxLine bounds what is read as one line.
const maxLine = 8 << 20

// Open opens the file called name, which is made if it is not there, and calls
// each with every line in it. A last line that was not written whole was never
// promised to anybody, and is cut off. Lines with which each fails are skipped:
// how many, and what was wrong with the first, is what damaged says.
func Open(root *os.Root, name string, each func(line []byte) error) (f *File, damaged, err error) {
	file, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, err
	}
	f = &File{root: root, name: name, file: file}
	damaged, err = f.read(each)
	if err == nil {
		err = file.Truncate(f.size)
	}
	if err == nil {
		_, err = file.Seek(f.size, io.SeekStart)
	}
	if err == nil {
		err = f.syncName()
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%s: %w", name, err), file.Close())
	}
	return f, damaged, nil
}

func (f *File) read(each func([]byte) error) (damaged, err error) {
	r := bufio.NewReaderSize(f.file, 64<<10)
	skipped, first := 0, error(nil)
	for {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		f.size += int64(len(line))
		f.lines++
		err = errors.New("longer than any that is written")
		if len(line) <= maxLine {
			err = each(bytes.TrimSuffix(line, []byte("\n")))
		}
		if err != nil {
			if skipped++; first == nil {
				first = fmt.Errorf("line %d: %w", f.lines, err)
			}
		}
	}
	if skipped == 0 {
		return nil, nil
	}
	return fmt.Errorf("%s: %d damaged lines are skipped, the first is %w", f.name, skipped, first), nil
}

// Append writes a line for each value, and returns when they are on the disk.
// After an error none of them is there, as far as the file can still be cut; if
// it cannot, every further Append fails.
func (f *File) Append(values ...any) error {
	if f.broken != nil {
		return f.broken
	}
	var b bytes.Buffer
	if err := encode(&b, values...); err != nil {
		return err
	}
	_, err := f.file.Write(b.Bytes())
	if err == nil {
		if err = f.file.Sync(); err != nil {
			// What the kernel could not write it may have dropped: what is in
			// the file is not known any more.
			f.broken = fmt.Errorf("%s: %w", f.name, err)
			return f.broken
		}
		f.size += int64(b.Len())
		f.lines += len(values)
		return nil
	}
	_, seek := f.file.Seek(f.size, io.SeekStart)
	if cut := errors.Join(f.file.Truncate(f.size), seek); cut != nil {
		f.broken = fmt.Errorf("%s: %w", f.name, errors.Join(err, cut))
	}
	return fmt.Errorf("%s: %w", f.name, err)
}

func encode(b *bytes.Buffer, values ...any) error {
	e := json.NewEncoder(b) // each value ends with a newline, and holds none
	for _, v := range values {
		if err := e.Encode(v); err != nil {
			return err
		}
	}
	return nil
}

// Replace writes the file anew with one line for each value, whole or not at
// all: what was there before stands until the new one is on the disk.
func (f *File) Replace(values iter.Seq[any]) error {
	unfinished := f.name + ".unfinished"
	file, err := f.root.OpenFile(unfinished, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	w, size, lines := bufio.NewWriter(file), int64(0), 0
	var b bytes.Buffer
	for v := range values {
		b.Reset()
		if err = encode(&b, v); err == nil {
			_, err = w.Write(b.Bytes())
		}
		if err != nil {
			break
		}
		size += int64(b.Len())
		lines++
	}
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = file.Sync()
	}
	if err == nil {
		err = f.root.Rename(unfinished, f.name)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", f.name, errors.Join(err, file.Close()))
	}
	_ = f.file.Close() // it has no name any more
	f.file, f.size, f.lines, f.broken = file, size, lines, nil
	return f.syncName()
}

// syncName makes the file's name survive a power cut.
func (f *File) syncName() error {
	dir, err := f.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Broken reports whether nothing can be appended until the file is replaced.
func (f *File) Broken() bool { return f.broken != nil }

// Lines returns how many lines there are: many more than there are values to be
// kept say that it is time to Replace it.
func (f *File) Lines() int { return f.lines }

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }
