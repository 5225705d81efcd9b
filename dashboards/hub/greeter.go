package hub

import (
	"sync"
	"time"

	"citywatch"
	"citywatch/dashboards/feature"
	"citywatch/dashboards/filter"

	"github.com/gorilla/websocket"
)

// greetingFor is how long one snapshot serves everybody who comes: after a
// restart ten thousand clients come at once.
const greetingFor = time.Second

// maxGreetings bounds the snapshots kept, one for each filter in use.
const maxGreetings = 256

// A greeter makes first frames.
type greeter struct {
	source  source
	classes map[string]citywatch.Class
	metrics *metrics
	clock   func() time.Time
	// exercise says that what is told is a drill.
	exercise bool

	mu      sync.Mutex
	present *present
	made    map[string]*websocket.PreparedMessage
}

// The present is what the source says at one moment, encoded.
type present struct {
	time    time.Time
	seq     uint64
	gen     uint64 // the device frame that devices are not older than
	alerts  []item
	devices []item
}

// snapshot returns a first frame that holds everything, and what it holds. The
// logs must have every change after it.
func (g *greeter) snapshot(want *filter.Filter, st *state) (*websocket.PreparedMessage, *present, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.now(st)
	key := want.Key()
	if message := g.made[key]; message != nil {
		return message, p, nil
	}
	message, _, err := encode(greeting{
		Type: typeSnapshot, Epoch: g.source.Epoch(), Seq: p.seq, Time: p.time, Exercise: g.exercise,
		Alerts: pass(p.alerts, want.Alert), Devices: pass(p.devices, want.Device),
	})
	if err == nil && len(g.made) < maxGreetings {
		g.made[key] = message
	}
	return message, p, err
}

// resumed returns the first frame for a client that knows the alerts up to
// seq.
func (g *greeter) resumed(want *filter.Filter, st *state, seq uint64) (*websocket.PreparedMessage, *present, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.now(st)
	message, _, err := encode(greeting{
		Type: typeResumed, Epoch: g.source.Epoch(), Seq: seq, Time: p.time, Exercise: g.exercise,
		Devices: pass(p.devices, want.Device),
	})
	return message, p, err
}

// now returns the present, at most greetingFor old.
func (g *greeter) now(st *state) *present {
	now := g.clock()
	if p := g.present; p != nil && now.Sub(p.time) < greetingFor && p.seq >= st.alerts.base && st.devices.covers(p.gen) {
		return p
	}
	// The device log is read before the devices are, so that no change can
	// fall between.
	p := &present{time: now, gen: st.devices.gen()}
	alerts, seq := g.source.Alerts()
	p.seq = seq
	for i := range alerts {
		it, err := alertItem(&alerts[i])
		if err != nil {
			g.metrics.unencodable.Inc()
			continue
		}
		p.alerts = append(p.alerts, it)
	}
	e := &feature.Devices{Classes: g.classes, Levels: feature.Levels(alerts), Now: now, NoAges: true}
	states := g.source.Devices()
	p.devices = make([]item, 0, len(states))
	for i := range states {
		it, err := deviceItem(e, &states[i])
		if err != nil {
			g.metrics.unencodable.Inc()
			continue
		}
		p.devices = append(p.devices, it)
	}
	g.present, g.made = p, map[string]*websocket.PreparedMessage{}
	return p
}
