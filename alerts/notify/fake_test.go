package notify

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"citywatch"
)

// A phone is the other end of a subscription: it can read what is sent to it.
type phone struct {
	private *ecdh.PrivateKey
	auth    []byte
}

func newPhone(t testing.TB) *phone {
	t.Helper()
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &phone{private: private, auth: make([]byte, 16)}
	_, _ = rand.Read(p.auth)
	return p
}

func (p *phone) keys() Keys {
	return Keys{
		P256DH: base64.RawURLEncoding.EncodeToString(p.private.PublicKey().Bytes()),
		Auth:   base64.RawURLEncoding.EncodeToString(p.auth),
	}
}

// read is the browser's side of RFC 8291, written from its text and not from
// encrypt.go.
func (p *phone) read(body []byte) ([]byte, error) {
	if len(body) < 21 {
		return nil, errors.New("no header")
	}
	salt, size, idSize := body[:16], binary.BigEndian.Uint32(body[16:20]), int(body[20])
	if size != 4096 || idSize != 65 || len(body) > 4096 {
		return nil, fmt.Errorf("record of %d, key of %d, %d bytes", size, idSize, len(body))
	}
	sender, err := ecdh.P256().NewPublicKey(body[21 : 21+idSize])
	if err != nil {
		return nil, err
	}
	shared, err := p.private.ECDH(sender)
	if err != nil {
		return nil, err
	}
	prk, err := hkdf.Extract(sha256.New, shared, p.auth)
	if err != nil {
		return nil, err
	}
	info := append([]byte("WebPush: info\x00"), p.private.PublicKey().Bytes()...)
	ikm, err := hkdf.Expand(sha256.New, prk, string(append(info, sender.Bytes()...)), 32)
	if err != nil {
		return nil, err
	}
	if prk, err = hkdf.Extract(sha256.New, ikm, salt); err != nil {
		return nil, err
	}
	key, _ := hkdf.Expand(sha256.New, prk, "Content-Encoding: aes128gcm\x00", 16)
	nonce, _ := hkdf.Expand(sha256.New, prk, "Content-Encoding: nonce\x00", 12)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	text, err := gcm.Open(nil, nonce, body[21+idSize:], nil)
	if err != nil || len(text) == 0 || text[len(text)-1] != 2 {
		return nil, fmt.Errorf("cannot be decrypted: %w", err)
	}
	return text[:len(text)-1], nil
}

// A pushService is a push service on loopback, with the phones that use it.
type pushService struct {
	*httptest.Server
	t testing.TB

	mu     sync.Mutex
	phones map[string]*phone
	got    map[string][]pushed // by the phone's name, in the order in which they came
	heads  []http.Header
	// answer decides what is answered; nil takes everything.
	answer func(name string, p pushed) int
	key    string // by which the sender signs
}

