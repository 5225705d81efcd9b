package dashboards

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"citywatch/dashboards/problem"

	"github.com/klauspost/compress/gzhttp"
)

// prefix is where the API lives.
const prefix = "/api/v1"

// A route is one operation of the API. openapi.json describes each.
type route struct {
	method, path string
	handler      http.HandlerFunc
	// plain routes write their answer as they go, or upgrade the connection:
	// they are not compressed.
	plain bool
}

func (s *site) routes() []route {
	return []route{
		{method: "GET", path: "/alerts", handler: s.listAlerts},
		{method: "GET", path: "/alerts/{id}", handler: s.getAlert},
		{method: "POST", path: "/alerts/{id}/{action}", handler: s.actOnAlert},
		{method: "GET", path: "/alerts/{id}/photos", handler: s.listPhotos},
		{method: "POST", path: "/alerts/{id}/photos", handler: s.addPhoto},
		{method: "GET", path: "/alerts/{id}/photos/{photo}", handler: s.getPhoto, plain: true},
		{method: "GET", path: "/field", handler: s.getField},
		{method: "POST", path: "/push/subscriptions", handler: s.subscribe},
		{method: "GET", path: "/push/subscriptions/{id}", handler: s.getPhone},
		{method: "DELETE", path: "/push/subscriptions/{id}", handler: s.forgetPhone},
		{method: "POST", path: "/push/subscriptions/{id}/try", handler: s.tryPhone},
		{method: "GET", path: "/incidents", handler: s.listIncidents},
		{method: "GET", path: "/storm", handler: s.getStorm},
		{method: "GET", path: "/incidents/{id}", handler: s.getIncident},
		{method: "POST", path: "/incidents/{id}/checklist", handler: s.checkIncident},
		{method: "GET", path: "/teams", handler: s.listTeams},
		{method: "GET", path: "/teams/{id}", handler: s.getTeam},
		{method: "POST", path: "/teams/{id}/position", handler: s.locateTeam},
		{method: "GET", path: "/kpis", handler: s.getKPIs},
		{method: "GET", path: "/handovers", handler: s.listHandovers},
		{method: "POST", path: "/handovers", handler: s.changeHandover(false, beginHandover)},
		{method: "GET", path: "/handovers/{id}", handler: s.getHandover},
		{method: "PUT", path: "/handovers/{id}", handler: s.changeHandover(true, editHandover)},
		{method: "POST", path: "/handovers/{id}/retake", handler: s.changeHandover(true, retakeHandover)},
		{method: "POST", path: "/handovers/{id}/sign", handler: s.changeHandover(true, signHandover)},
		{method: "POST", path: "/handovers/{id}/discard", handler: s.changeHandover(false, discardHandover)},
		{method: "GET", path: "/promises", handler: s.listPromises},
		{method: "POST", path: "/promises/{id}/kept", handler: s.keepPromise},
		{method: "GET", path: "/at", handler: s.getPast},
		{method: "GET", path: "/audit", handler: s.listAudit},
		{method: "GET", path: "/audit/report", handler: s.verifyAudit},
		{method: "GET", path: "/devices", handler: s.listDevices},
		{method: "GET", path: "/devices/{id}", handler: s.getDevice},
		{method: "GET", path: "/devices/{id}/readings", handler: s.readings},
		{method: "POST", path: "/devices/{id}/out_of_service", handler: s.actOnDevice("out_of_service")},
		{method: "POST", path: "/devices/{id}/back_in_service", handler: s.actOnDevice("back_in_service")},
		{method: "GET", path: "/cameras", handler: s.listCameras},
		{method: "GET", path: "/cameras/{id}", handler: s.getCamera},
		{method: "GET", path: "/cameras/{id}/live", handler: s.live, plain: true},
		{method: "GET", path: "/cameras/{id}/snapshot.jpg", handler: s.snapshot, plain: true},
		{method: "GET", path: "/cameras/{id}/keyframe.mp4", handler: s.keyFrame, plain: true},
		{method: "GET", path: "/cameras/{id}/thumbnails", handler: s.thumbnails},
		{method: "GET", path: "/cameras/{id}/thumbnails/{picture}", handler: s.thumbnail, plain: true},
		{method: "GET", path: "/cameras/{id}/recordings", handler: s.recordings},
		{method: "GET", path: "/cameras/{id}/clip.mp4", handler: s.clip, plain: true},
		{method: "GET", path: "/tourism/points", handler: s.listPoints},
		{method: "GET", path: "/tourism/points/{id}/hours", handler: s.hours},
		{method: "GET", path: "/tourism/report", handler: s.getReport},
		{method: "GET", path: "/tourism/report.csv", handler: s.getReportCSV},
		{method: "GET", path: "/tourism/links", handler: s.listLinks},
		{method: "POST", path: "/tourism/links", handler: s.createLink},
		{method: "PUT", path: "/tourism/links/{id}/mask", handler: s.remaskLink},
		{method: "POST", path: "/tourism/links/{id}/revoke", handler: s.revokeLink},
		{method: "GET", path: "/tourism/links/{id}/accesses", handler: s.listAccesses},
		{method: "GET", path: "/indicators", handler: s.listIndicators},
		{method: "POST", path: "/indicators", handler: given(s.deps.Figures), plain: true},
		{method: "GET", path: "/tiles/{z}/{x}/{y}", handler: s.tile},
		{method: "GET", path: "/zones", handler: s.listZones},
		{method: "GET", path: "/classes", handler: s.listClasses},
		{method: "GET", path: "/province", handler: s.getProvince},
		{method: "GET", path: "/wall", handler: s.getWall},
		{method: "POST", path: "/readings", handler: given(s.deps.Push), plain: true},
		{method: "GET", path: "/deadletters", handler: s.listDeadLetters},
		{method: "POST", path: "/deadletters/{seq}/replay", handler: s.replayDeadLetter},
		{method: "DELETE", path: "/deadletters/{seq}", handler: s.deleteDeadLetter},
		{method: "GET", path: "/rules", handler: s.listRules},
		{method: "POST", path: "/rules/reload", handler: s.reloadRules},
		{method: "POST", path: "/rules/replay", handler: s.replayRules},
		{method: "GET", path: "/health", handler: s.health},
		{method: "GET", path: "/stream", handler: given(s.deps.Stream), plain: true},
		{method: "GET", path: "/openapi.json", handler: s.openAPI},
	}
}

