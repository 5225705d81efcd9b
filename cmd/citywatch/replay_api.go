package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"citywatch"
	"citywatch/internal/app"
)

// ask has a citywatch that runs answer: it has its own limits.
func (r *replayCall) ask(ctx context.Context, q app.ReplayQuestion, zone *time.Location) error {
	question := map[string]any{"from": q.From, "to": q.To, "history": q.History, "seen": q.Seen.String()}
	for name, files := range map[string][]string{"rules": r.rules, "diff": r.diff} {
		if len(files) > 1 {
			return fmt.Errorf("--api takes one file with --%s", name)
		}
		if len(files) == 1 {
			text, err := os.ReadFile(files[0])
			if err != nil {
				return err
			}
			question[name] = string(text)
		}
	}
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(r.api, "/")+"/api/v1/rules/replay", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return refusal(resp)
	}
	var answer citywatch.Replay
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return fmt.Errorf("the answer of %s cannot be read: %w", r.api, err)
	}
	p := replayPrinter{to: r.stdout, zone: zone}
	if !r.json && answer.Diff == nil {
		for i := range answer.Timeline {
			p.event(&answer.Timeline[i])
		}
		if answer.Omitted > 0 {
			p.printf("… and %d more\n", answer.Omitted)
		}
	}
	return r.print(&p, &answer)
}

// refusal is what a citywatch says of why it does not answer.
func refusal(resp *http.Response) error {
	var problem struct {
		Title, Detail string
	}
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20)) // what there is of it
	if json.Unmarshal(text, &problem) != nil || problem.Title == "" {
		return errors.New(resp.Status)
	}
	if problem.Detail == "" {
		return errors.New(problem.Title)
	}
	return fmt.Errorf("%s: %s", problem.Title, problem.Detail)
}
