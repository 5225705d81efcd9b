package hub

import (
	"encoding/json"
	"time"

	"citywatch"
	"citywatch/dashboards/feature"
	"citywatch/dashboards/filter"

	"github.com/gorilla/websocket"
)

// The types of frames, the value of their member "type".
const (
	typeSnapshot  = "snapshot"  // everything, to begin with
	typeResumed   = "resumed"   // the devices; the alerts go on where the client left
	typeAlert     = "alert"     // one change of one alert
	typeDevices   = "devices"   // the devices that changed
	typeStorm     = "storm"     // the open alerts folded, for those who asked
	typeHeartbeat = "heartbeat" // nothing happened, and that is known
)

// A greeting is the first frame: a snapshot, or resumed, which has no alerts.
type greeting struct {
	Type  string    `json:"type"`
	Epoch string    `json:"epoch"`
	Seq   uint64    `json:"seq"`
	Time  time.Time `json:"time"`
	// Exercise says that all of it is a drill.
	Exercise bool              `json:"exercise,omitempty"`
	Alerts   []json.RawMessage `json:"alerts,omitzero"`
	Devices  []json.RawMessage `json:"devices"`
}

// A change is one transition of one alert. Removed says that the alert no
// longer passes the client's filter.
type change struct {
	Type       string          `json:"type"`
	Seq        uint64          `json:"seq"`
	Time       time.Time       `json:"time"`
	Removed    bool            `json:"removed,omitempty"`
	Feature    json.RawMessage `json:"feature"`
	Transition transition      `json:"transition"`
}

type transition struct {
	ID     string           `json:"id"`
	At     time.Time        `json:"at"`
	Reason citywatch.Reason `json:"reason"`
	Actor  string           `json:"actor,omitempty"`
	// Pressed is when the actor did it, where that was told later.
	Pressed time.Time        `json:"pressed,omitzero"`
	Note    string           `json:"note,omitempty"`
	To      string           `json:"to,omitempty"`
	Notice  citywatch.Notice `json:"notice,omitempty"`
}

// An update tells the devices that changed since the one before. Removed are
// the ids of those that are no longer registered.
type update struct {
	Type     string            `json:"type"`
	Time     time.Time         `json:"time"`
	Removed  []string          `json:"removed,omitempty"`
	Features []json.RawMessage `json:"-"` // written by message
}

// message encodes the update. The features are JSON already: json.Marshal would
// read each of them once more, which for thousands of devices takes as long as
// encoding them did.
//
// It is nil for an update that tells nothing.
func (u *update) message() (*websocket.PreparedMessage, error) {
	if len(u.Features) == 0 && len(u.Removed) == 0 {
		return nil, nil
	}
	head, err := json.Marshal(u)
	if err != nil {
		return nil, err
	}
	size := len(head) + len(`,"features":[]`)
	for _, f := range u.Features {
		size += len(f) + len(",")
	}
	data := append(make([]byte, 0, size), head[:len(head)-len("}")]...)
	data = append(data, `,"features":[`...)
	for i, f := range u.Features {
		if i > 0 {
			data = append(data, ',')
		}
		data = append(data, f...)
	}
	return websocket.NewPreparedMessage(websocket.TextMessage, append(data, "]}"...))
}

// A heartbeat tells the server's clock, and that every change of an alert up
// to Seq has been sent.
type heartbeat struct {
	Type string    `json:"type"`
	Time time.Time `json:"time"`
	Seq  uint64    `json:"seq"`
	// Due is how many promises are due that nobody has said to be kept.
	Due int `json:"due,omitempty"`
}

// encode turns a frame into the message that all its receivers share.
func encode(frame any) (*websocket.PreparedMessage, int, error) {
	data, err := json.Marshal(frame)
	if err != nil {
		return nil, 0, err
	}
	message, err := websocket.NewPreparedMessage(websocket.TextMessage, data)
	return message, len(data), err
}

// An item is one alert or device, encoded, with what filters ask of it.
type item struct {
	id    string
	scope filter.Scope
	json  json.RawMessage
}

// alertItem and deviceItem fail for a number that JSON has no form for. Ingest
// refuses those; one that came all the same must not silence the others.

func alertItem(a *citywatch.Alert) (item, error) {
	data, err := json.Marshal(feature.Alert(a))
	return item{id: a.ID, scope: filter.OfAlert(a), json: data}, err
}

func deviceItem(e *feature.Devices, s *citywatch.DeviceState) (item, error) {
	data, err := json.Marshal(e.Feature(s))
	return item{id: s.Device.ID, scope: filter.OfDevice(s.Device), json: data}, err
}

// pass returns the encoded items that ok lets through; never nil.
func pass(items []item, ok func(*filter.Scope) bool) []json.RawMessage {
	out := make([]json.RawMessage, 0, len(items))
	for i := range items {
		if ok(&items[i].scope) {
			out = append(out, items[i].json)
		}
	}
	return out
}
