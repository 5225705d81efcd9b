package dashboards_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"citywatch"
	"citywatch/dashboards"
	"citywatch/internal/once"
	"citywatch/internal/photos"
)

// A squad is what people with phones need, as the province's tests have it.
type squad struct {
	photos *photos.Store
	mu     sync.Mutex
	phones map[string]dashboards.Phone
	tried  []string
	// broken is what done answers, to find out what a request had done.
	done func(key string, since uint64) (citywatch.Alert, bool, error)
	// closed is when alerts were closed.
	closed map[string]time.Time
}

type keptPhotos struct{ *photos.Store }

func (k keptPhotos) Add(ctx context.Context, p dashboards.Photo, picture []byte) (dashboards.Photo, error) {
	kept, err := k.Store.Add(ctx, photos.Photo(p), picture)
	if errors.Is(err, photos.ErrPicture) {
		err = fmt.Errorf("%w: %w", dashboards.ErrRefused, err)
	}
	return dashboards.Photo(kept), err
}

func (k keptPhotos) Of(alert string) []dashboards.Photo {
	var list []dashboards.Photo
	for _, p := range k.Store.Of(alert) {
		list = append(list, dashboards.Photo(p))
	}
	return list
}

func (k keptPhotos) Picture(alert, id string) (dashboards.Photo, io.ReadSeekCloser, error) {
	p, f, err := k.Store.Picture(alert, id)
	if err != nil {
		err = fmt.Errorf("%w: %w", dashboards.ErrNotFound, err)
	}
	return dashboards.Photo(p), f, err
}

func (s *squad) PublicKey() string {
	return "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
}

func (s *squad) Subscribe(p dashboards.Phone) (dashboards.Phone, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.Endpoint == "" {
		return p, fmt.Errorf("%w: no endpoint", dashboards.ErrInvalid)
	}
	p.ID, p.Since = "phone1", time.Now()
	s.phones[p.ID] = p
	return p, nil
}

func (s *squad) Phone(id string) (dashboards.Phone, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.phones[id]
	if !ok {
		return p, dashboards.ErrNotFound
	}
	return p, nil
}

func (s *squad) Forget(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.phones, id)
	return nil
}

func (s *squad) Try(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tried = append(s.tried, id)
	return nil
}

// newSquad returns one, and what puts it into a site.
func newSquad(t testing.TB, p *province) (*squad, func(*dashboards.Deps)) {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	kept, err := photos.Open(t.TempDir(), photos.Options{}, time.Now, quiet)
	if err != nil {
		t.Fatal(err)
	}
	memory, err := once.Open(t.TempDir(), time.Now, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kept.Close(); _ = memory.Close() })
	s := &squad{photos: kept, phones: map[string]dashboards.Phone{}, closed: map[string]time.Time{}}
	s.done = func(string, uint64) (citywatch.Alert, bool, error) { return citywatch.Alert{}, false, nil }
	return s, func(d *dashboards.Deps) {
		d.Field = &dashboards.FieldDeps{
			Requests: memory,
			Mark:     func(context.Context) (uint64, error) { _, seq := p.Alerts(); return seq, nil },
			Done: func(_ context.Context, key string, since uint64) (citywatch.Alert, bool, error) {
				return s.done(key, since)
			},
			Photos: keptPhotos{kept}, Phones: s,
			Closed: func(alert string) (time.Time, bool) { at, ok := s.closed[alert]; return at, ok },
			Call:   dashboards.Call{Name: "Trực ban Lào Cai", Tel: "+84 214 3840 114"},
			Duties: func() []string { return []string{"lanh-dao", "truong-ca"} },
		}
	}
}

// press does something about an alert under a key.
func (s *server) press(t *testing.T, a citywatch.Alert, action, key, actor string, pressed time.Time) (*http.Response, []byte) {
	t.Helper()
	body := map[string]any{"actor": actor, "version": a.Version}
	if !pressed.IsZero() {
		body["pressed"] = pressed
	}
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return s.do(t, "POST", "/api/v1/alerts/"+url.PathEscape(a.ID)+"/"+action, string(data), "Content-Type", "application/json", "Idempotency-Key", key)
}

