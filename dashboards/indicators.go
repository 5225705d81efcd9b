package dashboards

import (
	"fmt"
	"net/http"
	"time"

	"citywatch"
	"citywatch/dashboards/filter"
)

type indicatorList struct {
	Time       time.Time   `json:"time"`
	Indicators []indicator `json:"indicators"`
}

// An indicator is a figure of a system that the centre does not run.
type indicator struct {
	ID     string           `json:"id"`
	Name   string           `json:"name"`
	Sector citywatch.Sector `json:"sector"`
	Class  string           `json:"class"`
	// Label says what the figure is.
	Label    citywatch.Text `json:"label"`
	Unit     string         `json:"unit"`
	Decimals int            `json:"decimals"`
	// Value is the last figure, AsOf the time for which it holds and Age how
	// many seconds that is ago; absent where none ever came.
	Value *float64   `json:"value,omitempty"`
	AsOf  *time.Time `json:"as_of,omitempty"`
	Age   *float64   `json:"age,omitempty"`
	// Stale says that a newer figure should have come: Value says nothing of
	// now.
	Stale bool `json:"stale"`
	// Period is how many seconds lie between two figures.
	Period float64 `json:"period"`
	// Target is what it should reach, and Met whether it does; absent where
	// nobody has said so, or nothing is known.
	Target *float64         `json:"target,omitempty"`
	Better citywatch.Better `json:"better"`
	Met    *bool            `json:"met,omitempty"`
	Owner  string           `json:"owner"`
	Source string           `json:"source"`
}

// staleAfter is how many periods after its time a figure is stale.
const staleAfter = 2

func (s *site) listIndicators(w http.ResponseWriter, r *http.Request) {
	want, err := filter.Parse(r.URL.Query())
	if err != nil {
		s.fail(w, r, fmt.Errorf("%w: %w", ErrInvalid, err))
		return
	}
	out := indicatorList{Time: s.now(), Indicators: []indicator{}}
	for _, state := range s.deps.Picture.Devices() {
		if state.Device.Indicator == nil {
			continue
		}
		if scope := filter.OfDevice(state.Device); want.Device(&scope) {
			out.Indicators = append(out.Indicators, s.indicator(&state, out.Time))
		}
	}
	s.answer(w, r, out)
}

func (s *site) indicator(state *citywatch.DeviceState, now time.Time) indicator {
	d := state.Device
	out := indicator{
		ID: d.ID, Name: d.Name, Sector: d.Sector, Class: d.Class, Period: d.Period.Seconds(), Stale: true,
		Target: d.Indicator.Target, Better: d.Indicator.Better, Owner: d.Indicator.Owner, Source: d.Indicator.Source,
	}
	quantities := s.classes[d.Class].Quantities
	if len(quantities) == 0 {
		return out
	}
	q := quantities[0]
	out.Label, out.Unit, out.Decimals = q.Name, q.Unit, q.Decimals
	for i := range state.Values {
		v := &state.Values[i]
		if v.Name != q.Value || v.IsText() {
			continue
		}
		age := max(0, now.Sub(v.Time).Seconds())
		out.Value, out.AsOf, out.Age = &v.Number, &v.Time, &age
		out.Stale = now.Sub(v.Time) > staleAfter*d.Period
		if met, known := d.Indicator.Met(v.Number); known && !out.Stale {
			out.Met = &met
		}
	}
	return out
}
