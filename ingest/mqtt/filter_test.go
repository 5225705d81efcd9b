package mqtt

import "testing"

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		filter, topic string
		want          bool
	}{
		{"a/b", "a/b", true},
		{"a/b", "a/b/c", false},
		{"a/b", "a", false},
		{"a/b", "a/bc", false},
		{"a/b", "a/b/", false},
		{"a/+", "a/b", true},
		{"a/+", "a/", true},
		{"a/+", "a", false},
		{"a/+", "a/b/c", false},
		{"+/+", "/x", true},
		{"+", "x", true},
		{"+", "/x", false},
		{"a/+/c", "a/b/c", true},
		{"a/+/c", "a/b/d", false},
		{"#", "a/b/c", true},
		{"a/#", "a", true},
		{"a/#", "a/", true},
		{"a/#", "a/b/c", true},
		{"a/#", "ab", false},
		{"a/+/#", "a/b", true},
		{"a/+/#", "a", false},
		{"#", "$SYS/broker", false},
		{"+/broker", "$SYS/broker", false},
		{"$SYS/#", "$SYS/broker", true},
		{"/a", "/a", true},
		{"a", "/a", false},
	} {
		if got := matches(c.filter, c.topic); got != c.want {
			t.Errorf("matches(%q, %q) = %v", c.filter, c.topic, got)
		}
	}
	if n := testing.AllocsPerRun(100, func() { matches("city/+/special/#", "city/disaster/special/g1") }); n > 0 {
		t.Errorf("allocates %v times", n)
	}
}

func TestFilterProblem(t *testing.T) {
	for filter, ok := range map[string]bool{
		"a/b":           true,
		"#":             true,
		"+/+/#":         true,
		"/":             true,
		"":              false,
		"a/#/b":         false,
		"a#":            false,
		"a/b+":          false,
		"a/+b/c":        false,
		"$share/g/a":    false,
		"a\x00b":        false,
		"\xff":          false,
		"thành phố/#":   true,
		"a//b":          true,
		"$SYS/broker/#": true,
	} {
		message, hint := filterProblem(filter)
		if (message == "") != ok || (hint == "") != ok {
			t.Errorf("%q: %q (%s)", filter, message, hint)
		}
	}
}
