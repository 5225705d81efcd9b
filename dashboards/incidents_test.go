package dashboards_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"citywatch"
	"citywatch/alerts/incident"
	"citywatch/dashboards"
	"citywatch/geo"
)

// A bookOfProvince is the incidents of a made-up province.
type bookOfProvince struct {
	mu     sync.Mutex
	book   *incident.Book
	checks incident.Checks
}

func newBookOfProvince() *bookOfProvince {
	return &bookOfProvince{book: incident.NewBook(incident.Options{})}
}

func (b *bookOfProvince) apply(t *citywatch.Transition) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t.Reason == citywatch.ReasonFired {
		t.Notice = citywatch.NoticeSound
	}
	in, _ := b.book.Apply(t)
	return in
}

func (b *bookOfProvince) storm(now time.Time) citywatch.Storm {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.book.Storm(now)
}

func (b *bookOfProvince) List(closed int) []citywatch.Incident {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append(b.book.Open(), b.book.Closed(closed, nil)...)
}

func (b *bookOfProvince) items(id string) []citywatch.CheckItem {
	return incident.Items(b.book.Rules(id), func(string) []citywatch.Text {
		return []citywatch.Text{{VI: "Gọi 114", EN: "Call the fire brigade"}, {VI: "Xem camera", EN: "Look at the camera"}}
	})
}

func (b *bookOfProvince) File(id string) (citywatch.IncidentFile, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f, ok := b.book.File(id)
	f.Checklist = b.checks.Checklist(id, b.items(id))
	return f, ok
}

func (b *bookOfProvince) Past(id string, limit int) []citywatch.Incident {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.book.Past(id, limit)
}

func (b *bookOfProvince) Check(_ context.Context, id string, c dashboards.Check) (citywatch.Checklist, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	items := b.items(id)
	_, err := b.checks.Make(id, items, incident.Check{Item: c.Item, Done: c.Done, Actor: c.Actor, Seen: c.Version, At: c.At})
	switch {
	case errors.Is(err, incident.ErrNoItem):
		err = fmt.Errorf("%w: %w", dashboards.ErrNotFound, err)
	case err != nil:
		err = fmt.Errorf("%w: %w", dashboards.ErrConflict, err)
	}
	return b.checks.Checklist(id, items), err
}

// incidentDeps is what the site is told of incidents, and of what is near.
func (p *province) incidentDeps(cameras ...citywatch.Camera) *dashboards.IncidentDeps {
	var places []geo.Place
	for _, s := range p.Devices() {
		places = append(places, geo.Place{ID: s.Device.ID, Kind: geo.Device, Position: s.Device.Position})
	}
	for _, c := range append(newEye().Cameras(), cameras...) {
		places = append(places, geo.Place{ID: c.ID, Kind: geo.Camera, Position: c.Position})
	}
	index := geo.NewIndex(nil, places)
	return &dashboards.IncidentDeps{
		Book:  p.book,
		Storm: p.book.storm,
		Sensors: func(hazard string) []string {
			return map[string][]string{"river-flood": {"river_gauge", "rain_gauge"}}[hazard]
		},
		Near: func(kind dashboards.NearKind, at orb.Point, k int, keep func(string) bool) []dashboards.Near {
			var out []dashboards.Near
			for _, n := range index.Nearest(at, k, func(p geo.Place) bool { return string(p.Kind) == string(kind) && keep(p.ID) }) {
				out = append(out, dashboards.Near{ID: n.ID, Distance: n.Distance, Bearing: n.Bearing})
			}
			return out
		},
	}
}

// guards are cameras whose states are made up.
type guards struct {
	list   []citywatch.Camera
	states map[string]citywatch.CameraState
}

func (g *guards) Cameras() []citywatch.Camera { return g.list }

func (g *guards) Status(id string) (citywatch.CameraStatus, error) {
	return citywatch.CameraStatus{State: g.states[id]}, nil
}

// add puts a camera so many metres north of a place, looking into a direction.
func (g *guards) add(id string, at orb.Point, metres, bearing float64, state citywatch.CameraState) {
	c := citywatch.Camera{ID: id, Name: id, Position: orb.Point{at[0], at[1] + metres/111_319}}
	if bearing >= 0 {
		view := 60.0
		c.Bearing, c.View = &bearing, &view
	}
	g.list = append(g.list, c)
	g.states[id] = state
}

type cardCamera struct {
	Camera   struct{ ID string }
	Distance float64
	Sees     *bool
}

type cardAnswer struct {
	Incident struct {
		Properties struct {
			ID          string
			Level       int
			Alerts, Age float64
			Open        bool
		}
	}
	Alerts []struct {
		ID, Handling string
		Level        int
		Age          float64
	}
	Cameras     []cardCamera
	CamerasDown []cardCamera `json:"cameras_down"`
	Sensors     []struct {
		Device struct {
			ID         string
			Properties struct{ Class string }
		}
		Distance        float64
		Value, Readings string
		Points          []dashboards.Point
	}
	Past      []struct{ ID string }
	Checklist citywatch.Checklist
	Timeline  []citywatch.IncidentEvent
}

