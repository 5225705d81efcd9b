package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"citywatch/internal/config"
	"citywatch/internal/ruletest"
)

func rulesCommand(ctx context.Context, c *call) error {
	verb := ""
	if len(c.args) > 0 {
		verb, c.args = c.args[0], c.args[1:]
	}
	switch verb {
	case "test":
		return c.testFiles()
	case "replay":
		return c.replayRules(ctx)
	}
	return errors.New("what is to be done with the rules? `citywatch rules test FILE…`, or `citywatch rules replay -h`")
}

// testFiles runs the files of tests that stand behind the command.
func (c *call) testFiles() error {
	files, err := c.parse()
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return errors.New("name the files of tests: `citywatch rules test FILE…`")
	}
	passed, failed := 0, 0
	for _, file := range files {
		p, f, err := c.testRules(file)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		passed, failed = passed+p, failed+f
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d tests fail", failed, passed+failed)
	}
	_, err = fmt.Fprintf(c.stdout, "ok: %d tests\n", passed)
	return err
}

// testRules runs a file of tests and prints those that fail.
func (c *call) testRules(file string) (passed, failed int, err error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return 0, 0, err
	}
	tests, doc, problems := ruletest.Parse(src)
	if len(problems) > 0 {
		return 0, 0, config.Locate(file, doc, problems)
	}
	name := tests.Config
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(file), name)
	}
	site, err := config.Load(name, config.Overrides{})
	if err != nil {
		return 0, 0, err
	}
	for i := range tests.Tests {
		outcome, err := ruletest.Run(&tests.Tests[i], ruletest.Site{Rules: site.Rules, Options: site.Alerts, Devices: site.Devices})
		if err != nil {
			return passed, failed, err
		}
		if outcome.Failure == "" {
			passed++
			continue
		}
		failed++
		fmt.Fprintf(c.stdout, "FAIL %s: %s\n%s", file, outcome.Test.Name, outcome.Failure)
	}
	return passed, failed, nil
}
