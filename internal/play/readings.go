package play

import (
	"errors"

	"citywatch"
)

// ErrUnknownStations means that none of a recording's stations is a device.
var ErrUnknownStations = errors.New("none of the recording's stations is in the list of devices (`citywatch play devices FILE` writes one)")

// Readings returns the recording as readings of those of its stations that are
// among the devices, in the order of time, each of which came when it was
// measured. The error is ErrUnknownStations.
func (r *Recording) Readings(devices []citywatch.Device) ([]citywatch.Reading, error) {
	known := map[string]*citywatch.Device{}
	for i := range devices {
		known[devices[i].ID] = &devices[i]
	}
	var all []citywatch.Reading
	for _, row := range r.Rows {
		if d := known[row.Station.ID]; d != nil {
			all = append(all, citywatch.Reading{
				Device: d.ID, Class: d.Class, Zone: d.Zone, Sector: string(d.Sector),
				Time: row.Time, Arrived: row.Time, Values: row.Values,
			})
		}
	}
	if len(all) == 0 {
		return nil, ErrUnknownStations
	}
	return all, nil
}
