package play

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"citywatch"
	"citywatch/internal/registry"
	"citywatch/internal/strictyaml"
)

// A Mapping says what the columns of a CSV file mean. Columns are named by
// their headings.
type Mapping struct {
	// Separator stands between two columns; empty is a comma.
	Separator string `yaml:"separator"`
	// Where keeps only the rows that have these texts in these columns.
	Where map[string]string `yaml:"where"`
	// Device is the column that tells the stations apart. Their ids are its
	// texts in plain ASCII: Củng Sơn becomes cung-son.
	Device string `yaml:"device"`
	// Name is the column of the station's name for people; empty is Device.
	Name string `yaml:"name"`
	// Alias is the column of another id of the station; it may be empty.
	Alias string `yaml:"alias"`
	// Longitude and Latitude are the columns of its position.
	Longitude string `yaml:"longitude"`
	Latitude  string `yaml:"latitude"`
	// Time is when a row was measured.
	Time TimeColumn `yaml:"time"`
	// Values are the columns of what was measured, by the value's name in
	// readings. An empty field is no value.
	Values map[string]string `yaml:"values"`
	// Bounds are the columns of the station's own alarm table, by the value's
	// name and the level. An empty field is a level that is not configured.
	Bounds map[string]map[citywatch.Level]string `yaml:"bounds"`
	// Answer is the column of the level that the data's publisher computed.
	Answer AnswerColumn `yaml:"answer"`
	// Class is the class of all the devices.
	Class registry.ClassEntry `yaml:"class"`
	// Topic is where they publish; {device}, {class} and {sector} are filled
	// in. Empty is city/{sector}/{device}.
	Topic string `yaml:"topic"`
}

// A TimeColumn says how times are written.
type TimeColumn struct {
	Column string `yaml:"column"`
	// Layout is Go's reference time, Mon Jan 2 15:04:05 2006, as the column
	// would write it; empty is RFC 3339.
	Layout string `yaml:"layout"`
	// Zone is the time zone of times that do not name theirs: +07:00, or
	// Asia/Ho_Chi_Minh. Empty is UTC.
	Zone string `yaml:"zone"`
}

// An AnswerColumn holds levels that somebody else computed from the same
// values, to compare with.
type AnswerColumn struct {
	Column string `yaml:"column"`
	// Max cuts higher answers down to it; 0 is no cut.
	Max citywatch.Level `yaml:"max"`
}

//go:embed waterdashboard.yaml
var waterDashboard []byte

// WaterDashboard is the mapping, as a file, of the river and reservoir data
// that VnExpress Spotlight publishes: an example, and the default.
func WaterDashboard() []byte { return slices.Clone(waterDashboard) }

const (
	defaultTopic     = "city/{sector}/{device}"
	defaultSeparator = ","
)

// ParseMapping reads a mapping and returns every problem found in it.
func ParseMapping(src []byte) (Mapping, *strictyaml.Document, []citywatch.Problem) {
	m := Mapping{Topic: defaultTopic, Separator: defaultSeparator, Time: TimeColumn{Layout: time.RFC3339, Zone: "UTC"}}
	doc, problems := strictyaml.Decode(src, &m)
	if len(problems) == 0 {
		problems = m.Problems()
	}
	return m, doc, problems
}

// Problems returns what is wrong in the mapping, nil if it can be used. The
// class is not looked at: who reads the list of devices does.
func (m *Mapping) Problems() []citywatch.Problem {
	var problems []citywatch.Problem
	report := func(path, message, hint string) {
		problems = append(problems, citywatch.Problem{Path: path, Message: message, Hint: hint})
	}
	if utf8.RuneCountInString(m.Separator) != 1 || strings.ContainsAny(m.Separator, "\"\r\n") {
		report("$.separator", fmt.Sprintf("%q cannot separate columns", m.Separator), `one character, as in "," or ";"`)
	}
	for path, column := range map[string]string{"$.device": m.Device, "$.time.column": m.Time.Column} {
		if column == "" {
			report(path, "no column is named", "write the column's heading")
		}
	}
	if len(m.Values) == 0 {
		report("$.values", "no value is named", "values: {water_level: the column's heading}")
	}
	if (m.Longitude == "") != (m.Latitude == "") {
		report("$.longitude", "a position needs both a longitude and a latitude", "")
	}
	if _, err := m.Time.location(); err != nil {
		report("$.time.zone", err.Error(), "write +07:00, or Asia/Ho_Chi_Minh")
	}
	for value, table := range m.Bounds {
		for level := range table {
			if !level.Valid() {
				report(strictyaml.Key("$.bounds", value), fmt.Sprintf("there is no level %d", level), "levels go from 1 to 5")
			}
		}
	}
	if m.Answer.Max != 0 && !m.Answer.Max.Valid() {
		report("$.answer.max", fmt.Sprintf("there is no level %d", m.Answer.Max), "levels go from 1 to 5")
	}
	if err := checkTopic(m.Topic); err != nil {
		report("$.topic", err.Error(), "as in "+defaultTopic)
	}
	slices.SortFunc(problems, func(a, b citywatch.Problem) int { return strings.Compare(a.Path, b.Path) })
	return problems
}

// checkTopic refuses what a broker would hang up for, and what would have all
// the stations speak as one.
func checkTopic(topic string) error {
	switch {
	case !strings.Contains(topic, "{device}"):
		return fmt.Errorf("the topic %q is the same for every device", topic)
	case strings.ContainsAny(topic, "+#\x00 "):
		return fmt.Errorf("nothing can be published on the topic %q", topic)
	}
	return nil
}

// location returns the zone of times that name none.
func (c TimeColumn) location() (*time.Location, error) {
	if c.Zone == "" {
		return time.UTC, nil
	}
	if t, err := time.Parse("-07:00", c.Zone); err == nil {
		_, seconds := t.Zone()
		return time.FixedZone(c.Zone, seconds), nil
	}
	location, err := time.LoadLocation(c.Zone)
	if err != nil {
		return nil, fmt.Errorf("unknown time zone %q", c.Zone)
	}
	return location, nil
}
