package sim

import (
	"time"

	"citywatch"
)

// tellsFor is how long into each cycle the figure comes that then stops.
const tellsFor = 90 * time.Second

// tellFigure is what a system tells that the centre does not run. The figures
// are made up.
func tellFigure(m moment) []citywatch.Value {
	clock, weekend := m.clock()
	busy := 0.0
	if weekend {
		busy = 1
	}
	drift := m.noise("figure", 4*time.Minute)
	switch m.device.Class {
	case lodging:
		return []citywatch.Value{number("occupancy", 52+16*m.own("house")+10*busy+3*drift, 0)}
	case visitors:
		// Counted up over the day.
		day := min(max((clock-5)/17, 0), 1)
		return []citywatch.Value{number("visitors", day*(4200+3100*busy)*(1+0.02*drift), 0)}
	case oneStop:
		return []citywatch.Value{number("on_time", 95.8+1.6*drift, 1)}
	case satisfaction:
		return []citywatch.Value{number("satisfied", 88.5+2.2*drift, 1)}
	}
	if m.story%Cycle > tellsFor {
		return nil // nobody sends it any more
	}
	return []citywatch.Value{number("share", 41+3*drift, 0)}
}
