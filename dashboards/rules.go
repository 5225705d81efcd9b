package dashboards

import (
	"context"
	"net/http"
	"time"

	"citywatch"
)

// A Rule is an alert rule in force, as people are told of it.
type Rule struct {
	ID     string         `json:"id"`
	Name   citywatch.Text `json:"name"`
	Hazard string         `json:"hazard"`
	// Hash is that of its content: the rule_hash of the alerts that it raises.
	Hash string `json:"hash"`
	// File is where it stands, Version what that file calls its version.
	File    string `json:"file"`
	Version string `json:"version,omitempty"`
	// Detector is the kind of condition that it watches for.
	Detector string `json:"detector"`
	// Devices counts the listed ones of which it can say anything.
	Devices int `json:"devices"`
	// Unconfigured are its levels for which nobody has said where they begin.
	Unconfigured []UnconfiguredLevel `json:"unconfigured"`
}

// An UnconfiguredLevel is one that a rule or a station's table names without a
// bound. Level 0 is all of a station that has no table.
type UnconfiguredLevel struct {
	// Device is empty where the rule's own levels are meant.
	Device string          `json:"device,omitempty"`
	Value  string          `json:"value"`
	Level  citywatch.Level `json:"level"`
}

// A RuleBook is the rules in force.
type RuleBook struct {
	// Hash tells them from others, Since is since when they are in force.
	Hash  string    `json:"hash"`
	Since time.Time `json:"since"`
	Rules []Rule    `json:"rules"`
}

// rules are read from files, and once more when somebody has changed those.
type rules interface {
	Rules() RuleBook
	// ReloadRules reads the files once more. If the error is ErrRefused, what
	// is in the files is wrong and the rules before stay in force; the text
	// has a line for each thing to mend, with its file and line.
	ReloadRules(ctx context.Context) (RuleBook, error)
}

func (s *site) listRules(w http.ResponseWriter, r *http.Request) {
	if s.deps.Rules == nil {
		given(nil)(w, r)
		return
	}
	s.answer(w, r, s.deps.Rules.Rules())
}

// reloadTimeout bounds how long the engine may take to change its rules.
const reloadTimeout = 30 * time.Second

func (s *site) reloadRules(w http.ResponseWriter, r *http.Request) {
	if s.deps.Rules == nil {
		given(nil)(w, r)
		return
	}
	// Whoever asked may go away; what is begun is brought to its end.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), reloadTimeout)
	defer cancel()
	book, err := s.deps.Rules.ReloadRules(ctx)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, r, book)
}
