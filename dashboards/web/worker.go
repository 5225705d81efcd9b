package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// fieldIcons are what the page for the field is known by on a phone's screen.
func fieldIcons() []string {
	return []string{"field-180.png", "field-192.png", "field-512.png", "field-badge-96.png", "field-maskable-512.png"}
}

// worker bundles the service worker of the page for the field. It has to know
// the page's files, which it keeps for when there is no signal.
func (b *bundle) worker(metafile string) error {
	manifest, err := os.ReadFile(filepath.Join(b.web, "field", "field.webmanifest"))
	if err != nil {
		return err
	}
	b.files["field.webmanifest"] = manifest
	for _, name := range fieldIcons() {
		data, err := os.ReadFile(filepath.Join(b.web, "field", "icons", name))
		if err != nil {
			return err
		}
		b.files["icons/"+name] = data
	}
	files, err := filesOf("field", metafile)
	if err != nil {
		return err
	}
	files = append(files, "field.webmanifest", "icons/field-192.png", "icons/field-badge-96.png")
	slices.Sort(files)
	version := sha256.New()
	for _, name := range files {
		fmt.Fprintf(version, "%s %x\n", name, sha256.Sum256(b.files[name]))
	}
	version.Write(b.files["field.html"])
	list, err := json.Marshal(append([]string{"field"}, files...))
	if err != nil {
		return err
	}
	result := api.Build(api.BuildOptions{
		AbsWorkingDir: b.web,
		EntryPoints:   []string{"field/sw.ts"},
		Bundle:        true,
		Format:        api.FormatIIFE,
		Target:        api.ES2022,
		Define: map[string]string{
			"FILES": string(list), "VERSION": `"` + hex.EncodeToString(version.Sum(nil)[:8]) + `"`,
		},
		MinifyWhitespace: true, MinifyIdentifiers: true, MinifySyntax: true,
		Charset: api.CharsetUTF8,
	})
	if err := report(result.Errors, result.Warnings); err != nil {
		return err
	}
	b.files["field-sw.js"] = result.OutputFiles[0].Contents
	return nil
}

// filesOf returns the files that a page loads, by their paths in dist.
func filesOf(page, metafile string) ([]string, error) {
	type output struct {
		EntryPoint, CSSBundle string
		Imports               []struct {
			Path     string
			Kind     string
			External bool
		}
	}
	var meta struct{ Outputs map[string]output }
	if err := json.Unmarshal([]byte(metafile), &meta); err != nil {
		return nil, err
	}
	found := map[string]bool{}
	var follow func(name string)
	follow = func(name string) {
		o, known := meta.Outputs[name]
		if name == "" || !known || found[asset(name)] {
			return
		}
		found[asset(name)] = true
		follow(o.CSSBundle)
		for _, i := range o.Imports {
			if !i.External {
				follow(i.Path)
			}
		}
	}
	for name, o := range meta.Outputs {
		if strings.HasSuffix(o.EntryPoint, page+"/main.tsx") {
			follow(name)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("the page %s has no files", page)
	}
	return slices.Collect(maps.Keys(found)), nil
}
