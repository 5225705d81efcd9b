package notify

import (
	"crypto/ecdh"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"citywatch"
)

// TestMain is also the process that TestKilledWhileTelling kills.
func TestMain(m *testing.M) {
	if os.Getenv(asNotifier) != "" {
		notifierMain()
		return
	}
	goleak.VerifyTestMain(m)
}

// TestEncryptIsThatOfTheRFC: the example of RFC 8291, appendix A.
func TestEncryptIsThatOfTheRFC(t *testing.T) {
	decode := func(text string) []byte {
		b, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	to, err := Keys{
		P256DH: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
		Auth:   "BTBZMqHH6r4Tts7J_aSIgg",
	}.decode()
	if err != nil {
		t.Fatal(err)
	}
	sender, err := ecdh.P256().NewPrivateKey(decode("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := encryptWith(to, []byte("When I grow up, I want to be a watermelon"), sender, decode("DGv6ra1nlYgDCS1FRnbzlw"))
	if err != nil {
		t.Fatal(err)
	}
	const want = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
	if text := base64.RawURLEncoding.EncodeToString(got); text != want {
		t.Errorf("got %s", text)
	}
}

func TestTheLongestMessageFits(t *testing.T) {
	p := newPhone(t)
	to, err := p.keys().decode()
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 1, maxPayload} {
		sent, err := encrypt(to, make([]byte, size))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.read(sent); err != nil || len(got) != size {
			t.Errorf("of %d bytes come %d: %v", size, len(got), err)
		}
	}
	if _, err := encrypt(to, make([]byte, maxPayload+1)); err == nil {
		t.Error("more than fits is sent")
	}
	long := newMessage(&citywatch.Transition{Note: strings.Repeat("ướt", 2000), Alert: citywatch.Alert{Level: 3, Name: citywatch.Text{VI: strings.Repeat("ộ", 3000)}}}, strings.Repeat("Ặ", 900))
	if payload, err := long.payload(&Subscription{Lang: "vi"}, time.UTC, nil); err != nil || len(payload) > maxPayload {
		t.Errorf("a long message is %d bytes, of %d: %v", len(payload), maxPayload, err)
	}
}

func TestAPhoneIsTold(t *testing.T) {
	service, j := newPushService(t), newTransitions()
	n := open(t, t.TempDir(), loopback(), j)
	service.key = n.PublicKey()
	subscribe(t, n, service.subscription("lan"))
	english := service.subscription("john")
	english.Lang = "en"
	subscribe(t, n, english)
	start(t, n)
	happened := j.happen(flood("f1", 3))
	eventually(t, "both phones are told", func() bool { return service.total("lan") == 1 && service.total("john") == 1 })
	got := service.got["lan"][0]
	if got.ID != happened.ID || got.Alert != "f1" || got.Level != 3 || got.Title != "Cấp 3 · Lũ vượt mức báo động" ||
		!strings.HasPrefix(got.Body, "Cầu Cốc Lếu · 83,62 m · ") {
		t.Errorf("the phone gets %+v", got)
	}
	if got := service.got["john"][0]; got.Title != "Level 3 · River above flood alarm level" || !strings.Contains(got.Body, "83.62 m") {
		t.Errorf("in English: %+v", got)
	}
	h := service.heads[0]
	if h.Get("Urgency") != "high" || h.Get("Ttl") == "" || len(h.Get("Topic")) != 32 || h.Get("Content-Encoding") != "aes128gcm" {
		t.Errorf("headers %v", h)
	}
}

// TestWhoIsCalled: the engine says whether, the subscription says who.
func TestWhoIsCalled(t *testing.T) {
	all := []Subscription{
		{ID: "province", Person: "Lan", Level: 1},
		{ID: "sa-pa", Person: "Minh", Level: 1, Zones: []string{"sa-pa"}},
		{ID: "lao-cai", Person: "Hoa", Level: 1, Zones: []string{"bat-xat", "lao-cai"}, Team: "doi-3"},
		{ID: "grave", Person: "Tú", Level: 4, Team: "truong-ca"},
	}
	for name, c := range map[string]struct {
		change func(*citywatch.Transition)
		want   string
	}{
		"fired":        {func(*citywatch.Transition) {}, "province lao-cai"},
		"level 4":      {func(t *citywatch.Transition) { t.Alert.Level = 4 }, "province lao-cai grave"},
		"quiet":        {func(t *citywatch.Transition) { t.Notice = citywatch.NoticeQuiet }, ""},
		"nobody":       {func(t *citywatch.Transition) { t.Notice = citywatch.NoticeNone }, ""},
		"without zone": {func(t *citywatch.Transition) { t.Alert.Zone = "" }, "province"},
		"escalated": {func(t *citywatch.Transition) {
			t.Reason, t.To = citywatch.ReasonEscalated, "truong-ca"
		}, "grave"},
		"assigned": {func(t *citywatch.Transition) {
			t.Reason, t.To, t.Actor, t.Notice = citywatch.ReasonAssigned, "doi-3", "Lan", citywatch.NoticeNone
		}, "lao-cai"},
		"assigned though suppressed": {func(t *citywatch.Transition) {
			t.Reason, t.To, t.Actor, t.Alert.SuppressedBy = citywatch.ReasonAssigned, "doi-3", "Lan", "other"
		}, ""},
		"taken by the team itself": {func(t *citywatch.Transition) {
			t.Reason, t.To, t.Actor, t.Notice = citywatch.ReasonDispatched, "doi-3", "Hoa", citywatch.NoticeNone
		}, ""},
		"raised where a team is": {func(t *citywatch.Transition) {
			t.Reason, t.Alert.Assigned, t.Alert.Zone = citywatch.ReasonRaised, "doi-3", "sa-pa"
		}, "province sa-pa lao-cai"},
	} {
		t.Run(name, func(t *testing.T) {
			tr := flood("f1", 3)
			c.change(&tr)
			var got []string
			for _, s := range audience(&tr, all) {
				got = append(got, s.ID)
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("called are %v, want %s", got, c.want)
			}
		})
	}
}

// TestAServiceThatFails is tried again until it takes the message.
func TestAServiceThatFails(t *testing.T) {
	service, j := newPushService(t), newTransitions()
	var tries atomic.Int32
	service.answer = func(string, pushed) int {
		switch tries.Add(1) {
		case 1:
			return http.StatusInternalServerError
		default:
			return http.StatusCreated
		}
	}
	n := open(t, t.TempDir(), loopback(), j)
	subscribe(t, n, service.subscription("lan"))
	start(t, n)
	first := j.happen(flood("f1", 3))
	eventually(t, "it is told in the end", func() bool { return service.count("lan", first.ID) == 1 })
	if tries.Load() != 2 {
		t.Errorf("tried %d times", tries.Load())
	}
}

// TestAPhoneThatIsGone is not told any more, and forgotten for ever.
func TestAPhoneThatIsGone(t *testing.T) {
	for _, status := range []int{http.StatusNotFound, http.StatusGone} {
		service, j, dir := newPushService(t), newTransitions(), t.TempDir()
		service.answer = func(name string, _ pushed) int {
			if name == "gone" {
				return status
			}
			return http.StatusCreated
		}
		n := open(t, dir, loopback(), j)
		gone := subscribe(t, n, service.subscription("gone"))
		kept := subscribe(t, n, service.subscription("lan"))
		stop := start(t, n)
		j.happen(flood("f1", 3))
		eventually(t, "the phone is forgotten", func() bool {
			_, err := n.Subscription(gone.ID)
			return errors.Is(err, ErrUnknown) && service.total("lan") == 1
		})
		stop()
		n = open(t, dir, loopback(), j)
		if _, err := n.Subscription(gone.ID); !errors.Is(err, ErrUnknown) {
			t.Error("after a restart it is known again")
		}
		if s, err := n.Subscription(kept.ID); err != nil || s.Person != "lan" {
			t.Errorf("the other: %+v, %v", s, err)
		}
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestOnlyTheNewestWaits: a phone that could not be reached hears of an alert as
// it is, and of one that is closed nothing.
func TestOnlyTheNewestWaits(t *testing.T) {
	service, j := newPushService(t), newTransitions()
	var reachable atomic.Bool
	var refused atomic.Int32
	service.answer = func(string, pushed) int {
		if reachable.Load() {
			return http.StatusCreated
		}
		refused.Add(1)
		return http.StatusServiceUnavailable
	}
	n := open(t, t.TempDir(), loopback(), j)
	subscribe(t, n, service.subscription("lan"))
	start(t, n)
	old := j.happen(flood("f1", 1))
	over := j.happen(flood("f2", 1))
	eventually(t, "both were tried", func() bool { return refused.Load() >= 2 })
	raised := flood("f1", 3)
	raised.Reason = citywatch.ReasonRaised
	newest := j.happen(raised)
	closed := flood("f2", 1)
	closed.Reason, closed.Notice, closed.Alert.Handling = citywatch.ReasonClosed, citywatch.NoticeNone, citywatch.Closed
	j.happen(closed)
	eventually(t, "the newest was tried", func() bool { return refused.Load() >= 3 })
	reachable.Store(true)
	eventually(t, "the newest is told", func() bool { return service.count("lan", newest.ID) == 1 })
	sentinel := j.happen(flood("f3", 1))
	eventually(t, "the last is told", func() bool { return service.count("lan", sentinel.ID) == 1 })
	if service.count("lan", old.ID) != 0 || service.count("lan", over.ID) != 0 {
		t.Errorf("told %+v", service.got["lan"])
	}
}

// TestNobodyIsCalledAboutWhatWas: neither about what was before the first start,
// nor about what is too old.
func TestNobodyIsCalledAboutWhatWas(t *testing.T) {
	service, j, dir := newPushService(t), newTransitions(), t.TempDir()
	before := j.happen(flood("f1", 3))
	n := open(t, dir, loopback(), j)
	subscribe(t, n, service.subscription("lan"))
	stop := start(t, n)
	now := j.happen(flood("f2", 3))
	eventually(t, "the new one is told", func() bool { return service.count("lan", now.ID) == 1 })
	stop()
	old := flood("f3", 3)
	old.At = time.Now().Add(-3 * time.Hour)
	old = j.happen(old)
	while := j.happen(flood("f4", 3))
	start(t, open(t, dir, loopback(), j))
	eventually(t, "what happened in between is told", func() bool { return service.count("lan", while.ID) == 1 })
	if service.count("lan", before.ID)+service.count("lan", old.ID) != 0 || service.total("lan") != 2 {
		t.Errorf("told %+v", service.got["lan"])
	}
}

func TestWhereNothingIsPushed(t *testing.T) {
	g, err := newGuard(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, endpoint := range []string{
		"http://fcm.googleapis.com/fcm/send/x", "https://127.0.0.1/x", "https://[::1]/x", "https://10.0.0.1/x", "https://8.8.8.8/x",
		"https://user:secret@updates.push.services.mozilla.com/x", "https://updates.push.services.mozilla.com:8443/x",
		"file:///etc/passwd", "https:", "//x", "", "gopher://x/", "https://[::ffff:127.0.0.1]/", "https://x.example/#" + strings.Repeat("x", 3000),
	} {
		if _, err := g.check(endpoint); err == nil {
			t.Errorf("%s is taken", endpoint)
		}
	}
	for _, endpoint := range []string{
		"https://fcm.googleapis.com/fcm/send/dpH5lCs", "https://updates.push.services.mozilla.com/wpush/v2/gAAAA", "https://web.push.apple.com/QGuQyavXutnMH",
	} {
		if _, err := g.check(endpoint); err != nil {
			t.Errorf("%s is refused: %v", endpoint, err)
		}
	}
	for _, text := range []string{
		"127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1",
		"::1", "::", "fe80::1", "fc00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "ff02::1", "198.18.0.1", "::7f00:1",
	} {
		if g.permits(netip.MustParseAddr(text)) {
			t.Errorf("%s is connected to", text)
		}
	}
	for _, text := range []string{"142.250.1.1", "2607:f8b0:4005::1"} {
		if !g.permits(netip.MustParseAddr(text)) {
			t.Errorf("%s is not connected to", text)
		}
	}
}

// TestANameThatLeadsInside: what a name leads to is looked at when it is
// connected to.
func TestANameThatLeadsInside(t *testing.T) {
	n := open(t, t.TempDir(), Options{}, newTransitions())
	defer n.Close()
	s := Subscription{Endpoint: "https://localhost/push", Keys: newPhone(t).keys(), Person: "Lan", Level: 1, Lang: "vi"}
	s = subscribe(t, n, s)
	err := n.Try(t.Context(), s.ID)
	if !errors.Is(err, ErrNotSent) || !strings.Contains(err.Error(), "within a network that nothing is pushed to") {
		t.Errorf("got %v", err)
	}
	if err := n.Try(t.Context(), s.ID); !errors.Is(err, ErrTooOften) {
		t.Errorf("at once again: %v", err)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	var inside atomic.Int32
	secret := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { inside.Add(1) }))
	defer secret.Close()
	lead := httptest.NewServer(http.RedirectHandler(secret.URL, http.StatusTemporaryRedirect))
	defer lead.Close()
	n := open(t, t.TempDir(), loopback(), newTransitions())
	defer n.Close()
	s := subscribe(t, n, Subscription{Endpoint: lead.URL, Keys: newPhone(t).keys(), Person: "Lan", Level: 1, Lang: "vi"})
	if err := n.Try(t.Context(), s.ID); !errors.Is(err, ErrNotSent) || inside.Load() != 0 {
		t.Errorf("got %v, and %d requests", err, inside.Load())
	}
}

func TestSubscriptionsThatCannotBe(t *testing.T) {
	n := open(t, t.TempDir(), Options{Push: PushOptions{MaxSubscriptions: 1}}, newTransitions())
	defer n.Close()
	good := Subscription{Endpoint: "https://push.example/1", Keys: newPhone(t).keys(), Person: "Lan", Level: 1, Lang: "vi"}
	for name, change := range map[string]func(*Subscription){
		"endpoint": func(s *Subscription) { s.Endpoint = "https://10.0.0.1/" },
		"key":      func(s *Subscription) { s.Keys.P256DH = "AAAA" },
		"auth":     func(s *Subscription) { s.Keys.Auth = "AAAA" },
		"person":   func(s *Subscription) { s.Person = "" },
		"control":  func(s *Subscription) { s.Team = "a\x00b" },
		"level":    func(s *Subscription) { s.Level = 9 },
		"lang":     func(s *Subscription) { s.Lang = "fr" },
		"zones":    func(s *Subscription) { s.Zones = make([]string, 201) },
	} {
		bad := good
		change(&bad)
		if _, err := n.Subscribe(bad); !errors.Is(err, ErrSubscription) {
			t.Errorf("%s: %v", name, err)
		}
	}
	first := subscribe(t, n, good)
	good.Team = "doi-3"
	if again := subscribe(t, n, good); again.ID != first.ID {
		t.Error("the same phone is two")
	}
	good.Endpoint = "https://push.example/2"
	if _, err := n.Subscribe(good); !errors.Is(err, ErrFull) {
		t.Errorf("one too many: %v", err)
	}
	if err := n.Unsubscribe(first.ID); err != nil {
		t.Error(err)
	}
	if err := n.Unsubscribe(first.ID); !errors.Is(err, ErrUnknown) {
		t.Errorf("twice: %v", err)
	}
}

// TestTheKeyIsMadeOnce: with another key every phone would have to subscribe anew.
func TestTheKeyIsMadeOnce(t *testing.T) {
	dir := t.TempDir()
	n := open(t, dir, Options{}, newTransitions())
	key := n.PublicKey()
	_ = n.Close()
	n = open(t, dir, Options{}, newTransitions())
	if n.PublicKey() != key || len(key) != 87 {
		t.Errorf("first %s, then %s", key, n.PublicKey())
	}
	_ = n.Close()
	info, err := os.Stat(filepath.Join(dir, identityFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its file: %v, %v", info, err)
	}
	if err := os.WriteFile(filepath.Join(dir, identityFile), []byte("ruin"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{}, Deps{Journal: newTransitions()}); err == nil || !strings.Contains(err.Error(), "restore it") {
		t.Errorf("a ruined key: %v", err)
	}
}

func TestWebhook(t *testing.T) {
	const secret = "0123456789abcdef01234567"
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	type call struct {
		header http.Header
		body   []byte
	}
	calls := make(chan call, 4)
	var tries atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tries.Add(1) == 1 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		body, _ := io.ReadAll(r.Body)
		calls <- call{r.Header, body}
	}))
	defer server.Close()
	j := newTransitions()
	start(t, open(t, t.TempDir(), Options{Webhooks: []WebhookOptions{{Name: "dispatch", URL: server.URL, SecretFile: file, Level: 3}}}, j))
	j.happen(flood("low", 2))
	quiet := flood("quiet", 3)
	quiet.Notice = citywatch.NoticeQuiet
	j.happen(quiet)
	want := j.happen(flood("f1", 3))
	var got call
	select {
	case got = <-calls:
	case <-time.After(30 * time.Second):
		t.Fatal("nothing came")
	}
	id, at := got.header.Get("Webhook-Id"), got.header.Get("Webhook-Timestamp")
	if id != want.ID || got.header.Get("Webhook-Signature") != "v1,"+sign([]byte(secret), id, at, got.body) {
		t.Errorf("signed as %v", got.header)
	}
	var body struct {
		Type string
		Data Message
	}
	if err := json.Unmarshal(got.body, &body); err != nil || body.Type != "alert.fired" || body.Data.Alert != "f1" || body.Data.Level != 3 {
		t.Errorf("sent %s, %v", got.body, err)
	}
	if len(calls) != 0 {
		t.Errorf("and %d more", len(calls))
	}
}

func TestOptionsProblems(t *testing.T) {
	bad := Options{
		Push:     PushOptions{Contact: "lan", TTL: -1, MaxSubscriptions: -1, Networks: []string{"x"}},
		Webhooks: []WebhookOptions{{URL: "ftp://x", Level: 7}, {Name: "a", URL: "https://a.example", SecretFile: "s"}, {Name: "a", URL: "https://a.example", SecretFile: "s"}},
	}
	var paths []string
	for _, p := range bad.Problems() {
		paths = append(paths, p.Path)
	}
	want := []string{
		"$.push.contact", "$.push.ttl", "$.push.max_subscriptions", "$.push.networks",
		"$.webhooks[0].name", "$.webhooks[0].url", "$.webhooks[0].secret_file", "$.webhooks[0].level", "$.webhooks[2].name",
	}
	if !slices.Equal(paths, want) {
		t.Errorf("problems at %v", paths)
	}
	if ps := (Options{Push: PushOptions{Contact: "mailto:truc-ban@example.vn"}}).Problems(); len(ps) > 0 {
		t.Error(ps)
	}
}

// TestTheOutboxIsTidied: it does not grow for ever, and nothing waiting is lost.
func TestTheOutboxIsTidied(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	n := open(t, t.TempDir(), Options{}, newTransitions())
	defer n.Close()
	o, err := openOutbox(root, n.deps.Log)
	if err != nil {
		t.Fatal(err)
	}
	to := []target{{channelPush, "a"}, {channelPush, "b"}}
	put := func(id string, seq uint64) {
		if err := o.write(outboxLine{Letter: &letter{Message: Message{ID: id, Alert: id}, To: to, Epoch: "e1", Seq: seq}}); err != nil {
			t.Fatal(err)
		}
	}
	put("waiting", 1)
	if err := o.write(outboxLine{Done: []done{{ID: "waiting", To: to[:1]}}}); err != nil {
		t.Fatal(err)
	}
	for seq := uint64(2); seq < 400; seq++ {
		put("x", seq)
		if err := o.write(outboxLine{Done: []done{{ID: "x", To: to}}}); err != nil {
			t.Fatal(err)
		}
	}
	if o.file.Lines() > 550 {
		t.Errorf("it has %d lines", o.file.Lines())
	}
	if err := o.close(); err != nil {
		t.Fatal(err)
	}
	o, err = openOutbox(root, n.deps.Log)
	if err != nil {
		t.Fatal(err)
	}
	defer o.close()
	if x := o.letters["waiting"]; len(o.letters) != 1 || x == nil || len(x.waiting) != 1 || !x.waiting[to[1]] || o.read.Seq != 399 {
		t.Errorf("waiting %+v, read to %d", o.letters, o.read.Seq)
	}
}