// given is h, or what says that this citywatch has none.
func given(h http.Handler) http.HandlerFunc {
	if h != nil {
		return h.ServeHTTP
	}
	return func(w http.ResponseWriter, r *http.Request) {
		problem.Write(w, r, http.StatusServiceUnavailable, "this citywatch is not configured for it")
	}
}

func (s *site) mountAPI(mux *http.ServeMux) {
	methods := map[string][]string{}
	for _, r := range s.routes() {
		var h http.Handler = r.handler
		if !r.plain {
			h = gzhttp.GzipHandler(h)
		}
		mux.Handle(r.method+" "+prefix+r.path, h)
		methods[r.path] = append(methods[r.path], r.method)
	}
	for path, allowed := range methods {
		refuse := func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			problem.Write(w, r, http.StatusMethodNotAllowed, "it can be asked for with "+strings.Join(allowed, ", "))
		}
		// Each by its name: a pattern for all of them would conflict with one
		// whose path is less particular, as /alerts/{id}/{action} is.
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
			if !slices.Contains(allowed, method) {
				mux.HandleFunc(method+" "+prefix+path, refuse)
			}
		}
	}
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		problem.Write(w, r, http.StatusNotFound, "what there is says "+prefix+"/openapi.json")
	})
}

// answer writes v as JSON.
func (s *site) answer(w http.ResponseWriter, r *http.Request, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		s.fail(w, r, fmt.Errorf("encode the answer: %w", err))
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	_, _ = w.Write(data) // nobody is left to be told of an error
}

// maxBody is the largest request that is read here; readings have their own.
const maxBody = 16 << 10

// decode reads the request's JSON object into v.
func decode(w http.ResponseWriter, r *http.Request, v any) error {
	return decodeUpTo(maxBody, w, r, v)
}

// decodeUpTo reads a JSON object of up to most bytes.
func decodeUpTo(most int64, w http.ResponseWriter, r *http.Request, v any) error {
	// A page of another site can post a form or plain text without asking; it
	// cannot post this type.
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != "application/json" {
		return fmt.Errorf("%w: the Content-Type must be application/json", ErrInvalid)
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, most))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return err
		}
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: something follows the JSON object", ErrInvalid)
	}
	return nil
}

// number reads an optional query parameter of lowest to highest.
func number(r *http.Request, name string, or, highest uint64) (uint64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return or, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n > highest {
		return 0, fmt.Errorf("%w: %s %q is not a whole number of 0 to %d", ErrInvalid, name, text, highest)
	}
	return n, nil
}

func indexed(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
