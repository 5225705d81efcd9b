package linefile_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"citywatch/internal/linefile"
)

type value struct{ N int }

func open(t *testing.T, dir string) (*linefile.File, []int, error) {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	f, damaged, err := linefile.Open(root, "things.jsonl", func(line []byte) error {
		var v value
		if err := json.Unmarshal(line, &v); err != nil {
			return err
		}
		got = append(got, v.N)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close(); _ = root.Close() })
	return f, got, damaged
}

// TestCutAnywhere: wherever a kill cuts the file, every line before is there,
// and what is appended then is, too.
func TestCutAnywhere(t *testing.T) {
	dir := t.TempDir()
	f, _, _ := open(t, dir)
	if err := f.Append(value{1}, value{22}); err != nil {
		t.Fatal(err)
	}
	if err := f.Append(value{333}); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(dir, "things.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) + 1 {
		dir := t.TempDir()
		path := filepath.Join(dir, "things.jsonl")
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		f, got, damaged := open(t, dir)
		if lines := strings.Count(string(whole[:cut]), "\n"); len(got) != lines || f.Lines() != lines || damaged != nil {
			t.Fatalf("cut at %d: got %v, %v", cut, got, damaged)
		}
		if err := f.Append(value{4}); err != nil {
			t.Fatal(err)
		}
		if _, again, _ := open(t, dir); !slices.Equal(again, append(got, 4)) {
			t.Fatalf("cut at %d: then %v", cut, again)
		}
	}
}

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	f, _, _ := open(t, dir)
	for n := range 10 {
		if err := f.Append(value{n}); err != nil {
			t.Fatal(err)
		}
	}
	kept := map[string]any{"a": value{7}}
	if err := f.Replace(maps.Values(kept)); err != nil {
		t.Fatal(err)
	}
	if err := f.Append(value{11}); err != nil {
		t.Fatal(err)
	}
	if _, got, _ := open(t, dir); !slices.Equal(got, []int{7, 11}) || f.Lines() != 2 {
		t.Errorf("got %v, %d lines", got, f.Lines())
	}
}

func TestDamagedLinesAreToldAndSkipped(t *testing.T) {
	dir := t.TempDir()
	content := fmt.Sprintf("%s\nruin\n%s\n", `{"N":1}`, `{"N":2}`)
	if err := os.WriteFile(filepath.Join(dir, "things.jsonl"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	_, got, damaged := open(t, dir)
	if !slices.Equal(got, []int{1, 2}) || damaged == nil || !strings.Contains(damaged.Error(), "line 2") {
		t.Errorf("got %v, %v", got, damaged)
	}
}

// TestAppendThatFails leaves the file as it was.
func TestAppendThatFails(t *testing.T) {
	dir := t.TempDir()
	f, _, _ := open(t, dir)
	if err := f.Append(value{1}, func() {}); err == nil {
		t.Error("a function was written")
	}
	if err := f.Append(value{2}); err != nil {
		t.Fatal(err)
	}
	if _, got, _ := open(t, dir); !slices.Equal(got, []int{2}) {
		t.Errorf("got %v", got)
	}
}
