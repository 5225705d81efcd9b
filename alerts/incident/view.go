package incident

import (
	"cmp"
	"slices"

	"citywatch"
)

// Joins returns the joins that count.
func (b *Book) Joins() []Join { return slices.Clone(b.joins) }

// Join returns the join of a hazard.
func (b *Book) Join(hazard string) Join { return *find(b.joins, hazard) }

// Open returns the open incidents, worst first.
func (b *Book) Open() []citywatch.Incident {
	var open []citywatch.Incident
	for _, r := range b.inOrder() {
		if r.open > 0 {
			open = append(open, r.incident())
		}
	}
	slices.SortStableFunc(open, func(x, y citywatch.Incident) int {
		return cmp.Or(cmp.Compare(y.Level, x.Level), y.Updated.Compare(x.Updated))
	})
	return open
}

// Closed returns up to limit closed incidents that keep takes, the last closed
// first; a nil keep takes all.
func (b *Book) Closed(limit int, keep func(*citywatch.Incident) bool) []citywatch.Incident {
	var closed []citywatch.Incident
	for i := len(b.closed) - 1; i >= 0 && len(closed) < limit; i-- {
		in := b.closed[i].incident()
		if keep == nil || keep(&in) {
			closed = append(closed, in)
		}
	}
	return closed
}

// Past returns up to limit closed incidents of the same hazard at the same
// place as this one, or of any hazard at one of its devices; the last closed
// first.
func (b *Book) Past(id string, limit int) []citywatch.Incident {
	r := b.records[id]
	if r == nil {
		return nil
	}
	zones := map[string]bool{}
	for _, m := range r.members {
		if m.Zone != "" {
			zones[m.Zone] = true
		}
	}
	var past []citywatch.Incident
	for i := len(b.closed) - 1; i >= 0 && len(past) < limit; i-- {
		if other := b.closed[i]; other != r && other.wasAt(r, zones) {
			past = append(past, other.incident())
		}
	}
	return past
}

// wasAt reports whether it was where r is.
func (r *record) wasAt(at *record, zones map[string]bool) bool {
	return slices.ContainsFunc(r.members, func(m *member) bool {
		return at.places[m.Device] != nil || r.hazard == at.hazard && zones[m.Zone]
	})
}

// File returns all that is known of an incident but its checklist, and whether
// there is such an incident.
func (b *Book) File(id string) (citywatch.IncidentFile, bool) {
	r := b.records[id]
	if r == nil {
		return citywatch.IncidentFile{}, false
	}
	sorted := slices.Clone(r.members)
	slices.SortStableFunc(sorted, func(m, n *member) int {
		switch {
		case m.worse(n):
			return -1
		case n.worse(m):
			return 1
		}
		return 0
	})
	f := citywatch.IncidentFile{Incident: r.incident(), Timeline: slices.Clone(r.timeline), Skipped: r.skipped}
	for _, m := range sorted {
		f.Members = append(f.Members, m.IncidentAlert)
	}
	return f, true
}

// Rules returns the rules of an incident's alerts, in the order of joining.
func (b *Book) Rules(id string) []string {
	r := b.records[id]
	if r == nil {
		return nil
	}
	var rules []string
	for _, m := range r.members {
		if !slices.Contains(rules, m.Rule) {
			rules = append(rules, m.Rule)
		}
	}
	return rules
}

// Has reports whether there is such an incident.
func (b *Book) Has(id string) bool { return b.records[id] != nil }

// incident sums the record up.
func (r *record) incident() citywatch.Incident {
	in := citywatch.Incident{
		ID: r.id, Hazard: r.hazard, Open: r.open > 0, Updated: r.updated, Closed: r.closed, Version: r.version,
		Alerts: len(r.members), OpenAlerts: r.open, Devices: len(r.places),
		Zones: []string{}, Sectors: []citywatch.Sector{},
	}
	var worst *member
	for _, m := range r.members {
		in.Peak = max(in.Peak, m.Peak)
		if m.Open {
			in.Level = max(in.Level, m.Level)
		}
		if in.Since.IsZero() || m.Since.Before(in.Since) {
			in.Since = m.Since
		}
		if m.Zone != "" && !slices.Contains(in.Zones, m.Zone) {
			in.Zones = append(in.Zones, m.Zone)
		}
		if m.Sector != "" && !slices.Contains(in.Sectors, m.Sector) {
			in.Sectors = append(in.Sectors, m.Sector)
		}
		if m.Position != noPlace && (worst == nil || m.worse(worst)) {
			worst = m
		}
	}
	if worst != nil {
		in.Position = worst.Position
	}
	if !in.Open {
		in.Level = in.Peak
	}
	return in
}
