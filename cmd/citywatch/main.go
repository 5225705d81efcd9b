// Citywatch is the backend of a smart-city operations centre: sensors and
// cameras in, alerts on the wall. `citywatch help` lists what it can do.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	// Time zones, for machines that have none of their own.
	_ "time/tzdata"
)

// version is set by the linker.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		// A second signal ends the process at once: nothing that was
		// acknowledged is lost by it.
		<-ctx.Done()
		stop()
	}()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// The exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// A command is one thing citywatch can do.
type command struct {
	name, usage string
	run         func(ctx context.Context, c *call) error
}

// A call is a command being run.
type call struct {
	flags          *flag.FlagSet
	args           []string
	stdout, stderr io.Writer
}

// errUsage has been explained already.
var errUsage = errors.New("usage")

// parse reads the flags that the command has defined, and returns what stands
// behind them.
func (c *call) parse() ([]string, error) {
	if err := c.flags.Parse(c.args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil, err
		}
		return nil, errUsage
	}
	return c.flags.Args(), nil
}

// logger logs for a person who reads it in a terminal or in the journal of the
// system: what must be acted on, and little else.
func (c *call) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(c.stderr, nil))
}

func commands() []command {
	return []command{
		{"demo", "run everything at once with a simulated province", demo},
		{"serve", "run with a configuration: serve --config FILE", serve},
		{"check", "say everything that is wrong with a configuration", check},
		{"config", "print the configuration reference", printReference},
		{"rules", "test alert rules, or see what they would have done: rules test FILE…, rules replay", rulesCommand},
		{"play", "publish recorded data as devices would: play FILE.csv --mqtt URL", playFile},
		{"drill", "play a stored or recorded night onto pages marked as an exercise: drill --config FILE --from T --to T", runDrill},
		{"handover", "say whether the handovers are as they were signed: handover verify --data DIR", handoverCommand},
		{"audit", "say whether the audit is as it was written: audit verify --data DIR", auditCommand},
		{"camera", "say what a camera offers, or why not: camera probe URL", cameraCommand},
		{"healthcheck", "ask a running citywatch whether it is ready", healthcheck},
		{"version", "print the version", printVersion},
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		printHelp(stdout)
		return exitOK
	}
	for _, cmd := range commands() {
		if cmd.name != args[0] {
			continue
		}
		flags := flag.NewFlagSet("citywatch "+cmd.name, flag.ContinueOnError)
		flags.SetOutput(stderr)
		err := cmd.run(ctx, &call{flags, args[1:], stdout, stderr})
		switch {
		case err == nil, errors.Is(err, flag.ErrHelp):
			return exitOK
		case errors.Is(err, errUsage):
			return exitUsage
		default:
			fmt.Fprintln(stderr, "citywatch: "+strings.TrimSpace(err.Error()))
			return exitFailed
		}
	}
	fmt.Fprintf(stderr, "citywatch: no command %q; `citywatch help` lists them\n", args[0])
	return exitUsage
}

func printHelp(w io.Writer) {
	fmt.Fprintln(w, "citywatch is the backend of a smart-city operations centre.")
	fmt.Fprintln(w)
	for _, cmd := range commands() {
		fmt.Fprintf(w, "  citywatch %-12s %s\n", cmd.name, cmd.usage)
	}
	fmt.Fprintln(w)
	fmt.Fprintln(w, "`citywatch COMMAND -h` lists the flags of a command.")
}

func printVersion(_ context.Context, c *call) error {
	_, err := fmt.Fprintln(c.stdout, version)
	return err
}
