package notify

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
)

// Keys are what a browser gives with its subscription, so that only it can read
// what is sent: they stand in PushSubscription.toJSON().
type Keys struct {
	// P256DH is the browser's public key, Auth a secret, both in base64url.
	P256DH string `json:"p256dh"`
	Auth   string `json:"auth"`
}

// The sizes of RFC 8291 and RFC 8188.
const (
	authSize   = 16
	saltSize   = 16
	recordSize = 4096
	// maxPayload is what fits one record: less the header, the tag and the
	// delimiter. No push service has to take more.
	maxPayload = recordSize - (saltSize + 4 + 1 + 65) - 16 - 1
)

// receiver are a browser's keys, decoded and checked.
type receiver struct {
	public *ecdh.PublicKey
	auth   []byte
}

func (k Keys) decode() (receiver, error) {
	point, err := base64.RawURLEncoding.DecodeString(k.P256DH)
	if err != nil {
		return receiver{}, fmt.Errorf("p256dh is not base64url: %w", err)
	}
	public, err := ecdh.P256().NewPublicKey(point)
	if err != nil {
		return receiver{}, fmt.Errorf("p256dh is not a point of P-256: %w", err)
	}
	auth, err := base64.RawURLEncoding.DecodeString(k.Auth)
	if err != nil || len(auth) != authSize {
		return receiver{}, fmt.Errorf("auth is not %d bytes in base64url", authSize)
	}
	return receiver{public, auth}, nil
}

// encrypt returns payload as only the receiver can read it (RFC 8291), with a
// key and a salt that are used this once.
func encrypt(to receiver, payload []byte) ([]byte, error) {
	sender, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails
	return encryptWith(to, payload, sender, salt)
}

func encryptWith(to receiver, payload []byte, sender *ecdh.PrivateKey, salt []byte) ([]byte, error) {
	if len(payload) > maxPayload {
		return nil, fmt.Errorf("%d bytes are more than the %d that a push message holds", len(payload), maxPayload)
	}
	shared, err := sender.ECDH(to.public)
	if err != nil {
		return nil, err
	}
	own := sender.PublicKey().Bytes()
	info := "WebPush: info\x00" + string(to.public.Bytes()) + string(own)
	ikm, err := hkdf.Key(sha256.New, shared, to.auth, info, sha256.Size)
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	out := append([]byte{}, salt...)
	out = binary.BigEndian.AppendUint32(out, recordSize)
	out = append(out, byte(len(own)))
	out = append(out, own...)
	const last = 2 // the delimiter of the last record
	return gcm.Seal(out, nonce, append(append([]byte{}, payload...), last), nil), nil
}
