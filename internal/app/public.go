package app

import (
	"context"
	"path/filepath"

	"citywatch/dashboards/publicview"
)

// openPublic opens the folder of the links by which the public sees camera
// points.
func (a *App) openPublic(h *house) (err error) {
	h.public, err = publicview.Open(filepath.Join(a.site.Data, "public"), a.site.Config.Public, publicview.Deps{
		Camera: func(id string) (publicview.Camera, bool) {
			for _, c := range h.video.Cameras() {
				if c.ID == id {
					return publicview.Camera{ID: c.ID, Name: c.Name, Sector: c.Sector}, true
				}
			}
			return publicview.Camera{}, false
		},
		Snapshot: func(ctx context.Context, camera string, width int) (publicview.Picture, error) {
			p, err := h.snapshots.Snapshot(ctx, camera, width)
			return publicview.Picture{JPEG: p.JPEG, At: p.At}, err
		},
		Zone: a.site.Province.TimeZone,
		Log:  a.options.Log,
	})
	return err
}