func newPushService(t testing.TB) *pushService {
	t.Helper()
	s := &pushService{t: t, phones: map[string]*phone{}, got: map[string][]pushed{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// subscription returns that of a new phone.
func (s *pushService) subscription(name string) Subscription {
	p := newPhone(s.t)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phones[name] = p
	return Subscription{
		Endpoint: s.URL + "/push/" + name, Keys: p.keys(),
		Person: name, Level: 1, Lang: "vi",
	}
}

func (s *pushService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := path.Base(r.URL.Path)
	s.mu.Lock()
	p := s.phones[name]
	s.mu.Unlock()
	if p == nil {
		w.WriteHeader(http.StatusGone)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 8<<10))
	if err != nil {
		return // the sender was killed
	}
	text, err := p.read(body)
	var m pushed
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err == nil {
		err = s.authorized(r)
	}
	if err != nil {
		s.t.Errorf("push to %s: %v", name, err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	status := http.StatusCreated
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answer != nil {
		status = s.answer(name, m)
	}
	if status == http.StatusCreated {
		s.got[name] = append(s.got[name], m)
		s.heads = append(s.heads, r.Header.Clone())
	}
	w.WriteHeader(status)
}

// authorized checks what RFC 8292 asks of the sender.
func (s *pushService) authorized(r *http.Request) error {
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "vapid t=")
	token, key, ok2 := strings.Cut(text, ", k=")
	parts := strings.Split(token, ".")
	if !ok || !ok2 || len(parts) != 3 || s.key != "" && key != s.key {
		return fmt.Errorf("authorization %q", r.Header.Get("Authorization"))
	}
	point, err := base64.RawURLEncoding.DecodeString(key)
	if err != nil {
		return err
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return err
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(signature) != 64 {
		return fmt.Errorf("signature of %d bytes: %w", len(signature), err)
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if !ecdsa.Verify(public, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		return errors.New("the signature is not of this key")
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return err
	}
	var claims struct {
		Aud, Sub string
		Exp      int64
	}
	if err := json.Unmarshal(body, &claims); err != nil {
		return err
	}
	if left := time.Until(time.Unix(claims.Exp, 0)); claims.Aud != "http://"+r.Host || claims.Sub == "" || left <= 0 || left > 24*time.Hour {
		return fmt.Errorf("claims %s", body)
	}
	return nil
}

// count returns how often a phone was told of a transition.
func (s *pushService) count(name, id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, m := range s.got[name] {
		if m.ID == id {
			n++
		}
	}
	return n
}

func (s *pushService) total(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.got[name])
}

// A transitions is a journal of transitions in memory.
type transitions struct {
	mu   sync.Mutex
	all  []citywatch.Transition
	more chan struct{} // closed and made anew with each that comes
}

func newTransitions() *transitions { return &transitions{more: make(chan struct{})} }

func (j *transitions) Epoch() string { return "e1" }

func (j *transitions) TransitionBounds(context.Context) (first, last uint64, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return 1, uint64(len(j.all)), nil
}

// happen adds a transition, and returns it with its place.
func (j *transitions) happen(t citywatch.Transition) citywatch.Transition {
	j.mu.Lock()
	defer j.mu.Unlock()
	t.Seq = uint64(len(j.all) + 1)
	if t.At.IsZero() {
		t.At = time.Now()
	}
	if t.ID == "" {
		t.ID = fmt.Sprintf("%s.%d", t.Alert.ID, t.Seq)
	}
	j.all = append(j.all, t)
	close(j.more)
	j.more = make(chan struct{})
	return t
}

type reader struct {
	*transitions
	next uint64
}

func (r *reader) Close() {}

func (r *reader) Next(ctx context.Context) (citywatch.Transition, error) {
	for {
		r.mu.Lock()
		if r.next <= uint64(len(r.all)) {
			t := r.all[r.next-1]
			r.next++
			r.mu.Unlock()
			return t, nil
		}
		more := r.more
		r.mu.Unlock()
		select {
		case <-more:
		case <-ctx.Done():
			return citywatch.Transition{}, ctx.Err()
		}
	}
}

// loopback lets a push service on this machine be pushed to.
func loopback() Options {
	return Options{Push: PushOptions{Networks: []string{"127.0.0.1/32"}}}
}

func open(t testing.TB, dir string, o Options, j *transitions) *Notifier {
	t.Helper()
	n, err := Open(dir, o, Deps{
		Journal: j, Transitions: newReaderOf(j), Place: placeOf,
		Zone: time.FixedZone("+07", 7*3600), Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// start runs a notifier until the test ends or stop is called.
func start(t testing.TB, n *Notifier) (stop func()) {
	t.Helper()
	if _, err := n.begin(t.Context()); err != nil { // before anything happens
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		if err := n.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// flood is a transition that calls people.
func flood(id string, level citywatch.Level) citywatch.Transition {
	return citywatch.Transition{
		Reason: citywatch.ReasonFired, Notice: citywatch.NoticeSound,
		Alert: citywatch.Alert{
			ID: id, Rule: "river-flood", Name: citywatch.Text{VI: "Lũ vượt mức báo động", EN: "River above flood alarm level"},
			Hazard: "flood", Device: "lao-cai-thao", Zone: "lao-cai", Sector: citywatch.SectorDisaster,
			Position: orb.Point{103.97, 22.49}, Level: level, Condition: citywatch.Active, Handling: citywatch.New, Version: 1,
			Evidence: []citywatch.Evidence{{Device: "lao-cai-thao", Value: "water_level", Number: 83.62, Unit: "m"}},
		},
	}
}

// eventually waits for a condition, as long as a busy machine may need.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after 30 s still not: %s", what)
		}
	}
}

func subscribe(t testing.TB, n *Notifier, s Subscription) Subscription {
	t.Helper()
	s, err := n.Subscribe(s)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newReaderOf(j *transitions) func(uint64) Reader {
	return func(from uint64) Reader { return &reader{j, max(from, 1)} }
}

func placeOf(*citywatch.Alert) string { return "Cầu Cốc Lếu" }

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
