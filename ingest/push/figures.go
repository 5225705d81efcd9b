package push

import (
	"context"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"time"
)

// A Figure is the value of an indicator as of a time.
type Figure struct {
	Indicator string    `json:"indicator"`
	Value     *float64  `json:"value"`
	AsOf      time.Time `json:"as_of"`
}

// Figures are the indicators' own door: their figures come as JSON or as a
// table in CSV, and become readings like any other.
type Figures struct {
	door *Handler
	// value returns the name of the value that an indicator's figure is, and
	// whether it is one.
	value func(indicator string) (string, bool)
	zone  *time.Location
}

// Figures returns the door through which the figures of indicators come. Value
// returns the name of an indicator's value, and whether there is such an
// indicator; zone is the one by whose clock tables are written.
func (h *Handler) Figures(value func(indicator string) (string, bool), zone *time.Location) *Figures {
	return &Figures{door: h, value: value, zone: zone}
}

// ServeHTTP takes the figures of one request: all of them, or none where one
// cannot be read. The answer is that of readings.
func (f *Figures) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	result, fault := f.serve(w, r)
	if fault != nil {
		fault.write(w)
		return
	}
	result.write(w)
}

func (f *Figures) serve(w http.ResponseWriter, r *http.Request) (*result, *problem) {
	if fault := f.door.authorize(r); fault != nil {
		return nil, fault
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" && kind != "text/csv" {
		return nil, &problem{
			Status: http.StatusUnsupportedMediaType, Detail: "set Content-Type to application/json, or to text/csv for a table",
			header: header("Accept", "application/json, text/csv"),
		}
	}
	release, fault := f.door.admit(r)
	if fault != nil {
		return nil, fault
	}
	defer release()
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyWithin))
	data, fault := f.door.read(w, r)
	if fault != nil {
		return nil, fault
	}
	var figures []Figure
	if kind == "text/csv" {
		figures, err = ParseTable(data, f.zone)
	} else {
		figures, err = parseFigures(data)
	}
	if err != nil {
		return nil, &problem{Status: http.StatusUnprocessableEntity, Detail: err.Error() + "; nothing of the request was taken"}
	}
	ctx, cancel := context.WithTimeout(r.Context(), answerWithin)
	defer cancel()
	return f.take(ctx, figures)
}

// parseFigures reads one figure, or a list of them.
func parseFigures(data []byte) (figures []Figure, err error) {
	jsonItems(data, func(number int, item []byte) bool {
		var figure Figure
		if err = json.Unmarshal(item, &figure); err == nil {
			err = figure.check()
		}
		if err != nil {
			err = fmt.Errorf("item %d: %w", number, err)
			return false
		}
		figures = append(figures, figure)
		return true
	})
	return figures, err
}

func (f *Figure) check() error {
	switch {
	case f.Indicator == "":
		return fmt.Errorf("indicator is missing: the id of one that the device file lists")
	case f.Value == nil:
		return fmt.Errorf("value of %s is missing: a number", clip(f.Indicator))
	case f.AsOf.IsZero():
		return fmt.Errorf("as_of of %s is missing: the time for which the figure holds", clip(f.Indicator))
	}
	return nil
}

// take offers figures to the journal, and waits until they are kept.
func (f *Figures) take(ctx context.Context, figures []Figure) (*result, *problem) {
	if err := f.door.pipeline.Err(); err != nil {
		return nil, busy(5*time.Second, "readings cannot be kept at the moment")
	}
	items := make([][]byte, 0, len(figures))
	for i, figure := range figures {
		value, is := f.value(figure.Indicator)
		if !is {
			return nil, &problem{
				Status: http.StatusUnprocessableEntity,
				Detail: fmt.Sprintf("figure %d: no indicator %q is registered; nothing of the request was taken", i+1, clip(figure.Indicator)),
			}
		}
		item, err := json.Marshal(map[string]any{
			"device": figure.Indicator, "time": figure.AsOf.Format(time.RFC3339Nano), "values": map[string]float64{value: *figure.Value},
		})
		if err != nil {
			return nil, &problem{Status: http.StatusUnprocessableEntity, Detail: err.Error()}
		}
		items = append(items, item)
	}
	return offer(ctx, body{door: f.door.json, topic: "/api/v1/indicators", items: func(_ []byte, yield func(int, []byte) bool) {
		for i, item := range items {
			if !yield(i+1, item) {
				return
			}
		}
	}}, time.Now())
}
