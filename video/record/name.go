package record

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"time"
)

const (
	dayFormat  = "2006-01-02"
	timeFormat = "20060102T150405.000Z"
)

// cameraID is what can be the name of a folder; no id of a camera is refused
// by it.
var cameraID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$`)

// segmentName returns where a segment lies within its camera's folder; length is
// 0 while it is not whole. Times are of a millisecond.
func segmentName(start time.Time, length time.Duration) string {
	start = start.UTC()
	name := start.Format(timeFormat)
	if length > 0 {
		name += fmt.Sprintf("_%dms", length.Milliseconds())
	}
	return path.Join(start.Format(dayFormat), name+".mp4")
}

// parseSegmentName is segmentName's reverse; ok is false for files that are not
// ours.
func parseSegmentName(name string) (start time.Time, length time.Duration, ok bool) {
	day, file := path.Split(name)
	if len(file) < len(timeFormat) {
		return time.Time{}, 0, false
	}
	start, err := time.Parse(timeFormat, file[:len(timeFormat)])
	if err != nil || path.Clean(day) != start.Format(dayFormat) {
		return time.Time{}, 0, false
	}
	rest := file[len(timeFormat):]
	if rest == ".mp4" {
		return start, 0, true
	}
	if len(rest) < len("_1ms.mp4") || rest[0] != '_' || rest[len(rest)-6:] != "ms.mp4" {
		return time.Time{}, 0, false
	}
	ms, err := strconv.ParseUint(rest[1:len(rest)-6], 10, 40)
	if err != nil || ms == 0 {
		return time.Time{}, 0, false
	}
	return start, time.Duration(ms) * time.Millisecond, true
}
