package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"citywatch/internal/series"
	"citywatch/internal/store"
)

func TestProblems(t *testing.T) {
	influx := func(change func(*store.Options)) store.Options {
		o := store.DefaultOptions()
		o.Kind, o.URL = store.InfluxDB, "http://influxdb:8086"
		change(&o)
		return o
	}
	embedded := func(change func(*store.Options)) store.Options {
		o := store.DefaultOptions()
		change(&o)
		return o
	}
	for name, test := range map[string]struct {
		options store.Options
		want    []string
	}{
		"embedded":            {embedded(func(*store.Options) {}), nil},
		"kept for ever":       {embedded(func(o *store.Options) { o.Retention = series.Retention{} }), nil},
		"nothing":             {store.Options{}, []string{"$.kind", "$.max_fields", "$.name"}},
		"unknown kind":        {embedded(func(o *store.Options) { o.Kind = "mysql" }), []string{"$.kind"}},
		"name":                {embedded(func(o *store.Options) { o.Name = "a/b" }), []string{"$.name"}},
		"retention order":     {embedded(func(o *store.Options) { o.Retention.Raw = 0 }), []string{"$.retention.5m"}},
		"retention":           {embedded(func(o *store.Options) { o.Retention.Raw, o.Retention.OneHour = time.Minute, -1 }), []string{"$.retention.1h", "$.retention.raw"}},
		"series":              {embedded(func(o *store.Options) { o.MaxSeries = 0 }), []string{"$.max_series"}},
		"embedded with a url": {embedded(func(o *store.Options) { o.URL = "http://x" }), []string{"$.url"}},
		"influxdb":            {influx(func(*store.Options) {}), nil},
		"influxdb, token":     {influx(func(o *store.Options) { o.Org, o.TokenFile = "city", "token" }), nil},
		"influxdb, user":      {influx(func(o *store.Options) { o.Username, o.PasswordFile = "city", "password" }), nil},
		"no url":              {influx(func(o *store.Options) { o.URL = "influxdb:8086" }), []string{"$.url"}},
		"credentials in url":  {influx(func(o *store.Options) { o.URL = "http://u:secret@influxdb:8086" }), []string{"$.url"}},
		"two tokens":          {influx(func(o *store.Options) { o.TokenFile, o.TokenEnv = "a", "B" }), []string{"$.token_env"}},
		"token and user":      {influx(func(o *store.Options) { o.TokenFile, o.Username = "a", "b" }), []string{"$.username"}},
		"user, no password":   {influx(func(o *store.Options) { o.Username = "b" }), []string{"$.password_file"}},
		"password, no user":   {influx(func(o *store.Options) { o.PasswordFile = "b" }), []string{"$.username"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, p := range test.options.Problems() {
				got = append(got, p.Path)
				if p.Message == "" || p.Hint == "" || strings.Contains(p.Error(), "secret") {
					t.Errorf("%s: %v", p.Path, p)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
