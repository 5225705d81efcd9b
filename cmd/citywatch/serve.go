package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"citywatch/internal/app"
	"citywatch/internal/config"
)

// overrides defines the flags that stand above the configuration.
func (c *call) overrides() *config.Overrides {
	var o config.Overrides
	c.flags.StringVar(&o.Data, "data", "", "data folder, instead of the configured one")
	c.flags.StringVar(&o.HTTP, "http", "", "address of the pages and the API, instead of the configured one")
	c.flags.StringVar(&o.MQTT, "mqtt", "", "address of the embedded MQTT broker, instead of the configured one")
	return &o
}

// load reads the configuration named by --config.
func (c *call) load() (*config.Site, error) {
	file := c.flags.String("config", "", "configuration file (required)")
	o := c.overrides()
	if _, err := c.parse(); err != nil {
		return nil, err
	}
	if *file == "" {
		return nil, errors.New("--config FILE is required; `citywatch config` prints one to start from")
	}
	return config.Load(*file, *o)
}

func serve(ctx context.Context, c *call) error {
	site, err := c.load()
	if err != nil {
		return err
	}
	log := c.logger()
	reload, stop := hangups()
	defer stop()
	a := app.New(site, app.Options{
		Version: version,
		Log:     log,
		Reload:  reload,
		Ready:   func(url string) { log.Info("ready", "url", url, "version", version) },
	})
	return a.Run(ctx)
}

// hangups returns what is told of each SIGHUP: somebody has changed the rules.
// Those that come while one is being seen to count as one.
func hangups() (told <-chan struct{}, stop func()) {
	signals, asked := make(chan os.Signal, 1), make(chan struct{}, 1)
	signal.Notify(signals, syscall.SIGHUP)
	go func() {
		for range signals {
			select {
			case asked <- struct{}{}:
			default:
			}
		}
	}()
	return asked, func() {
		signal.Stop(signals)
		close(signals)
	}
}

func check(_ context.Context, c *call) error {
	site, err := c.load()
	if err != nil {
		var problems config.Problems
		if errors.As(err, &problems) {
			return fmt.Errorf("%w\n%d to mend", err, len(problems))
		}
		return err
	}
	_, err = fmt.Fprintf(c.stdout, "ok: %s\n", site.Summary())
	return err
}

func printReference(_ context.Context, c *call) error {
	_, err := io.WriteString(c.stdout, config.Reference)
	return err
}
