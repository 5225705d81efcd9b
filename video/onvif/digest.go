package onvif

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"strings"
)

// A challenge is what a camera asks of a login by HTTP's digest (RFC 7616).
type challenge struct {
	realm, nonce, opaque string
	algorithm            string // as the camera writes it, "" if it does not
	qop, stale           bool
	count                int
}

// readChallenge returns the challenge that can be answered, SHA-256 before MD5.
// Basic is not answered: it would give the password away.
func readChallenge(h http.Header) (*challenge, bool) {
	var best *challenge
	for _, value := range h.Values("WWW-Authenticate") {
		kind, rest, _ := strings.Cut(strings.TrimSpace(value), " ")
		if !strings.EqualFold(kind, "Digest") {
			continue
		}
		c := challengeOf(parameters(rest))
		if c != nil && (best == nil || strings.EqualFold(c.algorithm, "SHA-256")) {
			best = c
		}
	}
	return best, best != nil
}

func challengeOf(p map[string]string) *challenge {
	c := &challenge{
		realm: p["realm"], nonce: p["nonce"], opaque: p["opaque"],
		algorithm: p["algorithm"], stale: strings.EqualFold(p["stale"], "true"),
	}
	for word := range strings.SplitSeq(p["qop"], ",") {
		c.qop = c.qop || strings.EqualFold(strings.TrimSpace(word), "auth")
	}
	if c.newHash() == nil || c.nonce == "" || p["qop"] != "" && !c.qop {
		return nil
	}
	return c
}

// parameters reads name=value and name="value", separated by commas.
func parameters(text string) map[string]string {
	p := map[string]string{}
	for text = strings.TrimLeft(text, " ,\t"); text != ""; text = strings.TrimLeft(text, " ,\t") {
		name, rest, found := strings.Cut(text, "=")
		if !found {
			break
		}
		var value string
		if quoted, ok := strings.CutPrefix(strings.TrimLeft(rest, " "), `"`); ok {
			value, text, _ = strings.Cut(quoted, `"`)
		} else {
			value, text, _ = strings.Cut(rest, ",")
		}
		p[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
	}
	return p
}

func (c *challenge) newHash() func() hash.Hash {
	switch strings.ToUpper(c.algorithm) {
	case "", "MD5":
		return md5.New
	case "SHA-256":
		return sha256.New
	}
	return nil
}

// answer returns the Authorization header for the request.
func (c *challenge) answer(r *http.Request, user, password string) string {
	sum := func(parts ...string) string {
		h := c.newHash()()
		h.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(h.Sum(nil))
	}
	uri := r.URL.RequestURI()
	secret, request := sum(user, c.realm, password), sum(r.Method, uri)
	var b strings.Builder
	fmt.Fprintf(&b, `Digest username="%s", realm="%s", nonce="%s", uri="%s"`, quote(user), c.realm, c.nonce, uri)
	if c.algorithm != "" {
		fmt.Fprintf(&b, ", algorithm=%s", c.algorithm)
	}
	if c.opaque != "" {
		fmt.Fprintf(&b, `, opaque="%s"`, c.opaque)
	}
	if !c.qop {
		fmt.Fprintf(&b, `, response="%s"`, sum(secret, c.nonce, request))
		return b.String()
	}
	c.count++
	count, own := fmt.Sprintf("%08x", c.count), ownNonce()
	fmt.Fprintf(&b, `, qop=auth, nc=%s, cnonce="%s", response="%s"`, count, own, sum(secret, c.nonce, count, own, "auth", request))
	return b.String()
}

func quote(text string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) }

func ownNonce() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // it never fails
	return hex.EncodeToString(b)
}
