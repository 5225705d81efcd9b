package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"citywatch"
	"citywatch/alerts/notify"
	"citywatch/dashboards"
	"citywatch/internal/once"
	"citywatch/internal/photos"
)

// buildField opens what people with phones need.
func (a *App) buildField(h *house) (err error) {
	data, log := a.site.Data, a.options.Log
	if h.requests, err = once.Open(filepath.Join(data, once.Folder), time.Now, log); err != nil {
		return fmt.Errorf("opening the requests that were answered: %w", err)
	}
	if h.photos, err = photos.Open(filepath.Join(data, photos.Folder), a.site.Field.Photos, time.Now, log); err != nil {
		return fmt.Errorf("opening the photos: %w", err)
	}
	h.notifier, err = notify.Open(filepath.Join(data, notify.Folder), a.site.Notify, notify.Deps{
		Journal: h.journal,
		Transitions: func(from uint64) notify.Reader {
			return h.journal.Transitions(from).Named("notify")
		},
		Place:   h.place(a.site.Zones),
		Team:    teamNames(a.site.Teams),
		Zone:    a.site.Province.TimeZone,
		Metrics: a.metrics,
		Log:     log,
	})
	return err
}

// place names where an alert is: its device, and the zone where that says more.
func (h *house) place(zones []citywatch.Zone) func(*citywatch.Alert) string {
	names := make(map[string]string, len(zones))
	for _, z := range zones {
		names[z.ID] = z.Name
	}
	return func(alert *citywatch.Alert) string {
		zone := names[alert.Zone]
		if zone == "" {
			zone = alert.Zone
		}
		device, ok := h.registry.Lookup(alert.Device)
		switch {
		case !ok || device.Name == "":
			return zone
		case zone == "" || zone == device.Name:
			return device.Name
		}
		return device.Name + ", " + zone
	}
}

// teamNames names teams by their ids.
func teamNames(teams []citywatch.Team) func(id string) string {
	names := make(map[string]string, len(teams))
	for i := range teams {
		names[teams[i].ID] = teams[i].Name
	}
	return func(id string) string { return names[id] }
}

// fieldDeps is what the pages ask about phones.
func (a *App) fieldDeps(h *house) *dashboards.FieldDeps {
	return &dashboards.FieldDeps{
		Requests: h.requests,
		Mark: func(ctx context.Context) (uint64, error) {
			_, last, err := h.journal.TransitionBounds(ctx)
			return last, err
		},
		Done:   h.done,
		Photos: photoBook{h.photos},
		Closed: h.closed,
		Phones: phoneBook{h.notifier},
		Call:   a.site.Field.Call,
		Duties: h.rules.Duties,
	}
}

// closed returns when an alert was closed, as its incident remembers it.
func (h *house) closed(alert string) (time.Time, bool) {
	file, ok := h.incidents.File(h.incidents.Of(alert))
	if !ok {
		return time.Time{}, false
	}
	for i := range file.Members {
		if m := &file.Members[i]; m.ID == alert && !m.Open {
			return m.Updated, true
		}
	}
	return time.Time{}, false
}

// done finds what a request did, behind the transition since.
func (h *house) done(ctx context.Context, key string, since uint64) (citywatch.Alert, bool, error) {
	_, last, err := h.journal.TransitionBounds(ctx)
	if err != nil || last <= since {
		return citywatch.Alert{}, false, err
	}
	r := h.journal.Transitions(since + 1)
	defer r.Close()
	for {
		t, err := r.Next(ctx)
		if err != nil {
			return citywatch.Alert{}, false, err
		}
		if t.Request == key {
			t.Alert.Incident = h.incidents.Of(t.Alert.ID)
			return t.Alert, true, nil
		}
		if t.Seq >= last {
			return citywatch.Alert{}, false, nil
		}
	}
}

// photoBook says what goes wrong in the words of the API.
type photoBook struct{ *photos.Store }

func photoError(err error) error {
	switch {
	case errors.Is(err, photos.ErrPicture):
		return fmt.Errorf("%w: %w", dashboards.ErrRefused, err)
	case errors.Is(err, photos.ErrFull):
		return fmt.Errorf("%w: %w", dashboards.ErrConflict, err)
	case errors.Is(err, photos.ErrNotFound):
		return fmt.Errorf("%w: %w", dashboards.ErrNotFound, err)
	}
	return err
}

func (b photoBook) Add(ctx context.Context, p dashboards.Photo, picture []byte) (dashboards.Photo, error) {
	kept, err := b.Store.Add(ctx, photos.Photo(p), picture)
	return dashboards.Photo(kept), photoError(err)
}

func (b photoBook) Of(alert string) []dashboards.Photo {
	var list []dashboards.Photo
	for _, p := range b.Store.Of(alert) {
		list = append(list, dashboards.Photo(p))
	}
	return list
}

func (b photoBook) Picture(alert, id string) (dashboards.Photo, io.ReadSeekCloser, error) {
	p, picture, err := b.Store.Picture(alert, id)
	return dashboards.Photo(p), picture, photoError(err)
}

// phoneBook brings the phones to the notifier.
type phoneBook struct{ *notify.Notifier }

func phoneOf(s notify.Subscription) dashboards.Phone {
	return dashboards.Phone{ID: s.ID, Person: s.Person, Team: s.Team, Zones: s.Zones, Level: s.Level, Lang: s.Lang, Since: s.Since}
}

func phoneError(err error) error {
	meanings := []struct{ from, to error }{
		{notify.ErrSubscription, dashboards.ErrInvalid},
		{notify.ErrUnknown, dashboards.ErrNotFound},
		{notify.ErrTooOften, dashboards.ErrConflict},
		{notify.ErrFull, dashboards.ErrUnavailable},
		{notify.ErrOff, dashboards.ErrUnavailable},
		{notify.ErrNotSent, dashboards.ErrUnavailable},
	}
	for _, m := range meanings {
		if errors.Is(err, m.from) {
			return fmt.Errorf("%w: %w", m.to, err)
		}
	}
	return err
}

func (b phoneBook) Subscribe(p dashboards.Phone) (dashboards.Phone, error) {
	s, err := b.Notifier.Subscribe(notify.Subscription{
		Endpoint: p.Endpoint, Keys: notify.Keys{P256DH: p.P256DH, Auth: p.Auth},
		Person: p.Person, Team: p.Team, Zones: slices.Clone(p.Zones), Level: p.Level, Lang: p.Lang,
	})
	return phoneOf(s), phoneError(err)
}

func (b phoneBook) Phone(id string) (dashboards.Phone, error) {
	s, err := b.Subscription(id)
	return phoneOf(s), phoneError(err)
}

func (b phoneBook) Forget(id string) error { return phoneError(b.Unsubscribe(id)) }

func (b phoneBook) Try(ctx context.Context, id string) error {
	return phoneError(b.Notifier.Try(ctx, id))
}
