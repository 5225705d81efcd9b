package citywatch

import (
	"time"

	"github.com/paulmach/orb"
)

// A Level is how severe something is, from 1 to 5: the disaster risk levels of
// Decision 18/2021/QĐ-TTg. None is below all of them.
type Level int

// The levels' bounds.
const (
	None     Level = 0
	MinLevel Level = 1
	MaxLevel Level = 5
)

// Valid reports whether l is one of the five levels.
func (l Level) Valid() bool { return l >= MinLevel && l <= MaxLevel }

// A Condition is what the engine knows of the thing an alert is about. It is
// moved by readings and by time, never by people.
type Condition string

// The conditions, in the order in which an alert passes through them.
const (
	Normal     Condition = "normal"
	Pending    Condition = "pending"    // true, but not yet for long enough
	Active     Condition = "active"     // true
	Recovering Condition = "recovering" // no longer true, but not yet for long enough
)

// A Handling is what people have done about an alert. It is moved by people,
// and back to New by a rise in level.
type Handling string

// The stages of handling.
const (
	New          Handling = "new"
	Acknowledged Handling = "acknowledged"
	Dispatched   Handling = "dispatched"
	OnScene      Handling = "on_scene"
	Contained    Handling = "contained"
	Closed       Handling = "closed"
	FalseAlarm   Handling = "false_alarm"
)

// Evidence is one measured value that an alert rests on.
type Evidence struct {
	Device string    `json:"device"`
	Value  string    `json:"value"`
	Number float64   `json:"number"`
	Text   string    `json:"text,omitempty"`
	Unit   string    `json:"unit,omitempty"`
	Time   time.Time `json:"time"`
	// Bound is the threshold that Number was held against, where there is one.
	Bound *float64 `json:"bound,omitempty"`
	// Fn says how Number was made where it is not the measured value itself:
	// "rate" (per hour), "sum", "unchanged", or of several devices "max",
	// "mean" or "p90"; Over is the time, in seconds,
	// that it was made over.
	Fn   string  `json:"fn,omitempty"`
	Over float64 `json:"over,omitempty"`
}

// ExerciseMark is what every text of an exercise begins with, in whatever
// language the rest of it is.
const ExerciseMark = "DIỄN TẬP"

// An Alert is one occurrence of a rule's condition at one place, from the
// moment it became active until people closed it.
type Alert struct {
	// ID is unique for all time: rule, key and occurrence.
	ID string `json:"id"`
	// Rule is the id of the rule that raised it, RuleHash the content hash of
	// that rule as it was then.
	Rule     string `json:"rule"`
	RuleHash string `json:"rule_hash"`
	// Name is the rule's name for people.
	Name   Text   `json:"name"`
	Hazard string `json:"hazard"`

	// Device is empty where the alert is of a whole zone.
	Device   string    `json:"device"`
	Zone     string    `json:"zone"`
	Sector   Sector    `json:"sector"`
	Position orb.Point `json:"position"`

	Level     Level     `json:"level"`
	Condition Condition `json:"condition"`
	Handling  Handling  `json:"handling"`
	// HandledBy is who moved Handling last; empty while nobody has.
	HandledBy string `json:"handled_by,omitempty"`
	// Stale is set while the data that the alert rests on does not come: the
	// alert is held as it was last known.
	Stale bool `json:"stale"`
	// ToVerify is set while nothing of another kind confirms it.
	ToVerify bool `json:"to_verify,omitempty"`
	// Retrospective is set for what was over already when its data came: it
	// is to be known, and nobody is called.
	Retrospective bool `json:"retrospective,omitempty"`
	// Assigned is the team that it was given to.
	Assigned string `json:"assigned,omitempty"`
	// Escalation counts the steps of its chain that were taken because nobody
	// had seen it.
	Escalation int `json:"escalation,omitempty"`
	// Promises are what people said would be done by a time.
	Promises []Promise `json:"promises,omitempty"`
	// Maintenance is set for an alert that stands for work on a device.
	Maintenance *Maintenance `json:"maintenance,omitempty"`
	Overlay

	// Since is when the condition began, by the measured times.
	Since time.Time `json:"since"`
	// Updated is when it last changed, by the engine's clock.
	Updated time.Time `json:"updated"`
	// Version counts the transitions of this alert, from 1.
	Version  int        `json:"version"`
	Evidence []Evidence `json:"evidence"`
	Incident string     `json:"incident,omitempty"`
	// Exercise is set for an alert of a drill: nothing of it is real.
	Exercise bool `json:"exercise,omitempty"`
}

