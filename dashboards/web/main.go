// Command web bundles the pages: TypeScript and styles in this folder become
// dashboards/dist, which is committed, so that building citywatch needs Go
// alone. It is run by go generate ./dashboards, after npm ci in this folder.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	// go generate runs it in dashboards.
	out := "dist"
	if len(os.Args) > 1 {
		out = os.Args[1] // for the test that looks for drift
	}
	if err := run("web", out); err != nil {
		fmt.Fprintln(os.Stderr, "web:", err)
		os.Exit(1)
	}
}

// run bundles the sources in web into the folder out, which it replaces.
func run(web, out string) error {
	if _, err := os.Stat(filepath.Join(web, "node_modules")); errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("there is no %s/node_modules: run npm ci there first", web)
	}
	b, err := newBundle(web)
	if err != nil {
		return err
	}
	if err := b.scripts(); err != nil {
		return err
	}
	if err := b.mapLibre(); err != nil {
		return err
	}
	if err := b.licences(); err != nil {
		return err
	}
	return b.write(out)
}
