// Package servertest starts the real servers that tests talk to: Mosquitto,
// InfluxDB 1.8 and InfluxDB 2. Each runs on a free loopback port with its data
// in the test's temporary folder, is ready when its function returns, can be
// killed with SIGKILL and started again on the same port and data, and is gone
// when the test ends. A failed test logs the end of the server's own output.
//
//	broker := servertest.Mosquitto(t)
//	client := connect(broker.URL)
//	broker.Kill()  // as by kill -9
//	broker.Start() // same port, same persisted sessions
//
// What is not installed skips the test with one line that says how to get it.
// CITYWATCH_NOSKIP=1, as `make test` sets it, has everything that `make test`
// installs fail the test instead; CITYWATCH_NOSKIP=all also what it does not:
// InfluxDB 2, whose build needs Rust, and the recorded data.
package servertest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// T is the part of testing.TB used here. It is an interface so that a command
// that measures or soaks can start the same servers outside a test.
type T interface {
	Helper()
	Cleanup(func())
	Failed() bool
	TempDir() string
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
}

// Versions of the servers built from source, which name their cache folders.
const (
	Influx1Version = "1.8.10"
	Influx2Version = "2.9.1"
)

// Missing ends the test because something that `make test` installs is not
// there: it skips, or fails under CITYWATCH_NOSKIP. The hint says how to get it.
func Missing(t T, what, hint string) {
	t.Helper()
	missing(t, os.Getenv("CITYWATCH_NOSKIP") != "", what, hint)
}

// missingExtra is Missing for what `make test` does not install.
func missingExtra(t T, what, hint string) {
	t.Helper()
	missing(t, os.Getenv("CITYWATCH_NOSKIP") == "all", what, hint)
}

func missing(t T, fatal bool, what, hint string) {
	t.Helper()
	if fatal {
		t.Fatalf("%s not found: %s", what, hint)
	} else {
		t.Skipf("%s not found: %s", what, hint)
	}
}

// Program returns the path of the first of names that is installed, or ends
// the test as Missing does.
func Program(t T, hint string, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
		// Debian installs servers here, which is not on every user's PATH.
		if path, err := exec.LookPath("/usr/sbin/" + name); err == nil {
			return path
		}
	}
	Missing(t, names[0], hint)
	return ""
}

// Chromium returns the path of the browser for page tests.
func Chromium(t T) string {
	t.Helper()
	return Program(t, "run `make test` or `apt-get install chromium`",
		"chromium", "chromium-browser", "google-chrome")
}

// SharedData returns the folder of recorded data: $CITYWATCH_SHARED, or
// ../shared/data beside the checkout.
func SharedData(t T) string {
	t.Helper()
	dir := os.Getenv("CITYWATCH_SHARED")
	if dir == "" {
		root, err := moduleRoot()
		if err != nil {
			t.Fatalf("recorded data: %v", err)
		}
		dir = filepath.Join(root, "..", "shared", "data")
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		missingExtra(t, "recorded data folder "+dir, "put it there or set CITYWATCH_SHARED to it")
	}
	return dir
}

func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("no go.mod in or above the working directory")
		}
		dir = parent
	}
}

// cached returns the path of a program that `make` builds from source, and
// whether it is there.
func cached(t T, name, version string) (string, bool) {
	t.Helper()
	cache := os.Getenv("CITYWATCH_CACHE")
	if cache == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Fatalf("cache folder: %v", err)
		}
		cache = filepath.Join(home, ".cache", "citywatch")
	}
	path, err := exec.LookPath(filepath.Join(cache, name+"-"+version, name))
	return path, err == nil
}