// An Overlay says why nobody is called about an alert. It hides no state: the
// alert's condition and level go on beneath it.
type Overlay struct {
	// Shelved is set while somebody has put the alert aside, until a time.
	Shelved *Shelf `json:"shelved,omitempty"`
	// SuppressedBy is the id of the alert that explains this one.
	SuppressedBy string `json:"suppressed_by,omitempty"`
	// OutOfService is set while the device is being worked on.
	OutOfService bool `json:"out_of_service,omitempty"`
	// Flapping is set while the condition changes so often that each change
	// says nothing.
	Flapping bool `json:"flapping,omitempty"`
}

// A Promise is a note of something to be done by a time.
type Promise struct {
	Due  time.Time `json:"due"`
	By   string    `json:"by"`
	Note string    `json:"note"`
}

// A Maintenance is the time in which a device is worked on, so that nobody is
// called about it. It is planned where From is yet to come; without an Until it
// lasts until somebody ends it.
type Maintenance struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until,omitzero"`
}

// A Shelf is where an alert is put aside.
type Shelf struct {
	Until  time.Time `json:"until"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
}

// Quiet reports whether the overlay keeps people from being called.
func (o *Overlay) Quiet() bool {
	return o.Shelved != nil || o.SuppressedBy != "" || o.OutOfService || o.Flapping
}

// Of returns what the alert is of: its device, or its zone where it is of no
// single one.
func (a *Alert) Of() string {
	if a.Device == "" {
		return a.Zone
	}
	return a.Device
}

// Open reports whether the alert still needs somebody: it is not closed, and
// it is not both over and seen. While a team is out it is open, for somebody
// has to say that the team is back.
func (a *Alert) Open() bool {
	switch a.Handling {
	case Closed, FalseAlarm:
		return false
	case Acknowledged:
		return a.Condition != Normal
	}
	return true
}

// A Standing is how an alert stands: all of it that a transition may change, but
// for the evidence.
type Standing struct {
	Level     Level     `json:"level"`
	Condition Condition `json:"condition"`
	Handling  Handling  `json:"handling"`
	HandledBy string    `json:"handled_by,omitempty"`
	Stale     bool      `json:"stale,omitempty"`
	ToVerify  bool      `json:"to_verify,omitempty"`
	Assigned  string    `json:"assigned,omitempty"`
	// Maintenance is as in Alert.
	Maintenance *Maintenance `json:"maintenance,omitempty"`
	Overlay
}

// Standing returns how the alert stands.
func (a *Alert) Standing() Standing {
	return Standing{
		Level: a.Level, Condition: a.Condition, Handling: a.Handling, HandledBy: a.HandledBy,
		Stale: a.Stale, ToVerify: a.ToVerify, Assigned: a.Assigned, Maintenance: a.Maintenance, Overlay: a.Overlay,
	}
}

// A Reason says what moved an alert.
type Reason string

// The reasons for a transition.
const (
	ReasonFired        Reason = "fired"        // became active
	ReasonRaised       Reason = "raised"       // rose to a higher level
	ReasonLowered      Reason = "lowered"      // fell to a lower level
	ReasonRecovering   Reason = "recovering"   // no longer true, being watched
	ReasonRelapsed     Reason = "relapsed"     // true again while recovering
	ReasonRecovered    Reason = "recovered"    // back to normal
	ReasonStale        Reason = "stale"        // its data stopped coming
	ReasonFreshAgain   Reason = "fresh_again"  // its data is back
	ReasonAcknowledged Reason = "acknowledged" // somebody has seen it
	ReasonAssigned     Reason = "assigned"     // given to a team
	ReasonDispatched   Reason = "dispatched"   // a team is on its way
	ReasonOnScene      Reason = "on_scene"     // a team is there
	ReasonContained    Reason = "contained"    // no longer spreading
	ReasonClosed       Reason = "closed"       // nothing is left to do
	ReasonFalseAlarm   Reason = "false_alarm"  // there was nothing
	ReasonNoted        Reason = "noted"        // somebody wrote a note
	ReasonShelved      Reason = "shelved"      // put aside until a time
	ReasonUnshelved    Reason = "unshelved"    // taken up again, or the time is over
	ReasonSuppressed   Reason = "suppressed"   // another alert explains it
	ReasonUnsuppressed Reason = "unsuppressed" // nothing explains it any more
	// The device is being worked on, or no longer.
	ReasonOutOfService  Reason = "out_of_service"
	ReasonBackInService Reason = "back_in_service"
	ReasonFlapping      Reason = "flapping"   // changes too often
	ReasonSteady        Reason = "steady"     // no longer changes too often
	ReasonConfirmed     Reason = "confirmed"  // something of another kind says so too
	ReasonWitnessed     Reason = "witnessed"  // one more device says so
	ReasonEscalated     Reason = "escalated"  // nobody has seen it in time
	ReasonLooksBack     Reason = "looks_back" // what came late shows that it was so
)

// A Notice says whether a transition calls people.
type Notice string

// The notices.
const (
	NoticeNone  Notice = ""      // nobody is called
	NoticeQuiet Notice = "quiet" // it is to be seen, when somebody looks
	NoticeSound Notice = "sound" // somebody is to look now
)

// A Transition is one change of one alert. Transitions are the only way in
// which an alert changes.
type Transition struct {
	// ID is the same however often the transition is computed anew: alert id
	// and version. Readers that have seen it do nothing.
	ID string `json:"id"`
	// Seq is its place in the journal's transitions, given by the journal.
	Seq uint64 `json:"-"`
	// At is when it happened, by the engine's clock.
	At     time.Time `json:"at"`
	Reason Reason    `json:"reason"`
	// Actor is who did it; empty for the engine.
	Actor string `json:"actor,omitempty"`
	// Pressed is when the actor did it, where that was told later: a phone
	// without signal keeps what is pressed until it has one.
	Pressed time.Time `json:"pressed,omitzero"`
	// Request is the key under which the actor's request came; the same key
	// once more is the same request.
	Request string `json:"request,omitempty"`
	// Note is what the actor wrote, or why.
	Note string `json:"note,omitempty"`
	// To is the team that it was given to, or who is called next.
	To string `json:"to,omitempty"`
	// Notice says whether people are called.
	Notice Notice `json:"notice,omitempty"`
	// Before is how the alert stood; zero where it is the first transition.
	Before Standing `json:"before,omitzero"`
	// Backlog says what came late, where that is what moved the alert.
	Backlog *Backlog `json:"backlog,omitempty"`
	// Alert is the alert after the transition.
	Alert Alert `json:"alert"`
	// State is the engine's own memory of the alert's key after the
	// transition, so that the journal alone can restore it.
	State []byte `json:"state,omitempty"`
}

// A Backlog is what came of one device long after it was measured, as when a
// gateway sends what it kept: so many readings, and the worst of them.
type Backlog struct {
	Readings int `json:"readings"`
	// From and To are when the first and the last of them were measured.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Level is the highest level that was not known of, None if there is none,
	// and Since is when it began.
	Level Level     `json:"level,omitempty"`
	Since time.Time `json:"since,omitzero"`
	// Peak is the worst that was measured, nil if nothing was bad.
	Peak *Evidence `json:"peak,omitempty"`
}