// TestCard: one answer holds all that people need of an incident.
func TestCard(t *testing.T) {
	p := newProvince(t)
	name := citywatch.Text{VI: "Lũ", EN: "Flood"}
	before := p.raise("lao-cai-thao", "river-flood", 2, name, citywatch.Evidence{Value: "water_level", Number: 82})
	before.Handling = citywatch.FalseAlarm
	p.publish(before, citywatch.ReasonFalseAlarm, "Lan")
	before.ID, before.Version, before.Level, before.Handling = "again", 0, 3, citywatch.New
	a := p.publish(before, citywatch.ReasonFired, "")
	p.book.apply(&citywatch.Transition{Seq: 99, At: time.Now(), Alert: a, Reason: citywatch.ReasonNoted, Actor: "Hoa", Note: "đã gọi"})
	g := &guards{states: map[string]citywatch.CameraState{}}
	g.add("near", a.Position, 100, 0, citywatch.CameraOnline) // looks away
	g.add("sees", a.Position, 900, 190, citywatch.CameraOnline)
	g.add("unknown", a.Position, 300, -1, citywatch.CameraIdle)
	g.add("dead", a.Position, 10, 180, citywatch.CameraFrozen)
	g.add("far", a.Position, 5000, 180, citywatch.CameraOnline)
	g.add("farther", a.Position, 6000, -1, citywatch.CameraOnline)
	g.add("another town's", a.Position, 21_000, -1, citywatch.CameraOnline)
	g.add("dead and far", a.Position, 9000, -1, citywatch.CameraUnreachable)
	s := serve(t, p.site(t, func(d *dashboards.Deps) { d.Cameras, d.Incidents = g, p.incidentDeps(g.list...) }))
	resp, body := s.get(t, "/api/v1/incidents/"+url.PathEscape(a.Incident))
	if resp.StatusCode != 200 {
		t.Fatalf("%s: %s", resp.Status, body)
	}
	c := decode[cardAnswer](t, body)
	if in := c.Incident.Properties; in.ID != a.Incident || in.Level != 3 || !in.Open || len(c.Alerts) != 1 || c.Alerts[0].Handling != "new" {
		t.Errorf("the incident is %+v with %+v", in, c.Alerts)
	}
	var cameras, down []string
	for _, n := range c.Cameras {
		looks := "?"
		if n.Sees != nil {
			looks = fmt.Sprint(*n.Sees)
		}
		cameras = append(cameras, n.Camera.ID+" "+looks)
	}
	for _, n := range c.CamerasDown {
		down = append(down, n.Camera.ID)
	}
	if want := []string{"sees true", "near false", "unknown ?", "far false"}; !slices.Equal(cameras, want) {
		t.Errorf("cameras %v, want %v", cameras, want)
	}
	if !slices.Equal(down, []string{"dead"}) {
		t.Errorf("cameras that do not work: %v", down)
	}
	if len(c.Sensors) != 6 || c.Sensors[0].Device.ID != "lao-cai-thao" || c.Sensors[0].Value != "water_level" || len(c.Sensors[0].Points) < 60 {
		t.Errorf("sensors %+v", c.Sensors)
	}
	for i, n := range c.Sensors {
		if class := n.Device.Properties.Class; class != "river_gauge" && class != "rain_gauge" || i > 0 && n.Distance < c.Sensors[i-1].Distance {
			t.Errorf("sensor %d is a %s, %v m away", i, class, n.Distance)
		}
		if resp, _ := s.get(t, n.Readings); resp.StatusCode != 200 {
			t.Errorf("%s is answered with %s", n.Readings, resp.Status)
		}
	}
	if len(c.Past) != 1 || len(c.Checklist.Items) != 2 || len(c.Timeline) != 2 || c.Timeline[1].Note != "đã gọi" {
		t.Errorf("past %v, checklist %v, timeline %v", c.Past, c.Checklist, c.Timeline)
	}
}

