package dashboards

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"citywatch"
	"citywatch/dashboards/feature"
)

const (
	// cardCameras and cardSensors are how many a card shows, cardPast how many
	// earlier incidents; cardAlerts bounds its alerts, the worst first.
	cardCameras = 4
	cardSensors = 6
	cardPast    = 10
	cardAlerts  = 500
	// candidates are how many of the nearest cameras are looked at for those
	// that look the right way.
	candidates = 12
	// sight is how far away a camera may be, in metres, and be said to see a
	// place: beyond it there are houses and hills between.
	sight = 2000
	// reach is how far away a camera may be, in metres, to be shown at all: what
	// another town's camera shows is no help.
	reach = 20_000
	// cardSpan is how much of a sensor's past a card shows, in steps of
	// cardStep; historyPatience how long it waits for that. Without it the card
	// is there all the same.
	cardSpan        = 2 * time.Hour
	cardStep        = time.Minute
	historyPatience = 700 * time.Millisecond
)

// A card is all that people need to know of one incident, in one answer.
type card struct {
	Time     time.Time                                   `json:"time"`
	Incident feature.Feature[feature.IncidentProperties] `json:"incident"`
	Alerts   []cardAlert                                 `json:"alerts"`
	// AlertsLeftOut counts the alerts beyond those shown.
	AlertsLeftOut int `json:"alerts_left_out"`
	// Cameras are those whose pictures can be used, CamerasDown those that
	// would be nearer.
	Cameras     []nearCamera `json:"cameras"`
	CamerasDown []nearCamera `json:"cameras_down"`
	Sensors     []nearSensor `json:"sensors"`
	// Teams are the nearest that are free and for such things, those first that
	// serve the place; TeamsOut were given one of the alerts. Both are null where
	// it is not known.
	Teams    []nearTeam `json:"teams"`
	TeamsOut []nearTeam `json:"teams_out"`
	// Past is what was here before.
	Past      []feature.Feature[feature.IncidentProperties] `json:"past"`
	Checklist citywatch.Checklist                           `json:"checklist"`
	Timeline  []citywatch.IncidentEvent                     `json:"timeline"`
	// TimelineLeftOut counts the events after the first that are not shown.
	TimelineLeftOut int `json:"timeline_left_out"`
}

type cardAlert struct {
	citywatch.IncidentAlert
	// Age is how many seconds ago its condition began.
	Age float64 `json:"age"`
}

type nearby struct {
	Distance float64 `json:"distance"`
	Bearing  float64 `json:"bearing"`
}

type nearCamera struct {
	Camera feature.Feature[feature.CameraProperties] `json:"camera"`
	nearby
	// Sees says whether the place lies in what the camera sees; null where it
	// is not known which way it looks.
	Sees *bool `json:"sees"`
}

type nearSensor struct {
	Device feature.Feature[feature.DeviceProperties] `json:"device"`
	nearby
	// Value is the quantity of Points, which Readings answers with in full.
	// Points are null where the store has not answered in time.
	Value    string  `json:"value"`
	Readings string  `json:"readings"`
	Points   []Point `json:"points"`
}

func (s *site) getIncident(w http.ResponseWriter, r *http.Request) {
	known, err := s.incidents()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	id := r.PathValue("id")
	file, ok := known.Book.File(id)
	if !ok {
		s.fail(w, r, fmt.Errorf("%w: no incident %q is known", ErrNotFound, id))
		return
	}
	c := s.newCard(&file)
	for _, in := range known.Book.Past(id, cardPast) {
		c.Past = append(c.Past, feature.Incident(&in, c.Time))
	}
	s.addTeams(&c, &file)
	if known.Near != nil && file.Position != (orb.Point{}) {
		if err := s.addCameras(&c, known, file.Position); err != nil {
			s.fail(w, r, err)
			return
		}
		s.addSensors(&c, known, &file)
		s.addHistory(r.Context(), &c)
	}
	s.answer(w, r, c)
}

func (s *site) newCard(f *citywatch.IncidentFile) card {
	now := s.now()
	c := card{
		Time: now, Incident: feature.Incident(&f.Incident, now),
		Alerts: []cardAlert{}, Cameras: []nearCamera{}, CamerasDown: []nearCamera{}, Sensors: []nearSensor{},
		Past:      []feature.Feature[feature.IncidentProperties]{},
		Checklist: f.Checklist, Timeline: f.Timeline, TimelineLeftOut: f.Skipped,
	}
	if c.Checklist.Items == nil {
		c.Checklist.Items = []citywatch.CheckItem{}
	}
	if c.Timeline == nil {
		c.Timeline = []citywatch.IncidentEvent{}
	}
	for _, m := range f.Members {
		if len(c.Alerts) == cardAlerts {
			c.AlertsLeftOut = len(f.Members) - cardAlerts
			break
		}
		c.Alerts = append(c.Alerts, cardAlert{m, max(0, now.Sub(m.Since).Seconds())})
	}
	return c
}

