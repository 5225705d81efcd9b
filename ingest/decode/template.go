package decode

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"citywatch"
)

// A template says how a name is made of a topic and a payload.
type template struct {
	pieces []piece
}

// A piece is one part of a template.
type piece struct {
	kind    pieceKind
	literal string
	level   int
	pointer pointer
}

type pieceKind uint8

const (
	pieceLiteral pieceKind = iota
	pieceLevel             // one level of the topic
	pieceLevels            // a level of the topic and all after it
	piecePayload           // what a pointer finds in the payload
)

// parseTemplate parses a template such as {1}-{payload:/id}.
func parseTemplate(s string) (template, error) {
	var t template
	for s != "" {
		open := strings.IndexAny(s, "{}")
		if open < 0 {
			t.pieces = append(t.pieces, piece{literal: s})
			break
		}
		if s[open] == '}' {
			return template{}, errors.New("a } without a { before it")
		}
		if open > 0 {
			t.pieces = append(t.pieces, piece{literal: s[:open]})
		}
		end := strings.IndexByte(s, '}')
		if end < open {
			return template{}, errors.New("a { without a } after it")
		}
		p, err := parsePiece(s[open+1 : end])
		if err != nil {
			return template{}, err
		}
		t.pieces = append(t.pieces, p)
		s = s[end+1:]
	}
	return t, nil
}

func parsePiece(s string) (piece, error) {
	if rest, ok := strings.CutPrefix(s, "payload:"); ok {
		ptr, err := parsePointer(rest)
		return piece{kind: piecePayload, pointer: ptr}, err
	}
	p := piece{kind: pieceLevel}
	rest, plus := strings.CutSuffix(s, "+")
	if plus {
		p.kind = pieceLevels
	}
	level, err := strconv.ParseUint(rest, 10, 8)
	if err != nil {
		return piece{}, fmt.Errorf("{%s} is neither a level of the topic nor payload:/pointer", s)
	}
	p.level = int(level)
	return p, nil
}

// usesPayload reports whether the template needs the payload to be JSON.
func (t template) usesPayload() bool {
	for _, p := range t.pieces {
		if p.kind == piecePayload {
			return true
		}
	}
	return false
}

// topicLevel returns the level of the topic, counted from 0, and whether
// there is one.
func topicLevel(topic string, level int) (string, bool) {
	rest, ok := topicLevels(topic, level)
	first, _, _ := strings.Cut(rest, "/")
	return first, ok
}

// topicLevels returns the level of the topic and all after it.
func topicLevels(topic string, level int) (string, bool) {
	for ; level > 0; level-- {
		_, rest, ok := strings.Cut(topic, "/")
		if !ok {
			return "", false
		}
		topic = rest
	}
	return topic, true
}

// checkName refuses what can be no device's id and no value's name; what says
// which of the two.
func checkName(what, s string) *Error {
	switch {
	case s == "":
		return refuse(citywatch.RefusedDecode, "%s is empty", what)
	case len(s) > maxName:
		return refuse(citywatch.RefusedDecode, "%s %s has %d bytes; at most %d", what, clip(s), len(s), maxName)
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == 0x7f || c >= utf8.RuneSelf {
			return checkRunes(what, s)
		}
	}
	return nil
}

func checkRunes(what, s string) *Error {
	for _, r := range s {
		if r == utf8.RuneError || unicode.IsControl(r) {
			return refuse(citywatch.RefusedDecode, "%s %s has a control character, or is not UTF-8", what, clip(s))
		}
	}
	return nil
}

// clip quotes s, cut to a length that a person reads.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return strconv.Quote(s)
	}
	return strconv.Quote(strings.ToValidUTF8(s[:most], "")) + "…"
}
