package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"citywatch"
	"citywatch/alerts"
	"citywatch/internal/app"
	"citywatch/internal/config"
	"citywatch/internal/replay"
)

const replayUsage = `citywatch rules replay --config FILE --from T [--to T] [--rules FILE…] [--diff FILE…]

What rules would have done in the past: every change of an alert, and how often
each rule would have called people. The past is the journal as far as it goes
back, and else the time series store. Nothing of it is changed.

  --rules FILE   rules to look at, instead of those of the configuration
  --diff FILE    all the rules of another set: what they would have done otherwise

Both may be given several times. Times are 2026-07-01, "2026-07-01 18:30" or
RFC 3339, and those of the province unless they say another zone.

`

// filesFlag gathers the values of a flag that may be given several times.
type filesFlag []string

func (f *filesFlag) String() string { return strings.Join(*f, ", ") }

func (f *filesFlag) Set(file string) error {
	*f = append(*f, file)
	return nil
}

// A replayCall is `rules replay` being run.
type replayCall struct {
	*call
	config, from, to, history, api string
	rules, diff                    filesFlag
	seen                           time.Duration
	json                           bool
	events                         int
	overrides                      config.Overrides
}

func (c *call) replayRules(ctx context.Context) error {
	r := replayCall{call: c}
	f := c.flags
	f.Usage = func() {
		_, _ = fmt.Fprint(c.stderr, replayUsage)
		f.PrintDefaults()
	}
	f.StringVar(&r.config, "config", "", "configuration file (required)")
	f.StringVar(&r.overrides.Data, "data", "", "data folder, instead of the configured one")
	f.StringVar(&r.from, "from", "", "from when on (required)")
	f.StringVar(&r.to, "to", "now", "until when")
	f.Var(&r.rules, "rules", "file of rules, instead of those of the configuration")
	f.Var(&r.diff, "diff", "file of the other rules")
	f.StringVar(&r.history, "history", "", "journal, or store; by default the journal as far as it goes back")
	f.StringVar(&r.api, "api", "", "ask the citywatch that runs there instead: http://127.0.0.1:8480")
	f.DurationVar(&r.seen, "seen", time.Minute, "somebody acknowledges each alert after so long; 0 is nobody")
	f.BoolVar(&r.json, "json", false, "print JSON")
	f.IntVar(&r.events, "events", 100_000, "how many changes are listed at most")
	words, err := c.interleaved()
	if err != nil {
		return err
	}
	if len(words) > 0 || r.config == "" || r.from == "" {
		f.Usage()
		return errUsage
	}
	return r.run(ctx)
}

func (r *replayCall) run(ctx context.Context) error {
	site, err := config.Load(r.config, r.overrides)
	if err != nil {
		return err
	}
	zone := site.Province.TimeZone
	q := app.ReplayQuestion{
		History: r.history, Seen: r.seen, Events: r.events, Differences: r.events, Progress: r.progress(zone),
	}
	if q.From, err = moment(r.from, zone); err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	if q.To, err = moment(r.to, zone); err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	if r.api != "" {
		return r.ask(ctx, q, zone)
	}
	if q.Rules, err = r.read(site, r.rules); err != nil {
		return err
	}
	if q.Other, err = r.read(site, r.diff); err != nil {
		return err
	}
	p := replayPrinter{to: r.stdout, zone: zone}
	if !r.json && q.Other == nil {
		q.Event = p.event
	}
	answer, err := app.Replay(ctx, site, q, r.logger())
	if errors.Is(err, context.Canceled) {
		return errors.New("interrupted: what is above is only the beginning")
	}
	if err != nil {
		return err
	}
	return r.print(&p, answer)
}

// print prints what was not printed while it came.
func (r *replayCall) print(p *replayPrinter, answer *citywatch.Replay) error {
	if r.json {
		out := json.NewEncoder(r.stdout)
		out.SetIndent("", "  ")
		return out.Encode(answer)
	}
	p.summary(answer)
	return p.err
}

// read reads the files of a set of rules; nil where there are none.
func (r *replayCall) read(site *config.Site, files []string) (*alerts.Rules, error) {
	if len(files) == 0 {
		return nil, nil
	}
	var sources []alerts.Source
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		sources = append(sources, alerts.Source{Name: file, Data: data})
	}
	return site.ParseRules(sources)
}

// progress says once in a while how far it is, where the output is not read
// along anyway.
func (r *replayCall) progress(zone *time.Location) func(replay.Progress) {
	return func(p replay.Progress) {
		_, _ = fmt.Fprintf(r.stderr, "%s: %d readings, %.0f/s\n",
			p.At.In(zone).Format(time.DateTime), p.Readings, float64(p.Readings)/p.Took.Seconds())
	}
}

// moment reads a time as people write it.
func moment(text string, zone *time.Location) (time.Time, error) {
	if text == "now" {
		return time.Now(), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateTime, "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time: 2026-07-01, \"2026-07-01 18:30\" or RFC 3339", text)
}
