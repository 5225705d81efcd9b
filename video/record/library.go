package record

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"sync"
	"time"
)

// A segment is one file of recordings. Its camera's library guards it.
type segment struct {
	start time.Duration // since 1970, whole milliseconds
	end   time.Duration
	// size is how much of the file is whole; only while it is being written.
	size int64
	// writing is set until nobody writes it any more, named once its name
	// tells its length.
	writing, named bool
	pins           int32
	pinnedUntil    time.Time
	// noticed is when it was seen to lie in the future; 0 if it does not.
	noticed time.Duration
}

func sinceEpoch(t time.Time) time.Duration {
	return time.Duration(t.UnixMilli()) * time.Millisecond
}

func epochTime(d time.Duration) time.Time { return time.Unix(0, int64(d)) }

// name is where it lies within its camera's folder.
func (s *segment) name() string {
	if !s.named {
		return segmentName(epochTime(s.start), 0)
	}
	return segmentName(epochTime(s.start), s.end-s.start)
}

// joinWithin is how far apart two segments may lie and still be one interval: a
// frame or two, or what a clock was off.
const joinWithin = 250 * time.Millisecond

// A library knows all that is recorded: for each camera the segments, in the
// order of their beginnings.
type library struct {
	root    *os.Root
	rescued int // segments that a crash had left, while it was opened

	mu      sync.Mutex
	cameras map[string][]*segment
}

// openLibrary reads what is in a folder. What cannot be read of it is left
// alone and reported.
func openLibrary(root *os.Root, report func(what string, err error)) (*library, error) {
	l := &library{root: root, cameras: map[string][]*segment{}}
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.IsDir() && cameraID.MatchString(e.Name()) {
			l.readCamera(e.Name(), report)
		}
	}
	return l, nil
}

func (l *library) readCamera(id string, report func(what string, err error)) {
	days, err := fs.ReadDir(l.root.FS(), id)
	if err != nil {
		report(id, err)
		return
	}
	var list []*segment
	for _, day := range days {
		if !day.IsDir() {
			continue
		}
		files, err := fs.ReadDir(l.root.FS(), path.Join(id, day.Name()))
		if err != nil {
			report(path.Join(id, day.Name()), err)
		}
		for _, f := range files {
			name := path.Join(day.Name(), f.Name())
			start, length, ok := parseSegmentName(name)
			if !ok {
				continue
			}
			s := &segment{start: sinceEpoch(start), named: true}
			s.end = s.start + length
			if length == 0 {
				if s, err = l.rescue(id, name); err != nil {
					report(path.Join(id, name), err)
				}
			}
			if s != nil {
				list = append(list, s)
			}
		}
	}
	slices.SortFunc(list, byStart)
	if len(list) > 0 {
		l.cameras[id] = list
	}
}

func byStart(a, b *segment) int { return cmp.Compare(a.start, b.start) }

// rescue makes a segment of what a crash left: it ends with its last whole
// part. It returns nil if there is none.
func (l *library) rescue(id, name string) (*segment, error) {
	full := path.Join(id, name)
	f, err := l.root.OpenFile(full, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	sum, err := summarize(f, info.Size())
	if err != nil {
		return nil, err
	}
	length := sum.length.Round(time.Millisecond)
	if sum.size == 0 || length <= 0 {
		return nil, l.root.Remove(full)
	}
	if sum.size < info.Size() {
		if err := f.Truncate(sum.size); err != nil {
			return nil, err
		}
	}
	start, _, _ := parseSegmentName(name)
	s := &segment{start: sinceEpoch(start), named: true}
	s.end = s.start + length
	l.rescued++
	return s, l.root.Rename(full, path.Join(id, s.name()))
}

// begin enters a segment that is being written.
func (l *library) begin(id string, s *segment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.cameras[id]
	at, _ := slices.BinarySearchFunc(list, s, byStart)
	l.cameras[id] = slices.Insert(list, at, s)
}

// grow notes that so much of a segment is whole.
func (l *library) grow(s *segment, size int64, length time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s.size, s.end = size, s.start+length.Round(time.Millisecond)
}

// finish notes that nobody writes a segment any more, and gives the file its
// whole name.
func (l *library) finish(id string, s *segment) error {
	was := path.Join(id, segmentName(epochTime(s.start), 0))
	is := path.Join(id, segmentName(epochTime(s.start), s.end-s.start))
	err := l.root.Rename(was, is)
	l.mu.Lock()
	defer l.mu.Unlock()
	s.writing, s.named = false, err == nil
	return err
}

// intervals returns when there are recordings between two times; what lies
// apart by no more than joinWithin is one.
func (l *library) intervals(id string, from, to time.Time) (list []Interval) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a, b := time.Duration(from.UnixNano()), time.Duration(to.UnixNano())
	var end time.Duration
	for _, s := range l.cameras[id] {
		if s.end <= a || s.start >= b || s.end <= s.start {
			continue
		}
		first, last := max(s.start, a), min(s.end, b)
		if n := len(list); n > 0 && first-end <= joinWithin {
			end = max(end, last)
			list[n-1].To = epochTime(end)
			continue
		}
		end = last
		list = append(list, Interval{From: epochTime(first), To: epochTime(last)})
	}
	return list
}

