package publicview

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"citywatch"
)

// A Public shows the public what links open. It may be used by several
// goroutines.
type Public struct {
	o      Options
	d      Deps
	root   *os.Root
	book   *book
	diary  *diary
	canvas *canvas
	limits *limits
}

// Open opens the links in a folder, which is made if it is not there. Nothing
// is shown but by a link that somebody made.
func Open(dir string, o Options, d Deps) (*Public, error) {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Zone == nil {
		d.Zone = time.UTC
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	b, err := openBook(root)
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	o = o.withDefaults()
	return &Public{o: o, d: d, root: root, book: b, diary: newDiary(root), canvas: newCanvas(), limits: newLimits(o.Viewers)}, nil
}

// Run notes who has gone, and removes what was kept long enough, until ctx
// ends.
func (p *Public) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		p.tidy()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (p *Public) tidy() {
	now := p.d.Now()
	err := errors.Join(
		p.diary.settle(now, false),
		p.diary.expire(now.Add(-p.o.LogKeep)),
		// Who follows an old link is told for as long that it is gone.
		p.book.drop(now.Add(-p.o.LogKeep)),
	)
	if err != nil {
		p.d.Log.Error("who looked at public pictures could not be kept in order", "err", err)
	}
	p.limits.tidy(now)
}

// Close notes who still looked, and closes the folder.
func (p *Public) Close() error {
	return errors.Join(p.diary.settle(p.d.Now(), true), p.root.Close())
}

// A Request asks for a link.
type Request struct {
	Camera  string    `json:"camera"`
	Kind    Kind      `json:"kind"`
	Expires time.Time `json:"expires"`
	Mask    Mask      `json:"mask"`
	// Bare says that nothing is to be covered: an empty mask is else taken
	// for a forgotten one.
	Bare  bool   `json:"bare"`
	Actor string `json:"actor"`
}

// Create makes a link. Only cameras of tourism have any.
func (p *Public) Create(r Request) (Link, error) {
	now := p.d.Now()
	camera, is := p.d.Camera(r.Camera)
	latest := now.AddDate(0, 0, p.o.MaxDays)
	switch {
	case !is || camera.Sector != citywatch.SectorTourism:
		return Link{}, fmt.Errorf("%w: %q is no camera point of tourism", ErrRequest, r.Camera)
	case r.Kind != Snapshot && r.Kind != Stream:
		return Link{}, fmt.Errorf("%w: kind is %s or %s", ErrRequest, Snapshot, Stream)
	case r.Actor == "":
		return Link{}, fmt.Errorf("%w: actor says who makes it", ErrRequest)
	case !r.Expires.After(now) || r.Expires.After(latest):
		return Link{}, fmt.Errorf("%w: expires lies between now and %s", ErrRequest, latest.In(p.d.Zone).Format(time.RFC3339))
	}
	if err := p.checkMask(r.Mask, r.Bare); err != nil {
		return Link{}, err
	}
	l := Link{
		ID: secret(6), Token: secret(24), Camera: r.Camera, Kind: r.Kind, Mask: r.Mask, Version: 1,
		CreatedBy: r.Actor, Created: now.UTC(), Expires: r.Expires.UTC(),
	}
	if err := p.diary.did("created", r.Actor, &l, now); err != nil {
		return Link{}, err
	}
	return l, p.book.put(&l)
}

func (p *Public) checkMask(m Mask, bare bool) error {
	if len(m) == 0 && !bare {
		return fmt.Errorf("%w: nothing is covered: draw a mask, or say that none is needed (bare)", ErrMask)
	}
	return m.check()
}

// Remask changes what a link covers, from the next picture on. Version is that
// of the mask that was seen.
func (p *Public) Remask(id, actor string, version int, m Mask, bare bool) (Link, error) {
	if err := p.checkMask(m, bare); err != nil {
		return Link{}, err
	}
	return p.change(id, "masked", actor, func(l *Link) error {
		if l.Version != version {
			return fmt.Errorf("%w: it is at version %d", ErrConflict, l.Version)
		}
		l.Mask = m
		l.Version++
		return nil
	})
}

// Revoke takes a link back: nothing is shown by it any more, from now on and for
// good, and who watches a stream is cut off.
func (p *Public) Revoke(id, actor string) (Link, error) {
	return p.change(id, "revoked", actor, func(l *Link) error {
		l.Revoked, l.RevokedBy = p.d.Now().UTC(), actor
		return nil
	})
}

func (p *Public) change(id, event, actor string, do func(*Link) error) (Link, error) {
	now := p.d.Now()
	if actor == "" {
		return Link{}, fmt.Errorf("%w: actor says who does it", ErrRequest)
	}
	l, err := p.book.change(id, func(l *Link) error {
		if !l.Open(now) {
			return ErrClosed
		}
		return do(l)
	})
	if err != nil {
		return Link{}, err
	}
	if !l.Open(now) {
		p.canvas.forget(id)
	}
	return *l, p.diary.did(event, actor, l, now)
}

// Links returns the links of a camera, or all of them where it is empty, the
// newest first.
func (p *Public) Links(camera string) []Link {
	var out []Link
	for _, l := range p.book.list(camera) {
		out = append(out, *l)
	}
	return out
}

// Accesses returns the last lines of the log about a link, the newest first.
func (p *Public) Accesses(id string, limit int) ([]Access, error) { return p.diary.read(id, limit) }
