package main

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"citywatch"
)

// A replayPrinter prints a replay for people.
type replayPrinter struct {
	to   io.Writer
	zone *time.Location
	err  error
}

func (p *replayPrinter) printf(format string, args ...any) {
	if _, err := fmt.Fprintf(p.to, format, args...); err != nil && p.err == nil {
		p.err = err
	}
}

func (p *replayPrinter) at(t time.Time) string { return t.In(p.zone).Format(time.DateTime) }

// event prints one change: what calls people stands out.
func (p *replayPrinter) event(e *citywatch.ReplayEvent) {
	mark := " "
	if e.Notice == citywatch.NoticeSound {
		mark = "!"
	}
	p.printf("%s %s %d %-11s %s/%s", p.at(e.Time), mark, e.Level, e.Reason, e.Rule, e.Of)
	if e.Zone != "" && e.Zone != e.Of {
		p.printf(" (%s)", e.Zone)
	}
	if e.Why != "" {
		p.printf("  %s", e.Why)
	}
	p.printf("\n")
}

func (p *replayPrinter) summary(r *citywatch.Replay) {
	if r.Diff != nil {
		p.diff(r.Diff)
	} else if r.Omitted > 0 {
		p.printf("\n")
	}
	p.counts(r)
	p.printf("\n%s to %s: %d readings from the %s", p.at(r.From), p.at(r.To), r.Readings, r.History)
	if !r.Begins.IsZero() {
		p.printf(" since %s", p.at(r.Begins))
	}
	p.printf(", in %.1f s (%.0f/s)\n", r.Seconds, float64(r.Readings)/max(r.Seconds, 1e-6))
	for _, n := range r.Notes {
		p.printf("- %s\n", n.EN)
	}
}

func (p *replayPrinter) diff(d *citywatch.ReplayDiff) {
	for _, x := range d.Differences {
		p.printf("%-8s %s/%s", x.Change, x.Rule, x.Of)
		if x.Before != nil {
			p.printf("  before: %s", p.alert(x.Before))
		}
		if x.After != nil {
			p.printf("  after: %s", p.alert(x.After))
		}
		p.printf("\n")
	}
	if d.Omitted > 0 {
		p.printf("… and %d more\n", d.Omitted)
	}
	p.printf("%d alerts are the same, %d are not\n", d.Same, len(d.Differences)+d.Omitted)
}

func (p *replayPrinter) alert(a *citywatch.ReplayAlert) string {
	s := fmt.Sprintf("%s level %d for %s", p.at(a.Raised), a.Level, hours(a.Hours))
	if a.Retrospective {
		s += " (retrospective)"
	}
	return s
}

func hours(h float64) string { return strconv.FormatFloat(h, 'f', 1, 64) + " h" }

// counts prints a line for each rule that did anything.
func (p *replayPrinter) counts(r *citywatch.Replay) {
	p.printf("\n")
	w := tabwriter.NewWriter(p.to, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(w, "alerts\tlevel 1\t2\t3\t4\t5\tbefore\tcalls\tquiet\thours\tlate\t  rule\t")
	silent := 0
	for _, rule := range r.Rules {
		a, b := cmp.Or(rule.Counts, &citywatch.ReplayCounts{}), rule.Other
		if r.Diff != nil {
			b = cmp.Or(b, &citywatch.ReplayCounts{})
		}
		if quiet(a) && (b == nil || quiet(b)) {
			silent++
			continue
		}
		row := func(number func(*citywatch.ReplayCounts) float64, decimals int) {
			text := strconv.FormatFloat(number(a), 'f', decimals, 64)
			if b != nil && number(b) != number(a) {
				text += "→" + strconv.FormatFloat(number(b), 'f', decimals, 64)
			}
			_, _ = fmt.Fprint(w, text+"\t")
		}
		row(func(c *citywatch.ReplayCounts) float64 { return float64(c.Alerts) }, 0)
		for level := citywatch.MinLevel; level <= citywatch.MaxLevel; level++ {
			row(func(c *citywatch.ReplayCounts) float64 { return float64(c.Levels[level]) }, 0)
		}
		row(func(c *citywatch.ReplayCounts) float64 { return float64(c.Carried) }, 0)
		row(func(c *citywatch.ReplayCounts) float64 { return float64(c.Sound) }, 0)
		row(func(c *citywatch.ReplayCounts) float64 { return float64(c.Quiet) }, 0)
		row(func(c *citywatch.ReplayCounts) float64 { return c.Hours }, 2)
		row(func(c *citywatch.ReplayCounts) float64 { return float64(c.Retrospective) }, 0)
		_, _ = fmt.Fprintln(w, "  "+rule.Rule+"\t")
	}
	if err := w.Flush(); err != nil && p.err == nil {
		p.err = err
	}
	if silent > 0 {
		p.printf("%d rules did nothing\n", silent)
	}
}

func quiet(c *citywatch.ReplayCounts) bool {
	return c.Alerts+c.Carried+c.Sound+c.Quiet+c.Retrospective == 0
}
