package store

import (
	"fmt"
	"net/url"
	"regexp"
	"time"

	"citywatch"
	"citywatch/internal/series"
)

// A Kind says where the time series are.
type Kind string

// The kinds.
const (
	Embedded Kind = "embedded" // in this process, in files of its own
	InfluxDB Kind = "influxdb" // an InfluxDB 1.8, 2 or 3 server
)

// Options say where the time series are and how long they are kept. Start from
// DefaultOptions: a retention of 0 keeps for ever.
type Options struct {
	Kind Kind `yaml:"kind"`
	// Name is the first part of the three databases' (buckets') names:
	// <name>_raw, <name>_5m and <name>_1h.
	Name      string           `yaml:"name"`
	Retention series.Retention `yaml:"retention"`
	// MaxFields bounds the value names of a class of devices. Names are the
	// devices' own choice, and each costs memory for as long as it is kept: a
	// reading with one name too many becomes a dead letter.
	MaxFields int `yaml:"max_fields"`

	// Dir is the folder of the embedded store.
	Dir string `yaml:"-"`
	// MaxSeries bounds the series of the embedded store: devices times the
	// zones and sectors they have been in.
	MaxSeries int `yaml:"max_series"`

	// URL is the InfluxDB server's address: http://influxdb:8086.
	URL string `yaml:"url"`
	// Org is the organization on InfluxDB 2.
	Org string `yaml:"org"`
	// TokenFile or TokenEnv names the file or the environment variable that
	// holds the token. The file is read anew when the token is refused.
	TokenFile string `yaml:"token_file"`
	TokenEnv  string `yaml:"token_env"`
	// Username and PasswordFile are for InfluxDB 1.8 with authentication.
	Username     string `yaml:"username"`
	PasswordFile string `yaml:"password_file"`
}

// DefaultOptions are those of the embedded store.
func DefaultOptions() Options {
	return Options{
		Kind:      Embedded,
		Name:      "citywatch",
		Retention: series.DefaultRetention(),
		MaxFields: 1000,
		MaxSeries: 200_000,
	}
}

// minRetention is the shortest that every InfluxDB takes; shorter than a
// summary it would make no sense either.
const minRetention = time.Hour

var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$`)

// Problems tells what is wrong in o.
func (o Options) Problems() []citywatch.Problem {
	var ps []citywatch.Problem
	bad := func(path, hint, format string, args ...any) {
		ps = append(ps, citywatch.Problem{Path: "$." + path, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
	if !namePattern.MatchString(o.Name) {
		bad("name", "letters, digits, _ and -, at most 60", "%q cannot be the name of databases", o.Name)
	}
	for _, r := range series.Resolutions() {
		if keep := o.Retention.Of(r); keep < 0 || keep > 0 && keep < minRetention {
			bad("retention."+r.String(), "at least 1h, or 0s to keep for ever", "%v is too short", keep)
		}
	}
	for _, r := range series.Resolutions()[1:] {
		finer, keep := o.Retention.Of(r-1), o.Retention.Of(r)
		if keep > 0 && (finer == 0 || keep < finer) {
			bad("retention."+r.String(), "at least as long as "+(r-1).String()+", or 0s to keep for ever",
				"%v is shorter than what it is computed from", keep)
		}
	}
	if o.MaxFields < 1 {
		bad("max_fields", "1000 is plenty", "%d leaves no value to store", o.MaxFields)
	}
	switch o.Kind {
	case Embedded:
		o.embeddedProblems(bad)
	case InfluxDB:
		o.influxProblems(bad)
	default:
		bad("kind", "embedded, or influxdb", "unknown kind %q of store", o.Kind)
	}
	return ps
}

type report func(path, hint, format string, args ...any)

func (o Options) embeddedProblems(bad report) {
	if o.MaxSeries < 1 {
		bad("max_series", "200000 is plenty for a province", "%d leaves nothing to store", o.MaxSeries)
	}
	for path, value := range map[string]string{
		"url": o.URL, "org": o.Org, "token_file": o.TokenFile, "token_env": o.TokenEnv,
		"username": o.Username, "password_file": o.PasswordFile,
	} {
		if value != "" {
			bad(path, "kind: influxdb, or remove it", "the embedded store has no %s", path)
		}
	}
}

func (o Options) influxProblems(bad report) {
	u, err := url.Parse(o.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		bad("url", "http://host:8086", "not the address of an InfluxDB server")
	case u.User != nil:
		// Addresses are logged; the value itself is not repeated here either.
		bad("url", "use token_file, or username and password_file", "credentials do not belong in the address")
	}
	token := o.TokenFile != "" || o.TokenEnv != ""
	switch {
	case o.TokenFile != "" && o.TokenEnv != "":
		bad("token_env", "keep one of the two", "two places for one token")
	case token && o.Username != "":
		bad("username", "a token for InfluxDB 2 and 3, a username for 1.8", "both a token and a username")
	case o.Username != "" && o.PasswordFile == "":
		bad("password_file", "the file that holds the password", "a username without a password")
	case o.Username == "" && o.PasswordFile != "":
		bad("username", "name the user", "a password without a username")
	}
}
