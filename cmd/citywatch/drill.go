package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"citywatch"
	"citywatch/internal/app"
	"citywatch/internal/config"
	"citywatch/internal/drill"
	"citywatch/internal/play"
	"citywatch/internal/replay"
)

const drillUsage = `citywatch drill --config FILE --from T --to T [--speed N]
citywatch drill --config FILE --file RECORDED.csv [--map FILE] [--from T] [--to T] [--speed N]

Plays a night that was stored, or a recording, through the live engine onto
pages that are marked DIỄN TẬP. The drill has a data folder, an address and a
clock of its own, and nothing real: no sources, cameras or other systems, and
nobody is called. Citywatch may run beside it.

`

// defaultDrillAddr is not that of citywatch itself, which may run beside it.
const defaultDrillAddr = "127.0.0.1:8490"

// A drillCall is `drill` being run.
type drillCall struct {
	*call
	config, data, http, from, to, history, file, mapFile string
	speed                                                float64
}

func runDrill(ctx context.Context, c *call) error {
	d := drillCall{call: c}
	f := c.flags
	f.Usage = func() {
		_, _ = fmt.Fprint(c.stderr, drillUsage)
		f.PrintDefaults()
	}
	f.StringVar(&d.config, "config", "", "configuration file (required)")
	f.StringVar(&d.from, "from", "", "from when on")
	f.StringVar(&d.to, "to", "", "until when")
	f.StringVar(&d.history, "history", "", "journal, or store; by default the journal as far as it goes back")
	f.StringVar(&d.file, "file", "", "recorded data (CSV) instead of what is stored")
	f.StringVar(&d.mapFile, "map", "", "what the columns of the file mean (YAML); by default the river data of VnExpress Spotlight")
	f.Float64Var(&d.speed, "speed", 60, fmt.Sprintf("how many times as fast as it was, %d to %d", drill.MinSpeed, drill.MaxSpeed))
	f.StringVar(&d.http, "http", defaultDrillAddr, "address of the drill's pages")
	f.StringVar(&d.data, "data", "", "data folder of the drill, kept after it; by default one that is removed")
	words, err := c.interleaved()
	if err != nil {
		return err
	}
	if len(words) > 0 || d.config == "" || d.file == "" && (d.from == "" || d.to == "") {
		f.Usage()
		return errUsage
	}
	if d.speed < drill.MinSpeed || d.speed > drill.MaxSpeed {
		return fmt.Errorf("--speed %v is not one of %d to %d", d.speed, drill.MinSpeed, drill.MaxSpeed)
	}
	return d.run(ctx)
}

func (d *drillCall) run(ctx context.Context) error {
	site, err := config.Load(d.config, config.Overrides{})
	if err != nil {
		return err
	}
	if d.http == site.HTTP.Listen {
		return fmt.Errorf("%s is the address of the real pages: give the drill another one with --http", d.http)
	}
	if d.data == "" {
		if d.data, err = os.MkdirTemp("", "citywatch-drill-"); err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(d.data) }()
	}
	space, err := site.Drill(config.DrillOptions{Data: d.data, HTTP: d.http})
	if err != nil {
		return err
	}
	src, from, err := d.source(ctx, site)
	if err != nil {
		return err
	}
	player := drill.New(drill.Options{Source: src, From: from, Speed: d.speed, Plays: app.PlaysIn, Over: func() {
		_, _ = fmt.Fprintln(d.stdout, citywatch.ExerciseMark+": the recording is over, and its clock stands. Ctrl-C ends the drill.")
	}})
	return app.NewDrill(space, player, app.Options{
		Version: version,
		Log:     d.logger(),
		Ready: func(url string) {
			_, _ = fmt.Fprintf(d.stdout, "%s: from %s on, %g times as fast\n\n  wall     %s/wall\n  API      %s/api/v1/alerts\n\nNothing in it is real, and nobody is called. Ctrl-C ends it.\n",
				citywatch.ExerciseMark, from.In(site.Province.TimeZone).Format(time.DateTime), d.speed, url, url)
		},
	}).Run(ctx)
}

// source returns what is played, and from when on it is watched.
func (d *drillCall) source(ctx context.Context, site *config.Site) (src replay.Source, from time.Time, err error) {
	var to time.Time
	for _, bound := range []struct {
		name, text string
		to         *time.Time
	}{{"--from", d.from, &from}, {"--to", d.to, &to}} {
		if bound.text == "" {
			continue
		}
		if *bound.to, err = moment(bound.text, site.Province.TimeZone); err != nil {
			return nil, from, fmt.Errorf("%s: %w", bound.name, err)
		}
	}
	if d.file == "" {
		src, err = app.DrillHistory(ctx, site, app.ReplayQuestion{From: from, To: to, History: d.history}, d.logger())
		return src, from, err
	}
	if d.history != "" {
		return nil, from, errors.New("--file and --history exclude one another")
	}
	mapping, err := readMapping(d.mapFile)
	if err != nil {
		return nil, from, err
	}
	recording, err := play.ReadFile(d.file, mapping)
	if err != nil {
		return nil, from, err
	}
	warm := from
	if !from.IsZero() {
		warm = from.Add(-site.Rules.LookBack(site.Devices))
	}
	readings, err := recording.Readings(site.Devices)
	if err != nil {
		return nil, from, fmt.Errorf("%s: %w", d.file, err)
	}
	src, begins, err := drill.FromReadings(readings, warm, to)
	if err != nil {
		return nil, from, fmt.Errorf("%s: %w", d.file, err)
	}
	if from.Before(begins) {
		from = begins
	}
	return src, from, nil
}
