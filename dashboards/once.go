package dashboards

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"citywatch"
	"citywatch/internal/once"
)

// keyHeader bears the key of a request that is to be carried out once, however
// often it comes.
const keyHeader = "Idempotency-Key"

// A singleRequest is one that has been read and checked.
type singleRequest struct {
	// what tells it from others, as JSON.
	what any
	// do carries it out, under its key.
	do func(ctx context.Context, key string) (any, error)
	// done makes the answer of the alert that it left behind when it was carried
	// out before a kill.
	done func(ctx context.Context, after citywatch.Alert) (any, error)
}

// requestKey returns the key of a request, empty if it has none.
func requestKey(r *http.Request) (string, error) {
	const least, most = 16, 100
	key := r.Header.Get(keyHeader)
	if key == "" {
		return "", nil
	}
	for _, c := range key {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return "", fmt.Errorf("%w: %s has %q in it; make it of letters, digits, - and _", ErrInvalid, keyHeader, c)
		}
	}
	if len(key) < least || len(key) > most {
		return "", fmt.Errorf("%w: %s has %d characters; %d to %d are unique enough", ErrInvalid, keyHeader, len(key), least, most)
	}
	return key, nil
}

// onceTimeout bounds how long a request may take that goes on when whoever sent
// it has lost the signal.
const onceTimeout = 20 * time.Second

// once carries out a request and answers it: with the first answer, if it came
// before under the same key.
func (s *site) once(w http.ResponseWriter, r *http.Request, q singleRequest) {
	key, err := requestKey(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	f := s.deps.Field
	if key == "" || f == nil || f.Requests == nil {
		after, err := q.do(r.Context(), key)
		s.respond(w, r, after, err)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), onceTimeout)
	defer cancel()
	hash, err := q.hash(r)
	mark := uint64(0)
	if err == nil {
		mark, err = f.Mark(ctx)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	known, begun, err := f.Requests.Begin(ctx, key, hash, mark)
	switch {
	case errors.Is(err, once.ErrOther):
		s.fail(w, r, fmt.Errorf("%w: %s %q was the key of another request", ErrRefused, keyHeader, key))
	case err != nil:
		s.fail(w, r, err)
	case known != nil:
		w.Header().Set("Idempotency-Replayed", "true")
		replay(w, known)
	default:
		s.carryOut(ctx, w, r, q, key, begun)
	}
}

func (q *singleRequest) hash(r *http.Request) ([]byte, error) {
	what, err := json.Marshal(q.what)
	sum := sha256.Sum256(append([]byte(r.URL.Path+"\x00"), what...))
	return sum[:], err
}

// carryOut carries out a request that has not been answered yet, and remembers
// the answer if it is one for good.
func (s *site) carryOut(ctx context.Context, w http.ResponseWriter, r *http.Request, q singleRequest, key string, begun *once.Begun) {
	f := s.deps.Field
	defer f.Requests.Abandon(key) // unless it is finished
	var after any
	var before citywatch.Alert
	done, err := false, error(nil)
	if begun != nil {
		before, done, err = f.Done(ctx, key, begun.Mark)
	}
	switch {
	case err != nil:
	case done:
		after, err = q.done(ctx, before)
	default:
		after, err = q.do(ctx, key)
	}
	rec := &recorder{header: http.Header{}, status: http.StatusOK}
	s.respond(rec, r, after, err)
	answer := once.Answer{Status: rec.status, Type: rec.header.Get("Content-Type"), Body: rec.body.Bytes()}
	// Of what went wrong here nobody knows what came of it.
	if rec.status < http.StatusInternalServerError {
		if err := f.Requests.Finish(key, &answer); err != nil {
			s.log.Error("the answer to a request could not be remembered", "err", err)
		}
	}
	if ctx.Err() == nil || rec.status < http.StatusInternalServerError {
		replay(w, &answer)
		return
	}
	s.fail(w, r, fmt.Errorf("%w: it takes too long; the same request again is safe", ErrUnavailable))
}

// respond answers with a value or an error.
func (s *site) respond(w http.ResponseWriter, r *http.Request, v any, err error) {
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, r, v)
}

func replay(w http.ResponseWriter, a *once.Answer) {
	w.Header().Set("Content-Type", a.Type)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body)
}

// A recorder takes an answer instead of sending it.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) { r.status = status }

func (r *recorder) Write(data []byte) (int, error) { return r.body.Write(data) }
