package dashboards

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"citywatch/dashboards/tiles"
)

// usualTilesAbove is up to how many devices maps are sent one by one.
const usualTilesAbove = 10_000

// tile answers with the devices of a part of the map.
func (s *site) tile(w http.ResponseWriter, r *http.Request) {
	at, err := tileOf(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	tile, err := s.tiles.Tile(at[0], at[1], at[2])
	if errors.Is(err, tiles.ErrNoTile) {
		err = fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("ETag", tile.ETag)
	// Maps ask again by themselves when it is over.
	h.Set("Cache-Control", fmt.Sprintf("private, max-age=%d", int(tiles.Every.Seconds())))
	if holds(r.Header.Get("If-None-Match"), tile.ETag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if len(tile.Data) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	h.Set("Content-Type", "application/vnd.mapbox-vector-tile")
	_, _ = w.Write(tile.Data) // nobody is left to be told of an error
}

// tileOf reads /tiles/{z}/{x}/{y}.
func tileOf(r *http.Request) (at [3]uint32, err error) {
	y, isTile := strings.CutSuffix(r.PathValue("y"), ".mvt")
	for i, text := range []string{r.PathValue("z"), r.PathValue("x"), y} {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil || !isTile {
			return at, fmt.Errorf("%w: tiles are asked for as /tiles/8/201/111.mvt", ErrNotFound)
		}
		at[i] = uint32(n)
	}
	return at, nil
}

// holds reports whether an If-None-Match names a tag.
func holds(header, tag string) bool {
	for known := range strings.SplitSeq(header, ",") {
		if strings.TrimPrefix(strings.TrimSpace(known), "W/") == tag {
			return true
		}
	}
	return false
}

// inTiles reports whether there are more devices than maps are sent one by one.
func (s *site) inTiles() bool { return len(s.deps.Picture.Devices()) > s.options.TilesAbove }
