package influx

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"citywatch/internal/series"
)

// Do sends a request with the credentials. Unlike an http.Client's it returns
// an answer that is not a success as an error, a *reply: the client library
// would lose what InfluxDB 1.8 and 3 say in it.
func (db *DB) Do(req *http.Request) (*http.Response, error) {
	used, err := db.login.sign(req)
	if err != nil {
		if req.Body != nil {
			req.Body.Close() // the library compresses into it until somebody does
		}
		return nil, err
	}
	resp, err := db.http.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode/100 == 2 {
		return resp, nil
	}
	defer resp.Body.Close()
	r := readReply(resp)
	if errors.Is(r.kind(), series.ErrUnauthorized) {
		db.login.refused(used)
	}
	return nil, r
}

// maxReply is how much of an answer is read that reports a failure.
const maxReply = 64 << 10

// A reply is an answer of the server that is not a success.
type reply struct {
	status  int
	message string
	after   time.Duration // of Retry-After
}

func (r *reply) Error() string {
	return fmt.Sprintf("%d %s: %s", r.status, http.StatusText(r.status), r.message)
}

func readReply(resp *http.Response) *reply {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxReply)) // what there is of it
	r := &reply{status: resp.StatusCode, message: message(body)}
	if r.message == "" {
		r.message = resp.Header.Get("X-Influxdb-Error")
	}
	if s := resp.Header.Get("Retry-After"); s != "" {
		if seconds, err := strconv.Atoi(s); err == nil {
			r.after = time.Duration(seconds) * time.Second
		} else if at, err := http.ParseTime(s); err == nil {
			r.after = time.Until(at)
		}
	}
	return r
}

// message finds what a person should read in the answer of any generation:
//
//	1.8  {"error":"partial write: field type conflict: …"}
//	2    {"code":"unprocessable entity","message":"failure writing points: …"}
//	3    {"error":"partial write of line protocol occurred",
//	      "data":[{"original_line":"…","line_number":2,"error_message":"…"}]}
func message(body []byte) string {
	var answer struct {
		Error   string          `json:"error"`
		Message string          `json:"message"`
		Data    json.RawMessage `json:"data"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return strings.TrimSpace(string(body[:min(len(body), 500)]))
	}
	type line struct {
		Reason string `json:"error_message"`
	}
	var first line
	var lines []line
	if json.Unmarshal(answer.Data, &lines) == nil && len(lines) > 0 {
		first = lines[0]
	} else {
		_ = json.Unmarshal(answer.Data, &first) // of one line alone it is no list
	}
	if first.Reason != "" {
		return answer.Error + ": " + first.Reason
	}
	if answer.Message != "" {
		return answer.Message
	}
	return answer.Error
}

// kind is what the status alone says, as an error of package series; nil where
// it says too little.
func (r *reply) kind() error {
	switch r.status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return series.ErrUnauthorized
	case http.StatusRequestEntityTooLarge:
		return series.ErrTooLarge
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return &series.Busy{After: r.after}
	}
	return nil
}

// writeError says of a failed write what package series has words for.
func writeError(err error) error {
	r := new(reply)
	if !errors.As(err, &r) {
		return err
	}
	if kind := r.kind(); kind != nil {
		return fmt.Errorf("%w: %w", kind, r)
	}
	if r.refusesLine() {
		return &series.Rejected{Reason: r.message}
	}
	if r.status == http.StatusNotFound {
		return fmt.Errorf("%w (make it, or let citywatch: see the log)", r)
	}
	return r
}

// refusesLine reports whether the answer is about a line of the write. The
// status is not enough: a proxy, a wrong parameter and a server that starts say
// 400 too, and readings must not become dead letters for those.
func (r *reply) refusesLine() bool {
	if r.status != http.StatusBadRequest && r.status != http.StatusUnprocessableEntity {
		return false
	}
	text := strings.ToLower(r.message)
	for _, part := range []string{
		"partial write",       // 1.8, 2 and 3: types, retention, limits
		"unable to parse",     // 1.8 and 2
		"line protocol",       // 3
		"field type conflict", //
		"invalid column type", // 3
		"beyond retention",    //
		"invalid field",       //
		"invalid tag",         //
		"number of columns",   // 3: its limit
		"time outside range",  // 1.8 and 2
		"max-values-per-tag",  // 1.8
		"max-series-per",      // 1.8
		"missing fields",      //
		"schema validation",   // 2 with explicit schemas
	} {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}
