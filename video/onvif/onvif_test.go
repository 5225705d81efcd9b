package onvif

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"citywatch/video"
	"citywatch/video/address"
)

var update = flag.Bool("update", false, "write what cameras are found to offer into testdata")

// TestBrands asks cameras of several makes for all that they offer. A file has
// the camera's answers, and last what comes of them.
func TestBrands(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cameras", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			last := &archive.Files[len(archive.Files)-1]
			if last.Name != "want" {
				t.Fatal("it does not end with want")
			}
			got := describe(t, newCamera(t, archive))
			if *update {
				last.Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := string(last.Data); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// describe writes what a camera offers, what was chosen, and what it was asked
// for that, as text.
func describe(t *testing.T, c *camera) string {
	t.Helper()
	d, err := Describe(t.Context(), c.options())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s, media 2: %t, clock: %v\n", d.Maker, d.Model, d.Firmware, d.Media2, d.Skew.Round(time.Minute))
	for _, p := range d.Profiles {
		fmt.Fprintf(&b, "%s [%s] of %s\n  stream %v\n", p.Token, p, p.Source, p.Stream)
		if p.Snapshot != "" {
			fmt.Fprintf(&b, "  snapshot %s\n", p.Snapshot)
		}
		if got, pass, _ := p.Stream.Credentials(); !p.Stream.IsZero() && c.login != "none" && (got != user || pass != password) {
			t.Errorf("%s is played with other credentials", p.Token)
		}
	}
	for _, choice := range [...]struct {
		query   string
		quality video.Quality
	}{{"", video.Main}, {"", video.Sub}, {"?channel=2", video.Main}} {
		p, err := d.Choose(Options{Address: c.address(choice.query), Quality: choice.quality})
		if err != nil {
			fmt.Fprintf(&b, "%s%s: %v\n", choice.quality, choice.query, err)
			continue
		}
		fmt.Fprintf(&b, "%s%s: %s\n", choice.quality, choice.query, p.Token)
	}
	for _, asked := range c.log() {
		fmt.Fprintf(&b, "asked %s\n", asked)
	}
	printed, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	if all := b.String() + string(printed) + fmt.Sprintf("%+v %#v", d, d); strings.Contains(all, "canary") {
		t.Errorf("a secret is printed: %s", all)
	}
	return c.stripped(b.String())
}

func TestWrongPassword(t *testing.T) {
	for name, most := range map[string]int{"hikvision": 1, "axis": 1} {
		t.Run(name, func(t *testing.T) {
			c := openCamera(t, name)
			c.pass = "another"
			_, err := Describe(t.Context(), c.options())
			if !errors.Is(err, ErrUnauthorized) || strings.Contains(err.Error(), "canary") {
				t.Errorf("got %v", err)
			}
			if c.denied > most {
				t.Errorf("%d attempts; an account may be locked by a few", c.denied)
			}
		})
	}
}

func TestNoLoginGiven(t *testing.T) {
	for _, name := range []string{"hikvision", "axis"} {
		c := openCamera(t, name)
		o := c.options()
		o.Address = o.Address.WithoutCredentials()
		if _, err := Describe(t.Context(), o); !errors.Is(err, ErrUnauthorized) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestSHA256(t *testing.T) {
	h := http.Header{}
	h.Add("WWW-Authenticate", `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="a", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`)
	h.Add("WWW-Authenticate", `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="b", opaque="FQ"`)
	c, ok := readChallenge(h)
	if !ok || c.algorithm != "SHA-256" || c.nonce != "b" || c.opaque != "FQ" || c.realm != "http-auth@example.org" {
		t.Errorf("got %+v, %t", c, ok)
	}
	for _, bad := range []string{`Basic realm="x"`, `Digest realm="x"`, `Digest nonce="x", algorithm=MD4`, `Digest nonce="x", qop="auth-int"`, `Digest nonce`, `Digest nonce="`} {
		if c, ok := readChallenge(http.Header{"Www-Authenticate": {bad}}); ok {
			t.Errorf("%s is taken for %+v", bad, c)
		}
	}
}

// TestRFC7616 holds the digest against the RFC's own example.
func TestRFC7616(t *testing.T) {
	c := &challenge{realm: "testrealm@host.com", nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093"}
	r := httptest.NewRequest(http.MethodGet, "/dir/index.html", nil)
	// Without qop, as RFC 2069 had it.
	if got := c.answer(r, "Mufasa", "Circle Of Life"); !strings.Contains(got, `response="670fd8c2df070c60b045671b8b24ff02"`) {
		t.Errorf("got %s", got)
	}
}

// TestPasswordDigest holds WS-Security's digest against the example in ONVIF's
// programmer's guide.
func TestPasswordDigest(t *testing.T) {
	nonce := "LKqI6G/AikKCQrN0zqZFlg=="
	b := decode64(t, nonce)
	if got := passwordDigest(b, "2010-09-16T07:50:45Z", "userpassword"); got != "tuOSpGlFlIXsozq4HFNeeGeFLEI=" {
		t.Errorf("got %s", got)
	}
}

// TestHostile shows servers that are no camera, or a bad one.
func TestHostile(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		want   string
	}{
		{"no ONVIF", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, "is ONVIF switched on"},
		{"a web page", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<html><head><meta charset=utf-8><title>Login</title></head><body><form><input></form>")
		}, "its answer is no SOAP message"},
		{"a redirect", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://169.254.169.254/latest/meta-data")
			w.WriteHeader(http.StatusFound)
		}, "it redirects elsewhere (302)"},
		{"an endless answer", func(w http.ResponseWriter, _ *http.Request) {
			for chunk := strings.Repeat("<a>", 10000); ; {
				if _, err := io.WriteString(w, chunk); err != nil {
					return
				}
			}
		}, "longer than 4194304 bytes"},
		{"silence", func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // else it does not notice that the other has gone
			<-r.Context().Done()
		}, "it does not answer"},
		{"nothing", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		}, "EOF"},
		{"a fault with what was sent", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, `<e:Envelope xmlns:e="x"><e:Body><e:Fault><faultcode>e:Server</faultcode><faultstring>rtsp://viewer:`+password+`@10.0.0.1/ `+"\n\x1b[31m"+strings.Repeat("x", 500)+`</faultstring></e:Fault></e:Body></e:Envelope>`)
		}, "it refuses"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(c.answer)
			defer server.Close()
			a, err := address.Parse("onvif://" + strings.TrimPrefix(server.URL, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			_, err = Describe(t.Context(), Options{Address: a.WithCredentials(user, password), Networks: loopback(t), Timeout: 500 * time.Millisecond})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if text := err.Error(); strings.Contains(text, "canary") || strings.ContainsAny(text, "\n\x1b") || len(text) > 400 {
				t.Errorf("not for people: %q", text)
			}
		})
	}
}