// has says whether anything is recorded of a camera.
func (l *library) has(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.cameras[id]) > 0
}

// A hold is a segment that a clip reads, and how much of it counted when the
// clip was made; size 0 is all of it.
type hold struct {
	*segment
	size int64
}

// hold returns the segments that have something between two times, and keeps
// them from being deleted until a time or release.
func (l *library) hold(id string, from, to, until time.Time) (list []hold) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a, b := time.Duration(from.UnixNano()), time.Duration(to.UnixNano())
	for _, s := range l.cameras[id] {
		if s.end <= a || s.start >= b || s.end <= s.start {
			continue
		}
		s.pins++
		if until.After(s.pinnedUntil) {
			s.pinnedUntil = until
		}
		h := hold{segment: s}
		if s.writing {
			h.size = s.size
		}
		list = append(list, h)
	}
	return list
}

func (l *library) release(list []hold) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range list {
		h.pins--
	}
}

// open opens a segment, which may be getting its whole name at this moment.
func (l *library) open(id string, s *segment) (*os.File, error) {
	l.mu.Lock()
	length := s.end - s.start
	l.mu.Unlock()
	var f *os.File
	var err error
	for _, length := range []time.Duration{length, 0, length} {
		f, err = l.root.Open(path.Join(id, segmentName(epochTime(s.start), length)))
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return f, err
}

// removable says whether a segment may be deleted.
func (s *segment) removable(now time.Time) bool {
	return !s.writing && (s.pins <= 0 || !now.Before(s.pinnedUntil))
}

// misdated is how far in the future a segment must lie to be taken for one that
// was made while the clock was wrong.
const misdated = time.Hour

// take removes from the library the first segment of a camera that began
// before a time and may be deleted, and returns it. When one that is misdated
// began nobody knows: it counts from when it was noticed.
func (l *library) take(id string, before, now time.Time) *segment {
	l.mu.Lock()
	defer l.mu.Unlock()
	limit := time.Duration(before.UnixNano())
	for i, s := range l.cameras[id] {
		if s.start >= limit {
			break
		}
		if s.removable(now) {
			l.drop(id, i)
			return s
		}
	}
	noticed := time.Duration(now.UnixNano())
	for i, s := range slices.Backward(l.cameras[id]) {
		if s.start < noticed+misdated {
			break
		}
		s.noticed = cmp.Or(s.noticed, noticed)
		if s.noticed < limit && s.removable(now) {
			l.drop(id, i)
			return s
		}
	}
	return nil
}

// takeOldest is take for the oldest of all cameras.
func (l *library) takeOldest(now time.Time) (id string, s *segment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := -1
	for camera, list := range l.cameras {
		for i, candidate := range list {
			if s != nil && candidate.start >= s.start {
				break
			}
			if candidate.removable(now) {
				id, s, at = camera, candidate, i
				break
			}
		}
	}
	if s != nil {
		l.drop(id, at)
	}
	return id, s
}

// drop forgets a segment; l is locked.
func (l *library) drop(id string, i int) {
	l.cameras[id] = slices.Delete(l.cameras[id], i, i+1)
	if len(l.cameras[id]) == 0 {
		delete(l.cameras, id)
	}
}

// remove deletes the file of a segment that was taken. On an error it is in the
// library again.
func (l *library) remove(id string, s *segment) error {
	name := path.Join(id, s.name())
	err := l.root.Remove(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.begin(id, s)
		return err
	}
	// The folders go with the last that was in them.
	if l.root.Remove(path.Dir(name)) == nil {
		_ = l.root.Remove(id)
	}
	return nil
}

// ids returns the cameras of which there are recordings.
func (l *library) ids() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	ids := make([]string, 0, len(l.cameras))
	for id := range l.cameras {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// forget takes out a segment that came to nothing.
func (l *library) forget(id string, s *segment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.cameras[id], s); i >= 0 {
		l.drop(id, i)
	}
}
