package onvif

import (
	"bytes"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"citywatch/video/address"
)

// envelope makes a SOAP 1.2 message.
func envelope(header, body string) []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` +
		`<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">`)
	if header != "" {
		b.WriteString("<s:Header>" + header + "</s:Header>")
	}
	b.WriteString("<s:Body>" + body + "</s:Body></s:Envelope>")
	return b.Bytes()
}

// usernameToken makes the header of WS-Security's login, in which the password
// is mixed into a digest with a random number and the time.
func usernameToken(user, password string, at time.Time) string {
	const (
		secext = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
		util   = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
		token  = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
		base64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
	)
	nonce := make([]byte, 16)
	_, _ = rand.Read(nonce) // it never fails
	created := at.UTC().Format("2006-01-02T15:04:05.000Z")
	return `<w:Security s:mustUnderstand="1" xmlns:w="` + secext + `" xmlns:u="` + util + `"><w:UsernameToken>` +
		`<w:Username>` + escape(user) + `</w:Username>` +
		`<w:Password Type="` + token + `">` + passwordDigest(nonce, created, password) + `</w:Password>` +
		`<w:Nonce EncodingType="` + base64 + `">` + encode(nonce) + `</w:Nonce>` +
		`<u:Created>` + created + `</u:Created></w:UsernameToken></w:Security>`
}

// passwordDigest is what the specification wants: SHA-1, of which nothing but
// a one-way function is asked here.
func passwordDigest(nonce []byte, created, password string) string {
	h := sha1.New()
	h.Write(nonce)
	_, _ = io.WriteString(h, created+password)
	return encode(h.Sum(nil))
}

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}

// errNoAnswer is of an answer that is no SOAP message.
var errNoAnswer = errors.New("its answer is no SOAP message")

// parse reads a SOAP message into what to points to, whose tags begin with
// Body.
func parse(answer []byte, to any) error {
	clean := bytes.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\r' && r != '\t' {
			return ' ' // XML has none of these; cameras' names do
		}
		return r
	}, bytes.ToValidUTF8(answer, []byte("?")))
	d := xml.NewDecoder(bytes.NewReader(clean))
	d.Strict = false // some leave out what XML demands
	// What cameras say they write in is mostly untrue, and names are ASCII.
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	// A token that Strict would refuse must not end the process.
	var err error
	func() {
		defer func() {
			if recover() != nil {
				err = errNoAnswer
			}
		}()
		err = d.Decode(to)
	}()
	if err != nil {
		return errNoAnswer
	}
	return nil
}

// A soapFault is a camera's refusal.
type soapFault struct {
	code, reason string
}

func (f *soapFault) Error() string {
	if f.reason == "" {
		return fmt.Sprintf("it refuses (%s)", f.code)
	}
	return fmt.Sprintf("it refuses: %s (%s)", f.reason, f.code)
}

// unauthorized reports whether it is the login that is refused, which cameras
// say in several ways.
func (f *soapFault) unauthorized() bool {
	if f == nil {
		return false
	}
	all := strings.ToLower(f.code + " " + f.reason)
	for _, sign := range [...]string{"notauthorized", "not authorized", "failedauthentication", "invalidsecurity", "unauthorized", "authority failure", "operationprohibited"} {
		if strings.Contains(all, sign) {
			return true
		}
	}
	return false
}

// readFault returns the fault of an answer, in the form of SOAP 1.2 or 1.1, nil
// if it is none.
func readFault(answer []byte) *soapFault {
	if !bytes.Contains(answer, []byte("Fault")) {
		return nil
	}
	var m struct {
		Fault *struct {
			Code struct {
				Value   string `xml:"Value"`
				Subcode struct {
					Value   string `xml:"Value"`
					Subcode struct {
						Value string `xml:"Value"`
					} `xml:"Subcode"`
				} `xml:"Subcode"`
			} `xml:"Code"`
			Reason      []string `xml:"Reason>Text"`
			FaultCode   string   `xml:"faultcode"`
			FaultString string   `xml:"faultstring"`
		} `xml:"Body>Fault"`
	}
	if err := parse(answer, &m); err != nil {
		m.Fault = nil
	}
	if m.Fault == nil {
		return nil
	}
	f := &soapFault{reason: legible(m.Fault.FaultString)}
	if len(m.Fault.Reason) > 0 {
		f.reason = legible(m.Fault.Reason[0])
	}
	for _, code := range [...]string{m.Fault.FaultCode, m.Fault.Code.Value, m.Fault.Code.Subcode.Value, m.Fault.Code.Subcode.Subcode.Value} {
		if code = legible(code); code != "" {
			f.code = strings.TrimPrefix(f.code+" "+code, " ")
		}
	}
	return f
}

// legible returns a camera's text as people may see it: in one line, short, and
// without what could be a credential.
func legible(text string) string {
	const most = 120
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.TrimSpace(text))
	text = strings.Join(strings.Fields(address.Redact(text)), " ")
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return text
}
