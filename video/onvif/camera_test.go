package onvif

import (
	"crypto/md5"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"go.uber.org/goleak"

	"citywatch/video/address"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The login of every camera here. Nothing that is printed may show it.
const (
	user     = "viewer"
	password = "canary-p@ss/w:rd"
)

// A camera is an ONVIF device whose answers stand in a file, and which checks
// the login as the specification has it.
type camera struct {
	*httptest.Server
	t testing.TB
	// answers are by service ("1" and "2" for the media services, nothing for
	// the device's), action and, where it matters, profile.
	answers map[string]string
	login   string // wsse, digest or none
	clock   time.Duration
	user    string
	pass    string

	mu     sync.Mutex
	asked  []string
	denied int
	nonces map[string]bool
}

func newCamera(t testing.TB, archive *txtar.Archive) *camera {
	t.Helper()
	c := &camera{t: t, answers: map[string]string{}, user: user, pass: password, nonces: map[string]bool{}}
	for _, f := range archive.Files {
		switch text := strings.TrimSpace(string(f.Data)); f.Name {
		case "login":
			c.login = text
		case "clock":
			var err error
			if c.clock, err = time.ParseDuration(text); err != nil {
				t.Fatal(err)
			}
		default:
			c.answers[f.Name] = text
		}
	}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

func readArchive(t testing.TB, name string) *txtar.Archive {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/" + name + ".txtar")
	if err != nil {
		t.Fatal(err)
	}
	return archive
}

func openCamera(t testing.TB, name string) *camera {
	t.Helper()
	return newCamera(t, readArchive(t, name))
}

// host is where it listens.
func (c *camera) host() string { return strings.TrimPrefix(c.URL, "http://") }

// address is its address, with the right login.
func (c *camera) address(more string) address.Address {
	c.t.Helper()
	a, err := address.Parse("onvif://" + c.host() + more)
	if err != nil {
		c.t.Fatal(err)
	}
	if c.login == "none" {
		return a
	}
	return a.WithCredentials(user, password)
}

// options are those to ask it with: it listens on this machine.
func (c *camera) options() Options {
	c.t.Helper()
	return Options{Address: c.address(""), Networks: loopback(c.t), Timeout: 5 * time.Second}
}

func loopback(t testing.TB) address.Ranges {
	t.Helper()
	r, err := address.ParseRanges([]string{"127.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var (
	bodyAction = regexp.MustCompile(`<s:Body><(\w+) xmlns="([^"]*)"`)
	bodyToken  = regexp.MustCompile(`<ProfileToken>(.*?)</ProfileToken>`)
)

func (c *camera) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	found := bodyAction.FindSubmatch(body)
	if err != nil || found == nil || r.Method != http.MethodPost {
		c.t.Errorf("no ONVIF request: %s %s %s", r.Method, r.URL, body)
		return
	}
	action, space := string(found[1]), string(found[2])
	c.asked = append(c.asked, r.URL.Path+" "+action)
	if !strings.Contains(r.Header.Get("Content-Type"), space+"/"+action) {
		c.t.Errorf("%s has the content type %s", action, r.Header.Get("Content-Type"))
	}
	if strings.Contains(string(body)+fmt.Sprint(r.Header), c.pass) {
		c.t.Errorf("%s carries the password", action)
	}
	if action != "GetSystemDateAndTime" && !c.lets(w, r, body) {
		return
	}
	key := action
	switch space {
	case media1Space:
		key = "1 " + key
	case media2Space:
		key = "2 " + key
	}
	if token := bodyToken.FindSubmatch(body); token != nil && c.answers[key] == "" {
		key += " " + string(token[1])
	}
	answer, ok := c.answers[key]
	if !ok {
		w.WriteHeader(http.StatusBadRequest)
		answer = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text>no ` + key + `</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>`
	}
	_, _ = io.WriteString(w, c.dated(answer))
}

// now is the camera's own time.
func (c *camera) now() time.Time { return time.Now().Add(c.clock).UTC() }

func (c *camera) dated(answer string) string {
	now := c.now()
	return strings.NewReplacer(
		"{{year}}", fmt.Sprint(now.Year()), "{{month}}", fmt.Sprint(int(now.Month())), "{{day}}", fmt.Sprint(now.Day()),
		"{{hour}}", fmt.Sprint(now.Hour()), "{{minute}}", fmt.Sprint(now.Minute()), "{{second}}", fmt.Sprint(now.Second()),
	).Replace(answer)
}

// lets checks the login.
func (c *camera) lets(w http.ResponseWriter, r *http.Request, body []byte) bool {
	switch c.login {
	case "none":
		return true
	case "digest":
		err := c.checkDigest(r)
		if err == nil {
			return true
		}
		if r.Header.Get("Authorization") != "" {
			c.t.Log("denied:", err)
			c.denied++
		}
		w.Header().Add("WWW-Authenticate", `Basic realm="AXIS_ACCC8E000000"`)
		w.Header().Add("WWW-Authenticate", `Digest realm="AXIS_ACCC8E000000", nonce="Tp5mGA==0123", algorithm=MD5, qop="auth"`)
		w.WriteHeader(http.StatusUnauthorized)
		return false
	}
	err := c.checkToken(body)
	if err == nil {
		return true
	}
	c.t.Log("denied:", err)
	c.denied++
	w.WriteHeader(http.StatusBadRequest)
	_, _ = io.WriteString(w, `<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope" xmlns:ter="http://www.onvif.org/ver10/error"><env:Body><env:Fault><env:Code><env:Value>env:Sender</env:Value><env:Subcode><env:Value>ter:NotAuthorized</env:Value></env:Subcode></env:Code><env:Reason><env:Text xml:lang="en">The action requested requires authorization and the sender is not authorized</env:Text></env:Reason></env:Fault></env:Body></env:Envelope>`)
	return false
}

// checkToken checks WS-Security's login as a careful camera does: the digest,
// the time by its own clock, and that no nonce comes twice.
func (c *camera) checkToken(body []byte) error {
	const (
		secext = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd "
		util   = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd "
	)
	var m struct {
		Token *struct {
			Username string `xml:"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd Username"`
			Password string `xml:"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd Password"`
			Nonce    string `xml:"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd Nonce"`
			Created  string `xml:"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd Created"`
		} `xml:"Header>Security>UsernameToken"`
	}
	if err := xml.Unmarshal(body, &m); err != nil {
		return err
	}
	if m.Token == nil {
		return fmt.Errorf("no UsernameToken of %s%s", secext, util)
	}
	nonce, err := base64.StdEncoding.DecodeString(m.Token.Nonce)
	if err != nil {
		return err
	}
	created, err := time.Parse(time.RFC3339, m.Token.Created)
	if err != nil {
		return err
	}
	if off := created.Sub(c.now()).Abs(); off > 5*time.Second {
		return fmt.Errorf("made at another time: %v off", off)
	}
	if c.nonces[m.Token.Nonce] {
		return fmt.Errorf("the nonce comes again")
	}
	c.nonces[m.Token.Nonce] = true
	sum := sha1.Sum([]byte(string(nonce) + m.Token.Created + c.pass))
	if m.Token.Username != c.user || m.Token.Password != base64.StdEncoding.EncodeToString(sum[:]) {
		return fmt.Errorf("wrong user or password")
	}
	return nil
}

var digestField = regexp.MustCompile(`(\w+)="?([^",]*)"?`)

func (c *camera) checkDigest(r *http.Request) error {
	header, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Digest ")
	if !ok {
		return fmt.Errorf("no digest")
	}
	f := map[string]string{}
	for _, m := range digestField.FindAllStringSubmatch(header, -1) {
		f[m[1]] = m[2]
	}
	sum := func(parts ...string) string {
		s := md5.Sum([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(s[:])
	}
	if f["uri"] != r.URL.RequestURI() || c.nonces[f["nc"]] {
		return fmt.Errorf("another address, or a count that comes again: %s", header)
	}
	c.nonces[f["nc"]] = true
	want := sum(sum(c.user, f["realm"], c.pass), f["nonce"], f["nc"], f["cnonce"], "auth", sum(r.Method, f["uri"]))
	if f["username"] != c.user || f["response"] != want {
		return fmt.Errorf("wrong user or password")
	}
	return nil
}

// log returns what it was asked so far.
func (c *camera) log() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.asked...)
}

// stripped replaces what is other at each run.
func (c *camera) stripped(text string) string {
	u, err := url.Parse(c.URL)
	if err != nil {
		c.t.Fatal(err)
	}
	return strings.ReplaceAll(strings.ReplaceAll(text, c.host(), "CAMERA:PORT"), u.Hostname(), "CAMERA")
}
