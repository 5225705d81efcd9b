package dashboards

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/paulmach/orb"

	"citywatch"
	"citywatch/internal/once"
)

// FieldDeps is what people with phones need. What is nil leaves its routes
// answering 503.
type FieldDeps struct {
	// Requests remembers the answers to requests that bear a key, Mark tells how
	// far the changes of alerts are known, and Done returns the alert after the
	// change behind a mark that a request made, if it made any.
	Requests *once.Memory
	Mark     func(context.Context) (uint64, error)
	Done     func(ctx context.Context, key string, since uint64) (citywatch.Alert, bool, error)

	Photos photos
	// Closed returns when an alert was closed, of those that are remembered.
	Closed func(alert string) (at time.Time, known bool)
	Phones phones
	// Call is the telephone of the duty centre; empty where none is configured.
	Call Call
	// Duties are those that alerts are escalated to, as the rules in force name
	// them.
	Duties func() []string
}

// A Call is a telephone number, and whose it is.
type Call struct {
	Name string `yaml:"name" json:"name"`
	Tel  string `yaml:"tel" json:"tel"`
}

// A Photo is what somebody in the field photographed.
type Photo struct {
	// ID is given by who keeps it; no other picture has the same.
	ID    string `json:"id"`
	Alert string `json:"alert"`
	By    string `json:"by"`
	Note  string `json:"note,omitempty"`
	// Taken is when it was taken, Received when it came here.
	Taken    time.Time `json:"taken"`
	Received time.Time `json:"received"`
	// Position is where it was taken, within Accuracy metres, as the phone knew
	// at Located; nil if it did not.
	Position *orb.Point `json:"position,omitempty"`
	Accuracy float64    `json:"accuracy,omitempty"`
	Located  time.Time  `json:"located,omitzero"`
	Width    int        `json:"width"`
	Height   int        `json:"height"`
	Bytes    int64      `json:"bytes"`
}

// photos keeps what people in the field photograph. The errors are ErrRefused
// for what is no picture, ErrConflict where an alert has too many, and
// ErrNotFound.
type photos interface {
	// Add keeps a picture; the same once more is the same photo.
	Add(ctx context.Context, p Photo, picture []byte) (Photo, error)
	Of(alert string) []Photo
	// Picture returns the JPEG of one, to be closed.
	Picture(alert, id string) (Photo, io.ReadSeekCloser, error)
	// MaxBytes bounds one picture.
	MaxBytes() int64
}

// A Phone is a phone that is to be told of alerts while it sleeps.
type Phone struct {
	// ID is given by who keeps it.
	ID string `json:"id"`
	// Endpoint and Keys are those of the browser's subscription. They are for
	// whoever sends, and never shown.
	Endpoint, P256DH, Auth string `json:"-"`
	Person                 string `json:"-"`

	Team  string          `json:"team"`
	Zones []string        `json:"zones"`
	Level citywatch.Level `json:"level"`
	Lang  string          `json:"lang"`
	Since time.Time       `json:"since"`
}

// phones are told by Web Push. The errors are ErrInvalid for what is no
// subscription, ErrNotFound, ErrConflict for what was tried a moment ago, and
// ErrUnavailable where nothing can be pushed.
type phones interface {
	// PublicKey is by which browsers subscribe; empty where nothing is pushed.
	PublicKey() string
	Subscribe(p Phone) (Phone, error)
	Phone(id string) (Phone, error)
	Forget(id string) error
	// Try sends a trial, and returns when the push service has taken it.
	Try(ctx context.Context, id string) error
}

// getField tells a phone what it needs to begin.
func (s *site) getField(w http.ResponseWriter, r *http.Request) {
	answer := struct {
		Time time.Time `json:"time"`
		Call *Call     `json:"call"`
		// Push is the key by which browsers subscribe.
		Push string `json:"push,omitempty"`
		// Photos is how large a picture may be, 0 where none are kept.
		Photos int64    `json:"photos"`
		Duties []string `json:"duties"`
		// Teams says that /teams tells which teams there are.
		Teams bool `json:"teams"`
		// Keep is for how many seconds the answers to requests are remembered.
		Keep float64 `json:"keep"`
	}{Time: s.now(), Duties: []string{}, Teams: s.deps.Teams != nil, Keep: once.Keep.Seconds()}
	if f := s.deps.Field; f != nil {
		if f.Call.Tel != "" {
			answer.Call = &f.Call
		}
		if f.Phones != nil {
			answer.Push = f.Phones.PublicKey()
		}
		if f.Photos != nil {
			answer.Photos = f.Photos.MaxBytes()
		}
		if f.Duties != nil {
			answer.Duties = append(answer.Duties, f.Duties()...)
		}
	}
	s.answer(w, r, answer)
}
