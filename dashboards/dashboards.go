// Package dashboards is what people see of citywatch: the HTTP API under
// /api/v1, and the pages that live on it.
package dashboards

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"citywatch"
	"citywatch/dashboards/tiles"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Options configure the API and the pages. A zero field takes its default.
type Options struct {
	// QueryTimeout is how long the time series store may take to answer one
	// request. Default 20s.
	QueryTimeout time.Duration `yaml:"query_timeout"`
	// TrustedOrigins are the origins, besides the one that serves the pages,
	// whose pages may acknowledge and change: https://wall.example.vn.
	TrustedOrigins []string `yaml:"trusted_origins"`
	// TilesAbove is the number of devices above which maps draw them from
	// vector tiles instead of one by one. Default 10,000.
	TilesAbove int `yaml:"tiles_above"`
	// Wall is how the wall shows itself where its address does not say.
	Wall WallOptions `yaml:"wall"`
}

// Problems returns what is wrong with the options.
func (o Options) Problems() []citywatch.Problem {
	var ps []citywatch.Problem
	if o.QueryTimeout < 0 {
		ps = append(ps, citywatch.Problem{Path: "$.query_timeout", Message: "is negative", Hint: "leave it out for the default"})
	}
	if o.TilesAbove < 0 {
		ps = append(ps, citywatch.Problem{Path: "$.tiles_above", Message: "is negative", Hint: "leave it out for the default"})
	}
	guard := http.NewCrossOriginProtection()
	for i, origin := range o.TrustedOrigins {
		if err := guard.AddTrustedOrigin(origin); err != nil {
			ps = append(ps, citywatch.Problem{
				Path: indexed("$.trusted_origins", i), Message: err.Error(),
				Hint: "write scheme and host only: https://wall.example.vn",
			})
		}
	}
	for _, p := range o.Wall.Problems() {
		p.Path = "$.wall" + strings.TrimPrefix(p.Path, "$")
		ps = append(ps, p)
	}
	return ps
}

// Deps is what the pages are about. Handlers and functions that are nil leave
// their routes answering 503.
type Deps struct {
	// Version is that of the program. Pages that stay open begin anew when it
	// changes.
	Version string

	Province citywatch.Province
	Classes  []citywatch.Class
	Zones    []citywatch.Zone

	Picture     picture
	Alerts      alerts
	History     history
	DeadLetters deadLetters
	Incidents   *IncidentDeps
	Teams       teams
	// KPIs returns how people fare between two times. The error is
	// ErrUnavailable while the past is still being read.
	KPIs      func(from, to time.Time) (citywatch.KPIs, error)
	Handovers handovers
	Promises  promises
	Past      *PastDeps
	Audit     *AuditDeps
	Field     *FieldDeps

	Cameras    cameras
	Snapshots  snapshots
	Recordings recordings
	// KeyFrame returns the newest key frame of a camera; its errors are those
	// of Snapshots.
	KeyFrame func(id string) (KeyFrame, error)
	// CameraValues tell more of a camera: whether it is recorded
	// ("recording"), whether its picture can be used ("usable", "picture"),
	// how much moves ("activity"). What is not known is absent.
	CameraValues []func(camera string, now time.Time) []citywatch.Value

	// Public are the links by which the public sees camera points of tourism.
	Public publicLinks

	// Rules are those in force.
	Rules rules
	// Replays says what rules would have done; nil says nothing.
	Replays replays

	// System tells how the parts are that the picture does not show.
	System func(ctx context.Context) System
	// Ready tells whether readings can be taken.
	Ready func(ctx context.Context) ReadyReport

	// Stream is the websocket, Push takes readings over HTTP, and Live is the
	// websocket of one camera: the request's path value id, which is
	// registered, says which.
	Stream, Push, Live http.Handler
	// Figures takes those of indicators over HTTP.
	Figures http.Handler
	// Metrics are shown at /metrics; nil shows none.
	Metrics prometheus.Gatherer
	// Log takes what somebody has to act on; nil discards it.
	Log *slog.Logger
	// Exercise marks every page and answer as those of a drill.
	Exercise bool
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// A site answers requests. It holds no state but what it was made with.
type site struct {
	options Options
	deps    Deps
	classes map[string]citywatch.Class
	log     *slog.Logger
	now     func() time.Time
	tiles   *tiles.Tiles
	// build changes with the program, and with the pages that it serves.
	build string
}

// New returns the handler of the whole site: API, pages, /healthz, /readyz and
// /metrics. It fails when the embedded bundle is not whole.
func New(options Options, deps Deps) (http.Handler, error) {
	if options.QueryTimeout == 0 {
		options.QueryTimeout = 20 * time.Second
	}
	if options.TilesAbove == 0 {
		options.TilesAbove = usualTilesAbove
	}
	s := &site{
		options: options, deps: deps, log: deps.Log, now: deps.Now,
		classes: make(map[string]citywatch.Class, len(deps.Classes)),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.tiles = tiles.New(deps.Picture, s.now)
	for _, c := range deps.Classes {
		s.classes[c.ID] = c
	}
	pages, err := newPages(deps.Exercise)
	if err != nil {
		return nil, err
	}
	s.build = strings.TrimPrefix(deps.Version+"-"+pages.hash(), "-")
	mux := http.NewServeMux()
	s.mountAPI(mux)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("GET /readyz", s.ready)
	if deps.Metrics != nil {
		mux.Handle("GET /metrics", promhttp.HandlerFor(deps.Metrics, promhttp.HandlerOpts{}))
	}
	if deps.Public != nil {
		deps.Public.Mount(mux)
	}
	pages.mount(mux)
	return s.protect(mux)
}
