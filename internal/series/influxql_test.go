package series_test

import (
	"testing"

	"github.com/influxdata/influxql"

	"citywatch/internal/series"
)

// FuzzQuoting puts any strings into a statement: the engine's own parser must
// find the very same statement, with those strings in their places.
func FuzzQuoting(f *testing.F) {
	f.Add("river_gauge", "water_level", "lao-cai-thao")
	f.Add(`a" FROM b; DROP DATABASE c --`, `x"`, `' OR '1'='1`)
	f.Add("\\", "\\\"", "\\'")
	f.Add("\n", "\x00", "\xff")
	f.Add("#", "/", "$x")
	f.Fuzz(func(t *testing.T, class, value, device string) {
		q := "SELECT " + series.Ident(series.FieldName(value)) +
			" FROM " + series.Ident(series.Measurement(class)) +
			" WHERE device = " + series.String(device)
		if class == "" || value == "" {
			return // an empty identifier is no identifier
		}
		parsed, err := influxql.ParseQuery(q)
		if err != nil {
			t.Fatalf("%v: %s", err, q)
		}
		if len(parsed.Statements) != 1 {
			t.Fatalf("%d statements: %s", len(parsed.Statements), q)
		}
		s, ok := parsed.Statements[0].(*influxql.SelectStatement)
		if !ok || len(s.Sources) != 1 || len(s.Fields) != 1 {
			t.Fatalf("another statement: %s", q)
		}
		if got := s.Sources[0].(*influxql.Measurement).Name; got != series.Measurement(class) {
			t.Errorf("measurement %q, want %q", got, series.Measurement(class))
		}
		if got := s.Fields[0].Expr.(*influxql.VarRef).Val; got != series.FieldName(value) {
			t.Errorf("field %q, want %q", got, series.FieldName(value))
		}
		condition, ok := s.Condition.(*influxql.BinaryExpr)
		if !ok {
			t.Fatalf("another condition: %s", q)
		}
		if got := condition.RHS.(*influxql.StringLiteral).Val; got != series.Name(device) {
			t.Errorf("device %q, want %q", got, series.Name(device))
		}
	})
}
