package publicview

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"citywatch"
)

// Options of what the public may see. A zero field is its default.
type Options struct {
	// MaxDays is how long a link may be open; 90 by default.
	MaxDays int `yaml:"max_days"`
	// Width is that of public pictures, in pixels; 1280 by default.
	Width int `yaml:"width"`
	// LogKeep is how long it is known who looked; 90d by default.
	LogKeep time.Duration `yaml:"log_keep"`
	// Viewers is how many may watch streams at once; 200 by default.
	Viewers int `yaml:"viewers"`
	// AddressHeader is the header in which a proxy before citywatch says who
	// asks, such as X-Real-IP. Without one the limits count the connection's
	// own address. Anybody can write a header: name one only where the proxy
	// always sets it itself.
	AddressHeader string `yaml:"address_header"`
}

const (
	maxMaxDays = 366
	minWidth   = 160
	maxWidth   = 1920
	minKeep    = 24 * time.Hour
)

// Problems returns what is wrong in the options.
func (o Options) Problems() []citywatch.Problem {
	var problems []citywatch.Problem
	check := func(bad bool, path, hint, format string, args ...any) {
		if bad {
			problems = append(problems, citywatch.Problem{Path: path, Message: fmt.Sprintf(format, args...), Hint: hint})
		}
	}
	check(o.MaxDays < 0 || o.MaxDays > maxMaxDays, "$.max_days", fmt.Sprintf("1 to %d", maxMaxDays), "%d days", o.MaxDays)
	check(o.Width != 0 && (o.Width < minWidth || o.Width > maxWidth), "$.width", fmt.Sprintf("%d to %d", minWidth, maxWidth), "%d pixels", o.Width)
	check(o.LogKeep != 0 && o.LogKeep < minKeep, "$.log_keep", "a day or longer, as in 90d", "%v is too short for anybody to ask", o.LogKeep)
	check(o.Viewers < 0, "$.viewers", "200, or leave it out", "%d viewers", o.Viewers)
	check(o.AddressHeader != "" && http.CanonicalHeaderKey(o.AddressHeader) == "", "$.address_header", "as in X-Real-IP", "%q is no header", o.AddressHeader)
	return problems
}

func (o Options) withDefaults() Options {
	o.MaxDays = cmp.Or(o.MaxDays, 90)
	o.Width = cmp.Or(o.Width, 1280)
	o.LogKeep = cmp.Or(o.LogKeep, 90*24*time.Hour)
	o.Viewers = cmp.Or(o.Viewers, 200)
	return o
}

// A Camera is what the public may know of a camera.
type Camera struct {
	ID, Name string
	Sector   citywatch.Sector
}

// Deps are what a Public is made of. Log and Now may be nil.
type Deps struct {
	// Camera returns the camera with that id, if it is registered.
	Camera func(id string) (Camera, bool)
	// Snapshot returns the newest picture of a camera.
	Snapshot func(ctx context.Context, camera string, width int) (Picture, error)
	// Zone is the one by whose clock pictures are stamped.
	Zone *time.Location
	Log  *slog.Logger
	Now  func() time.Time
}
