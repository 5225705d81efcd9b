package hub

import (
	"slices"
	"time"

	"citywatch"
	"citywatch/dashboards/feature"
	"citywatch/dashboards/filter"

	"github.com/gorilla/websocket"
)

const (
	// deviceRounds is for how many rounds the device updates are kept for
	// clients that fall behind.
	deviceRounds = 64
	// frameBytes is about how large a frame of device updates gets: an alert
	// waits for one of them at most.
	frameBytes = 32 << 10
)

// A deviceFrame is some of the devices that changed in one round, which is one
// interval.
type deviceFrame struct {
	gen, round uint64
	time       time.Time
	items      []item
	removed    []string
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

// round is the number of the newest round.
func (l deviceLog) round() uint64 {
	if len(l) == 0 {
		return 0
	}
	return l[len(l)-1].round
}

// add appends the frames of one round.
func (l deviceLog) add(frames []*deviceFrame) deviceLog {
	gen, round := l.gen(), l.round()+1
	for i, f := range frames {
		f.gen, f.round = gen+uint64(i)+1, round
	}
	old := 0
	for old < len(l) && l[old].round+deviceRounds <= round {
		old++
	}
	return slices.Concat(l[old:], frames)
}

// skip is for changes that nobody was told of: what was known before does not
// lead to the present any more.
func (l deviceLog) skip() deviceLog {
	const gap = 2
	return deviceLog{{gen: l.gen() + gap, round: l.round() + 1}}
}

// covers reports whether a client that had frame gen can be told the rest.
func (l deviceLog) covers(gen uint64) bool {
	return gen == l.gen() || len(l) > 0 && gen+1 >= l[0].gen
}

// next returns what a client that had frame gen is to be sent, and the frame
// that it then has. The message is nil when nothing that passes its filter has
// changed. A client that is more than a round behind is sent the newest state
// of all that changed since, in one frame.
func (l deviceLog) next(gen uint64, want *filter.Filter) (*websocket.PreparedMessage, uint64, error) {
	newest, first := l[len(l)-1], l[gen+1-l[0].gen]
	if first.round+1 < newest.round {
		message, err := l.merged(gen, want)
		return message, newest.gen, err
	}
	if !want.LimitsDevices() {
		return first.message, first.gen, nil
	}
	u := update{Type: typeDevices, Time: first.time, Features: pass(first.items, want.Device), Removed: first.removed}
	message, err := u.message()
	return message, first.gen, err
}

// merged is everything since frame gen, each device once.
func (l deviceLog) merged(gen uint64, want *filter.Filter) (*websocket.PreparedMessage, error) {
	u := update{Type: typeDevices, Time: l[len(l)-1].time}
	places := map[string]int{} // in all, by device
	var all []item
	for _, f := range l[gen+1-l[0].gen:] {
		for _, it := range f.items {
			if i, had := places[it.id]; had {
				all[i] = it
				continue
			}
			places[it.id] = len(all)
			all = append(all, it)
		}
		u.Removed = append(u.Removed, f.removed...)
	}
	u.Features = pass(all, want.Device)
	return u.message()
}

// A watch notices what changes about the devices.
type watch struct {
	freshness map[string]citywatch.Freshness
	metrics   *metrics
}

// changes returns the frames of the devices that are new, are in touched, or
// whose freshness is another than at the last call.
func (w *watch) changes(states []citywatch.DeviceState, touched map[string]struct{}, e *feature.Devices) ([]*deviceFrame, error) {
	var items []item
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
		items = append(items, it)
	}
	var removed []string
	for id := range w.freshness {
		if _, still := seen[id]; !still {
			removed = append(removed, id)
		}
	}
	slices.Sort(removed)
	w.freshness = seen
	return framesOf(items, removed, e.Now)
}

// framesOf cuts one round into frames that are not too large.
func framesOf(items []item, removed []string, at time.Time) ([]*deviceFrame, error) {
	var frames []*deviceFrame
	for len(items) > 0 || len(removed) > 0 {
		n, size := 0, 0
		for n < len(items) && size < frameBytes {
			size += len(items[n].json)
			n++
		}
		f := &deviceFrame{time: at, items: items[:n:n], removed: removed}
		u := update{Type: typeDevices, Time: at, Features: pass(f.items, anything), Removed: removed}
		var err error
		if f.message, err = u.message(); err != nil {
			return nil, err
		}
		frames = append(frames, f)
		items, removed = items[n:], nil
	}
	return frames, nil
}

func anything(*filter.Scope) bool { return true }
