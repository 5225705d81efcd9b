package notify

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"sync"
	"time"
)

// An identity is by which push services know this citywatch (RFC 8292). Browsers
// tie their subscriptions to it: with another they would all have to subscribe
// anew. So it is made once, and its private half never leaves its file.
type identity struct {
	private *ecdsa.PrivateKey
	// public is the public key as browsers take it, in base64url.
	public  string
	subject string

	mu     sync.Mutex
	tokens map[string]token // by the origin of the push service
}

// A token is signed for one push service, and used until it is nearly over.
type token struct {
	text string
	ends time.Time
}

const identityFile = "vapid.pem"

// openIdentity reads the identity in a folder, or makes one where there is none.
func openIdentity(root *os.Root, subject string) (*identity, error) {
	private, err := readKey(root)
	if errors.Is(err, fs.ErrNotExist) {
		private, err = makeKey(root)
	}
	if err != nil {
		return nil, fmt.Errorf("the key for Web Push: %w", err)
	}
	public, err := private.PublicKey.Bytes()
	if err != nil {
		return nil, err
	}
	return &identity{
		private: private, public: base64.RawURLEncoding.EncodeToString(public),
		subject: subject, tokens: map[string]token{},
	}, nil
}

func readKey(root *os.Root) (*ecdsa.PrivateKey, error) {
	data, err := root.ReadFile(identityFile)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("%s is no PEM file; without it every phone has to subscribe anew: restore it, or remove it to begin anew", identityFile)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", identityFile, err)
	}
	private, ok := key.(*ecdsa.PrivateKey)
	if !ok || private.Curve != elliptic.P256() {
		return nil, fmt.Errorf("%s is not a key of P-256", identityFile)
	}
	return private, nil
}

func makeKey(root *os.Root) (*ecdsa.PrivateKey, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	const unfinished = identityFile + ".unfinished"
	f, err := root.OpenFile(unfinished, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	err = pem.Encode(f, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	return private, root.Rename(unfinished, identityFile)
}

// tokenFor is how long a token lasts; push services refuse more than a day.
const tokenFor = 12 * time.Hour

// authorization returns the Authorization header for a push service.
func (id *identity) authorization(endpoint *url.URL, now time.Time) (string, error) {
	origin := endpoint.Scheme + "://" + endpoint.Host
	id.mu.Lock()
	defer id.mu.Unlock()
	t := id.tokens[origin]
	if t.ends.Sub(now) < tokenFor/12 {
		const many = 64 // push services; more say that somebody makes them up
		if len(id.tokens) >= many {
			clear(id.tokens)
		}
		ends := now.Add(tokenFor)
		text, err := id.sign(map[string]any{"aud": origin, "exp": ends.Unix(), "sub": id.subject})
		if err != nil {
			return "", err
		}
		t = token{text, ends}
		id.tokens[origin] = t
	}
	return "vapid t=" + t.text + ", k=" + id.public, nil
}

// sign returns claims as a JSON Web Token with ES256.
func (id *identity) sign(claims map[string]any) (string, error) {
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	const header = `{"typ":"JWT","alg":"ES256"}`
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString(body)
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, id.private, sum[:])
	if err != nil {
		return "", err
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}
