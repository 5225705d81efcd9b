package citywatch_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "citywatch"

// confined names, for each outside module that shapes what it touches, the
// packages that may import it. The rest of the house then cannot come to
// depend on it. internal/sim and cmd/citybench are the other end of the wire:
// they speak as devices and screens do.
var confined = map[string][]string{
	"github.com/eclipse/paho.mqtt.golang":           {"ingest/mqtt", "internal/sim", "internal/play", "cmd/citybench"},
	"github.com/deepch/vdk":                         {"video/live"},
	"github.com/bluenviron/gortsplib":               {"video/rtsp", "internal/sim", "cmd/citybench"},
	"github.com/influxdata/influxdb-client-go":      {"internal/series/influx"},
	"github.com/influxdata/influxdb/":               {"internal/series/embedded"},
	"github.com/influxdata/influxql":                {"internal/series/embedded"},
	"github.com/gorilla/websocket":                  {"dashboards/hub", "dashboards/live", "cmd/citybench"},
	"github.com/nats-io/":                           {"internal/journal", "internal/edge"},
	"github.com/evanw/esbuild":                      {"dashboards/web"},
	"google.golang.org/protobuf/encoding/protowire": {"internal/journal", "ingest/decode"},
}

// siblings never import one another: they meet in the root package's values.
var siblings = []string{"ingest", "video", "alerts", "geo", "dashboards"}

// A sourcePackage is one folder of Go files that are not tests.
type sourcePackage struct {
	path    string   // relative to the module, "" for the root
	imports []string // import paths, sorted
}

// sourcePackages reads the files themselves: the result of go list may be
// cached from before an import was added.
func sourcePackages(t *testing.T) []sourcePackage {
	t.Helper()
	imports := map[string]map[string]bool{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); name != "." && (strings.HasPrefix(base, ".") || base == "testdata" || base == "node_modules" || base == "flux") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		dir := filepath.ToSlash(filepath.Dir(name))
		if dir == "." {
			dir = ""
		}
		if imports[dir] == nil {
			imports[dir] = map[string]bool{}
		}
		for _, spec := range file.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			imports[dir][p] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var pkgs []sourcePackage
	for dir, set := range imports {
		p := sourcePackage{path: dir}
		for name := range set {
			p.imports = append(p.imports, name)
		}
		slices.Sort(p.imports)
		pkgs = append(pkgs, p)
	}
	slices.SortFunc(pkgs, func(a, b sourcePackage) int { return strings.Compare(a.path, b.path) })
	return pkgs
}

// own returns the package's path within this module, and whether it is of this
// module.
func own(importPath string) (string, bool) {
	if importPath == module {
		return "", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

func within(pkg, folder string) bool {
	return pkg == folder || strings.HasPrefix(pkg, folder+"/")
}

func TestRootImportsOnlyValues(t *testing.T) {
	for _, p := range sourcePackages(t) {
		if p.path != "" {
			continue
		}
		for _, imp := range p.imports {
			outside := strings.Contains(strings.Split(imp, "/")[0], ".")
			if _, isOwn := own(imp); isOwn || outside && imp != "github.com/paulmach/orb" {
				t.Errorf("the root package imports %s; it may import the standard library and orb", imp)
			}
		}
	}
}

func TestSiblingsMeetOnlyInTheRoot(t *testing.T) {
	for _, p := range sourcePackages(t) {
		family, _, _ := strings.Cut(p.path, "/")
		if !slices.Contains(siblings, family) {
			continue
		}
		for _, imp := range p.imports {
			target, isOwn := own(imp)
			other, _, _ := strings.Cut(target, "/")
			if isOwn && other != family && slices.Contains(siblings, other) {
				t.Errorf("%s imports %s; let %s declare the methods it needs and internal/app pass them", p.path, imp, p.path)
			}
			if isOwn && within(target, "internal/app") {
				t.Errorf("%s imports %s; only cmd may", p.path, imp)
			}
		}
	}
}

func TestOnlyAppKnowsEverything(t *testing.T) {
	for _, p := range sourcePackages(t) {
		if strings.HasPrefix(p.path, "cmd/") {
			continue
		}
		for _, imp := range p.imports {
			if target, isOwn := own(imp); isOwn && within(target, "internal/app") {
				t.Errorf("%s imports internal/app; only cmd may", p.path)
			}
		}
	}
}

func TestModulesAreConfined(t *testing.T) {
	for _, p := range sourcePackages(t) {
		for _, imp := range p.imports {
			for mod, allowed := range confined {
				if !strings.HasPrefix(imp, mod) || slices.ContainsFunc(allowed, func(a string) bool { return within(p.path, a) }) {
					continue
				}
				t.Errorf("%s imports %s, which only %s may", p.path, imp, strings.Join(allowed, ", "))
			}
		}
	}
}

// TestImportDepth keeps the house low: the longest way of imports from a command
// down to the root.
func TestImportDepth(t *testing.T) {
	const deepest = 6
	imports := map[string][]string{}
	for _, p := range sourcePackages(t) {
		for _, imp := range p.imports {
			if target, isOwn := own(imp); isOwn {
				imports[p.path] = append(imports[p.path], target)
			}
		}
	}
	depth := map[string]int{}
	var measure func(pkg string) int
	measure = func(pkg string) int {
		if d, done := depth[pkg]; done {
			return d
		}
		d := 0
		for _, imp := range imports[pkg] {
			d = max(d, measure(imp)+1)
		}
		depth[pkg] = d
		return d
	}
	for pkg := range imports {
		if d := measure(pkg); d > deepest {
			t.Errorf("%s stands %d imports above the lowest package; at most %d", path.Join(module, pkg), d, deepest)
		}
	}
}
