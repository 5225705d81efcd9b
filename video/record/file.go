package record

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"time"
)

// A segmentFile is a segment that is being written.
type segmentFile struct {
	library *library
	camera  string
	segment *segment
	file    *os.File
	parts   uint32
	broken  bool
}

// create makes the file of a segment that begins at start. Where one begins at
// that millisecond already, the clock having been set, it begins one later.
func (l *library) create(id string, start time.Time) (*segmentFile, error) {
	at := sinceEpoch(start)
	var err error
	for range 100 {
		s := &segment{start: at, end: at, writing: true}
		name := path.Join(id, s.name())
		var f *os.File
		f, err = l.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
		switch {
		case err == nil:
			l.begin(id, s)
			return &segmentFile{library: l, camera: id, segment: s, file: f}, nil
		case errors.Is(err, fs.ErrExist):
			at += time.Millisecond
		case errors.Is(err, fs.ErrNotExist):
			// The folder may have just been deleted with the last in it, too.
			if err := l.root.MkdirAll(path.Dir(name), 0o750); err != nil {
				return nil, err
			}
		default:
			return nil, err
		}
	}
	return nil, err
}

// write appends whole parts, after which the segment is so long. After an error
// the file ends with what was there before, and takes nothing more.
func (f *segmentFile) write(data []byte, length time.Duration) error {
	if f.broken {
		return fs.ErrClosed
	}
	at := f.segment.size
	if _, err := f.file.WriteAt(data, at); err != nil {
		f.broken = true
		return errors.Join(err, f.file.Truncate(at))
	}
	f.parts++
	f.library.grow(f.segment, at+int64(len(data)), length)
	return nil
}

// close ends the segment. One that holds nothing is gone.
func (f *segmentFile) close() error {
	err := f.file.Close()
	if f.parts == 0 {
		f.library.forget(f.camera, f.segment)
		return errors.Join(err, f.library.remove(f.camera, f.segment))
	}
	return errors.Join(err, f.library.finish(f.camera, f.segment))
}
