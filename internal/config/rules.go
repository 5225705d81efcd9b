package config

import (
	"citywatch/alerts"
	"citywatch/internal/strictyaml"
)

// rules needs the devices.
func (l *loader) rules(site *Site) {
	var sources []alerts.Source
	whole := true
	add := func(path, file string) {
		data, ok := l.read(path, file)
		whole = whole && ok
		sources = append(sources, alerts.Source{Name: file, Data: data})
	}
	named := site.Config.Rules
	if named.File != "" {
		add("$.rules.file", named.File)
	}
	for i, file := range named.Files {
		if file == "" {
			l.report(strictyaml.Index("$.rules.files", i), "name a file, or take the line out", "no file is named")
			continue
		}
		add(strictyaml.Index("$.rules.files", i), file)
	}
	if !whole {
		return // a rule that cannot be read would be missed by others
	}
	rules, faults := alerts.ParseAll(sources, site.catalogue())
	for _, f := range faults {
		l.problems.add(f.Source, f.Document, f.Problems)
	}
	site.Rules = rules
}

// ReadRules reads the files of rules once more, for the devices that there
// are. The error is Problems if something is wrong with what is in them. It
// leaves the site's Rules as they are.
func (s *Site) ReadRules() (*alerts.Rules, error) {
	l := s.source
	l.problems = nil
	read := *s
	l.rules(&read)
	if len(l.problems) > 0 {
		return nil, l.problems.sorted()
	}
	return read.Rules, nil
}

// catalogue is what rules may be about.
func (s *Site) catalogue() alerts.Catalogue {
	return alerts.Catalogue{Classes: s.Classes, Devices: s.Devices, Zones: s.Zones, TimeZone: s.Province.TimeZone}
}

// ParseRules reads rules that are not in force, for the devices that there are.
// The error is Problems if something is wrong with what is in them.
func (s *Site) ParseRules(sources []alerts.Source) (*alerts.Rules, error) {
	rules, faults := alerts.ParseAll(sources, s.catalogue())
	if len(faults) == 0 {
		return rules, nil
	}
	var problems Problems
	for _, f := range faults {
		problems.add(f.Source, f.Document, f.Problems)
	}
	return nil, problems.sorted()
}
