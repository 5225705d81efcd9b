package selfcheck

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"
)

// beatTimeout is how long the watcher outside may take to answer.
const beatTimeout = 10 * time.Second

// A heartbeat tells somebody outside that all is well, and nothing else.
type heartbeat struct {
	checker *Checker
	failing bool // it has been said
}

// beat sends one beat, if all is well. That it could not be sent is said once,
// when it begins.
func (h *heartbeat) beat(ctx context.Context) {
	c := h.checker
	if c.well(ctx) != nil {
		return // which is what a missing beat says
	}
	err := send(ctx, c.options.HeartbeatFile)
	if err != nil && !h.failing && ctx.Err() == nil {
		c.deps.Log.Error("the heartbeat cannot be sent: whoever listens to it will think that citywatch is dead", "err", err)
	}
	h.failing = err != nil
}

var (
	errNotReady = errors.New("no readings are taken")
	errSilent   = errors.New("the canary does not come back")
)

// well returns what keeps the heart from beating.
func (c *Checker) well(ctx context.Context) error {
	if !c.deps.Ready(ctx) {
		return errNotReady
	}
	if _, ok := c.canary(c.deps.Now()); !ok && !c.options.NoCanary {
		return errSilent
	}
	return nil
}

// send asks for the address in the file. Its errors do not tell it.
func send(ctx context.Context, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, beatTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, string(bytes.TrimSpace(text)), nil)
	if err != nil {
		return fmt.Errorf("%s does not hold an address", file)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		var withURL *url.Error
		if errors.As(err, &withURL) {
			err = withURL.Err
		}
		return err
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10))
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("the answer was %s", response.Status)
	}
	return nil
}
