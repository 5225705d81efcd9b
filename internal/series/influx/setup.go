package influx

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"citywatch/internal/series"
)

// prepare looks for the databases once, and makes those that are missing where
// the credentials allow it. Its error is that the server is away or refuses the
// credentials; what it may not make it tells the administrator.
func (db *DB) prepare(ctx context.Context) error {
	db.setup.Lock()
	defer db.setup.Unlock()
	if db.ready {
		return nil
	}
	version, err := db.version(ctx)
	if err == nil {
		switch {
		case strings.HasPrefix(version, "1."):
			err = db.makeDatabases(ctx)
		case strings.HasPrefix(version, "2."):
			err = db.makeBuckets(ctx)
		}
		// Version 3 makes databases as they are written to.
	}
	if err == nil {
		db.ready = true
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	db.login.forget()
	return fmt.Errorf("InfluxDB at %s: %w", db.base.Host, err)
}

// version asks for the server's version, such as 2.9.1.
func (db *DB) version(ctx context.Context) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, db.base.JoinPath("ping").String(), nil)
	if err != nil {
		return "", err
	}
	resp, err := db.Do(req)
	if err != nil {
		return "", queryError(err)
	}
	defer resp.Body.Close()
	return strings.TrimPrefix(resp.Header.Get("X-Influxdb-Version"), "v"), nil
}

// makeDatabases is for InfluxDB 1.8.
func (db *DB) makeDatabases(ctx context.Context) error {
	for _, r := range series.Resolutions() {
		name, keep := r.Database(db.options.Name), db.options.Retention.Of(r)
		duration := "INF"
		if keep > 0 {
			duration = fmt.Sprintf("%ds", keep/time.Second)
		}
		statement := fmt.Sprintf("CREATE DATABASE %s WITH DURATION %s", series.Ident(name), duration)
		_, err := db.ask(ctx, "", statement)
		switch {
		case err == nil:
		case strings.Contains(err.Error(), "conflicts"): // it is there, with a retention of its own
			db.log.Warn("the database keeps another retention than the configuration says; change one of them",
				"database", name, "configured", duration)
		case errors.Is(err, series.ErrUnauthorized) && db.maySee(ctx, name):
		case errors.Is(err, series.ErrUnauthorized):
			db.log.Error("a database is missing, and citywatch may not make it: have an administrator do so",
				"database", name, "statement", statement)
			return err
		default:
			return err
		}
	}
	return nil
}

// maySee says whether a database is there for an account that may not make it.
func (db *DB) maySee(ctx context.Context, name string) bool {
	result, err := db.ask(ctx, name, "SHOW DATABASES")
	if err != nil {
		return false
	}
	for _, table := range result {
		for _, row := range table.Rows {
			if row[0] == name {
				return true
			}
		}
	}
	return false
}

// A bucket is one of InfluxDB 2.
type bucket struct {
	ID    string `json:"id,omitempty"`
	OrgID string `json:"orgID"`
	Name  string `json:"name"`
	Rules []rule `json:"retentionRules"`
}

type rule struct {
	Type    string `json:"type"`
	Seconds int64  `json:"everySeconds"`
}

func (b *bucket) keeps() time.Duration {
	if len(b.Rules) == 0 {
		return 0
	}
	return time.Duration(b.Rules[0].Seconds) * time.Second
}

// makeBuckets is for InfluxDB 2.
func (db *DB) makeBuckets(ctx context.Context) error {
	for _, r := range series.Resolutions() {
		name, keep := r.Database(db.options.Name), db.options.Retention.Of(r)
		b, err := db.bucket(ctx, name)
		if err != nil {
			return err
		}
		if b == nil {
			if b, err = db.makeBucket(ctx, name, keep); err != nil {
				db.log.Error("a bucket is missing, and citywatch could not make it: have an administrator do so",
					"bucket", name, "retention", keep, "org", db.options.Org, "err", err)
				return err
			}
		} else if b.keeps() != keep {
			db.log.Warn("the bucket keeps another retention than the configuration says; change one of them",
				"bucket", name, "keeps", b.keeps(), "configured", keep)
		}
		if err := db.mapBucket(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// bucket returns nil where there is none, or none that the token may see.
func (db *DB) bucket(ctx context.Context, name string) (*bucket, error) {
	var answer struct {
		Buckets []bucket `json:"buckets"`
	}
	err := db.api(ctx, http.MethodGet, "buckets?"+url.Values{"name": {name}, "org": {db.options.Org}}.Encode(), nil, &answer)
	if missing := new(reply); errors.As(err, &missing) && missing.status == http.StatusNotFound {
		return nil, nil
	}
	if err != nil || len(answer.Buckets) == 0 {
		return nil, err
	}
	return &answer.Buckets[0], nil
}

func (db *DB) makeBucket(ctx context.Context, name string, keep time.Duration) (*bucket, error) {
	var answer struct {
		Orgs []struct {
			ID string `json:"id"`
		} `json:"orgs"`
	}
	err := db.api(ctx, http.MethodGet, "orgs?"+url.Values{"org": {db.options.Org}}.Encode(), nil, &answer)
	if err != nil {
		return nil, err
	}
	if len(answer.Orgs) == 0 {
		return nil, fmt.Errorf("%w: no organization %q", series.ErrUnauthorized, db.options.Org)
	}
	b := bucket{OrgID: answer.Orgs[0].ID, Name: name, Rules: []rule{}}
	if keep > 0 {
		b.Rules = append(b.Rules, rule{Type: "expire", Seconds: int64(keep / time.Second)})
	}
	err = db.api(ctx, http.MethodPost, "buckets", b, &b)
	return &b, err
}

// A mapping says which bucket InfluxQL finds under a database's name.
type mapping struct {
	Database string `json:"database"`
	Policy   string `json:"retention_policy"`
	Default  bool   `json:"default"`
	OrgID    string `json:"orgID"`
	BucketID string `json:"bucketID"`
}

// mapBucket makes sure that InfluxQL finds the bucket under its own name. From
// 2.2 on it does by itself, unless somebody has mapped the name elsewhere: then
// what is read would not be what was written.
func (db *DB) mapBucket(ctx context.Context, b *bucket) error {
	var answer struct {
		Content []mapping `json:"content"`
	}
	err := db.api(ctx, http.MethodGet, "dbrps?"+url.Values{"orgID": {b.OrgID}, "db": {b.Name}}.Encode(), nil, &answer)
	if errors.Is(err, series.ErrUnauthorized) {
		return nil // the token may not ask; the first question will show
	}
	if err != nil {
		return err
	}
	for _, m := range answer.Content {
		switch {
		case m.Default && m.BucketID == b.ID:
			return nil
		case m.Default:
			return fmt.Errorf("InfluxQL finds another bucket under the name %s: delete that mapping (influx v1 dbrp list)", b.Name)
		}
	}
	m := mapping{Database: b.Name, Policy: "autogen", Default: true, OrgID: b.OrgID, BucketID: b.ID}
	return db.api(ctx, http.MethodPost, "dbrps", m, &m)
}

// api calls InfluxDB 2's own interface.
func (db *DB) api(ctx context.Context, method, path string, body, answer any) error {
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, db.base.String()+"api/v2/"+path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := db.Do(req)
	if err != nil {
		return queryError(err)
	}
	defer resp.Body.Close()
	return json.NewDecoder(resp.Body).Decode(answer)
}