// TestNetworks holds that nothing is connected to outside of them.
func TestNetworks(t *testing.T) {
	c := openCamera(t, "tapo")
	o := c.options()
	o.Networks = address.DefaultRanges() // loopback is not among them
	if _, err := Describe(t.Context(), o); !errors.Is(err, address.ErrForbidden) {
		t.Errorf("got %v", err)
	}
	if asked := c.log(); len(asked) > 0 {
		t.Errorf("it was asked %v", asked)
	}
}

func TestChooseByName(t *testing.T) {
	d := Description{Profiles: []Profile{
		{Token: "a", Source: "1", Codec: video.H264, Width: 640, Height: 360, FPS: 10},
		{Token: "b", Source: "1", Codec: video.H264, Width: 640, Height: 360, FPS: 25},
		{Token: "c", Source: "1", Codec: video.H265, Width: 320, Height: 180},
		{Token: "d", Source: "1", Codec: video.MJPEG, Width: 4000, Height: 3000},
		{Token: "e", Source: "2", Codec: video.MJPEG, Width: 4000, Height: 3000},
	}}
	for _, c := range []struct {
		query   string
		quality video.Quality
		want    string
	}{
		{"", "", "b"}, {"", video.Main, "b"}, {"", video.Sub, "c"},
		{"?channel=1", video.Main, "b"}, {"?channel=2", video.Main, "e"}, {"?channel=2", video.Sub, "e"},
		{"?profile=d", video.Sub, "d"},
		{"?profile=nosuch", video.Sub, ""}, {"?channel=3", video.Sub, ""}, {"?channel=0", video.Sub, ""}, {"?channel=x", video.Sub, ""},
	} {
		a, err := address.Parse("onvif://10.0.0.1/" + c.query)
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.Choose(Options{Address: a, Quality: c.quality})
		if got.Token != c.want || c.want == "" && !errors.Is(err, ErrNoProfile) {
			t.Errorf("%s %s: got %q, %v, want %q", c.query, c.quality, got.Token, err, c.want)
		}
	}
}

func TestCancelled(t *testing.T) {
	c := openCamera(t, "tapo")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Describe(ctx, c.options()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
