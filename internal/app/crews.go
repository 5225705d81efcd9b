package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"citywatch"
	"citywatch/dashboards"
	"citywatch/internal/kpi"
	"citywatch/internal/teams"
)

// crews know what people do: which team is out, and how long all of it takes.
// Both follow from the history of the alerts, which is read once.
type crews struct {
	house *house
	teams *teams.Book
	board *kpi.Board
	// whole is closed when all is known that there was at the start.
	whole chan struct{}
}

func (a *App) newCrews(h *house) *crews {
	return &crews{
		house: h, teams: teams.New(a.site.Teams), board: kpi.New(a.site.Incidents.Storm.Operators), whole: make(chan struct{}),
	}
}

// run reads the transitions that there are, and those that come.
func (c *crews) run(ctx context.Context) error {
	_, last, err := c.house.journal.TransitionBounds(ctx)
	if err != nil {
		return err
	}
	r := c.house.journal.Transitions(0).Named("crews")
	defer r.Close()
	read := uint64(0)
	for whole := false; ; {
		if !whole && read >= last {
			whole = true
			close(c.whole)
		}
		t, err := r.Next(ctx)
		if err != nil {
			return err
		}
		read = t.Seq
		c.teams.Transition(&t)
		c.board.Transition(&t)
	}
}

// ready waits a moment until all is known: right after a start an empty book
// would say that everybody is free.
func (c *crews) ready() error {
	select {
	case <-c.whole:
		return nil
	case <-time.After(readyWithin):
		return fmt.Errorf("%w: the history of the alerts is still being read", dashboards.ErrUnavailable)
	}
}

const readyWithin = 2 * time.Second

func (c *crews) figures(from, to time.Time) (citywatch.KPIs, error) {
	if err := c.ready(); err != nil {
		return citywatch.KPIs{}, err
	}
	return c.board.Figures(from, to), nil
}

// teamBook says what goes wrong in the words of the API.
type teamBook struct{ *crews }

func (b teamBook) States(now time.Time) ([]citywatch.TeamState, error) {
	if err := b.ready(); err != nil {
		return nil, err
	}
	return b.teams.States(now), nil
}

func (b teamBook) ID(name string) (string, error) {
	if b.teams.Len() == 0 {
		return name, nil // nobody has said which there are
	}
	id, err := b.teams.ID(name)
	if err != nil {
		err = fmt.Errorf("%w: %w", dashboards.ErrInvalid, err)
	}
	return id, err
}

func (b teamBook) Locate(team string, p dashboards.TeamPosition, now time.Time) error {
	err := b.teams.Locate(team, teams.Position{Point: p.Point, Accuracy: p.Accuracy, At: p.At}, now)
	switch {
	case errors.Is(err, teams.ErrUnknown):
		return fmt.Errorf("%w: %w", dashboards.ErrNotFound, err)
	case errors.Is(err, teams.ErrPosition):
		return fmt.Errorf("%w: %w", dashboards.ErrInvalid, err)
	}
	return err
}
