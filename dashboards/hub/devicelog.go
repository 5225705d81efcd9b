package hub

import (
	"slices"
	"time"

	"citywatch"
	"citywatch/dashboards/feature"
	"citywatch/dashboards/filter"

	"github.com/gorilla/websocket"
)

// deviceFrames is how many frames of device updates are kept for clients that
// fall behind: they are sent the newest state of what changed in all of them,
// in one frame.
const deviceFrames = 64

// A deviceFrame is the devices that changed in one interval.
type deviceFrame struct {
	gen     uint64
	time    time.Time
	items   []item
	removed []string
	// message is for clients that had the frame before and have no filter.
	message *websocket.PreparedMessage
}

// A deviceLog is the newest frames, in order of gen, without a gap. It is a
// value, as alertLog is.
type deviceLog []*deviceFrame

// gen is the number of the newest frame.
func (l deviceLog) gen() uint64 {
	if len(l) == 0 {
		return 0
	}
	return l[len(l)-1].gen
}

func (l deviceLog) add(f *deviceFrame) deviceLog {
	f.gen = l.gen() + 1
	keep := l[max(0, len(l)-deviceFrames+1):]
	return append(slices.Clip(slices.Clone(keep)), f)
}

// skip is for changes that nobody was told of: what was known before does not
// lead to the present any more.
func (l deviceLog) skip() deviceLog {
	const gap = 2
	return deviceLog{{gen: l.gen() + gap}}
}

// covers reports whether a client that had frame gen can be told the rest.
func (l deviceLog) covers(gen uint64) bool {
	return gen == l.gen() || len(l) > 0 && gen+1 >= l[0].gen
}

// messageSince returns what brings a client that had frame gen to the newest
// state; nil when nothing that passes its filter has changed.
func (l deviceLog) messageSince(gen uint64, want *filter.Filter) (*websocket.PreparedMessage, error) {
	newest := l[len(l)-1]
	if gen+1 == newest.gen && !want.LimitsDevices() {
		return newest.message, nil
	}
	u := update{Type: typeDevices, Time: newest.time}
	items := map[string]int{} // by id, the place in merged
	var merged []item
	for _, f := range l {
		if f.gen <= gen {
			continue
		}
		for _, it := range f.items {
			if i, had := items[it.id]; had {
				merged[i] = it
				continue
			}
			items[it.id] = len(merged)
			merged = append(merged, it)
		}
		u.Removed = append(u.Removed, f.removed...)
	}
	u.Features = pass(merged, want.Device)
	if len(u.Features) == 0 && len(u.Removed) == 0 {
		return nil, nil
	}
	return u.message()
}

// A watch notices what changes about the devices.
type watch struct {
	freshness map[string]citywatch.Freshness
	metrics   *metrics
}

// changes returns the frame of the devices that are new, are in touched, or
// whose freshness is another than at the last call; nil when there are none.
func (w *watch) changes(states []citywatch.DeviceState, touched map[string]struct{}, e *feature.Devices) (*deviceFrame, error) {
	f := &deviceFrame{time: e.Now}
	seen := make(map[string]citywatch.Freshness, len(states))
	for i := range states {
		id, now := states[i].Device.ID, states[i].Freshness(e.Now)
		seen[id] = now
		before, known := w.freshness[id]
		_, heard := touched[id]
		if known && before == now && !heard {
			continue
		}
		it, err := deviceItem(e, &states[i])
		if err != nil {
			w.metrics.unencodable.Inc()
			continue
		}
		f.items = append(f.items, it)
	}
	for id := range w.freshness {
		if _, still := seen[id]; !still {
			f.removed = append(f.removed, id)
		}
	}
	slices.Sort(f.removed)
	w.freshness = seen
	if len(f.items) == 0 && len(f.removed) == 0 {
		return nil, nil
	}
	u := update{Type: typeDevices, Time: f.time, Features: pass(f.items, anything), Removed: f.removed}
	var err error
	f.message, err = u.message()
	return f, err
}

func anything(*filter.Scope) bool { return true }
