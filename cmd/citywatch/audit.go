package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"citywatch/internal/audit"
)

func auditCommand(_ context.Context, c *call) error {
	data := c.flags.String("data", "", "data folder of the citywatch whose audit it is (required)")
	var known []audit.Head
	c.flags.Func("head", "number:hash of a line, as it was written down; may be repeated", func(s string) error {
		h, err := audit.ParseHead(s)
		known = append(known, h)
		return err
	})
	if len(c.args) == 0 || c.args[0] != "verify" {
		return errors.New("what is to be done with the audit? `citywatch audit verify --data DIR`")
	}
	c.args = c.args[1:]
	if _, err := c.parse(); err != nil {
		return err
	}
	if *data == "" {
		return errors.New("--data DIR is required: the data folder that is configured")
	}
	report, err := audit.Verify(filepath.Join(*data, audit.Folder), known...)
	if err != nil {
		return err
	}
	if len(report.Faults) == 0 {
		_, err := fmt.Fprintf(c.stdout, "ok: %d lines, %s to %s\nhead %s\n",
			report.Head.N, report.From.Format(time.RFC3339), report.To.Format(time.RFC3339), report.Head)
		return err
	}
	for _, f := range report.Faults {
		fmt.Fprintln(c.stdout, f)
	}
	return fmt.Errorf("the audit is not as it was written: %d faults", len(report.Faults))
}
