package dashboards

import (
	"fmt"
	"net/http"
	"time"

	"citywatch"
	"citywatch/dashboards/feature"
	"citywatch/dashboards/filter"
)

func (s *site) listDevices(w http.ResponseWriter, r *http.Request) {
	want, err := filter.Parse(r.URL.Query())
	if err != nil {
		s.fail(w, r, fmt.Errorf("%w: %w", ErrInvalid, err))
		return
	}
	e := s.encoder()
	list := feature.Collection[feature.DeviceProperties]{Time: e.Now}
	for _, state := range s.deps.Picture.Devices() {
		if scope := filter.OfDevice(state.Device); want.Device(&scope) {
			list.Features = append(list.Features, e.Feature(&state))
		}
	}
	s.answer(w, r, list)
}

func (s *site) encoder() *feature.Devices {
	open, _ := s.deps.Picture.Alerts()
	return &feature.Devices{Classes: s.classes, Levels: feature.Levels(open), Now: s.now()}
}

func (s *site) getDevice(w http.ResponseWriter, r *http.Request) {
	state, err := s.device(r.PathValue("id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, r, s.encoder().Feature(&state))
}

func (s *site) device(id string) (citywatch.DeviceState, error) {
	for _, state := range s.deps.Picture.Devices() {
		if state.Device.ID == id {
			return state, nil
		}
	}
	return citywatch.DeviceState{}, fmt.Errorf("%w: no device %q is registered", ErrNotFound, id)
}

// listZones and listClasses answer with what does not change while citywatch
// runs; browsers may keep it as long as they ask whether it is still so.
func (s *site) listZones(w http.ResponseWriter, r *http.Request) {
	list := feature.Collection[feature.ZoneProperties]{Time: s.now()}
	for i := range s.deps.Zones {
		list.Features = append(list.Features, feature.Zone(&s.deps.Zones[i]))
	}
	s.answer(w, r, list)
}

type classList struct {
	Time    time.Time `json:"time"`
	Classes []class   `json:"classes"`
}

type class struct {
	ID         string           `json:"id"`
	Name       citywatch.Text   `json:"name"`
	Sector     citywatch.Sector `json:"sector"`
	Period     float64          `json:"period"`
	Quantities []quantity       `json:"quantities"`
}

type quantity struct {
	Value    string         `json:"value"`
	Name     citywatch.Text `json:"name"`
	Unit     string         `json:"unit"`
	Decimals int            `json:"decimals"`
}

func (s *site) listClasses(w http.ResponseWriter, r *http.Request) {
	list := classList{Time: s.now(), Classes: []class{}}
	for _, c := range s.deps.Classes {
		out := class{ID: c.ID, Name: c.Name, Sector: c.Sector, Period: c.Period.Seconds(), Quantities: []quantity{}}
		for _, q := range c.Quantities {
			out.Quantities = append(out.Quantities, quantity{Value: q.Value, Name: q.Name, Unit: q.Unit, Decimals: q.Decimals})
		}
		list.Classes = append(list.Classes, out)
	}
	s.answer(w, r, list)
}

type province struct {
	Time     time.Time `json:"time"`
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	TimeZone string    `json:"time_zone"`
	// Extent is west, south, east, north.
	Extent [4]float64 `json:"extent"`
	// Tiles says that there are so many devices that maps draw them from tiles.
	Tiles bool `json:"tiles,omitempty"`
	// Exercise says that everything here is a drill.
	Exercise bool `json:"exercise,omitempty"`
}

func (s *site) getProvince(w http.ResponseWriter, r *http.Request) {
	p := s.deps.Province
	zone := time.UTC
	if p.TimeZone != nil {
		zone = p.TimeZone
	}
	s.answer(w, r, province{
		Time: s.now(), ID: p.ID, Name: p.Name, TimeZone: zone.String(),
		Extent:   [4]float64{p.Extent.Min.Lon(), p.Extent.Min.Lat(), p.Extent.Max.Lon(), p.Extent.Max.Lat()},
		Tiles:    s.inTiles(),
		Exercise: s.deps.Exercise,
	})
}
