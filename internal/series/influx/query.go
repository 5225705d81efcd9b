package influx

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"citywatch/internal/series"
)

// maxURL is how long a question may be to stand in the address: longer ones go
// into the body, which not every server and proxy documents.
const maxURL = 2000

// Query answers one SELECT or SHOW statement.
func (db *DB) Query(ctx context.Context, from series.Resolution, q string) (series.Result, error) {
	if err := db.prepare(ctx); err != nil {
		return nil, err
	}
	name := from.Database(db.options.Name)
	result, err := db.ask(ctx, name, q)
	if err == nil {
		return result, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, fmt.Errorf("query %s on %s: %w", name, db.base.Host, err)
}

// ask sends any statement.
func (db *DB) ask(ctx context.Context, database, q string) (series.Result, error) {
	values := url.Values{"q": {q}, "epoch": {"ns"}}
	if database != "" {
		values.Set("db", database)
	}
	method, address, body := http.MethodGet, *db.base.JoinPath("query"), ""
	if text := values.Encode(); len(text) <= maxURL && reads(q) {
		address.RawQuery = text
	} else {
		method, body = http.MethodPost, text
	}
	req, err := http.NewRequestWithContext(ctx, method, address.String(), strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header.Set("Accept", "application/json")
	resp, err := db.Do(req)
	if err != nil {
		return nil, queryError(err)
	}
	defer resp.Body.Close()
	return decode(resp)
}

// reads says whether a statement may be sent as a GET.
func reads(q string) bool { return !strings.HasPrefix(q, "CREATE ") }

// queryError says of a failed question what package series has words for.
func queryError(err error) error {
	r := new(reply)
	if !errors.As(err, &r) {
		return err
	}
	if kind := r.kind(); kind != nil {
		return fmt.Errorf("%w: %w", kind, r)
	}
	if r.status == http.StatusBadRequest || r.status == http.StatusUnprocessableEntity {
		return statementError(r.message)
	}
	return r
}

// statementError is what the server said of the statement. All of it is for
// good but what the statement itself cannot help.
func statementError(text string) error {
	lower := strings.ToLower(text)
	for _, passing := range []string{"timeout", "not found", "shutdown", "closed", "interrupted", "unavailable", "limit exceeded"} {
		if strings.Contains(lower, passing) {
			return errors.New(text)
		}
	}
	return &series.Rejected{Reason: text}
}

// decode reads the answer of /query, which is the same in every generation.
func decode(resp *http.Response) (series.Result, error) {
	var answer struct {
		Error   string `json:"error"`
		Results []struct {
			Error  string `json:"error"`
			Series []struct {
				Name    string            `json:"name"`
				Tags    map[string]string `json:"tags"`
				Columns []string          `json:"columns"`
				Values  [][]any           `json:"values"`
				Partial bool              `json:"partial"`
			} `json:"series"`
		} `json:"results"`
	}
	decoder := json.NewDecoder(resp.Body)
	decoder.UseNumber() // nanoseconds do not fit a float64
	if err := decoder.Decode(&answer); err != nil {
		return nil, fmt.Errorf("its answer cannot be read: %w", err)
	}
	if answer.Error != "" {
		return nil, statementError(answer.Error)
	}
	var out series.Result
	for _, r := range answer.Results {
		if r.Error != "" {
			return nil, statementError(r.Error)
		}
		for _, s := range r.Series {
			if s.Partial {
				return nil, errors.New("the server cuts its answer off (raise max-row-limit)")
			}
			table := series.Series{Name: s.Name, Tags: s.Tags, Columns: s.Columns, Rows: s.Values}
			if err := cells(&table); err != nil {
				return nil, fmt.Errorf("its answer cannot be read: %w", err)
			}
			out = append(out, table)
		}
	}
	return out, nil
}

// cells turns the numbers of a table into what package series has.
func cells(s *series.Series) error {
	at := s.Column("time")
	for _, row := range s.Rows {
		for i, cell := range row {
			number, ok := cell.(json.Number)
			if !ok {
				continue
			}
			var err error
			if i == at {
				row[i], err = number.Int64()
			} else {
				row[i], err = number.Float64()
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
