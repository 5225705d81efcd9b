package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// pages are the pages there are: each has a folder with main.tsx and
// index.html.
func pages() []string { return []string{"wall", "desk", "tourism", "field"} }

// shipped are the packages of which something reaches the browser.
func shipped() []string {
	return []string{"@fontsource/be-vietnam-pro", "@preact/signals", "@preact/signals-core", "maplibre-gl", "preact", "uplot"}
}

// A bundle is what is going to be written, by path within dist.
type bundle struct {
	web      string // absolute
	maplibre string // the folder in assets that holds MapLibre
	files    map[string][]byte
}

func newBundle(web string) (*bundle, error) {
	abs, err := filepath.Abs(web)
	if err != nil {
		return nil, err
	}
	b := &bundle{web: abs, files: map[string][]byte{}}
	version, err := b.version("maplibre-gl")
	b.maplibre = "maplibre-gl-" + version
	return b, err
}

func (b *bundle) module(elem ...string) string {
	return filepath.Join(append([]string{b.web, "node_modules"}, elem...)...)
}

func (b *bundle) version(name string) (string, error) {
	data, err := os.ReadFile(b.module(name, "package.json"))
	if err != nil {
		return "", err
	}
	var p struct{ Version string }
	err = json.Unmarshal(data, &p)
	return p.Version, err
}

// scripts bundles each page's script and styles, and makes its HTML.
func (b *bundle) scripts() error {
	var entries []api.EntryPoint
	for _, page := range pages() {
		entries = append(entries, api.EntryPoint{InputPath: page + "/main.tsx", OutputPath: page})
	}
	result := api.Build(api.BuildOptions{
		AbsWorkingDir:       b.web,
		EntryPointsAdvanced: entries,
		Outdir:              "/dist",
		EntryNames:          "assets/[name]-[hash]",
		AssetNames:          "assets/[name]-[hash]",
		ChunkNames:          "assets/[name]-[hash]",
		Splitting:           true, // the map is apart: the list does not wait for it
		Bundle:              true,
		Format:              api.FormatESModule,
		Target:              api.ES2022,
		JSX:                 api.JSXAutomatic,
		JSXImportSource:     "preact",
		MinifyWhitespace:    true,
		MinifyIdentifiers:   true,
		MinifySyntax:        true,
		LegalComments:       api.LegalCommentsNone, // licenses.txt has them
		Charset:             api.CharsetUTF8,
		Loader:              map[string]api.Loader{".woff2": api.LoaderFile, ".woff": api.LoaderEmpty},
		Plugins:             []api.Plugin{b.besideMapLibre()},
		Metafile:            true,
	})
	if err := report(result.Errors, result.Warnings); err != nil {
		return err
	}
	for _, f := range result.OutputFiles {
		b.files[strings.TrimPrefix(filepath.ToSlash(f.Path), "/dist/")] = f.Contents
	}
	if err := b.html(result.Metafile); err != nil {
		return err
	}
	return b.worker(result.Metafile)
}

// besideMapLibre leaves MapLibre out of the bundle: it looks for its worker
// beside its own file, and so is copied as it is.
func (b *bundle) besideMapLibre() api.Plugin {
	return api.Plugin{Name: "beside-maplibre", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: `^maplibre-gl$`}, func(api.OnResolveArgs) (api.OnResolveResult, error) {
			return api.OnResolveResult{Path: "./" + b.maplibre + "/maplibre-gl.mjs", External: true}, nil
		})
	}}
}

func report(errs, warnings []api.Message) error {
	var all []error
	for _, m := range slices.Concat(errs, warnings) {
		place := ""
		if m.Location != nil {
			place = fmt.Sprintf("%s:%d: ", m.Location.File, m.Location.Line)
		}
		all = append(all, errors.New(place+m.Text))
	}
	return errors.Join(all...)
}

// html writes the names of the page's files, which have their hashes in them,
// into its index.html.
func (b *bundle) html(metafile string) error {
	var meta struct {
		Outputs map[string]struct {
			EntryPoint string
			CSSBundle  string
		}
	}
	if err := json.Unmarshal([]byte(metafile), &meta); err != nil {
		return err
	}
	for _, page := range pages() {
		source, err := os.ReadFile(filepath.Join(b.web, page, "index.html"))
		if err != nil {
			return err
		}
		for name, output := range meta.Outputs {
			if output.EntryPoint != page+"/main.tsx" {
				continue
			}
			source = bytes.ReplaceAll(source, []byte("{{script}}"), []byte(asset(name)))
			source = bytes.ReplaceAll(source, []byte("{{style}}"), []byte(asset(output.CSSBundle)))
		}
		source = bytes.ReplaceAll(source, []byte("{{maplibre}}"), []byte("assets/"+b.maplibre+"/maplibre-gl.mjs"))
		if bytes.Contains(source, []byte("{{")) {
			return fmt.Errorf("%s/index.html has a placeholder that nothing fills", page)
		}
		b.files[page+".html"] = source
	}
	return nil
}

// asset cuts what lies before assets/ off a path of the metafile.
func asset(name string) string {
	i := strings.Index(name, "assets/")
	return name[max(i, 0):]
}

// mapLibre copies MapLibre and its worker.
func (b *bundle) mapLibre() error {
	for _, name := range []string{"maplibre-gl.mjs", "maplibre-gl-worker.mjs"} {
		data, err := os.ReadFile(b.module("maplibre-gl", "dist", name))
		if err != nil {
			return err
		}
		b.files["assets/"+b.maplibre+"/"+name] = data
	}
	return nil
}

// licences collects the licences of what is shipped.
func (b *bundle) licences() error {
	var out bytes.Buffer
	out.WriteString("The pages of citywatch contain the following works.\n")
	for _, name := range shipped() {
		version, err := b.version(name)
		if err != nil {
			return err
		}
		text, err := b.licence(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, "\n==== %s %s ====\n\n%s\n", name, version, bytes.TrimSpace(text))
	}
	b.files["licenses.txt"] = out.Bytes()
	return nil
}

func (b *bundle) licence(name string) ([]byte, error) {
	for _, file := range []string{"LICENSE", "LICENSE.txt", "LICENSE.md"} {
		if text, err := os.ReadFile(b.module(name, file)); err == nil {
			return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), nil
		}
	}
	return nil, fmt.Errorf("package %s comes without a licence", name)
}

// write replaces the folder out.
func (b *bundle) write(out string) error {
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	for name, content := range b.files {
		target := filepath.Join(out, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(target, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
