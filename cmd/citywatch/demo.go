package main

import (
	"context"
	"fmt"
	"os"

	"citywatch/internal/app"
	"citywatch/internal/config"
	"citywatch/provinces/laocai"
)

func demo(ctx context.Context, c *call) error {
	o := c.overrides()
	seed := c.flags.Uint64("seed", 1, "the simulated weather: the same seed, the same storm")
	if _, err := c.parse(); err != nil {
		return err
	}
	if o.Data == "" {
		dir, err := os.MkdirTemp("", "citywatch-demo-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }() // a demonstration leaves nothing behind
		o.Data = dir
	}
	site, err := config.LoadFS(laocai.Files, laocai.ConfigFile, *o)
	if err != nil {
		return err
	}
	a := app.New(site, app.Options{
		Version:  version,
		Log:      c.logger(),
		Simulate: &app.Simulation{Seed: *seed},
		Ready: func(url string) {
			_, _ = fmt.Fprintf(c.stdout, `citywatch is running with a simulated province.

  desk     %s/
  wall     %s/wall
  API      %s/api/v1/alerts
  metrics  %s/metrics

The first alert comes within a minute. Ctrl-C ends it.
`, url, url, url, url)
		},
	})
	return a.Run(ctx)
}
