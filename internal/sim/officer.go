package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"citywatch"
)

// An Officer is the simulated operator on duty: he looks at each alert for a
// while, acknowledges it, and resets a fire panel once nothing burns. So the
// wall becomes quiet again, as one does where people are.
type Officer struct {
	// Site is the address of the API: http://127.0.0.1:8480.
	Site string
	// Name is what he signs with.
	Name string
	// Looks is how long he looks at an alert before he acknowledges it, which
	// leaves time for whoever watches to do it himself.
	Looks time.Duration
}

// between is how often he looks at the list.
const between = 5 * time.Second

// Run has the officer on duty until ctx ends, and then returns nil. What the
// site refuses he tries again at his next look.
func (o Officer) Run(ctx context.Context) error {
	ticker := time.NewTicker(between)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			for _, a := range o.alerts(ctx) {
				o.handle(ctx, a, now)
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// An openAlert is what the officer reads of an alert.
type openAlert struct {
	ID        string              `json:"id"`
	Hazard    string              `json:"hazard"`
	Condition citywatch.Condition `json:"condition"`
	Handling  citywatch.Handling  `json:"handling"`
	Version   int                 `json:"version"`
	Updated   time.Time           `json:"updated"`
}

func (o Officer) handle(ctx context.Context, a openAlert, now time.Time) {
	switch looked := now.Sub(a.Updated); {
	case looked < o.Looks:
	case a.Handling == citywatch.New:
		o.act(ctx, a, "acknowledge")
	case a.Hazard == "fire" && a.Condition == citywatch.Active:
		o.act(ctx, a, "reset") // refused for as long as it burns
	}
}

func (o Officer) alerts(ctx context.Context) []openAlert {
	var list struct {
		Features []struct {
			Properties openAlert `json:"properties"`
		} `json:"features"`
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, o.Site+"/api/v1/alerts", nil)
	if err != nil {
		return nil
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(&list); err != nil {
		return nil
	}
	alerts := make([]openAlert, len(list.Features))
	for i, f := range list.Features {
		alerts[i] = f.Properties
	}
	return alerts
}

func (o Officer) act(ctx context.Context, a openAlert, action string) {
	body, err := json.Marshal(map[string]any{"actor": o.Name, "version": a.Version})
	if err != nil {
		return
	}
	address := fmt.Sprintf("%s/api/v1/alerts/%s/%s", o.Site, url.PathEscape(a.ID), action)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return
	}
	request.Header.Set("Content-Type", "application/json")
	if response, err := http.DefaultClient.Do(request); err == nil {
		_ = response.Body.Close()
	}
}
