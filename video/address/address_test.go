package address_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"citywatch/video/address"
)

const canary = "c4n4ry"

func parse(t testing.TB, text string) address.Address {
	t.Helper()
	a, err := address.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestParse(t *testing.T) {
	for text, want := range map[string]struct{ host, user, password, reveal string }{
		"rtsp://10.1.2.3/main":                   {"10.1.2.3", "", "", "rtsp://10.1.2.3/main"},
		"RTSPS://Camera.example:8322":            {"camera.example:8322", "", "", "rtsps://camera.example:8322"},
		"onvif://[fd00::1]:80":                   {"[fd00::1]:80", "", "", "onvif://[fd00::1]:80"},
		" rtsp://u:p@h/x?channel=1&subtype=0 ":   {"h", "u", "p", "rtsp://u:p@h/x?channel=1&subtype=0"},
		"rtsp://u:p@ss:w@h/":                     {"h", "u", "p@ss:w", "rtsp://u:p%40ss%3Aw@h/"},
		"rtsp://u:p%2Fs%23%25@h/":                {"h", "u", "p/s#%", "rtsp://u:p%2Fs%23%25@h/"},
		"rtsp://u@h/":                            {"h", "u", "", "rtsp://u:@h/"},
		"rtsp://h/user=a&password=b&channel=1?x": {"h", "", "", "rtsp://h/user=a&password=b&channel=1?x"},
	} {
		a := parse(t, text)
		user, password, ok := a.Credentials()
		if a.Host() != want.host || user != want.user || password != want.password || ok != (want.user != "") || a.Reveal() != want.reveal {
			t.Errorf("%q is %q, %q, %q, %v: %q", text, a.Host(), user, password, ok, a.Reveal())
		}
		if again := parse(t, a.Reveal()); again != a {
			t.Errorf("%q does not come back from %q", text, a.Reveal())
		}
	}
}

// TestParseErrors demands errors that help, and give nothing away.
func TestParseErrors(t *testing.T) {
	for text, hint := range map[string]string{
		"":                                "scheme",
		"10.1.2.3/" + canary:              "rtsp://host/path",
		"http://u:" + canary + "@h/":      "rtsp, rtsps and onvif",
		canary + "://u:p@h/":              "rtsp, rtsps and onvif",
		"rtsp://":                         "host",
		"rtsp://u:" + canary + "@/x":      "host",
		"rtsp://u:a/" + canary + "@h/x":   "%2F",
		"rtsp://u:a#" + canary + "@h/x":   "%23",
		"rtsp://u:a?" + canary + "@h/x":   "%3F",
		"rtsp://u:100%x" + canary + "@h":  "%25",
		"rtsp://u:" + canary + "@h:0/":    "port",
		"rtsp://u:" + canary + "@h:99999": "port",
		"rtsp://u:" + canary + "@h h/":    "name",
		"rtsp://u:" + canary + "@[::/":    "brackets",
		"rtsp://u:" + canary + "@h/a b":   "%20",
		"rtsp://u:" + canary + "@h/%zz":   "%25",
		"rtsp://h/x#" + canary:            "#",
	} {
		_, err := address.Parse(text)
		if !errors.Is(err, address.ErrAddress) {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if !strings.Contains(err.Error(), hint) || strings.Contains(err.Error(), canary) {
			t.Errorf("%q: %v; want a hint at %s", text, err, hint)
		}
	}
}

// TestNothingShows prints, logs and marshals an address in every way, also
// within structures that hide it, and finds no secret.
func TestNothingShows(t *testing.T) {
	type hidden struct{ a address.Address }
	type shown struct{ A address.Address }
	for _, text := range []string{
		"rtsp://user" + canary + ":" + canary + "@10.1.2.3/main",
		"rtsp://10.1.2.3/main?user=" + canary + "&pwd=" + canary + "&channel=1",
		"rtsp://10.1.2.3/main?" + canary,
		"rtsp://10.1.2.3/main?Kennwort=" + canary,
		"rtsp://10.1.2.3/user=admin_password=" + canary + "_channel=1_stream=0.sdp",
	} {
		a := parse(t, text)
		var printed []string
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p", "%o", "%08.3f"} {
			for _, value := range []any{a, &a, hidden{a}, &hidden{a}, shown{a}, []address.Address{a}, map[string]address.Address{"x": a}} {
				printed = append(printed, fmt.Sprintf(verb, value))
			}
		}
		for _, marshal := range []func(any) ([]byte, error){json.Marshal, yaml.Marshal} {
			out, err := marshal(map[string]any{"a": a, "s": shown{a}, "h": hidden{a}})
			if err != nil {
				t.Fatal(err)
			}
			printed = append(printed, string(out))
		}
		var log strings.Builder
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "a", a, "s", shown{a}, "h", hidden{a})
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "a", a, "s", shown{a}, "h", hidden{a})
		printed = append(printed, log.String(), a.GoString())
		for _, out := range printed {
			if strings.Contains(out, canary) || strings.Contains(out, fmt.Sprintf("%x", canary)) {
				t.Errorf("%s shows in %s", text, out)
			}
		}
		if !strings.Contains(a.String(), "10.1.2.3") {
			t.Errorf("%s says too little", a)
		}
		if !strings.Contains(a.Reveal(), canary) {
			t.Error("Reveal hides it")
		}
	}
}

