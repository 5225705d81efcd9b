package hub

import (
	"bytes"
	"encoding/json"
	"net/url"
	"time"

	"citywatch"

	"github.com/gorilla/websocket"
)

// A stormFrame tells the open alerts folded, for as long as so many come that
// nobody can read them one by one. The alerts are told all the same.
type stormFrame struct {
	Type string    `json:"type"`
	Time time.Time `json:"time"`
	citywatch.Storm
}

// A stormNews is the newest of those frames: whoever is slow is told only that.
type stormNews struct {
	number  uint64
	message *websocket.PreparedMessage
	// said is what it says, to tell whether there is anything new.
	said []byte
}

// wantsStorm reads ?storm=true. Only screens that fold ask for it: a frame is
// some tens of kilobytes, up to twice a second, which phones need not carry.
func wantsStorm(q url.Values) bool { return q.Get("storm") == "true" }

// tellStorm has whoever asked for it see how the storm is now, if that is new.
func (h *Hub) tellStorm(now time.Time) error {
	s := h.storm(now)
	if !s.On {
		// Nothing to fold: how many there are, and when, is no news then.
		s = citywatch.Storm{Limit: s.Limit, Over: s.Over, Rows: []citywatch.StormRow{}}
	}
	said, err := json.Marshal(s)
	if err != nil {
		return err
	}
	h.mu.Lock()
	old := h.state.Load().storm
	if bytes.Equal(said, old.said) {
		h.mu.Unlock()
		return nil
	}
	message, _, err := encode(stormFrame{typeStorm, now, s})
	if err == nil {
		next := *h.state.Load()
		next.storm = stormNews{number: old.number + 1, message: message, said: said}
		h.state.Store(&next)
	}
	h.mu.Unlock()
	h.wake()
	return err
}
