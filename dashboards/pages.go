package dashboards

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
)

//go:generate go run ./web

// dist is the bundle that web makes of its TypeScript.
//
//go:embed all:dist
var dist embed.FS

// pages are the files of the bundle, ready to be sent.
type pages struct {
	files map[string]*file
}

// A file is one of the bundle.
type file struct {
	name, kind, etag string
	content          []byte
	// compressed is content in gzip, made when it is first asked for.
	compressed func() []byte
	// forever is set for what has its hash or version in its name.
	forever bool
}

func newPages(exercise bool) (*pages, error) {
	p := &pages{files: map[string]*file{}}
	err := fs.WalkDir(dist, "dist", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := dist.ReadFile(name)
		if err != nil {
			return err
		}
		name = strings.TrimPrefix(name, "dist/")
		if exercise && path.Ext(name) == ".html" {
			if content, err = inExercise(content); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		p.files[name] = newFile(name, content)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("the embedded pages: %w", err)
	}
	if exercise {
		p.files[exerciseStyle] = newFile(exerciseStyle, exerciseCSS)
	}
	for _, name := range []string{"desk.html", "wall.html", "tourism.html", "field.html"} {
		if p.files[name] == nil {
			return nil, fmt.Errorf("the embedded pages have no %s: run go generate ./dashboards", name)
		}
	}
	return p, nil
}

// hash is another when any of the files is.
func (p *pages) hash() string {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(p.files)) {
		fmt.Fprintln(sum, name, p.files[name].etag)
	}
	return hex.EncodeToString(sum.Sum(nil)[:6])
}

func newFile(name string, content []byte) *file {
	sum := sha256.Sum256(content)
	return &file{
		name: name, kind: mediaType(name), content: content,
		etag:    `"` + hex.EncodeToString(sum[:12]) + `"`,
		forever: strings.HasPrefix(name, "assets/"),
		compressed: sync.OnceValue(func() []byte {
			var b bytes.Buffer
			z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
			_, _ = z.Write(content) // a bytes.Buffer takes everything
			_ = z.Close()
			return b.Bytes()
		}),
	}
}

// mediaType is not left to the machine's own tables, which differ.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".png":
		return "image/png"
	case ".webmanifest":
		return "application/manifest+json"
	case ".txt":
		return "text/plain; charset=utf-8"
	default:
		return "application/octet-stream"
	}
}

// compressible: fonts and pictures are compressed already.
func (f *file) compressible() bool {
	return f.kind != "font/woff2" && f.kind != "image/png" && len(f.content) > 1024
}

// home is the page at the site's own address.
const home = "desk.html"

func (p *pages) mount(mux *http.ServeMux) {
	for name, f := range p.files {
		pattern := "GET /" + name
		if page, isPage := strings.CutSuffix(name, ".html"); isPage {
			pattern = "GET /" + page
		}
		if name == home {
			pattern = "GET /{$}"
		}
		mux.Handle(pattern, f)
	}
}

// ServeHTTP sends the file.
func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("ETag", f.etag)
	if f.forever {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	content := f.content
	if f.compressible() {
		h.Set("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
			h.Set("ETag", strings.TrimSuffix(f.etag, `"`)+`-gzip"`)
			content = f.compressed()
		}
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}