// TestCardWithoutTheStore is there all the same, in time.
func TestCardWithoutTheStore(t *testing.T) {
	p := newProvince(t)
	p.storm()
	stuck := func(d *dashboards.Deps) { d.History = slowHistory{} }
	s := serve(t, p.site(t, stuck))
	began := time.Now()
	resp, body := s.get(t, "/api/v1/incidents/"+url.PathEscape(p.book.List(0)[0].ID))
	if c := decode[cardAnswer](t, body); resp.StatusCode != 200 || len(c.Sensors) == 0 || c.Sensors[0].Points != nil {
		t.Errorf("%s: %+v", resp.Status, c)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

// slowHistory is a store that does not answer.
type slowHistory struct{}

func (slowHistory) History(ctx context.Context, _ dashboards.HistoryQuery) ([]dashboards.Point, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestListIncidents(t *testing.T) {
	p := newProvince(t)
	p.storm()
	fire := p.first("fire_panel")
	s := serve(t, p.site(t))
	list := func(query string) collection {
		t.Helper()
		_, body := s.get(t, "/api/v1/incidents"+query)
		return decode[collection](t, body)
	}
	all := list("")
	if len(all.Features) != len(p.book.List(0)) || !strings.Contains(all.Features[0].ID, fire) {
		t.Errorf("%v, not the worst first", all.ids())
	}
	if got := list("?level=4"); len(got.Features) != 1 {
		t.Errorf("of level 4 and above: %v", got.ids())
	}
	if got := list("?zone=none"); len(got.Features) != 0 {
		t.Errorf("in no zone: %v", got.ids())
	}
	// Every alert says where it belongs.
	_, body := s.get(t, "/api/v1/alerts")
	for _, f := range decode[collection](t, body).Features {
		if id, _ := f.Properties["incident"].(string); !slices.Contains(all.ids(), id) {
			t.Errorf("%s is in %q, which is not listed", f.ID, id)
		}
	}
	for _, path := range []string{"/incidents/none", "/incidents?closed=-1", "/incidents?level=9", "/incidents?closed=1001"} {
		if resp, body := s.get(t, "/api/v1"+path); resp.StatusCode != 404 && resp.StatusCode != 400 {
			t.Errorf("%s is answered with %s: %s", path, resp.Status, body)
		}
	}
}

// TestStormFolds 300 alerts into the rows of their communes, while the list
// still has each.
func TestStormFolds(t *testing.T) {
	p := newProvince(t)
	devices := p.Devices()
	for i := range 300 {
		d := devices[i%len(devices)].Device
		p.raise(d.ID, fmt.Sprint("rule", i/len(devices)), citywatch.Level(1+i%3), citywatch.Text{VI: "x", EN: "x"}, citywatch.Evidence{Value: "v"})
	}
	s := serve(t, p.site(t))
	_, body := s.get(t, "/api/v1/storm")
	storm := decode[citywatch.Storm](t, body)
	sum := 0
	for _, r := range storm.Rows {
		sum += r.Count
	}
	_, body = s.get(t, "/api/v1/alerts")
	if n := len(decode[collection](t, body).Features); !storm.On || sum != n || len(storm.Rows) > 20 || storm.Open != n {
		t.Errorf("on %v: %d rows of %d alerts, %d in the list", storm.On, len(storm.Rows), sum, n)
	}
}

func TestChecklist(t *testing.T) {
	p := newProvince(t)
	a := p.raise(p.first("fire_panel"), "fire-panel", 4, citywatch.Text{VI: "Cháy", EN: "Fire"}, citywatch.Evidence{Value: "state", Text: "fire"})
	s := serve(t, p.site(t))
	path := "/api/v1/incidents/" + url.PathEscape(a.Incident)
	_, body := s.get(t, path)
	item := decode[cardAnswer](t, body).Checklist.Items[0].ID
	post := func(body string) (int, []byte) {
		resp, data := s.do(t, http.MethodPost, path+"/checklist", body, "Content-Type", "application/json")
		return resp.StatusCode, data
	}
	for _, c := range []struct {
		body string
		want int
	}{
		{`{"item":"` + item + `","actor":"Lan","version":0}`, 200},
		{`{"item":"` + item + `","actor":"Lan","version":0}`, 200},                  // the answer was lost
		{`{"item":"` + item + `","actor":"Hoa","version":0}`, 409},                  // Lan was quicker
		{`{"item":"` + item + `","done":false,"actor":"Hoa","version":1}`, 200},     // having seen it
		{`{"item":"` + item + `","actor":"Lan"}`, 400},                              // which version?
		{`{"item":"` + item + `","actor":" ","version":1}`, 400},                    // who?
		{`{"actor":"Lan","version":1}`, 400},                                        // what?
		{`{"item":"none","actor":"Lan","version":1}`, 404},                          //
		{`{"item":"` + item + `","actor":"Lan","version":1,"admin":true}`, 400},     //
		{`{"item":"` + item + `","actor":"Lan\u0000x","version":2}`, 400},           //
		{`{"item":"` + item + `","actor":"` + strings.Repeat("x", 101) + `"}`, 400}, //
	} {
		if status, data := post(c.body); status != c.want {
			t.Errorf("%s is answered with %d, want %d: %s", c.body, status, c.want, data)
		}
	}
	if _, data := post(`{"item":"` + item + `","actor":"Lan","version":0}`); !strings.Contains(string(data), "Hoa") {
		t.Errorf("who was quicker is not told: %s", data)
	}
	_, body = s.get(t, path)
	if list := decode[cardAnswer](t, body).Checklist; list.Version != 2 || list.Items[0].Done || list.Items[0].By != "Hoa" {
		t.Errorf("the checklist is %+v", list)
	}
}

// TestNoIncidents: a site that is not given them says so.
func TestNoIncidents(t *testing.T) {
	s := serve(t, newProvince(t).site(t, func(d *dashboards.Deps) { d.Incidents = nil }))
	for _, path := range []string{"/incidents", "/incidents/x", "/storm"} {
		if resp, _ := s.get(t, "/api/v1"+path); resp.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("%s is answered with %s", path, resp.Status)
		}
	}
}
