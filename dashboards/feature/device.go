package feature

import (
	"time"

	"citywatch"
)

// DeviceProperties is what is said of a device besides its place.
type DeviceProperties struct {
	ID     string           `json:"id"`
	Name   string           `json:"name"`
	Class  string           `json:"class"`
	Zone   string           `json:"zone"`
	Sector citywatch.Sector `json:"sector"`
	// State is the freshness, or "alarm" while an open alert rests on the
	// device. There is no "normal": a device that reports is not thereby
	// well.
	State     string              `json:"state"`
	Level     citywatch.Level     `json:"level"`
	Freshness citywatch.Freshness `json:"freshness"`
	// Heard is when its last reading arrived, Time when the newest of its
	// values was measured, Age how many seconds before the answer's time
	// that was. All three are absent for a device that was never heard.
	Heard *time.Time `json:"heard,omitempty"`
	Time  *time.Time `json:"time,omitempty"`
	Age   *float64   `json:"age,omitempty"`
	// Period is the expected number of seconds between two readings.
	Period float64            `json:"period"`
	Values []ValueProperties  `json:"values"`
	Bounds map[string][]Bound `json:"bounds,omitempty"`
	Auto   bool               `json:"auto,omitempty"`
	// Indicator says that it is a figure of another system: see /indicators.
	Indicator bool `json:"indicator,omitempty"`
}

// ValueProperties is the last known value of one quantity.
type ValueProperties struct {
	Value    string          `json:"value"`
	Label    *citywatch.Text `json:"label,omitempty"`
	Number   *float64        `json:"number,omitempty"`
	Text     string          `json:"text,omitempty"`
	Unit     string          `json:"unit,omitempty"`
	Decimals int             `json:"decimals"`
	Time     time.Time       `json:"time"`
	Age      *float64        `json:"age,omitempty"`
}

// A Bound is where a level begins; null says that the level is known to exist
// but not configured.
type Bound struct {
	Level citywatch.Level `json:"level"`
	Bound *float64        `json:"bound"`
}

// StateAlarm is the state of a device on which an open alert rests.
const StateAlarm = "alarm"

// Devices makes the Features of devices. Its fields must not change while it
// is in use.
type Devices struct {
	// Classes by id give values their label, unit and order.
	Classes map[string]citywatch.Class
	// Levels is the highest level of the open alerts of each device.
	Levels map[string]citywatch.Level
	// Now is the time for which freshness and ages are computed.
	Now time.Time
	// NoAges leaves ages out: what is sent once and kept for long would lie.
	NoAges bool
}

// Levels returns the highest level of the alerts that are open and not yet
// back to normal, by device.
func Levels(alerts []citywatch.Alert) map[string]citywatch.Level {
	levels := make(map[string]citywatch.Level, len(alerts))
	for i := range alerts {
		a := &alerts[i]
		if a.Open() && a.Condition != citywatch.Normal {
			levels[a.Device] = max(levels[a.Device], a.Level)
		}
	}
	return levels
}

// Feature returns the Feature of one device.
func (e *Devices) Feature(s *citywatch.DeviceState) Feature[DeviceProperties] {
	d := s.Device
	p := DeviceProperties{
		ID: d.ID, Name: d.Name, Class: d.Class, Zone: d.Zone, Sector: d.Sector,
		Level: e.Levels[d.ID], Freshness: s.Freshness(e.Now),
		Period: d.Period.Seconds(), Values: e.values(s), Bounds: bounds(d.Bounds), Auto: d.Auto, Indicator: d.Indicator != nil,
	}
	p.State = string(p.Freshness)
	if p.Level != citywatch.None {
		p.State = StateAlarm
	}
	if !s.Heard.IsZero() {
		heard := s.Heard
		p.Heard = &heard
	}
	for i := range p.Values {
		if p.Time == nil || p.Values[i].Time.After(*p.Time) {
			p.Time, p.Age = &p.Values[i].Time, p.Values[i].Age
		}
	}
	return Feature[DeviceProperties]{ID: d.ID, Geometry: place(d.Position), Properties: p}
}

// values lists the class's quantities first, in their order, then the others.
func (e *Devices) values(s *citywatch.DeviceState) []ValueProperties {
	quantities := e.Classes[s.Device.Class].Quantities
	out := make([]ValueProperties, 0, len(s.Values))
	for i := range quantities {
		for j := range s.Values {
			if s.Values[j].Name == quantities[i].Value {
				out = append(out, e.value(&s.Values[j], &quantities[i]))
			}
		}
	}
	if len(out) == len(s.Values) {
		return out
	}
	for j := range s.Values {
		if !described(quantities, s.Values[j].Name) {
			out = append(out, e.value(&s.Values[j], nil))
		}
	}
	return out
}

func described(quantities []citywatch.Quantity, name string) bool {
	for i := range quantities {
		if quantities[i].Value == name {
			return true
		}
	}
	return false
}

// undescribedDecimals is how many decimals a value is shown with that its
// class does not describe.
const undescribedDecimals = 2

func (e *Devices) value(v *citywatch.LastValue, q *citywatch.Quantity) ValueProperties {
	p := ValueProperties{
		Value: v.Name, Text: v.Text, Time: v.Time,
		Decimals: undescribedDecimals,
	}
	if !e.NoAges {
		age := e.Now.Sub(v.Time).Seconds()
		p.Age = &age
	}
	if !v.IsText() {
		p.Number = &v.Number
	}
	if q != nil {
		p.Label, p.Unit, p.Decimals = &q.Name, q.Unit, q.Decimals
	}
	return p
}

func bounds(byValue map[string]citywatch.Bounds) map[string][]Bound {
	if len(byValue) == 0 {
		return nil
	}
	out := make(map[string][]Bound, len(byValue))
	for value, table := range byValue {
		list := make([]Bound, 0, len(table))
		for level := citywatch.MinLevel; level <= citywatch.MaxLevel; level++ {
			if bound, known := table[level]; known {
				list = append(list, Bound{Level: level, Bound: bound})
			}
		}
		out[value] = list
	}
	return out
}
