package push

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

// authorize holds the request's bearer token against those in the file.
func (h *Handler) authorize(r *http.Request) *problem {
	if h.opts.TokenFile == "" {
		return nil
	}
	data, err := os.ReadFile(h.opts.TokenFile)
	if err != nil {
		// Not told further: it names a file of this machine.
		return &problem{Status: http.StatusInternalServerError, Detail: "the server cannot read its list of tokens"}
	}
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	// Hashes are of one length, and comparing them takes the same time
	// wherever they differ.
	hash := sha256.Sum256([]byte(strings.TrimSpace(given)))
	valid := 0
	for line := range strings.Lines(string(data)) {
		token := strings.TrimSpace(line)
		if token == "" || strings.HasPrefix(token, "#") {
			continue
		}
		want := sha256.Sum256([]byte(token))
		valid |= subtle.ConstantTimeCompare(hash[:], want[:])
	}
	if valid == 1 && strings.EqualFold(scheme, "Bearer") {
		return nil
	}
	return &problem{
		Status: http.StatusUnauthorized,
		Detail: "send Authorization: Bearer and one of the tokens in the server's push.token_file",
		header: header("WWW-Authenticate", "Bearer"),
	}
}

// read reads the request's body, unpacked.
func (h *Handler) read(w http.ResponseWriter, r *http.Request) ([]byte, *problem) {
	limit := int64(h.opts.MaxBody)
	var in io.Reader = http.MaxBytesReader(w, r.Body, limit)
	switch encoding := strings.ToLower(r.Header.Get("Content-Encoding")); encoding {
	case "", "identity":
	case "gzip":
		unzip, err := gzip.NewReader(in)
		if err != nil {
			return nil, h.unreadable(err)
		}
		defer unzip.Close()
		in = io.LimitReader(unzip, limit+1)
	default:
		return nil, &problem{
			Status: http.StatusUnsupportedMediaType,
			Detail: fmt.Sprintf("Content-Encoding %q is not supported; gzip is", clip(encoding)),
			header: header("Accept-Encoding", "gzip"),
		}
	}
	var data bytes.Buffer
	if r.ContentLength > 0 {
		data.Grow(int(min(r.ContentLength, limit)) + bytes.MinRead)
	}
	if _, err := data.ReadFrom(in); err != nil {
		return nil, h.unreadable(err)
	}
	if int64(data.Len()) > limit {
		return nil, h.tooLarge()
	}
	return data.Bytes(), nil
}

func (h *Handler) unreadable(err error) *problem {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return h.tooLarge()
	}
	return &problem{Status: http.StatusBadRequest, Detail: fmt.Sprintf("the request's body cannot be read: %v", err)}
}

func (h *Handler) tooLarge() *problem {
	return &problem{
		Status: http.StatusRequestEntityTooLarge,
		Detail: fmt.Sprintf("the request has more than %d bytes; send the readings in several", h.opts.MaxBody),
	}
}

// jsonItems yields the elements of an array, or the whole if it is none. What
// cannot be parsed is yielded as it is, and last: the decoder says what is
// wrong with it.
func jsonItems(data []byte, yield func(number int, item []byte) bool) {
	const enough = 1 << 10 // of what is no JSON
	data = bytes.TrimSpace(data)
	if len(data) == 0 {
		return
	}
	if data[0] != '[' {
		yield(1, data)
		return
	}
	rest := func(from int64) []byte {
		r := bytes.TrimLeft(data[from:], ", \t\r\n")
		return r[:min(len(r), enough)]
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if _, err := d.Token(); err != nil {
		return // the bracket is known to be there
	}
	number := 1
	for ; d.More(); number++ {
		from := d.InputOffset()
		var item json.RawMessage
		if err := d.Decode(&item); err != nil {
			yield(number, rest(from))
			return
		}
		if !yield(number, item) {
			return
		}
	}
	from := d.InputOffset()
	if _, err := d.Token(); err != nil {
		yield(number, rest(from))
	} else if left := rest(d.InputOffset()); len(left) > 0 {
		yield(number, left)
	}
}

// lineItems yields the lines that hold something, with their numbers.
func lineItems(data []byte, yield func(number int, item []byte) bool) {
	number := 0
	for line := range bytes.Lines(data) {
		number++
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		if !yield(number, line) {
			return
		}
	}
}
