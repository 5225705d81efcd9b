package address

import (
	"cmp"
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	hidden = "***"
	// maxRedacted bounds what a camera can have us search, and log.
	maxRedacted = 16 << 10
)

// What is hidden, in this order. Every pattern is linear in the text.
var (
	// rtsp://user:p@ss@host: up to the last @ before a space or a quote,
	// because passwords hold @ / # and people do not escape them.
	loginInURL = regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://)[^\s"'<>]*@`)
	// "rtsp://user:pa ss@host": within quotes, as Go's url.Error prints it, a
	// space ends nothing.
	loginInQuotes = regexp.MustCompile(`("[a-zA-Z][a-zA-Z0-9+.-]*://)[^"]*@`)
	// Authorization: Digest username="…", response="…"
	authorization = regexp.MustCompile(`(?i)(authorization["']?\s*[:=]\s*)[^\r\n]+`)
	// Basic dXNlcjpwYXNz, wherever it stands.
	scheme = regexp.MustCompile(`(?i)\b(basic|bearer)\s+[a-z0-9+/=._~-]{4,}`)
	digest = regexp.MustCompile(`(?i)\bdigest\s+username=[^\r\n]+`)
	// password=…, "token": "…", and the /user=admin_password=x_channel=1 of
	// some cameras' paths: the value goes on to the next separator.
	keyed = regexp.MustCompile(`(?i)((?:pass|password|passwd|passphrase|pwd|psw|user|username|usr|login|token|access_token|auth|secret|api_?key|key|credentials?|session|sessionid|sid|sig|signature|nonce|cnonce|response)["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s&"'<>;,})\]]+)`)
)

// Redact returns the text without all in it that looks like a credential: the
// user and password of an address, the values of keys like password= and
// token=, and Authorization headers. It hides too much rather than too little,
// and cuts what is very long. It is the only such function: whatever text comes
// from a library, a camera or a child process goes through it before anybody
// sees it.
func Redact(text string) string {
	if len(text) > maxRedacted {
		text = text[:maxRedacted] + "…"
	}
	text = loginInQuotes.ReplaceAllString(text, "${1}"+hidden+"@")
	text = loginInURL.ReplaceAllString(text, "${1}"+hidden+"@")
	text = authorization.ReplaceAllString(text, "${1}"+hidden)
	text = digest.ReplaceAllString(text, "Digest "+hidden)
	text = scheme.ReplaceAllString(text, "${1} "+hidden)
	return keyed.ReplaceAllString(text, "${1}"+hidden)
}

// leastHidden is the length below which a password is not looked for: it would
// be found everywhere.
const leastHidden = 3

// Redact returns the text as the function Redact does, and without the secrets
// of this very address, in whatever form they come: a camera may say anywhere
// what it was told at the login.
func (a Address) Redact(text string) string {
	for _, form := range a.forms() {
		text = strings.ReplaceAll(text, form, hidden)
	}
	return Redact(text)
}

// forms returns how the secrets of the address may be written, the longest
// first.
func (a Address) forms() []string {
	p := a.parts()
	secrets := []string{p.pass}
	for field := range strings.SplitSeq(p.query, "&") {
		if key, value, _ := strings.Cut(field, "="); !isPlain(key) {
			secrets = append(secrets, value)
			if plain, err := url.QueryUnescape(value); err == nil {
				secrets = append(secrets, plain)
			}
		}
	}
	var forms []string
	for _, s := range secrets {
		if len(s) < leastHidden {
			continue
		}
		quoted := strconv.Quote(s)
		login := []byte(p.user + ":" + s)
		forms = append(forms, s, quoted[1:len(quoted)-1], url.QueryEscape(s), url.PathEscape(s),
			strings.TrimPrefix(url.UserPassword("", s).String(), ":"),
			base64.StdEncoding.EncodeToString(login), base64.StdEncoding.EncodeToString([]byte(s)))
	}
	slices.SortFunc(forms, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return slices.Compact(forms)
}
