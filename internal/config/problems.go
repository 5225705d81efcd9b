package config

import (
	"fmt"
	"slices"
	"strings"

	"citywatch"
	"citywatch/internal/strictyaml"
)

// Problems is everything that is wrong with a configuration and the files it
// names. It is an error.
type Problems []Located

// A Located problem knows its file and line.
type Located struct {
	citywatch.Problem
	File         string
	Line, Column int
}

// String is the problem as compilers print theirs, so that editors find it.
func (l Located) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", l.File, l.Line, l.Column, l.Problem.Error())
}

// Error lists every problem, a line each.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Locate says where in a file the problems stand.
func Locate(file string, doc *strictyaml.Document, problems []citywatch.Problem) Problems {
	var ps Problems
	ps.add(file, doc, problems)
	return ps.sorted()
}

func (ps *Problems) add(file string, doc *strictyaml.Document, problems []citywatch.Problem) {
	for _, p := range problems {
		line, column := doc.Position(p.Path)
		*ps = append(*ps, Located{p, file, line, column})
	}
}

// sorted puts the problems in the order of a reader's eyes, and says each once.
func (ps Problems) sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Located) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		return a.Line - b.Line
	})
	return slices.CompactFunc(ps, func(a, b Located) bool { return a.String() == b.String() })
}
