package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"citywatch"
	"citywatch/internal/series"
)

// askEvery keeps a store that cannot answer from being asked with every entry.
const askEvery = 10 * time.Second

// A schema is what the time series store holds of each class: the names of its
// values, and whether each is a number or a text. A store would refuse a value
// that changes its mind, and would take ever new names; the schema refuses both
// before they cost anything.
type schema struct {
	max     int // names of a class
	loaded  bool
	asked   time.Time
	classes map[string]map[string]bool // class → value → is it a text?
}

func newSchema(max int) *schema {
	return &schema{max: max, classes: map[string]map[string]bool{}}
}

// load reads what is stored already. Until it has succeeded nothing is refused
// and nothing is learned: what is stored goes before what comes.
func (s *schema) load(ctx context.Context, db database) {
	if s.loaded || time.Since(s.asked) < askEvery {
		return
	}
	s.asked = time.Now()
	result, err := db.Query(ctx, series.Raw, "SHOW FIELD KEYS")
	if err != nil {
		return
	}
	for _, table := range result {
		class := map[string]bool{}
		for _, row := range table.Rows {
			if len(row) < 2 {
				continue
			}
			name, _ := row[0].(string)
			kind, _ := row[1].(string)
			class[name] = kind == "string"
		}
		s.classes[table.Name] = class
	}
	s.loaded = true
}

// admit returns why a reading cannot be stored, or "".
func (s *schema) admit(r *citywatch.Reading) (reason string) {
	if !s.loaded {
		return ""
	}
	class := s.classes[r.Class] // nil for a class that is new or has an odd name
	for i := range r.Values {
		v := &r.Values[i]
		text, known := class[v.Name]
		if known && text == v.IsText() {
			continue
		}
		if reason := s.learn(r.Class, v); reason != "" {
			return reason
		}
		class = s.classes[r.Class]
	}
	return ""
}

// learn looks at a value that is not known under its very name and type.
func (s *schema) learn(name string, v *citywatch.Value) (reason string) {
	name = series.Measurement(name)
	class := s.classes[name]
	if class == nil {
		class = map[string]bool{}
		s.classes[strings.Clone(name)] = class
	}
	field := series.FieldName(v.Name)
	text, known := class[field]
	switch {
	case known && text != v.IsText():
		return fmt.Sprintf("value %q is %s for class %q, and %s here", v.Name, typeName(text), name, typeName(v.IsText()))
	case known:
		return ""
	case len(class) >= s.max:
		return fmt.Sprintf("value %q would be a name more than the %d allowed for class %q (store.max_fields)", v.Name, s.max, name)
	}
	class[strings.Clone(field)] = v.IsText()
	return ""
}

func typeName(text bool) string {
	if text {
		return "a text"
	}
	return "a number"
}
