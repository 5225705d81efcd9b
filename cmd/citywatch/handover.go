package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"citywatch/internal/audit"
	"citywatch/internal/handover"
)

func handoverCommand(_ context.Context, c *call) error {
	data := c.flags.String("data", "", "data folder of the citywatch whose handovers they are (required)")
	var known []string
	c.flags.Func("hash", "hash of a handover, as it was written down; may be repeated", func(s string) error {
		known = append(known, s)
		return nil
	})
	if len(c.args) == 0 || c.args[0] != "verify" {
		return errors.New("what is to be done with the handovers? `citywatch handover verify --data DIR`")
	}
	c.args = c.args[1:]
	if _, err := c.parse(); err != nil {
		return err
	}
	if *data == "" {
		return errors.New("--data DIR is required: the data folder that is configured")
	}
	report, err := handover.Verify(filepath.Join(*data, handover.Folder), known...)
	if err != nil {
		return err
	}
	var faults []fmt.Stringer
	for _, f := range report.Faults {
		faults = append(faults, f)
	}
	more, err := auditFaults(*data, report.Audits)
	if err != nil {
		return err
	}
	faults = append(faults, more...)
	if len(faults) > 0 {
		for _, f := range faults {
			fmt.Fprintln(c.stdout, f)
		}
		return fmt.Errorf("the handovers are not as they were signed: %d faults", len(faults))
	}
	if report.Signed == 0 {
		_, err = fmt.Fprintf(c.stdout, "ok: none is signed by both, %d drafts\n", report.Drafts)
		return err
	}
	_, err = fmt.Fprintf(c.stdout, "ok: %d signed, %s to %s, %d drafts\nhash %s\n",
		report.Signed, report.From.Format(time.RFC3339), report.To.Format(time.RFC3339), report.Drafts, report.Last)
	return err
}

// auditFaults holds what handovers say of where the audit ended against it.
func auditFaults(data string, ends []handover.AuditEnd) ([]fmt.Stringer, error) {
	var heads []audit.Head
	for _, e := range ends {
		if e.Lines > 0 {
			heads = append(heads, audit.Head{N: e.Lines, Hash: e.Hash})
		}
	}
	if len(heads) == 0 {
		return nil, nil
	}
	report, err := audit.Verify(filepath.Join(data, audit.Folder), heads...)
	if err != nil {
		return nil, fmt.Errorf("the audit, whose end the handovers name: %w", err)
	}
	var faults []fmt.Stringer
	for _, f := range report.Faults {
		faults = append(faults, f)
	}
	return faults, nil
}
