// Command citybench measures citywatch end to end on one machine, and beside
// it, in the same run and on the same broker, what a peer or a bare loop takes
// for the part of the work that it does. It prints one table: each row has the
// value, the peer's, their ratio, and whether the budget is kept.
//
// Everything it needs it starts itself: Mosquitto, the citywatch that it
// builds, 200 cameras, Telegraf, go2rtc and vmalert where `make telegraf`, `make
// go2rtc` and `make vmalert` have built them. What is missing is named in the table.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"citywatch/internal/servertest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if len(os.Args) > 1 && children[os.Args[1]] != nil {
		err = children[os.Args[1]](ctx, os.Args[2:])
	} else {
		err = run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "citybench:", err)
		os.Exit(1)
	}
}

// children are the peers that are this program itself, run again in a process
// of its own so that its time can be told from the others'.
var children = map[string]func(ctx context.Context, args []string) error{
	"bare-loop":    bareLoop,
	"bare-fanout":  bareFanout,
	"bare-pull":    barePull,
	"camera-fleet": cameraFleet,
	"rule-loop":    ruleLoop,
}

// Options of a run.
type options struct {
	seconds  int
	json     bool
	only     string
	city     string
	telegraf string
}

// A part is one measurement, and its share of the time.
type part struct {
	name  string
	share float64
	run   func(b *bench, budget time.Duration) error
}

// parts are run in this order; memory comes first, before others have used
// the machine's caches and citywatch's own.
var parts = []part{
	{"memory", 0.06, (*bench).memory},
	{"latency", 0.06, (*bench).latency},
	{"alerts", 0.1, (*bench).alerts},
	{"ingest", 0.18, (*bench).ingest},
	{"rules", 0.12, (*bench).rules},
	{"storm", 0.2, (*bench).storm},
	{"fanout", 0.12, (*bench).fanout},
	{"cameras", 0.14, (*bench).cameras},
	{"pages", 0.02, (*bench).pages},
}

// A bench is one run.
type bench struct {
	*host
	ctx    context.Context
	o      options
	table  table
	broker *servertest.Broker
	city   *city // of 5,000 devices, shared by all parts but the fan-out
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var o options
	flags := flag.NewFlagSet("citybench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&o.seconds, "seconds", 200, "how long to measure, about, in all")
	flags.BoolVar(&o.json, "json", false, "print the table as JSON")
	flags.StringVar(&o.only, "only", "", "measure only these parts, separated by commas: memory, latency, alerts, ingest, rules, storm, fanout, cameras, pages")
	flags.StringVar(&o.city, "citywatch", "", "the citywatch to measure; by default it is built from this checkout")
	flags.StringVar(&o.telegraf, "telegraf", "", "the Telegraf to compare with; by default what `make telegraf` has built")
	if err := flags.Parse(args); err != nil {
		return err
	}
	b := &bench{host: newHost(stderr), ctx: ctx, o: o}
	defer b.cleanup()
	if err := b.measure(); err != nil {
		return err
	}
	if o.json {
		out := json.NewEncoder(stdout)
		out.SetIndent("", "  ")
		return out.Encode(b.table.Rows)
	}
	return b.table.print(stdout)
}

func (b *bench) measure() error {
	raiseFileLimit()
	if err := b.guard(b.prepare); err != nil {
		return err
	}
	for _, p := range parts {
		if b.o.only != "" && !strings.Contains(","+b.o.only+",", ","+p.name+",") {
			continue
		}
		fmt.Fprintf(b.log, "measuring %s\n", p.name)
		budget := time.Duration(p.share * float64(b.o.seconds) * float64(time.Second))
		if err := b.guard(func() error { return p.run(b, budget) }); err != nil {
			if b.ctx.Err() != nil {
				return b.ctx.Err()
			}
			b.table.failed(p.name, err)
		}
	}
	return nil
}

// prepare builds citywatch and starts the broker.
func (b *bench) prepare() error {
	if b.o.city == "" {
		b.o.city = filepath.Join(b.TempDir(), "citywatch")
		fmt.Fprintln(b.log, "building citywatch")
		build := exec.CommandContext(b.ctx, "go", "build", "-trimpath", "-o", b.o.city, "citywatch/cmd/citywatch")
		build.Stderr = b.log
		if err := build.Run(); err != nil {
			return fmt.Errorf("building citywatch: %w", err)
		}
	}
	b.broker = servertest.Mosquitto(b.host,
		"persistence false", // the broker is not what is measured
		fmt.Sprintf("max_inflight_messages %d", window),
	)
	return nil
}
