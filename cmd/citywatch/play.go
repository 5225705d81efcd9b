package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"citywatch/internal/config"
	"citywatch/internal/play"
)

// playFile is `play FILE.csv`, and `play devices FILE.csv` and `play zones
// FILE.csv`, which write what citywatch must know before it hears the file.
func playFile(ctx context.Context, c *call) error {
	c.flags.Usage = func() {
		_, _ = fmt.Fprint(c.stderr, `citywatch play FILE.csv --mqtt URL [--speed N] [--map FILE]
citywatch play devices FILE.csv [--map FILE]   print a device file of its stations
citywatch play zones FILE.csv [--map FILE]     print a zone around them

`)
		c.flags.PrintDefaults()
	}
	broker := c.flags.String("mqtt", "", "the broker to publish to: tcp://127.0.0.1:1883")
	speed := c.flags.Float64("speed", 3600, "how many times as fast as it was recorded; 0 is as fast as the broker takes it")
	mapFile := c.flags.String("map", "", "what the columns mean (YAML); by default the river data of VnExpress Spotlight")
	words, err := c.interleaved()
	if err != nil {
		return err
	}
	mapping, err := readMapping(*mapFile)
	if err != nil {
		return err
	}
	switch {
	case len(words) == 2 && (words[0] == "devices" || words[0] == "zones"):
		recording, err := play.ReadFile(words[1], mapping)
		if err != nil {
			return err
		}
		if words[0] == "devices" {
			return recording.WriteDevices(c.stdout)
		}
		return recording.WriteZones(c.stdout)
	case len(words) == 1 && *broker != "":
		return c.play(ctx, words[0], mapping, play.Options{Broker: *broker, Speed: *speed, Log: c.logger()})
	}
	c.flags.Usage()
	return errUsage
}

func (c *call) play(ctx context.Context, file string, mapping play.Mapping, o play.Options) error {
	recording, err := play.ReadFile(file, mapping)
	if err != nil {
		return err
	}
	for _, bad := range recording.Bad {
		_, _ = fmt.Fprintf(c.stderr, "%s:%d: left out: %v\n", file, bad.Line, bad.Err)
	}
	acknowledged, err := recording.Play(ctx, o)
	_, _ = fmt.Fprintf(c.stdout, "%d readings of %d stations; %d acknowledged by the broker; %d rows left out\n",
		len(recording.Rows), len(recording.Stations), acknowledged, len(recording.Bad))
	return err
}

// readMapping reads the mapping in a file, or the default.
func readMapping(file string) (play.Mapping, error) {
	src, name := play.WaterDashboard(), "default mapping"
	if file != "" {
		var err error
		if src, err = os.ReadFile(file); err != nil {
			return play.Mapping{}, err
		}
		name = file
	}
	mapping, doc, problems := play.ParseMapping(src)
	if len(problems) > 0 {
		return mapping, errors.Join(errors.New("the mapping cannot be used"), config.Locate(name, doc, problems))
	}
	return mapping, nil
}

// interleaved parses flags that stand before, between or behind the words of
// a command, as people write them.
func (c *call) interleaved() (words []string, err error) {
	for {
		rest, err := c.parse()
		if err != nil || len(rest) == 0 {
			return words, err
		}
		words = append(words, rest[0])
		c.args = rest[1:]
	}
}
