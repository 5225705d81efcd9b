package play

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/paulmach/orb"

	"citywatch"
)

// ErrNoPosition is returned for a recording with a station that has no
// position: a registered device needs one.
var ErrNoPosition = errors.New("the recording has no position for it; name the columns longitude and latitude in the mapping")

// ErrNoClass is returned for a mapping that does not say what the stations are.
var ErrNoClass = errors.New("the mapping has no class; describe one as a list of devices does")

const devicesFile = `# Made of a recording by citywatch play devices.

classes:
  - id: {{.Class.ID}}
    name: {vi: {{quote .Class.Name.VI}}, en: {{quote .Class.Name.EN}}}
    sector: {{.Class.Sector}}
    period: {{.Class.Period}}
    quantities:
{{- range .Class.Quantities}}
      - {value: {{.Value}}, name: {vi: {{quote .Name.VI}}, en: {{quote .Name.EN}}}, unit: {{quote .Unit}}, decimals: {{.Decimals}}}
{{- end}}

devices:
{{- range .Stations}}
  - id: {{quote .ID}}
    name: {{quote .Name}}
    class: {{$.Class.ID}}
    at: [{{index .Position 0}}, {{index .Position 1}}]
{{- if .Alias}}
    aliases: [{{quote .Alias}}]
{{- end}}
{{- if .Bounds}}
    bounds: {{bounds .Bounds}}
{{- end}}
{{- end}}
`

// WriteDevices writes the stations as a list of devices for citywatch, each
// with its alarm table. The error is ErrNoPosition, ErrNoClass, or w's.
func (r *Recording) WriteDevices(w io.Writer) error {
	if r.mapping.Class.ID == "" {
		return ErrNoClass
	}
	for _, s := range r.Stations {
		if s.Position == nil {
			return fmt.Errorf("station %s: %w", s.ID, ErrNoPosition)
		}
	}
	t, err := template.New("devices").Funcs(template.FuncMap{"quote": strconv.Quote, "bounds": boundsYAML}).Parse(devicesFile)
	if err != nil {
		return err
	}
	return t.Execute(w, map[string]any{"Class": r.mapping.Class, "Stations": r.Stations})
}

// boundsYAML writes alarm tables on one line. A level that is not configured
// is null.
func boundsYAML(all map[string]citywatch.Bounds) string {
	var tables []string
	for _, value := range slices.Sorted(maps.Keys(all)) {
		var levels []string
		for _, level := range slices.Sorted(maps.Keys(all[value])) {
			bound := "null"
			if b := all[value][level]; b != nil {
				bound = strconv.FormatFloat(*b, 'f', -1, 64)
			}
			levels = append(levels, fmt.Sprintf("%d: %s", level, bound))
		}
		tables = append(tables, fmt.Sprintf("%s: {%s}", value, strings.Join(levels, ", ")))
	}
	return "{" + strings.Join(tables, ", ") + "}"
}

// aroundStations is how far beyond the outermost station the zone reaches, in
// degrees.
const aroundStations = 0.1

// WriteZones writes one rectangular zone that holds every station, as GeoJSON:
// enough to begin with where no boundaries are at hand. The error is
// ErrNoPosition, or w's.
func (r *Recording) WriteZones(w io.Writer) error {
	var all orb.MultiPoint
	for _, s := range r.Stations {
		if s.Position == nil {
			return fmt.Errorf("station %s: %w", s.ID, ErrNoPosition)
		}
		all = append(all, *s.Position)
	}
	if len(all) == 0 {
		return errors.New("the recording has no stations")
	}
	ring := all.Bound().Pad(aroundStations).ToRing()
	var corners []string
	for _, p := range ring {
		corners = append(corners, fmt.Sprintf("[%.4f, %.4f]", p[0], p[1]))
	}
	_, err := fmt.Fprintf(w, `{
  "type": "FeatureCollection",
  "features": [
    {"type": "Feature", "id": "recording", "properties": {"id": "recording", "name": "Vùng của dữ liệu ghi lại"},
     "geometry": {"type": "Polygon", "coordinates": [[%s]]}}
  ]
}
`, strings.Join(corners, ", "))
	return err
}