// addCameras puts those cameras first that see the place, then the nearest. How
// each is, is asked of the cameras themselves: their readings are seconds older.
func (s *site) addCameras(c *card, known *IncidentDeps, at orb.Point) error {
	if s.deps.Cameras == nil {
		return nil
	}
	byID := map[string]*citywatch.Camera{}
	all := s.deps.Cameras.Cameras()
	for i := range all {
		byID[all[i].ID] = &all[i]
	}
	up := map[string]feature.Feature[feature.CameraProperties]{}
	down := map[string]feature.Feature[feature.CameraProperties]{}
	var failed error
	found := known.Near(NearCamera, at, candidates, func(id string) bool {
		camera := byID[id]
		if camera == nil {
			return false
		}
		f, err := s.cameraFeature(camera)
		if err != nil {
			failed = err
			return false
		}
		if works(&f.Properties) {
			up[id] = f
			return true
		}
		down[id] = f
		return false
	})
	if failed != nil {
		return failed
	}
	c.Cameras = nearest(found, byID, up, at)
	slices.SortStableFunc(c.Cameras, func(a, b nearCamera) int { return rank(a.Sees) - rank(b.Sees) })
	c.Cameras = c.Cameras[:min(len(c.Cameras), cardCameras)]
	farthest := math.Inf(1)
	if len(c.Cameras) == cardCameras {
		farthest = slices.MaxFunc(c.Cameras, func(a, b nearCamera) int { return int(a.Distance - b.Distance) }).Distance
	}
	dead := known.Near(NearCamera, at, cardCameras, func(id string) bool { _, isDown := down[id]; return isDown })
	dead = slices.DeleteFunc(dead, func(n Near) bool { return n.Distance > farthest })
	c.CamerasDown = nearest(dead, byID, down, at)
	return nil
}

// works reports whether a camera is worth looking at: its pictures come, and
// nothing says that they show nothing.
func works(p *feature.CameraProperties) bool { return p.Up && (p.Usable == nil || *p.Usable) }

// rank puts cameras that see the place first.
func rank(sees *bool) int {
	if sees != nil && *sees {
		return 0
	}
	return 1
}

func nearest(found []Near, byID map[string]*citywatch.Camera, features map[string]feature.Feature[feature.CameraProperties], at orb.Point) []nearCamera {
	out := make([]nearCamera, 0, len(found))
	for _, n := range found {
		if n.Distance > reach {
			break
		}
		out = append(out, nearCamera{features[n.ID], nearby{n.Distance, n.Bearing}, sees(byID[n.ID], at, n.Distance)})
	}
	return out
}

// sees reports whether a place lies in what a camera sees; nil where it is not
// known which way it looks.
func sees(c *citywatch.Camera, at orb.Point, distance float64) *bool {
	if c.Bearing == nil || c.View == nil {
		return nil
	}
	off := math.Abs(math.Mod(geo.Bearing(c.Position, at)-*c.Bearing+540+360, 360) - 180)
	is := distance <= sight && (off <= *c.View/2 || distance < 1)
	return &is
}

// addSensors adds the nearest sensors of the classes that matter.
func (s *site) addSensors(c *card, known *IncidentDeps, f *citywatch.IncidentFile) {
	states := map[string]citywatch.DeviceState{}
	for _, state := range s.deps.Picture.Devices() {
		states[state.Device.ID] = state
	}
	var classes []string
	if known.Sensors != nil {
		classes = known.Sensors(f.Hazard)
	}
	if len(classes) == 0 {
		for _, m := range f.Members {
			if state, ok := states[m.Device]; ok && !slices.Contains(classes, state.Device.Class) {
				classes = append(classes, state.Device.Class)
			}
		}
	}
	e := s.encoder()
	for _, n := range known.Near(NearDevice, f.Position, cardSensors, func(id string) bool {
		state, ok := states[id]
		return ok && !state.Device.Own() && slices.Contains(classes, state.Device.Class)
	}) {
		state := states[n.ID]
		sensor := nearSensor{Device: e.Feature(&state), nearby: nearby{n.Distance, n.Bearing}}
		if quantities := s.classes[state.Device.Class].Quantities; len(quantities) > 0 {
			sensor.Value = quantities[0].Value
		}
		sensor.Readings = prefix + "/devices/" + url.PathEscape(n.ID) + "/readings?from=-2h&value=" + url.QueryEscape(sensor.Value)
		c.Sensors = append(c.Sensors, sensor)
	}
}

// addHistory asks the store for all sensors at once. What it does not answer
// in time is left out.
func (s *site) addHistory(ctx context.Context, c *card) {
	if s.deps.History == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, historyPatience)
	defer cancel()
	var asked sync.WaitGroup
	for i := range c.Sensors {
		sensor := &c.Sensors[i]
		if sensor.Value == "" {
			continue
		}
		asked.Go(func() {
			p := sensor.Device.Properties
			points, err := s.deps.History.History(ctx, HistoryQuery{
				Class: p.Class, Device: p.ID, Value: sensor.Value,
				From: c.Time.Add(-cardSpan), To: c.Time, Every: cardStep, Fn: "mean",
			})
			switch {
			case err != nil:
				s.log.Debug("a card is without a sensor's history", "device", p.ID, "err", err)
			case points == nil:
				sensor.Points = []Point{}
			default:
				sensor.Points = points
			}
		})
	}
	asked.Wait()
}
