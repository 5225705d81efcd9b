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

  desk     %[1]s/
  wall     %[1]s/wall
  tourism  %[1]s/tourism
  field    %[1]s/field
  API      %[1]s/api/v1/alerts
  metrics  %[1]s/metrics

The first alert comes within a minute. Ctrl-C ends it.
`, url)
		},
	})
	return a.Run(ctx)
}
