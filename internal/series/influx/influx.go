// Package influx is the time series store on an InfluxDB server: 1.8, 2 or 3.
//
// It writes with the client library's blocking API, one request for each Write,
// and knows the outcome of each. The library's other API queues and retries on
// its own, reports what it has dropped as done, and is not used. It reads with
// InfluxQL over /query, which all three generations answer.
package influx

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"

	"citywatch/internal/series"
)

// Options say where the server is and how to sign in. Tokens and passwords are
// read from where they are kept, and appear in no error and no log.
type Options struct {
	// URL is the server's address, without credentials.
	URL string
	// Name is the first part of the databases' (buckets') names.
	Name string
	// Retention is given to databases that are made; those that are there keep
	// theirs.
	Retention series.Retention
	// Org is the organization on InfluxDB 2.
	Org string
	// TokenFile or TokenEnv names the file or the environment variable with the
	// token of InfluxDB 2 and 3.
	TokenFile, TokenEnv string
	// Username and PasswordFile are for InfluxDB 1.8.
	Username, PasswordFile string
	// Logger gets what an administrator has to do; nil discards it.
	Logger *slog.Logger
}

// timeout ends a request that is not answered: 5,000 lines take a second on a
// slow server.
const timeout = 30 * time.Second

// A DB is a client of one server. Its methods may be called from many
// goroutines.
type DB struct {
	options Options
	base    *url.URL // ends with a slash
	http    *http.Client
	login   *login
	client  influxdb2.Client
	log     *slog.Logger

	setup sync.Mutex // held while the databases are looked for
	ready bool
}

// New returns a client; it asks the server nothing. The databases are looked
// for, and made where that is allowed, by the first call that reaches it.
func New(o Options) (*DB, error) {
	base, err := url.Parse(o.URL)
	if err != nil || base.Host == "" {
		return nil, errors.New("influx: not the address of a server") // it may hold a password
	}
	if !strings.HasSuffix(base.Path, "/") {
		base.Path += "/"
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	db := &DB{
		options: o,
		base:    base,
		http:    &http.Client{Transport: transport, Timeout: timeout},
		login:   &login{options: o},
		log:     cmp.Or(o.Logger, slog.New(slog.DiscardHandler)),
	}
	options := influxdb2.DefaultOptions().SetUseGZip(true).SetPrecision(time.Nanosecond).SetApplicationName("citywatch")
	options.HTTPOptions().SetHTTPDoer(db)
	db.client = influxdb2.NewClientWithOptions(base.String(), "", options)
	return db, nil
}

// Close lets go of idle connections.
func (db *DB) Close() {
	db.client.Close()
	db.http.CloseIdleConnections()
}

// Write stores lines. See package series for what its errors mean.
func (db *DB) Write(ctx context.Context, to series.Resolution, lines []byte) error {
	if err := db.prepare(ctx); err != nil {
		return err
	}
	name := to.Database(db.options.Name)
	err := db.client.WriteAPIBlocking(db.options.Org, name).WriteRecord(ctx, string(lines))
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if missing := new(reply); errors.As(err, &missing) && missing.status == http.StatusNotFound {
		db.forget() // the database was there, or the server is another one now
	}
	return fmt.Errorf("write to %s on %s: %w", name, db.base.Host, writeError(err))
}

// forget has the databases looked for again.
func (db *DB) forget() {
	db.setup.Lock()
	defer db.setup.Unlock()
	db.ready = false
}
