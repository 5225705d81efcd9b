package main

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"citywatch/internal/servertest"

	"github.com/evanw/esbuild/pkg/api"
)

// needModules ends the test when npm ci has not been run.
func needModules(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("node_modules"); err != nil {
		servertest.Missing(t, "dashboards/web/node_modules", "run `make test` or `npm ci` in dashboards/web")
	}
}

// TestCommittedBundle bundles the pages again: what is committed must be what
// the sources give, byte for byte.
func TestCommittedBundle(t *testing.T) {
	needModules(t)
	out := t.TempDir()
	if err := run(".", out); err != nil {
		t.Fatal(err)
	}
	fresh, committed := read(t, out), read(t, filepath.Join("..", "dist"))
	for name, content := range fresh {
		switch old, there := committed[name]; {
		case !there:
			t.Errorf("dist lacks %s", name)
		case !bytes.Equal(old, content):
			t.Errorf("dist has another %s", name)
		}
	}
	for name := range committed {
		if _, made := fresh[name]; !made {
			t.Errorf("dist has %s, which nothing makes", name)
		}
	}
	if t.Failed() {
		t.Log("run go generate ./dashboards, and commit dist")
	}
}

func read(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	root := os.DirFS(dir)
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files[name], err = fs.ReadFile(root, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestTypes has TypeScript check every source.
func TestTypes(t *testing.T) {
	needModules(t)
	node := servertest.Program(t, "run `make test` or `apt-get install nodejs`", "node")
	out, err := exec.CommandContext(t.Context(), node, filepath.Join("node_modules", "typescript", "bin", "tsc"), "--noEmit", "-p", ".").CombinedOutput()
	if err != nil {
		t.Errorf("tsc: %v\n%s", err, out)
	}
}

// TestUnits runs test/*.test.ts in node, which reads no TypeScript itself.
func TestUnits(t *testing.T) {
	node := servertest.Program(t, "run `make test` or `apt-get install nodejs`", "node")
	tests, err := filepath.Glob("test/*.test.ts")
	if err != nil || len(tests) == 0 {
		t.Fatalf("no tests: %v", err)
	}
	out := t.TempDir()
	result := api.Build(api.BuildOptions{
		EntryPoints: tests, Outdir: out, OutExtension: map[string]string{".js": ".mjs"}, Write: true,
		Bundle: true, Platform: api.PlatformNode, Format: api.FormatESModule, Target: api.ES2022, Sourcemap: api.SourceMapInline,
	})
	if err := report(result.Errors, result.Warnings); err != nil {
		t.Fatal(err)
	}
	bundled, err := filepath.Glob(filepath.Join(out, "*.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, slices.Concat([]string{"--enable-source-maps", "--test"}, bundled)...)
	// The province's clock must not depend on the machine's.
	cmd.Env = append(os.Environ(), "TZ=America/Lima")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("node --test: %v\n%s", err, text)
	}
}