func TestCredentials(t *testing.T) {
	a := parse(t, "rtsp://10.1.2.3/main")
	b := a.WithCredentials("viewer", canary)
	if a == b || b != parse(t, "rtsp://viewer:"+canary+"@10.1.2.3/main") || b.WithoutCredentials() != a {
		t.Errorf("%q and %q", a.Reveal(), b.Reveal())
	}
	if b.Scheme() != address.RTSP || b.Hostname() != "10.1.2.3" || b.HostPort("554") != "10.1.2.3:554" {
		t.Errorf("%s %s %s", b.Scheme(), b.Hostname(), b.HostPort("554"))
	}
	var none address.Address
	if !none.IsZero() || none.WithCredentials("u", "p") != none || none.WithoutCredentials() != none || none.String() != "" || none.Reveal() != "" {
		t.Errorf("the zero address is %q", none.Reveal())
	}
}

func TestRedact(t *testing.T) {
	for _, text := range []string{
		"dial rtsp://user:" + canary + "@10.1.2.3:554/x: refused",
		"rtsp://" + canary + "@host/",
		`parse "rtsp://u:pa ` + canary + `@host/x": invalid character " " in host name`,
		"rtsp://u:p/" + canary + "@host/x",
		"rtsp://u:p@" + canary + "@host/x",
		"RTSPS://u:" + canary + "@host",
		"http://host/snap.cgi?user=admin&password=" + canary + "&x=1",
		"http://host/snap.cgi?PWD=" + canary,
		"http://host/?loginuse=" + "a" + "&loginpas=1&access_token=" + canary,
		"rtsp://h/user=admin_password=" + canary + "_channel=1_stream=0.sdp",
		`{"password": "` + canary + `", "x": 1}`,
		"password: " + canary,
		"passwd='a " + canary + "'",
		"Authorization: Basic " + canary + "==",
		"authorization: Digest username=\"u\", response=\"" + canary + "\"",
		"the server said: Basic " + canary,
		"Bearer " + canary + ".x.y",
		"Digest username=\"" + canary + "\", realm=\"x\"",
		"x_token=" + canary,
		"<Password>" + "x</Password> token=\"" + canary + "\"",
	} {
		if out := address.Redact(text); strings.Contains(out, canary) {
			t.Errorf("%q became %q", text, out)
		}
	}
	for _, text := range []string{
		"dial tcp 10.1.2.3:554: connect: connection refused",
		"rtsp://10.1.2.3:554/main?channel=1: it answers 404 Not Found",
		"the description of the stream cannot be read: invalid SDP",
	} {
		if out := address.Redact(text); out != text {
			t.Errorf("%q became %q", text, out)
		}
	}
	if out := address.Redact(strings.Repeat("x", 1<<20)); len(out) > 1<<15 {
		t.Errorf("%d bytes", len(out))
	}
}

func FuzzParse(f *testing.F) {
	f.Add("rtsp://u:p@10.1.2.3:554/main?channel=1")
	f.Add("onvif://[fd00::1]")
	f.Add("rtsp://u:p%2F@h/%20")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := address.Parse(text)
		if err != nil {
			if strings.Contains(err.Error(), canary) {
				t.Fatal(err)
			}
			return
		}
		again, err := address.Parse(a.Reveal())
		if err != nil || again != a {
			t.Fatalf("%q does not come back from %q: %v", text, a.Reveal(), err)
		}
		b := a.WithCredentials("viewer", canary+"/@:")
		if out := fmt.Sprintf("%v %#v", b, b); !strings.Contains(a.Reveal(), canary) && strings.Contains(out, canary) {
			t.Fatalf("%q shows", out)
		}
	})
}

// What a camera was told at the login is hidden wherever it says it, and
// nothing else is.
func TestRedactOwn(t *testing.T) {
	const password = `c4n4ry/"p@ss %`
	a := parse(t, "rtsp://10.0.0.1/live?channel=7&lock=k3yw0rd%2F").WithCredentials("viewer", password)
	for _, said := range []string{
		password, fmt.Sprintf("%q", password), url.QueryEscape(password), url.PathEscape(password),
		url.UserPassword("viewer", password).String(),
		base64.StdEncoding.EncodeToString([]byte("viewer:" + password)), base64.StdEncoding.EncodeToString([]byte(password)),
		"k3yw0rd%2F", "k3yw0rd/",
	} {
		got := a.Redact("no stream <" + said + "> here")
		if strings.Contains(got, canary) || strings.Contains(got, "k3yw0rd") || strings.Contains(got, said) {
			t.Errorf("%s leaves %s", said, got)
		}
		if !strings.HasPrefix(got, "no stream <") || !strings.HasSuffix(got, "> here") {
			t.Errorf("%s leaves only %s", said, got)
		}
	}
	const harmless = "channel 7: 404 Not Found"
	for _, a := range []address.Address{{}, a, a.WithCredentials("viewer", ""), a.WithCredentials("viewer", "40")} {
		if got := a.Redact(harmless); got != harmless {
			t.Errorf("%v makes %q of %q", a, got, harmless)
		}
	}
}
