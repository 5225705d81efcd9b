package dashboards_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"citywatch"
	"citywatch/dashboards"
	"citywatch/internal/photos"
)

// A description is the part of an OpenAPI document that the tests read.
type description struct {
	Paths map[string]map[string]struct {
		OperationID string `json:"operationId"`
		Responses   map[string]struct {
			Content map[string]struct{ Schema schema }
		}
		Parameters []struct{ Name, In string }
	}
	Components struct{ Schemas map[string]schema }
}

// A schema is as much of JSON Schema as the description uses.
type schema struct {
	Ref                  string `json:"$ref"`
	Type                 any
	Const                any
	Enum                 []any
	Required             []string
	Properties           map[string]schema
	AdditionalProperties *schema
	Items                *schema
	OneOf                []schema
	Minimum, Maximum     *float64
}

func readDescription(t *testing.T) description {
	t.Helper()
	var d description
	if err := json.Unmarshal(dashboards.OpenAPI(), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestEveryRouteIsDescribed, and nothing else is.
func TestEveryRouteIsDescribed(t *testing.T) {
	var described []string
	for path, operations := range readDescription(t).Paths {
		for method, op := range operations {
			described = append(described, strings.ToUpper(method)+" "+path)
			if op.OperationID == "" || len(op.Responses) == 0 {
				t.Errorf("%s %s has no id or no response", method, path)
			}
			for _, name := range strings.Split(path, "/") {
				inPath := func(p struct{ Name, In string }) bool { return p.In == "path" && "{"+p.Name+"}" == name }
				if strings.HasPrefix(name, "{") && !slices.ContainsFunc(op.Parameters, inPath) {
					t.Errorf("%s %s does not describe %s", method, path, name)
				}
			}
		}
	}
	served := dashboards.Operations()
	slices.Sort(described)
	slices.Sort(served)
	if !slices.Equal(described, served) {
		t.Errorf("described %v\nserved    %v", described, served)
	}
}

// TestAnswersAreAsDescribed holds real answers against the description: every
// member must be described, and what is required must be there.
func TestAnswersAreAsDescribed(t *testing.T) {
	p := newProvince(t)
	p.storm()
	p.letters = []citywatch.DeadLetter{{Seq: 3, Source: "mqtt", Topic: "city/x", Arrived: time.Now(), Refusal: citywatch.RefusedDecode, Detail: "no JSON", Payload: []byte("x")}}
	p.system.Lags = []dashboards.Lag{{Reader: "store", Entries: 3, Seconds: 0.5}}
	book := p.handovers(t)
	public, link := publicLinks(t)
	team, field := newSquad(t, p)
	if _, err := team.Subscribe(dashboards.Phone{Endpoint: "https://push.example", Zones: []string{"sa-pa"}, Level: 1, Lang: "vi"}); err != nil {
		t.Fatal(err)
	}
	s := serve(t, p.site(t, field, newEye().see, func(d *dashboards.Deps) { d.Handovers, d.Promises = book, promisesOf{book} }, func(d *dashboards.Deps) { d.Public = public }, p.crews(t)))
	d := readDescription(t)
	alerts, _ := p.Alerts()
	about := photos.Photo{Alert: alerts[0].ID, By: "Minh", Note: "Nước tràn", Taken: time.Now(), Position: &orb.Point{103.9, 22.4}, Accuracy: 9, Located: time.Now()}
	if _, err := team.photos.Add(t.Context(), about, aJPEG(t)); err != nil {
		t.Fatal(err)
	}
	paths := map[string]string{
		"/alerts": "/alerts", "/devices": "/devices", "/zones": "/zones", "/classes": "/classes", "/province": "/province", "/wall": "/wall",
		"/deadletters": "/deadletters", "/health": "/health", "/rules": "/rules",
		"/handovers":               "/handovers",
		"/promises":                "/promises",
		"/teams":                   "/teams",
		"/teams/{id}":              "/teams/cc-lao-cai",
		"/kpis":                    "/kpis?over=1h",
		"/handovers/{id}":          "/handovers/" + p.handedOver(t, book),
		"/alerts/{id}":             "/alerts/" + strings.ReplaceAll(alerts[0].ID, "/", "%2F"),
		"/cameras":                 "/cameras",
		"/cameras/{id}":            "/cameras/cau-coc-leu",
		"/cameras/{id}/thumbnails": "/cameras/cau-coc-leu/thumbnails",
		"/cameras/{id}/recordings": "/cameras/cau-coc-leu/recordings?from=-1h",
		"/devices/{id}":            "/devices/lao-cai-thao",
		"/incidents":               "/incidents?closed=10",
		"/storm":                   "/storm",
		"/at":                      "/at?time=-1h",
		"/audit":                   "/audit",
		"/audit/report":            "/audit/report",
		"/incidents/{id}":          "/incidents/" + strings.ReplaceAll(alerts[0].Incident, "/", "%2F"),
		"/field":                   "/field",
		"/alerts/{id}/photos":      "/alerts/" + strings.ReplaceAll(alerts[0].ID, "/", "%2F") + "/photos",
		"/push/subscriptions/{id}": "/push/subscriptions/phone1",
		"/devices/{id}/readings":   "/devices/lao-cai-thao/readings?from=-1h",

		"/tourism/points":            "/tourism/points",
		"/tourism/points/{id}/hours": "/tourism/points/sa-pa/hours",
		"/tourism/report":            "/tourism/report",
		"/tourism/links":             "/tourism/links?camera=sa-pa",
		"/indicators":                "/indicators",

		"/tourism/links/{id}/accesses": "/tourism/links/" + link + "/accesses",
	}
	for path, operations := range d.Paths {
		op, isGet := operations["get"]
		if _, isJSON := op.Responses["200"].Content["application/json"]; !isGet || !isJSON || path == "/openapi.json" {
			continue // pictures and websockets
		}
		target, known := paths[path]
		if !known {
			t.Errorf("nothing is asked of %s", path)
			continue
		}
		resp, body := s.get(t, "/api/v1"+target)
		if resp.StatusCode != 200 {
			t.Errorf("%s is answered with %s: %s", target, resp.Status, body)
			continue
		}
		var value any
		if err := json.Unmarshal(body, &value); err != nil {
			t.Errorf("%s: %v", target, err)
		}
		want := op.Responses["200"].Content["application/json"].Schema
		for _, fault := range d.faults(want, value, path) {
			t.Error(fault)
		}
	}
	_, body := s.get(t, "/api/v1/devices/none")
	var problem any
	if err := json.Unmarshal(body, &problem); err != nil {
		t.Fatal(err)
	}
	for _, fault := range d.faults(schema{Ref: "#/components/schemas/Problem"}, problem, "problem") {
		t.Error(fault)
	}
}

// faults returns where value is not as s says.
func (d *description) faults(s schema, value any, at string) []string {
	if s.Ref != "" {
		name := strings.TrimPrefix(s.Ref, "#/components/schemas/")
		target, known := d.Components.Schemas[name]
		if !known {
			return []string{at + ": no schema " + name}
		}
		return d.faults(target, value, at)
	}
	if len(s.OneOf) > 0 {
		var all []string
		for _, one := range s.OneOf {
			faults := d.faults(one, value, at)
			if len(faults) == 0 {
				return nil
			}
			all = append(all, faults...)
		}
		return all
	}
	if !s.allows(value) {
		return []string{fmt.Sprintf("%s: %v is not %v %v %v", at, value, s.Type, s.Const, s.Enum)}
	}
	var out []string
	switch v := value.(type) {
	case []any:
		for i, item := range v {
			if s.Items != nil {
				out = append(out, d.faults(*s.Items, item, fmt.Sprintf("%s[%d]", at, i))...)
			}
		}
	case map[string]any:
		for _, name := range s.Required {
			if _, there := v[name]; !there {
				out = append(out, at+"."+name+" is missing")
			}
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			property, described := s.Properties[name]
			if !described && s.AdditionalProperties != nil {
				property, described = *s.AdditionalProperties, true
			}
			if !described {
				out = append(out, at+"."+name+" is not described")
				continue
			}
			out = append(out, d.faults(property, v[name], at+"."+name)...)
		}
	}
	return out
}

func (s *schema) allows(value any) bool {
	if s.Const != nil && s.Const != value || len(s.Enum) > 0 && !slices.Contains(s.Enum, value) {
		return false
	}
	if n, isNumber := value.(float64); isNumber {
		if s.Minimum != nil && n < *s.Minimum || s.Maximum != nil && n > *s.Maximum {
			return false
		}
	}
	switch want := s.Type.(type) {
	case string:
		return isType(want, value)
	case []any:
		return slices.ContainsFunc(want, func(one any) bool { return isType(one.(string), value) })
	}
	return true
}

func isType(name string, value any) bool {
	switch v := value.(type) {
	case nil:
		return name == "null"
	case bool:
		return name == "boolean"
	case string:
		return name == "string"
	case float64:
		return name == "number" || name == "integer" && v == math.Trunc(v)
	case []any:
		return name == "array"
	default:
		return name == "object"
	}
}
