package main

import (
	"context"
	"errors"
	"fmt"
	"io"

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
	a := app.New(site, app.Options{
		Version: version,
		Log:     log,
		Ready:   func(url string) { log.Info("ready", "url", url, "version", version) },
	})
	return a.Run(ctx)
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
