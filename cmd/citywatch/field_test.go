package main

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"citywatch"
)

// phones is a push service on loopback that counts what comes for each phone.
type phones struct {
	*httptest.Server
	mu  sync.Mutex
	got map[string]int
}

func newPhones(t *testing.T) *phones {
	s := &phones{got: map[string]int{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // killed
		}
		if len(body) < 100 || r.Header.Get("Content-Encoding") != "aes128gcm" || !strings.HasPrefix(r.Header.Get("Authorization"), "vapid t=") {
			t.Errorf("pushed %v, %d bytes", r.Header, len(body))
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.got[path.Base(r.URL.Path)]++
		w.WriteHeader(http.StatusCreated)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *phones) count(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got[name]
}

// subscribe subscribes a phone.
func (s *phones) subscribe(t *testing.T, p *process, name, team string, level int) {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString
	got := p.does("POST", "/push/subscriptions", fmt.Sprintf(`{"endpoint":%q,"keys":{"p256dh":%q,"auth":%q},"person":%q,"team":%q,"zones":[],"level":%d,"lang":"vi"}`,
		s.URL+"/"+name, text(key.PublicKey().Bytes()), text(make([]byte, 16)), name, team, level))
	if got.Status != http.StatusOK {
		t.Fatalf("subscribing %s: %+v", name, got)
	}
}

func (s *phones) await(t *testing.T, name string, n int) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); s.count(name) < n; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s was told %d times, not %d", name, s.count(name), n)
		}
	}
}

// TestField: through the whole of citywatch, a phone is told of an alert, the
// shift leader's when nobody answers; and what is sent under one key is carried
// out once, over a kill.
func TestField(t *testing.T) {
	p := peopleSite(t)
	service := newPhones(t)
	service.subscribe(t, p, "lan", "", 1)
	service.subscribe(t, p, "leader", "truong-ca", 5)
	p.kill()
	p.start() // they are still subscribed
	p.post("/api/v1/readings", "application/json", `{"device":"gauge","values":{"water_level":60,"mud":0}}`)
	service.await(t, "lan", 1)
	if service.count("leader") != 0 && p.alert("flood", "gauge", func(personsAlert) bool { return true }).Escalation == 0 {
		t.Error("the leader was told before it was escalated")
	}
	service.await(t, "leader", 1)
	a := p.alert("flood", "gauge", func(a personsAlert) bool { return a.Escalation >= 1 })

	pressed := time.Now().Add(-90 * time.Second).UTC().Truncate(time.Second)
	body := fmt.Sprintf(`{"actor":"Lan","version":%d,"pressed":%q}`, a.Version, pressed.Format(time.RFC3339))
	first, answer := p.once(t, actionPath(a, "acknowledge"), "application/json", "phone-0000-0000-0001", []byte(body))
	if first.StatusCode != http.StatusOK {
		t.Fatalf("%s %s", first.Status, answer)
	}
	p.kill()
	p.start()
	again, same := p.once(t, actionPath(a, "acknowledge"), "application/json", "phone-0000-0000-0001", []byte(body))
	if again.StatusCode != http.StatusOK || again.Header.Get("Idempotency-Replayed") != "true" || !bytes.Equal(answer, same) {
		t.Errorf("again %s %s, first %s", again.Status, same, answer)
	}
	after := p.alert("flood", "gauge", func(a personsAlert) bool { return a.Handling == citywatch.Acknowledged })
	if after.HandledBy != "Lan" {
		t.Errorf("handled by %q", after.HandledBy)
	}
	p.eventually("/api/v1/audit?alert="+a.ID, func(body []byte) bool {
		return bytes.Count(body, []byte(`"request":"phone-0000-0000-0001"`)) == 1 &&
			bytes.Contains(body, []byte(pressed.Format(time.RFC3339)))
	})
	p.photo(t, after)
}

// once sends something under a key.
func (p *process) once(t *testing.T, target, kind, key string, body []byte) (*http.Response, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.http+"/api/v1"+target, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Idempotency-Key", key)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, data
}

// photo adds one, and finds it after a kill, with a line in the audit.
func (p *process) photo(t *testing.T, a personsAlert) {
	t.Helper()
	var picture, form bytes.Buffer
	if err := jpeg.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 64, 48)), nil); err != nil {
		t.Fatal(err)
	}
	w := multipart.NewWriter(&form)
	if err := w.WriteField("about", `{"actor":"Lan","note":"Nước tràn","position":[104,22.5],"accuracy":9}`); err != nil {
		t.Fatal(err)
	}
	part, err := w.CreateFormFile("photo", "x.jpg")
	if err == nil {
		_, err = part.Write(picture.Bytes())
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	if resp, body := p.once(t, actionPath(a, "photos"), w.FormDataContentType(), "phone-0000-0000-0002", form.Bytes()); resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s", resp.Status, body)
	}
	p.kill()
	p.start()
	p.eventually("/api/v1"+actionPath(a, "photos"), func(body []byte) bool {
		return bytes.Count(body, []byte(`"by":"Lan"`)) == 1 && bytes.Contains(body, []byte(`"position":[104,22.5]`))
	})
	p.eventually("/api/v1/audit?alert="+a.ID, func(body []byte) bool { return bytes.Contains(body, []byte("photo:")) })
}
