package replay

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"citywatch"
)

// near is how far apart two alerts of the same rule and place may lie and still
// be the same one, told of at another time.
const near = time.Hour

// compare says what the second book has otherwise than the first.
func compare(before, after *book, limit int) *citywatch.ReplayDiff {
	d := &citywatch.ReplayDiff{Differences: []citywatch.ReplayDifference{}}
	left, right := byPlace(before.over), byPlace(after.over)
	var all []citywatch.ReplayDifference
	for len(left) > 0 || len(right) > 0 {
		var a, b *story
		switch order := earlier(left, right); {
		case order < 0:
			a = left[0]
		case order > 0:
			b = right[0]
		default:
			a, b = left[0], right[0]
		}
		if a != nil {
			left = left[1:]
		}
		if b != nil {
			right = right[1:]
		}
		if change := differs(a, b); change == "" {
			d.Same++
		} else {
			all = append(all, difference(change, a, b))
		}
	}
	slices.SortStableFunc(all, func(a, b citywatch.ReplayDifference) int { return began(&a).Compare(began(&b)) })
	if len(all) > limit {
		d.Omitted = len(all) - limit
		all = all[:limit]
	}
	d.Differences = append(d.Differences, all...)
	return d
}

// byPlace sorts by rule and place, and then by time.
func byPlace(stories []*story) []*story {
	slices.SortStableFunc(stories, func(a, b *story) int {
		return cmp.Or(strings.Compare(a.rule, b.rule), strings.Compare(a.of, b.of), a.raised.Compare(b.raised))
	})
	return stories
}

// earlier is 0 if the first of both are the same alert, and else says which of
// them stands alone.
func earlier(left, right []*story) int {
	switch {
	case len(left) == 0:
		return 1
	case len(right) == 0:
		return -1
	}
	a, b := left[0], right[0]
	if order := cmp.Or(strings.Compare(a.rule, b.rule), strings.Compare(a.of, b.of)); order != 0 {
		return order
	}
	switch {
	case a.over(b):
		return -1
	case b.over(a):
		return 1
	}
	return 0
}

// over reports whether s had ended long before other began.
func (s *story) over(other *story) bool {
	end := s.ended
	if end.IsZero() {
		if !s.retrospective {
			return false // it goes on
		}
		end = s.raised
	}
	return other.raised.Sub(end) > near
}

// differs names the one thing that matters most, or nothing.
func differs(a, b *story) citywatch.ReplayChange {
	switch {
	case b == nil:
		return citywatch.ReplayGone
	case a == nil:
		return citywatch.ReplayNew
	case b.level > a.level:
		return citywatch.ReplayHigher
	case b.level < a.level:
		return citywatch.ReplayLower
	case b.raised.Before(a.raised):
		return citywatch.ReplayEarlier
	case b.raised.After(a.raised):
		return citywatch.ReplayLater
	case b.hours > a.hours:
		return citywatch.ReplayLonger
	case b.hours < a.hours:
		return citywatch.ReplayShorter
	}
	return ""
}

func difference(change citywatch.ReplayChange, a, b *story) citywatch.ReplayDifference {
	s := a
	if s == nil {
		s = b
	}
	return citywatch.ReplayDifference{
		Change: change, Rule: s.rule, Name: s.name, Of: s.of, Zone: s.zone, Before: a.alert(), After: b.alert(),
	}
}

func (s *story) alert() *citywatch.ReplayAlert {
	if s == nil {
		return nil
	}
	return &citywatch.ReplayAlert{
		ID: s.id, Raised: s.raised, Ended: s.ended, Level: s.level, Hours: s.hours.Hours(), Retrospective: s.retrospective,
	}
}

// began is when the first of the two alerts was raised.
func began(d *citywatch.ReplayDifference) time.Time {
	switch {
	case d.Before == nil:
		return d.After.Raised
	case d.After == nil || d.Before.Raised.Before(d.After.Raised):
		return d.Before.Raised
	}
	return d.After.Raised
}
