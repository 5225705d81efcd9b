package dashboards

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"citywatch"
)

type healthAnswer struct {
	Time time.Time `json:"time"`
	// Build changes with the program and with its pages.
	Build string `json:"build"`
	// Exercise says that everything here is a drill.
	Exercise bool `json:"exercise,omitempty"`
	System
	// Freshness counts the devices, but for those that are citywatch's own.
	Freshness map[citywatch.Freshness]int `json:"freshness"`
	Devices   int                         `json:"devices"`
	// Unconfigured are the levels that are known to exist, but for which
	// nobody has said where they begin: no alert can be raised for them.
	Unconfigured []unconfigured `json:"unconfigured"`
}

type unconfigured struct {
	Device string          `json:"device"`
	Name   string          `json:"name"`
	Value  string          `json:"value"`
	Level  citywatch.Level `json:"level"`
}

func (s *site) health(w http.ResponseWriter, r *http.Request) {
	now := s.now()
	out := healthAnswer{
		Time: now, Build: s.build, Exercise: s.deps.Exercise, System: s.system(r), Unconfigured: []unconfigured{},
		Freshness: map[citywatch.Freshness]int{
			citywatch.Fresh: 0, citywatch.Late: 0, citywatch.Silent: 0, citywatch.Never: 0,
		},
	}
	for _, state := range s.deps.Picture.Devices() {
		if state.Device.Own() || state.Device.Indicator != nil {
			continue // what they tell is in the rest of the answer, or under /indicators
		}
		out.Devices++
		out.Freshness[state.Freshness(now)]++
		out.Unconfigured = append(out.Unconfigured, missingBounds(state.Device)...)
	}
	slices.SortFunc(out.Unconfigured, func(a, b unconfigured) int { return strings.Compare(a.Name, b.Name) })
	s.answer(w, r, out)
}

// system asks how the other parts are; where nobody knows, that is the answer.
func (s *site) system(r *http.Request) System {
	sys := System{Journal: Part{Name: "journal", State: Unknown}, Store: Part{Name: "store", State: Unknown}}
	if s.deps.System != nil {
		sys = s.deps.System(r.Context())
	}
	if sys.Sources == nil {
		sys.Sources = []Part{}
	}
	if sys.Lags == nil {
		sys.Lags = []Lag{}
	}
	return sys
}

func missingBounds(d *citywatch.Device) []unconfigured {
	var out []unconfigured
	for value, table := range d.Bounds {
		for level := citywatch.MinLevel; level <= citywatch.MaxLevel; level++ {
			if bound, known := table[level]; known && bound == nil {
				out = append(out, unconfigured{Device: d.ID, Name: d.Name, Value: value, Level: level})
			}
		}
	}
	return out
}

// ready answers 200 or 503, so that whatever starts and balances can tell
// without reading.
func (s *site) ready(w http.ResponseWriter, r *http.Request) {
	report := ReadyReport{Parts: []Part{}}
	if s.deps.Ready != nil {
		report = s.deps.Ready(r.Context())
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !report.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(report) // nobody is left to be told of an error
}