// TestARequestIsCarriedOutOnce however often it comes, and is answered the same.
func TestARequestIsCarriedOutOnce(t *testing.T) {
	p := newProvince(t)
	_, field := newSquad(t, p)
	s := serve(t, p.site(t, field))
	a := p.flood(3)
	pressed := time.Now().Add(-7 * time.Minute).Truncate(time.Second)
	const key = "0123456789abcdef-1"
	first, body := s.press(t, a, "acknowledge", key, "Minh", pressed)
	if first.StatusCode != http.StatusOK || first.Header.Get("Idempotency-Replayed") != "" {
		t.Fatalf("%s: %s", first.Status, body)
	}
	for range 3 {
		again, same := s.press(t, a, "acknowledge", key, "Minh", pressed)
		if again.StatusCode != http.StatusOK || !bytes.Equal(same, body) || again.Header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("again %s: %s", again.Status, same)
		}
	}
	if len(p.done) != 1 || !p.done[0].Pressed.Equal(pressed) || p.done[0].Request != key {
		t.Errorf("done %+v", p.done)
	}
	// A conflict is an answer, too.
	const other = "0123456789abcdef-2"
	refused, body := s.press(t, a, "dispatch", other, "Lan", time.Time{})
	again, same := s.press(t, a, "dispatch", other, "Lan", time.Time{})
	if refused.StatusCode != http.StatusConflict || again.StatusCode != http.StatusConflict || !bytes.Equal(same, body) || len(p.done) != 2 {
		t.Errorf("%s, then %s; done %d", refused.Status, again.Status, len(p.done))
	}
	if wrong, body := s.press(t, a, "acknowledge", key, "Hoa", pressed); wrong.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("another request under the key: %s %s", wrong.Status, body)
	}
	for _, bad := range []string{"short", "0123456789abcdef ö"} {
		if resp, _ := s.press(t, a, "acknowledge", bad, "Hoa", pressed); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("key %q: %s", bad, resp.Status)
		}
	}
	if old, body := s.press(t, a, "acknowledge", "0123456789abcdef-3", "Hoa", time.Now().Add(-9*24*time.Hour)); old.StatusCode != http.StatusBadRequest {
		t.Errorf("pressed nine days ago: %s %s", old.Status, body)
	}
}

// TestARequestOfWhichNobodyKnows, because citywatch was killed, or its journal
// was away, is looked up before it is carried out again.
func TestARequestOfWhichNobodyKnows(t *testing.T) {
	p := newProvince(t)
	team, field := newSquad(t, p)
	var fails bool
	s := serve(t, p.site(t, field, func(d *dashboards.Deps) {
		d.Alerts = doer(func(ctx context.Context, a dashboards.Action) (citywatch.Alert, error) {
			if fails {
				return citywatch.Alert{}, fmt.Errorf("%w: stopped", dashboards.ErrUnavailable)
			}
			return p.Do(ctx, a)
		})
	}))
	a := p.flood(3)
	const key = "0123456789abcdef-9"
	fails = true
	if resp, body := s.press(t, a, "acknowledge", key, "Minh", time.Time{}); resp.StatusCode != http.StatusServiceUnavailable {
		t.Fatalf("%s %s", resp.Status, body)
	}
	fails = false
	after := a
	after.Handling, after.HandledBy = citywatch.Acknowledged, "Minh"
	looked := 0
	team.done = func(asked string, since uint64) (citywatch.Alert, bool, error) {
		looked++
		return after, asked == key && since == 1, nil
	}
	resp, body := s.press(t, a, "acknowledge", key, "Minh", time.Time{})
	if resp.StatusCode != http.StatusOK || !bytes.Contains(body, []byte(`"handled_by":"Minh"`)) || len(p.done) != 0 || looked != 1 {
		t.Errorf("%s %s; done %d, looked up %d", resp.Status, body, len(p.done), looked)
	}
	if again, same := s.press(t, a, "acknowledge", key, "Minh", time.Time{}); again.StatusCode != http.StatusOK || !bytes.Equal(same, body) || looked != 1 {
		t.Errorf("again %s %s", again.Status, same)
	}
}

