package incident

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"citywatch"
)

// StormOptions say when so many alerts come that they are folded. A zero field
// takes its default.
type StormOptions struct {
	// PerOperator is how many new alerts one operator can take in Over.
	// Default 10 in 10m: a flood of alarms by EEMUA 191.
	PerOperator int           `yaml:"per_operator"`
	Over        time.Duration `yaml:"over"`
	// Operators is how many are on duty. Default 1.
	Operators int `yaml:"operators"`
	// Rows is the most that what there is folds into. Default 200.
	Rows int `yaml:"rows"`
}

// WithDefaults returns the options with the defaults for what is zero.
func (o StormOptions) WithDefaults() StormOptions {
	o.PerOperator = cmp.Or(o.PerOperator, 10)
	o.Over = cmp.Or(o.Over, 10*time.Minute)
	o.Operators = cmp.Or(o.Operators, 1)
	o.Rows = cmp.Or(o.Rows, 200)
	return o
}

// Problems returns what is wrong with the options.
func (o StormOptions) Problems() []citywatch.Problem {
	var ps []citywatch.Problem
	report := func(path, message, hint string) {
		ps = append(ps, citywatch.Problem{Path: path, Message: message, Hint: hint})
	}
	if o.PerOperator < 0 {
		report("$.per_operator", "is negative", "leave it out for 10")
	}
	if o.Operators < 0 {
		report("$.operators", "is negative", "how many are on duty at once")
	}
	if o.Over < 0 || o.Over > 0 && o.Over < time.Minute || o.Over > 24*time.Hour {
		report("$.over", "is not between 1m and 24h", "leave it out for 10m")
	}
	if o.Rows < 0 || o.Rows == 1 {
		report("$.rows", "is less than 2", "leave it out for 200")
	}
	return ps
}

// A storm counts the alerts that come, and remembers of each fold what it has
// called people for. All that it does follows from the times of transitions:
// advancing in two steps is the same as in one.
type storm struct {
	options StormOptions
	on      bool
	since   time.Time
	// recent are how many alerts came in each second, oldest first.
	recent []second
	sum    int
	folds  map[string]*fold
}

type second struct {
	Unix  int64 `json:"unix"`
	Count int   `json:"count"`
}

// A fold is the alerts of one row.
type fold struct {
	open int
	// max is the highest level that the row had since the storm began and it
	// was last empty.
	max     citywatch.Level
	sounded time.Time
}

func newStorm(o StormOptions) storm {
	return storm{options: o.WithDefaults(), folds: map[string]*fold{}}
}

func (s *storm) limit() int { return s.options.PerOperator * s.options.Operators }

// advance forgets what came too long ago, and ends the storm when no more than
// half of what began it is left: at the limit itself it would come and go.
func (s *storm) advance(now time.Time) {
	gone, sum, on := s.at(now)
	s.recent, s.sum = slices.Delete(s.recent, 0, gone), sum
	if s.on && !on {
		s.on, s.since = false, time.Time{}
	}
}

// at returns how it is at now if nothing comes until then: how many of the
// seconds are gone, how many alerts are left, and whether it is a storm still.
func (s *storm) at(now time.Time) (gone, sum int, on bool) {
	over := int64(s.options.Over / time.Second)
	sum, on = s.sum, s.on
	for gone < len(s.recent) && s.recent[gone].Unix+over <= now.Unix() {
		sum -= s.recent[gone].Count
		gone++
		on = on && sum > s.limit()/2
	}
	return gone, sum, on
}

// take counts a transition of a member, and returns whether it calls people.
func (s *storm) take(t *citywatch.Transition, m *member, wasOpen bool, wasLevel citywatch.Level, all map[string]*member) citywatch.Notice {
	f := s.folds[m.fold]
	if f == nil {
		f = &fold{}
		s.folds[m.fold] = f
	}
	switch {
	case m.Open && !wasOpen:
		f.open++
	case wasOpen && !m.Open:
		if f.open--; f.open == 0 {
			delete(s.folds, m.fold)
		}
	}
	if t.Alert.Version == 1 && !t.Alert.Retrospective {
		s.came(m.came.Unix())
	}
	if !s.on && s.sum > s.limit() {
		s.begin(m, wasOpen, wasLevel, all)
	}
	return s.notice(t, f)
}

