package citywatch

import (
	"time"

	"github.com/paulmach/orb"
)

// A Reading is what one device measured at one time.
//
// A Reading that has passed ingest is complete: it has a device, a class, at
// least one value, and both times. Its strings and slices are shared between
// readers and must not be changed.
type Reading struct {
	// Device is the id of the device that measured it.
	Device string
	// Class, Zone and Sector are the device's, as they were on arrival.
	// Zone is empty for a device whose position is not known.
	Class, Zone, Sector string

	// Time is when it was measured. Where the device sent no time it is
	// Arrived, and TimeAssumed is true.
	Time        time.Time
	TimeAssumed bool
	// Arrived is when citywatch received it, by this machine's clock.
	Arrived time.Time

	// Values are sorted by name; a name occurs once.
	Values []Value
	// Position is where it was measured, for devices that say so themselves.
	Position *orb.Point
}

// A Value is one named quantity of a Reading: a number or a text.
//
// Numbers are finite. Their unit is the class's (a UCUM code), never part of
// the value. A true or false of the wire is the number 1 or 0.
type Value struct {
	Name   string
	Number float64
	// Text is set for a text value, and then Number is 0. A text value is
	// never empty.
	Text string
}

// IsText reports whether v is a text, not a number.
func (v Value) IsText() bool { return v.Text != "" }

// Number returns the named numeric value, and whether the reading has it.
func (r *Reading) Number(name string) (float64, bool) {
	for i := range r.Values {
		if r.Values[i].Name == name && !r.Values[i].IsText() {
			return r.Values[i].Number, true
		}
	}
	return 0, false
}

// Text returns the named text value, and whether the reading has it.
func (r *Reading) Text(name string) (string, bool) {
	for i := range r.Values {
		if r.Values[i].Name == name && r.Values[i].IsText() {
			return r.Values[i].Text, true
		}
	}
	return "", false
}
