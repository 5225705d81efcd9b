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
	rules, faults := alerts.ParseAll(sources, alerts.Catalogue{
		Classes: site.Classes, Devices: site.Devices, Zones: site.Zones,
		TimeZone: site.Province.TimeZone,
	})
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