type doer func(context.Context, dashboards.Action) (citywatch.Alert, error)

func (d doer) Do(ctx context.Context, a dashboards.Action) (citywatch.Alert, error) { return d(ctx, a) }

// photoForm is a photo as a page posts it.
func photoForm(t *testing.T, about string, picture []byte) (body *bytes.Buffer, kind string) {
	t.Helper()
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	if err := w.WriteField("about", about); err != nil {
		t.Fatal(err)
	}
	part, err := w.CreateFormFile("photo", "x.jpg")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(picture); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return body, w.FormDataContentType()
}

func aJPEG(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewRGBA(image.Rect(0, 0, 64, 48)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPhotos(t *testing.T) {
	p := newProvince(t)
	team, field := newSquad(t, p)
	// The province's Do refuses notes; the engine's own are tested with it.
	var notes []dashboards.Action
	s := serve(t, p.site(t, field, func(d *dashboards.Deps) {
		d.Alerts = doer(func(_ context.Context, a dashboards.Action) (citywatch.Alert, error) {
			notes = append(notes, a)
			alert, _ := p.Alert(a.Alert)
			return alert, nil
		})
	}))
	a := p.flood(3)
	path := "/api/v1/alerts/" + url.PathEscape(a.ID) + "/photos"
	about := `{"actor":"Minh","note":"Nước tràn","taken":"2026-11-22T01:02:03Z","position":[103.97,22.49],"accuracy":12.5,"located":"2026-11-22T01:02:00Z"}`
	post := func(about string, picture []byte) (*http.Response, []byte) {
		body, kind := photoForm(t, about, picture)
		return s.do(t, "POST", path, body.String(), "Content-Type", kind, "Idempotency-Key", "0123456789abcdef-p")
	}
	resp, body := post(about, aJPEG(t))
	var kept dashboards.Photo
	if err := json.Unmarshal(body, &kept); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s", resp.Status, body)
	}
	// The boundary of the form is another each time; the request is the same.
	if again, same := post(about, aJPEG(t)); again.StatusCode != http.StatusOK || !bytes.Equal(same, body) {
		t.Errorf("again %s %s", again.Status, same)
	}
	if len(notes) != 1 || notes[0].Do != "note" || notes[0].Note != "photo:"+kept.ID+"\nNước tràn" || notes[0].Actor != "Minh" {
		t.Errorf("noted %+v", notes)
	}
	_, list := s.get(t, path)
	if !bytes.Contains(list, []byte(`"position":[103.97,22.49],"accuracy":12.5,"located":"2026-11-22T01:02:00Z"`)) {
		t.Errorf("listed %s", list)
	}
	picture, data := s.get(t, path+"/"+kept.ID+".jpg")
	if picture.StatusCode != http.StatusOK || picture.Header.Get("Content-Type") != "image/jpeg" || !bytes.HasPrefix(data, []byte{0xFF, 0xD8}) {
		t.Errorf("the picture: %s %v", picture.Status, picture.Header)
	}
	for name, c := range map[string]struct {
		about   string
		picture []byte
		status  int
	}{
		"no picture":   {about, []byte("hello"), http.StatusUnprocessableEntity},
		"nobody":       {`{}`, aJPEG(t), http.StatusBadRequest},
		"nowhere":      {`{"actor":"x","position":[500,1]}`, aJPEG(t), http.StatusBadRequest},
		"unknown word": {`{"actor":"x","evil":1}`, aJPEG(t), http.StatusBadRequest},
		"much":         {about, make([]byte, 13<<20), http.StatusRequestEntityTooLarge},
	} {
		body, kind := photoForm(t, c.about, c.picture)
		if resp, text := s.do(t, "POST", path, body.String(), "Content-Type", kind); resp.StatusCode != c.status {
			t.Errorf("%s: %s %s", name, resp.Status, text)
		}
	}
	form, kind := photoForm(t, about, aJPEG(t))
	if resp, _ := s.do(t, "POST", "/api/v1/alerts/none/photos", form.String(), "Content-Type", kind); resp.StatusCode != http.StatusNotFound {
		t.Errorf("of no alert: %s", resp.Status)
	}
	over := a
	over.Handling = citywatch.Closed
	over = p.publish(over, citywatch.ReasonClosed, "Lan")
	noted := len(notes)
	for _, c := range []struct{ closed, taken, status int }{{1, 0, 200}, {23, 0, 200}, {25, 0, 404}, {60, 50, 200}} {
		team.closed[over.ID] = time.Now().Add(-time.Duration(c.closed) * time.Hour)
		taken := time.Now().Add(-time.Duration(c.taken) * time.Hour).Format(time.RFC3339)
		body, kind := photoForm(t, fmt.Sprintf(`{"actor":"Minh","taken":%q}`, taken), aJPEG(t))
		if resp, text := s.do(t, "POST", path, body.String(), "Content-Type", kind); resp.StatusCode != c.status {
			t.Errorf("closed %d h ago, taken %d h ago: %s %s", c.closed, c.taken, resp.Status, text)
		}
	}
	if len(notes) != noted {
		t.Error("the timeline of a closed alert is written on")
	}
	if resp, _ := s.get(t, path+"/..%2Fphotos.jsonl"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("outside: %s", resp.Status)
	}
}

func TestPhones(t *testing.T) {
	p := newProvince(t)
	team, field := newSquad(t, p)
	s := serve(t, p.site(t, field))
	zone := p.zones[0].ID
	body := fmt.Sprintf(`{"endpoint":"https://push.example/secret","keys":{"p256dh":"A","auth":"B"},"person":"Minh","team":"doi-3","zones":[%q],"level":2,"lang":"vi"}`, zone)
	resp, answer := s.do(t, "POST", "/api/v1/push/subscriptions", body, "Content-Type", "application/json")
	if resp.StatusCode != http.StatusOK || bytes.Contains(answer, []byte("secret")) || bytes.Contains(answer, []byte("Minh")) {
		t.Fatalf("%s %s", resp.Status, answer)
	}
	if got := team.phones["phone1"]; got.Endpoint != "https://push.example/secret" || got.Person != "Minh" || got.Level != 2 {
		t.Errorf("kept %+v", got)
	}
	if resp, _ := s.do(t, "POST", "/api/v1/push/subscriptions/phone1/try", ""); resp.StatusCode != http.StatusOK || len(team.tried) != 1 {
		t.Errorf("a trial: %s", resp.Status)
	}
	if resp, _ := s.do(t, "DELETE", "/api/v1/push/subscriptions/phone1", ""); resp.StatusCode != http.StatusOK {
		t.Errorf("ended: %s", resp.Status)
	}
	if resp, _ := s.get(t, "/api/v1/push/subscriptions/phone1"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("then: %s", resp.Status)
	}
	unknown := strings.Replace(body, zone, "atlantis", 1)
	if resp, _ := s.do(t, "POST", "/api/v1/push/subscriptions", unknown, "Content-Type", "application/json"); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a zone that is none: %s", resp.Status)
	}
	if _, answer := s.get(t, "/api/v1/field"); !bytes.Contains(answer, []byte(`"tel":"+84 214 3840 114"`)) || !bytes.Contains(answer, []byte("truong-ca")) {
		t.Errorf("field: %s", answer)
	}
	bare := serve(t, p.site(t))
	if _, answer := bare.get(t, "/api/v1/field"); !bytes.Contains(answer, []byte(`"call":null,"photos":0`)) {
		t.Errorf("without anything: %s", answer)
	}
	if resp, _ := bare.get(t, "/api/v1/push/subscriptions/phone1"); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("without phones: %s", resp.Status)
	}
}
