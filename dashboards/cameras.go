package dashboards

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"citywatch"
	"citywatch/dashboards/feature"
	"citywatch/dashboards/filter"
	"citywatch/dashboards/problem"
)

func errNotConfigured(what string) error {
	return fmt.Errorf("%w: this citywatch has no %s", ErrUnavailable, what)
}

func (s *site) listCameras(w http.ResponseWriter, r *http.Request) {
	want, err := filter.Parse(r.URL.Query())
	switch {
	case err != nil:
		err = fmt.Errorf("%w: %w", ErrInvalid, err)
	case s.deps.Cameras == nil:
		err = errNotConfigured("cameras")
	}
	if err != nil {
		s.failCamera(w, r, err)
		return
	}
	list := feature.Collection[feature.CameraProperties]{Time: s.now()}
	all := s.deps.Cameras.Cameras()
	for i := range all {
		if scope := filter.OfCamera(&all[i]); want.Device(&scope) {
			f, err := s.cameraFeature(&all[i])
			if err != nil {
				s.fail(w, r, err)
				return
			}
			list.Features = append(list.Features, f)
		}
	}
	s.answer(w, r, list)
}

func (s *site) getCamera(w http.ResponseWriter, r *http.Request) {
	c, err := s.camera(r)
	if err != nil {
		s.failCamera(w, r, err)
		return
	}
	f, err := s.cameraFeature(c)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, r, f)
}

func (s *site) cameraFeature(c *citywatch.Camera) (feature.Feature[feature.CameraProperties], error) {
	status, err := s.deps.Cameras.Status(c.ID)
	if err != nil {
		return feature.Feature[feature.CameraProperties]{}, fmt.Errorf("status of %s: %w", c.ID, err)
	}
	now := s.now()
	var values []citywatch.Value
	for _, tell := range s.deps.CameraValues {
		values = append(values, tell(c.ID, now)...)
	}
	return feature.Camera(c, &status, values, now), nil
}

// camera returns the camera that the request's path names. What asks for a
// camera by id goes through here, so that no other part sees an id that is not
// registered.
func (s *site) camera(r *http.Request) (*citywatch.Camera, error) {
	if s.deps.Cameras == nil {
		return nil, errNotConfigured("cameras")
	}
	id := r.PathValue("id")
	all := s.deps.Cameras.Cameras()
	i, found := slices.BinarySearchFunc(all, id, func(c citywatch.Camera, id string) int { return strings.Compare(c.ID, id) })
	if !found {
		return nil, fmt.Errorf("%w: no camera %q is registered", ErrNotFound, id)
	}
	return &all[i], nil
}

// cameraFor is camera for a request that needs something that this citywatch
// may not have.
func (s *site) cameraFor(r *http.Request, has bool, what string) (*citywatch.Camera, error) {
	c, err := s.camera(r)
	if err == nil && !has {
		err = errNotConfigured(what)
	}
	return c, err
}

// live hands the request to the websocket of live pictures.
func (s *site) live(w http.ResponseWriter, r *http.Request) {
	_, err := s.cameraFor(r, s.deps.Live != nil, "live pictures")
	if err != nil {
		s.failCamera(w, r, err)
		return
	}
	s.deps.Live.ServeHTTP(w, r)
}

// failCamera answers as fail does, but keeps out of the log what pages run into
// again and again: that something is not configured, or that nothing here
// makes pictures.
func (s *site) failCamera(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, ErrUnavailable) {
		problem.Write(w, r, statusOf(err), err.Error())
		return
	}
	s.fail(w, r, err)
}
