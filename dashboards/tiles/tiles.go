// Package tiles draws every device of a province as Mapbox vector tiles: for
// maps with more devices than a browser can hold one by one.
package tiles

import (
	"errors"
	"fmt"
	"hash/fnv"
	"sync"
	"time"

	"citywatch"

	"github.com/paulmach/orb/maptile"
)

// Every is how old a picture of the devices may become before a tile is drawn
// from a new one. Browsers may keep a tile for as long, so that what a map
// shows of a device is at most twice as old.
const Every = 5 * time.Second

// MaxZoom is the nearest zoom that has tiles of its own: browsers enlarge
// them.
const MaxZoom = 14

// Layer is the name of the only layer.
const Layer = "devices"

// mostKept bounds the drawn tiles that are kept of one picture.
const mostKept = 512

// ErrNoTile says that there is no such tile in the world.
var ErrNoTile = errors.New("no such tile")

// Source is the present that tiles are drawn of.
type Source interface {
	Alerts() (alerts []citywatch.Alert, seq uint64)
	Devices() []citywatch.DeviceState
}

// A Tile is drawn, and nobody changes it.
type Tile struct {
	// Data is a vector tile, empty where no device is.
	Data []byte
	// ETag is the same for the same data.
	ETag string
	// At is the time for which the devices' freshness was computed.
	At time.Time
}

// Tiles draws tiles. It is safe for concurrent use.
type Tiles struct {
	source Source
	now    func() time.Time

	mu      sync.Mutex
	picture *picture
	kept    map[maptile.Tile]Tile
}

// New returns the tiles of a source.
func New(source Source, now func() time.Time) *Tiles {
	return &Tiles{source: source, now: now}
}

// Tile returns a tile. Its error is ErrNoTile.
func (t *Tiles) Tile(z, x, y uint32) (Tile, error) {
	if z > MaxZoom || x >= 1<<z || y >= 1<<z {
		return Tile{}, fmt.Errorf("%w: zoom is 0 to %d, x and y are 0 to 2^zoom - 1", ErrNoTile, MaxZoom)
	}
	key := maptile.New(x, y, maptile.Zoom(z))
	p, tile, ok := t.known(key)
	if ok {
		return tile, nil
	}
	data, err := p.draw(key)
	if err != nil {
		return Tile{}, err
	}
	hash := fnv.New64a()
	_, _ = hash.Write(data)
	tile = Tile{Data: data, ETag: fmt.Sprintf(`"%016x"`, hash.Sum64()), At: p.at}
	t.keep(p, key, tile)
	return tile, nil
}

// known returns the picture of the present, and its tile if that is drawn.
func (t *Tiles) known(key maptile.Tile) (*picture, Tile, bool) {
	t.mu.Lock() // those who ask meanwhile wait for the same picture
	defer t.mu.Unlock()
	now := t.now()
	// A clock that was set back makes a new one too.
	if t.picture == nil || now.Sub(t.picture.at).Abs() >= Every {
		t.picture = take(t.source, now)
		t.kept = make(map[maptile.Tile]Tile)
	}
	tile, ok := t.kept[key]
	return t.picture, tile, ok
}

func (t *Tiles) keep(p *picture, key maptile.Tile, tile Tile) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.picture == p && len(t.kept) < mostKept {
		t.kept[key] = tile
	}
}
