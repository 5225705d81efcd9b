package citywatch

import (
	"time"

	"github.com/paulmach/orb"
)

// Text is a name or sentence shown to people, in Vietnamese and in English.
type Text struct {
	VI string `yaml:"vi" json:"vi"`
	EN string `yaml:"en" json:"en"`
}

// A Sector is the part of the centre's work that a device or alert belongs to.
type Sector string

// The sectors of a centre.
const (
	SectorDisaster    Sector = "disaster"
	SectorFire        Sector = "fire"
	SectorTraffic     Sector = "traffic"
	SectorTourism     Sector = "tourism"
	SectorEnvironment Sector = "environment"
	// SectorServices is what the administration does for citizens; only
	// indicators are of it.
	SectorServices Sector = "services"
)

// Sectors returns every sector, in the order in which pages show them.
func Sectors() []Sector {
	return []Sector{SectorDisaster, SectorFire, SectorTraffic, SectorTourism, SectorEnvironment, SectorServices}
}

// A Class is a kind of device: every river gauge, every smoke detector. Its ID
// is the measurement name in the store.
type Class struct {
	ID     string
	Name   Text
	Sector Sector
	// Period is the expected time between two readings of a device of this
	// class, unless the device has its own.
	Period time.Duration
	// Quantities are the values that pages show, in their order. A device may
	// send others: they are stored, not shown.
	Quantities []Quantity
}

// A Quantity describes one value of a class.
type Quantity struct {
	// Value is its name in readings.
	Value string
	Name  Text
	// Unit is a UCUM code: m, mm, Cel, %, ug/m3, km/h.
	Unit string
	// Decimals is how many of them people are shown.
	Decimals int
}

// A Device is one registered sensor, panel or counter.
type Device struct {
	ID     string
	Name   string
	Class  string
	Sector Sector
	// Aliases are other ids under which it publishes: a DevEUI, a serial
	// number.
	Aliases []string
	// Zone is the id of the zone that holds Position.
	Zone string
	// Position is longitude, latitude (WGS 84).
	Position orb.Point
	// Period is the expected time between two readings.
	Period time.Duration
	// Bounds are the station's own alarm levels, by value name: a gauge's
	// flood alarm table.
	Bounds map[string]Bounds
	// Via is the id of the device that it is reached through: a gateway, a
	// radio link, or what stands for a whole site; empty where nobody has said
	// so. When that is silent, this one's silence is no news.
	Via string
	// River is the river that a gauge stands at, Downstream the id of the next
	// gauge down the river, Basin the basin that what it measures drains to.
	// Each is empty where nobody has said so.
	River, Downstream, Basin string
	// Indicator is set for a figure of a system that the centre does not run:
	// the "device" is that system, and what it measures the first quantity of
	// its class. It has no position.
	Indicator *Indicator
	// Auto is set for a device that registered itself by publishing; it has
	// no position and no zone.
	Auto bool
}

// Own reports whether the device's readings are made by citywatch, about itself
// or about cameras.
func (d *Device) Own() bool {
	switch d.Class {
	case SystemClass, CanaryClass, CameraHealthClass, CameraGatewayClass, CameraRecorderClass:
		return true
	}
	return false
}

// An Indicator is what is known of a figure of a system that the centre does not
// run itself.
type Indicator struct {
	// Target is what it should reach; nil where nobody has said so.
	Target *float64
	// Better says on which side of the target it is well.
	Better Better
	// Owner answers for it, Source is the system that it comes from.
	Owner, Source string
}

// Better says on which side of its target a figure is well.
type Better string

// The sides of a target.
const (
	Higher Better = "higher"
	Lower  Better = "lower"
)

// Met reports whether a figure reaches the target. Without one nothing is
// known of that.
func (i *Indicator) Met(figure float64) (met, known bool) {
	switch {
	case i.Target == nil:
		return false, false
	case i.Better == Lower:
		return figure <= *i.Target, true
	}
	return figure >= *i.Target, true
}

// Bounds is a table from a level to the value at which it begins. A nil value
// is a level that is known to exist but not configured: it is never guessed
// and never reached.
type Bounds map[Level]*float64

// A Zone is an administrative unit (a commune or ward) or another named area.
type Zone struct {
	ID       string
	Name     string
	Geometry orb.MultiPolygon
}

// Freshness says how far a device's last reading can be trusted to be current.
type Freshness string

// The freshness of a device.
const (
	// Fresh: the last reading is not older than twice the period.
	Fresh Freshness = "fresh"
	// Late: a reading was missed.
	Late Freshness = "late"
	// Silent: so many readings were missed that the value says nothing
	// about now.
	Silent Freshness = "silent"
	// Never: the device has not been heard since it was registered.
	Never Freshness = "never"
)

// lateAfter and silentAfter count periods without a reading.
const (
	lateAfter   = 2
	silentAfter = 5
)

// FreshnessAt tells the device's freshness when its last reading arrived age
// ago.
func (d *Device) FreshnessAt(age time.Duration) Freshness {
	switch {
	case age <= lateAfter*d.Period:
		return Fresh
	case age <= silentAfter*d.Period:
		return Late
	default:
		return Silent
	}
}

// A DeviceState is the last that is known of a device.
type DeviceState struct {
	Device *Device
	// Heard is when its last reading arrived; zero if none ever did.
	Heard time.Time
	// Values are the last of each value, sorted by name. Values that come in
	// different messages have different times.
	Values []LastValue
}

// A LastValue is the last known value of one quantity of a device.
type LastValue struct {
	Value
	// Time is when it was measured.
	Time time.Time
}

// Freshness tells how far the state can be trusted to be current at now.
func (s *DeviceState) Freshness(now time.Time) Freshness {
	if s.Heard.IsZero() {
		return Never
	}
	return s.Device.FreshnessAt(now.Sub(s.Heard))
}

// A Province is where the centre is.
type Province struct {
	ID   string
	Name string
	// TimeZone is the one in which people there read the clock.
	TimeZone *time.Location
	// Extent holds every zone and device of the province; what lies outside
	// is a mistake.
	Extent orb.Bound
}
