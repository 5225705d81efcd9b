package app

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"citywatch"
	"citywatch/dashboards"
	"citywatch/internal/handover"
)

// openHandovers opens the folder of the handovers.
func (a *App) openHandovers(h *house) (err error) {
	h.handovers, err = handover.Open(filepath.Join(a.site.Data, handover.Folder), handover.Deps{
		Take: func(ctx context.Context) (citywatch.HandoverPicture, error) { return h.stands(ctx, a.now) },
		Now:  a.now,
		Log:  a.options.Log,
	})
	return err
}

// standsWithin is how long it may take until the picture is whole.
const standsWithin = 5 * time.Second

// stands returns how things stand, once the picture is whole: right after a
// start an empty one would say that all is well.
func (h *house) stands(ctx context.Context, clock func() time.Time) (citywatch.HandoverPicture, error) {
	ctx, cancel := context.WithTimeout(ctx, standsWithin)
	defer cancel()
	if err := h.picture.Current(ctx); err != nil {
		return citywatch.HandoverPicture{}, fmt.Errorf("%w: the journal is still being read: %w", dashboards.ErrUnavailable, err)
	}
	now := clock()
	var cameras []handover.Camera
	for _, c := range h.video.Cameras() {
		if status, err := h.video.Status(c.ID); err == nil {
			cameras = append(cameras, handover.Camera{Camera: c, CameraStatus: status})
		}
	}
	alerts, _ := h.picture.Alerts()
	p := handover.Take(now, alerts, h.picture.Devices(), cameras)
	head := h.audit.Head()
	p.AuditLines, p.AuditHash = head.N, head.Hash
	return p, nil
}

// handovers says what goes wrong in the words of the API.
type handovers struct{ *handover.Book }

func (b handovers) Get(id string) (citywatch.Handover, error) {
	h, err := b.Book.Get(id)
	return h, translated(err)
}

func (b handovers) Begin(ctx context.Context, by string) (citywatch.Handover, error) {
	h, err := b.Book.Begin(ctx, by)
	return h, translated(err)
}

func (b handovers) Edit(id, by string, version int, e citywatch.HandoverEdit) (citywatch.Handover, error) {
	h, err := b.Book.Edit(id, by, version, e)
	return h, translated(err)
}

func (b handovers) Retake(ctx context.Context, id, by string, version int) (citywatch.Handover, error) {
	h, err := b.Book.Retake(ctx, id, by, version)
	return h, translated(err)
}

func (b handovers) Sign(id, by string, version int) (citywatch.Handover, error) {
	h, err := b.Book.Sign(id, by, version)
	return h, translated(err)
}

func (b handovers) Discard(id, by string) error { return translated(b.Book.Discard(id, by)) }

// promises are those of the last signed handover and of the open alerts.
type promises struct{ house *house }

// Promises waits a moment for the alerts: right after a start they would promise
// nothing.
func (p promises) Promises() ([]citywatch.OpenPromise, error) {
	if err := p.house.crews.ready(); err != nil {
		return nil, err
	}
	open, _ := p.house.picture.Alerts()
	all, err := p.house.handovers.Promises(open)
	return all, translated(err)
}

func (p promises) Keep(id, by string) error {
	if err := p.house.crews.ready(); err != nil {
		return err
	}
	open, _ := p.house.picture.Alerts()
	return translated(p.house.handovers.Keep(id, by, open))
}

// due returns how many promises are due; 0 where that is not known yet.
func (p promises) due(now time.Time) int {
	open, _ := p.house.picture.Alerts()
	all, err := p.house.handovers.Promises(open)
	if err != nil {
		return 0
	}
	n := 0
	for _, promise := range all {
		if !promise.Due.IsZero() && !promise.Due.After(now) {
			n++
		}
	}
	return n
}
