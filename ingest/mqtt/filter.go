package mqtt

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// filterProblem says what is wrong with a topic filter, if anything.
func filterProblem(filter string) (message, hint string) {
	const wild = "+ stands for one whole level, # at the end for all that follow: city/+/+, city/#"
	switch {
	case filter == "":
		return "no filter", "city/# is everything below city"
	case len(filter) > 65535 || !utf8.ValidString(filter) || strings.ContainsRune(filter, 0):
		return fmt.Sprintf("%q is not a topic filter", filter), wild
	case strings.HasPrefix(filter, "$share/"):
		return "a shared subscription is not written into the filter", "remove $share/…/ and set the source's share to the group"
	}
	levels := strings.Split(filter, "/")
	for i, level := range levels {
		if len(level) > 1 && strings.ContainsAny(level, "+#") || level == "#" && i < len(levels)-1 {
			return fmt.Sprintf("%q has a wildcard where none can be", filter), wild
		}
	}
	return "", ""
}

// matches reports whether the filter lets the topic through.
func matches(filter, topic string) bool {
	if strings.HasPrefix(topic, "$") && (strings.HasPrefix(filter, "+") || strings.HasPrefix(filter, "#")) {
		return false // the broker's own topics
	}
	for {
		f, filterRest, moreFilter := strings.Cut(filter, "/")
		if f == "#" {
			return true
		}
		t, topicRest, moreTopic := strings.Cut(topic, "/")
		if f != "+" && f != t {
			return false
		}
		if !moreTopic {
			// "a/#" lets "a" itself through.
			return !moreFilter || filterRest == "#"
		}
		if !moreFilter {
			return false
		}
		filter, topic = filterRest, topicRest
	}
}
