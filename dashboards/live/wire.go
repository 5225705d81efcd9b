package live

import (
	"encoding/json"
	"time"

	"citywatch"
)

// The text frames. Each is an object whose type says what it is; the pictures
// themselves are the binary frames.
const (
	typeStream = "stream"
	typeTime   = "time"
	typeState  = "state"
	typeAlive  = "alive"
)

// streamFrame comes before the first picture, and wherever a stream begins
// anew. The next binary frame is an initialization segment, except for JPEG,
// where each is one JPEG.
type streamFrame struct {
	Type   string `json:"type"`
	Codec  string `json:"codec"`
	MIME   string `json:"mime"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
}

// timeFrame says when the picture arrived that lies at Media seconds. It comes
// before a picture, at each start, after each gap and about once a second.
type timeFrame struct {
	Type  string  `json:"type"`
	Media float64 `json:"media"`
	At    string  `json:"at"`
	// Skipped says that pictures are missing before this one.
	Skipped bool `json:"skipped,omitempty"`
}

// stateFrame says how the camera is: at the start, and at each change.
type stateFrame struct {
	Type      string                `json:"type"`
	State     citywatch.CameraState `json:"state"`
	Up        bool                  `json:"up"`
	Since     string                `json:"since,omitempty"`
	Detail    string                `json:"detail,omitempty"`
	LastFrame string                `json:"last_frame,omitempty"`
}

// aliveFrame says nothing but that the server is there. It comes where nothing
// else has come for a while: browsers do not show pages the pings of the
// protocol, and a page has to notice a server that is gone without a farewell.
type aliveFrame struct {
	Type string `json:"type"`
}

// milliseconds is RFC 3339, as exact as a clock on a wall has to be.
const milliseconds = "2006-01-02T15:04:05.000Z07:00"

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(milliseconds)
}

func newStreamFrame(m *Message) streamFrame {
	return streamFrame{Type: typeStream, Codec: m.Codec, MIME: m.MIME, Width: m.Width, Height: m.Height}
}

func newTimeFrame(m *Message) timeFrame {
	return timeFrame{Type: typeTime, Media: m.Media.Seconds(), At: moment(m.Arrived), Skipped: m.Skipped}
}

func newStateFrame(s *citywatch.CameraStatus) stateFrame {
	return stateFrame{
		Type: typeState, State: s.State, Up: s.State.Up(),
		Since: moment(s.Since), Detail: s.Detail, LastFrame: moment(s.LastFrame),
	}
}

// encode cannot fail: the frames hold texts and finite numbers.
func encode(frame any) []byte {
	data, _ := json.Marshal(frame)
	return data
}
