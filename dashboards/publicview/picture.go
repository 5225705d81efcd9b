package publicview

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"sync"
	"time"
)

// A Picture is one JPEG of a camera.
type Picture struct {
	JPEG []byte
	// At is when the frame arrived that it shows.
	At time.Time
}

const (
	// newFor is how long a picture passes for what is seen now.
	newFor = time.Minute
	// shownFor is how long it is shown at all.
	shownFor = time.Hour
	// quality is that of public pictures, as image/jpeg counts.
	quality = 80
	// maxPixels bounds what is painted: width is bounded, height is the
	// camera's.
	maxPixels = 4_000_000
)

// ErrNoPicture is in the error where there is nothing that may be shown: no
// picture came for long, or the mask cannot be painted on it.
var ErrNoPicture = errors.New("no picture at the moment")

// render makes the public's picture of a camera's.
func render(p Picture, mask Mask, now time.Time, zone *time.Location) ([]byte, error) {
	c, err := jpeg.DecodeConfig(bytes.NewReader(p.JPEG))
	if err != nil || c.Width*c.Height > maxPixels || c.Width*c.Height == 0 {
		return nil, fmt.Errorf("%w: it cannot be painted on (%d by %d): %w", ErrNoPicture, c.Width, c.Height, errors.Join(err))
	}
	from, err := jpeg.Decode(bytes.NewReader(p.JPEG))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoPicture, err)
	}
	img := image.NewRGBA(image.Rect(0, 0, c.Width, c.Height))
	draw.Draw(img, img.Bounds(), from, from.Bounds().Min, draw.Src)
	age := now.Sub(p.At)
	if age > newFor {
		grey(img)
	}
	mask.paint(img)
	stamp(img, stampText(p.At, age, zone))
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoPicture, err)
	}
	return out.Bytes(), nil
}

// A canvas holds the newest public picture of each link, so that it is painted
// once however many look.
type canvas struct {
	mu    sync.Mutex
	links map[string]*painted
}

// painted is the newest public picture of one link.
type painted struct {
	mu  sync.Mutex // held while it is being painted
	of  stroke
	jpg []byte
}

// A stroke tells one public picture of a link from the next.
type stroke struct {
	at      time.Time
	minutes int // of its age, once it is no longer new
	version int // of the mask
}

func newCanvas() *canvas { return &canvas{links: map[string]*painted{}} }

func (c *canvas) of(link string) *painted {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.links[link] == nil {
		c.links[link] = &painted{}
	}
	return c.links[link]
}

func (c *canvas) forget(link string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.links, link)
}

// picture returns what the public sees by a link now, and when it was taken.
func (p *Public) picture(ctx context.Context, l *Link) ([]byte, time.Time, error) {
	source, err := p.d.Snapshot(ctx, l.Camera, p.o.Width)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("%w: %w", ErrNoPicture, err)
	}
	now := p.d.Now()
	age := now.Sub(source.At)
	if age > shownFor {
		return nil, source.At, fmt.Errorf("%w: the last is of %s", ErrNoPicture, source.At.In(p.d.Zone).Format(time.RFC3339))
	}
	want := stroke{at: source.At, version: l.Version}
	if age > newFor {
		want.minutes = int(age.Minutes())
	}
	c := p.canvas.of(l.ID)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == want {
		return c.jpg, source.At, nil
	}
	if c.jpg, err = render(source, l.Mask, now, p.d.Zone); err != nil {
		c.of = stroke{}
		return nil, source.At, err
	}
	c.of = want
	return c.jpg, source.At, nil
}
