package citywatch

import "time"

// A Replay is what rules would have done about what is stored of a time.
type Replay struct {
	// From is the first moment that it tells of, To the first after. Begins is
	// when what is stored begins, or what was read before From so that the rules
	// know it; zero if nothing is stored.
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Begins time.Time `json:"begins,omitzero"`
	// History is where it was read from: "journal" or "store".
	History string `json:"history"`
	// RulesHash and OtherHash tell the sets of rules apart.
	RulesHash string `json:"rules_hash"`
	OtherHash string `json:"other_hash,omitempty"`
	// Readings and Seconds say how many readings were judged and how long that
	// took.
	Readings int64   `json:"readings"`
	Seconds  float64 `json:"seconds"`

	// Rules stand in their order, then those that only the other set has.
	Rules []ReplayRule `json:"rules"`
	// Timeline is what would have happened, in order; of what is beyond a limit
	// only the number is kept.
	Timeline []ReplayEvent `json:"timeline"`
	Omitted  int           `json:"omitted"`
	// Diff is what the other rules would have done differently; nil where there
	// are none.
	Diff *ReplayDiff `json:"diff,omitempty"`
	// Notes say what the replay could not know.
	Notes []Text `json:"notes"`
}

// A ReplayRule is what one rule would have done.
type ReplayRule struct {
	Rule string `json:"rule"`
	Name Text   `json:"name"`
	// Counts is nil where only the other set has the rule, Other where there is
	// no other set or it does not have it.
	Counts *ReplayCounts `json:"counts,omitempty"`
	Other  *ReplayCounts `json:"other,omitempty"`
}

// ReplayCounts are what one rule would have done, in numbers.
type ReplayCounts struct {
	// Alerts are those raised in the time, Levels how many of them reached which
	// level at most.
	Alerts int           `json:"alerts"`
	Levels map[Level]int `json:"levels"`
	// Carried were raised before the time and went on in it.
	Carried int `json:"carried"`
	// Sound and Quiet are how often people would have been called, or told.
	Sound int `json:"sound"`
	Quiet int `json:"quiet"`
	// Hours is how long, in all, alerts were active.
	Hours float64 `json:"hours"`
	// Retrospective are those that were over when their data came.
	Retrospective int `json:"retrospective"`
}

// A ReplayEvent is one change of one alert.
type ReplayEvent struct {
	Time   time.Time `json:"time"`
	Alert  string    `json:"alert"`
	Rule   string    `json:"rule"`
	Name   Text      `json:"name"`
	Of     string    `json:"of"`
	Zone   string    `json:"zone,omitempty"`
	Level  Level     `json:"level"`
	Reason Reason    `json:"reason"`
	Notice Notice    `json:"notice,omitempty"`
	// Why is what was measured, and the bound that it was held against.
	Why string `json:"why,omitempty"`
}

// A ReplayDiff is what other rules would have done differently.
type ReplayDiff struct {
	// Same is how many alerts are the same in both.
	Same int `json:"same"`
	// Differences are in the order of time; Omitted are beyond a limit.
	Differences []ReplayDifference `json:"differences"`
	Omitted     int                `json:"omitted"`
}

// A ReplayChange is how the other rules differ about one alert.
type ReplayChange string

// The changes. An alert that differs in several ways has the first that fits.
const (
	ReplayGone    ReplayChange = "gone"    // only the rules have it
	ReplayNew     ReplayChange = "new"     // only the other rules have it
	ReplayHigher  ReplayChange = "higher"  // reaches a higher level with the others
	ReplayLower   ReplayChange = "lower"   // a lower one
	ReplayEarlier ReplayChange = "earlier" // begins earlier with the others
	ReplayLater   ReplayChange = "later"
	ReplayLonger  ReplayChange = "longer" // is active for longer with the others
	ReplayShorter ReplayChange = "shorter"
)

// A ReplayDifference is one alert about which two sets of rules differ.
type ReplayDifference struct {
	Change ReplayChange `json:"change"`
	Rule   string       `json:"rule"`
	Name   Text         `json:"name"`
	Of     string       `json:"of"`
	Zone   string       `json:"zone,omitempty"`
	// Before is the alert by the rules, After by the others; nil where there is
	// none.
	Before *ReplayAlert `json:"before,omitempty"`
	After  *ReplayAlert `json:"after,omitempty"`
}

// A ReplayAlert is one alert as a replay sees it.
type ReplayAlert struct {
	ID string `json:"id"`
	// Raised is when people would have learned of it, Ended when it was over;
	// zero if it was not by the end.
	Raised time.Time `json:"raised"`
	Ended  time.Time `json:"ended,omitzero"`
	// Level is the highest.
	Level         Level   `json:"level"`
	Hours         float64 `json:"hours"`
	Retrospective bool    `json:"retrospective,omitempty"`
}