func (s *storm) came(at int64) {
	s.sum++
	if n := len(s.recent); n > 0 && s.recent[n-1].Unix >= at {
		s.recent[n-1].Count++
		return
	}
	s.recent = append(s.recent, second{at, 1})
}

// begin takes what is there, but for the transition that began the storm, as
// what people have been called for.
func (s *storm) begin(now *member, wasOpen bool, wasLevel citywatch.Level, all map[string]*member) {
	s.on, s.since = true, now.Updated
	for _, f := range s.folds {
		f.max, f.sounded = citywatch.None, time.Time{}
	}
	for _, m := range all {
		level := m.Level
		if m == now {
			if level = wasLevel; !wasOpen {
				continue
			}
		}
		if f := s.folds[m.fold]; f != nil && m.Open {
			f.max = max(f.max, level)
		}
	}
}

// notice lets only a new highest level of a fold call people.
func (s *storm) notice(t *citywatch.Transition, f *fold) citywatch.Notice {
	if !s.on {
		return t.Notice
	}
	if t.Notice != citywatch.NoticeSound {
		return t.Notice
	}
	if t.Alert.Level <= f.max {
		return citywatch.NoticeQuiet
	}
	f.max, f.sounded = t.Alert.Level, t.At
	return t.Notice
}

// Storm returns whether there is a storm at now, and the open alerts folded
// into no more rows than Options say, worst first.
func (b *Book) Storm(now time.Time) citywatch.Storm {
	s := &b.storm
	_, recent, on := s.at(now)
	view := citywatch.Storm{
		On: on, Recent: recent, Limit: s.limit(), Over: s.options.Over.Seconds(), Rows: []citywatch.StormRow{},
	}
	if on {
		view.Since = s.since
	}
	rows := map[string]*stormRow{}
	for _, m := range b.members {
		if !m.Open {
			continue
		}
		view.Open++
		r := rows[m.fold]
		if r == nil {
			kind, id, _ := strings.Cut(m.fold, "/")
			r = &stormRow{StormRow: citywatch.StormRow{Key: m.fold, Kind: kind, ID: id}}
			if f := s.folds[m.fold]; f != nil {
				r.Sounded = f.sounded
			}
			rows[m.fold] = r
		}
		r.add(m)
	}
	for _, r := range rows {
		view.Rows = append(view.Rows, r.StormRow)
	}
	slices.SortFunc(view.Rows, func(x, y citywatch.StormRow) int {
		return cmp.Or(cmp.Compare(y.Level, x.Level), cmp.Compare(y.Count, x.Count), strings.Compare(x.Key, y.Key))
	})
	view.Rows = bounded(view.Rows, s.options.Rows)
	return view
}

// A stormRow is a row while it is being made.
type stormRow struct {
	citywatch.StormRow
	newest uint64
}

func (r *stormRow) add(m *member) {
	r.Count++
	if m.Handling == citywatch.New {
		r.New++
	}
	r.Level = max(r.Level, m.Level)
	if m.Level.Valid() {
		r.Levels[m.Level-1]++
	}
	if m.number > r.newest {
		r.newest, r.Newest, r.At, r.Position = m.number, m.ID, m.came, m.Position
	}
}

// restKey is the key of the row that holds what has no row of its own.
const restKey = "rest/"

// bounded folds the least of the rows into one, so that there are no more than
// limit.
func bounded(rows []citywatch.StormRow, limit int) []citywatch.StormRow {
	if len(rows) <= limit {
		return rows
	}
	rest := citywatch.StormRow{Key: restKey, Kind: "rest"}
	kept := rows[:0:0]
	for _, r := range rows {
		if len(kept) < limit-1 && r.Key != restKey {
			kept = append(kept, r)
			continue
		}
		rest.Count, rest.New, rest.Level = rest.Count+r.Count, rest.New+r.New, max(rest.Level, r.Level)
		for i, n := range r.Levels {
			rest.Levels[i] += n
		}
		if r.At.After(rest.At) {
			rest.Newest, rest.At, rest.Position = r.Newest, r.At, r.Position
		}
		if r.Sounded.After(rest.Sounded) {
			rest.Sounded = r.Sounded
		}
	}
	return append(kept, rest)
}
