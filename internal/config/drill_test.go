package config_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"citywatch/internal/config"
	"citywatch/provinces/laocai"
)

// fill sets every text, number and list under v to something that is not there
// by default, so that whatever is taken over can be seen.
func fill(v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("REAL " + path)
	case reflect.Int, reflect.Int64, reflect.Int32:
		v.SetInt(7)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), path)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), path+"[]")
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				fill(v.Field(i), path+"."+f.Name)
			}
		}
	}
}

// texts calls see for every text under v.
func texts(v reflect.Value, path string, see func(path, text string)) {
	switch v.Kind() {
	case reflect.String:
		see(path, v.String())
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			texts(v.Elem(), path, see)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			texts(v.Index(i), fmt.Sprintf("%s[%d]", path, i), see)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			texts(v.MapIndex(key), fmt.Sprintf("%s[%v]", path, key), see)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				texts(v.Field(i), path+"."+f.Name, see)
			}
		}
	}
}

// TestADrillReachesNothingReal fills a whole configuration, whatever is in it
// today or will be one day, with addresses and secrets, and looks for them in
// what a drill is made of.
func TestADrillReachesNothingReal(t *testing.T) {
	site, err := config.LoadFS(laocai.Files, laocai.ConfigFile, config.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	fill(reflect.ValueOf(&site.Config).Elem(), "$")
	dir := filepath.Join(t.TempDir(), "drill")
	drill, err := site.Drill(config.DrillOptions{Data: dir, HTTP: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	d := drill.Site()
	// These name the place, how it is shown, and rules to be read: nothing that
	// anything could be sent to or taken from.
	harmless := []string{
		"$.Province.", "$.Rules.", "$.HTTP.Options.Wall.",
	}
	seen := 0
	texts(reflect.ValueOf(d.Config), "$", func(path, text string) {
		seen++
		if strings.Contains(text, "REAL") && !slices.ContainsFunc(harmless, func(p string) bool { return strings.HasPrefix(path, p) }) {
			t.Errorf("%s is taken over: %s", path, text)
		}
	})
	if seen < 20 {
		t.Errorf("only %d texts were looked at", seen)
	}
	c := d.Config
	if c.Edge != nil || len(c.Sources) > 0 || c.Store.Kind != "embedded" || c.Journal.URL != "" || c.Cameras.File != "" || !c.Self.NoCanary || c.Self.HeartbeatFile != "" {
		t.Errorf("%+v", c)
	}
	for name, path := range map[string]string{
		"data": c.Data, "journal": c.Journal.Dir, "store": c.Store.Dir, "recordings": c.Cameras.Record.Dir, "thumbnails": c.Cameras.Snapshots.Dir,
	} {
		if !strings.HasPrefix(path, dir) {
			t.Errorf("the %s lies in %s", name, path)
		}
	}
	if !c.Alerts.Exercise {
		t.Error("its alerts are not marked")
	}
	if len(d.Cameras.Cameras) > 0 {
		t.Errorf("it has %d cameras", len(d.Cameras.Cameras))
	}
	for i := range d.Devices {
		if d.Devices[i].Own() {
			t.Errorf("it waits for readings of %s", d.Devices[i].ID)
		}
	}
	if d.Rules != site.Rules || len(d.Devices) == 0 || d.Province.ID != site.Province.ID {
		t.Error("it is not a drill of the site")
	}
}

// Nothing that is there already is written into.
func TestADrillHasAFolderOfItsOwn(t *testing.T) {
	site, err := config.LoadFS(laocai.Files, laocai.ConfigFile, config.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	real := t.TempDir()
	if err := os.Mkdir(filepath.Join(real, "journal"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := site.Drill(config.DrillOptions{Data: real}); !errors.Is(err, config.ErrNotDrills) {
		t.Errorf("in the folder of a journal: %v", err)
	}
	if _, err := site.Drill(config.DrillOptions{}); err == nil {
		t.Error("in no folder")
	}
	own := filepath.Join(t.TempDir(), "drills", "flood")
	for range 2 { // the second goes on in the folder of the first
		if _, err := site.Drill(config.DrillOptions{Data: own}); err != nil {
			t.Error(err)
		}
		if err := os.MkdirAll(filepath.Join(own, "journal"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
}
