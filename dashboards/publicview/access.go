package publicview

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// An Access is one line of the log of who had to do with public pictures.
type Access struct {
	Time time.Time `json:"time"`
	// Event is created, masked or revoked, which somebody did; looking, when
	// somebody begins to; or looked, when they are done.
	Event  string `json:"event"`
	Link   string `json:"link"`
	Camera string `json:"camera"`
	// Actor is who did it, Address from where somebody looked.
	Actor   string `json:"actor,omitempty"`
	Address string `json:"address,omitempty"`
	// Pictures is how many they were sent, until Time since Since.
	Pictures int       `json:"pictures,omitempty"`
	Since    time.Time `json:"since,omitzero"`
}

// The log: a file a day, by UTC.
const (
	logPrefix = "access-"
	logSuffix = ".jsonl"
	// sittingFor is after how long without a picture somebody has gone, and
	// longestSitting after how long it is noted that they are still there.
	sittingFor     = 5 * time.Minute
	longestSitting = time.Hour
	// mostSittings bounds what is held of who looks. Beyond it each picture is
	// a line of its own.
	mostSittings = 10_000
)

// A diary writes the log. Who looks at a hundred pictures is two lines.
type diary struct {
	root *os.Root

	mu       sync.Mutex
	sittings map[sitting]*looks
}

type sitting struct{ link, camera, address string }

type looks struct {
	since, last time.Time
	pictures    int
}

func newDiary(root *os.Root) *diary { return &diary{root: root, sittings: map[sitting]*looks{}} }

// looked notes that somebody was sent a picture. An error means that it could
// not be noted, and so must not be sent.
func (d *diary) looked(l *Link, address string, now time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	who := sitting{l.ID, l.Camera, address}
	if s := d.sittings[who]; s != nil {
		s.pictures++
		s.last = now
		return nil
	}
	if len(d.sittings) < mostSittings {
		d.sittings[who] = &looks{since: now, last: now, pictures: 1}
	}
	err := d.write(Access{Time: now, Event: "looking", Link: l.ID, Camera: l.Camera, Address: address})
	if err != nil {
		delete(d.sittings, who)
	}
	return err
}

// did notes what somebody did about a link.
func (d *diary) did(event, actor string, l *Link, now time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.write(Access{Time: now, Event: event, Link: l.ID, Camera: l.Camera, Actor: actor})
}

// settle notes who is gone; all of them when over.
func (d *diary) settle(now time.Time, over bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for who, s := range d.sittings {
		if !over && now.Sub(s.last) < sittingFor && now.Sub(s.since) < longestSitting {
			continue
		}
		delete(d.sittings, who)
		errs = append(errs, d.write(Access{
			Time: s.last, Event: "looked", Link: who.link, Camera: who.camera, Address: who.address, Pictures: s.pictures, Since: s.since,
		}))
	}
	return errors.Join(errs...)
}

func (d *diary) write(a Access) error {
	a.Time, a.Since = a.Time.UTC(), a.Since.UTC()
	if a.Since.Year() == 1 {
		a.Since = time.Time{}
	}
	line, err := json.Marshal(a)
	if err != nil {
		return err
	}
	f, err := d.root.OpenFile(logName(a.Time), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("the log of who looked: %w", err)
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}

func logName(day time.Time) string { return logPrefix + day.UTC().Format(time.DateOnly) + logSuffix }

// days returns the days of which there is a log, the newest first.
func (d *diary) days() ([]time.Time, error) {
	entries, err := fs.ReadDir(d.root.FS(), ".")
	if err != nil {
		return nil, err
	}
	var out []time.Time
	for _, e := range slices.Backward(entries) {
		name, is := strings.CutPrefix(e.Name(), logPrefix)
		name, ends := strings.CutSuffix(name, logSuffix)
		if day, err := time.Parse(time.DateOnly, name); is && ends && err == nil {
			out = append(out, day)
		}
	}
	return out, nil
}

// expire removes the logs of the days before a time.
func (d *diary) expire(before time.Time) error {
	days, err := d.days()
	for _, day := range days {
		if day.AddDate(0, 0, 1).Before(before) {
			err = errors.Join(err, d.root.Remove(logName(day)))
		}
	}
	return err
}

// read returns the last lines about a link, the newest first.
func (d *diary) read(link string, limit int) ([]Access, error) {
	days, err := d.days()
	if err != nil {
		return nil, err
	}
	var out []Access
	for _, day := range days {
		lines, err := d.readDay(day, link)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // it has just expired
			return nil, err
		}
		slices.Reverse(lines)
		out = append(out, lines...)
		if len(out) >= limit {
			return out[:limit], nil
		}
	}
	return out, nil
}

func (d *diary) readDay(day time.Time, link string) ([]Access, error) {
	f, err := d.root.Open(logName(day))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var out []Access
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var a Access
		if json.Unmarshal(lines.Bytes(), &a) == nil && a.Link == link { // the last may have been cut off
			out = append(out, a)
		}
	}
	return out, lines.Err()
}
