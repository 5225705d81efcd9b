package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"citywatch"
)

// A Line is one line of the audit: one change of one alert.
type Line struct {
	// N counts the lines from 1, through all files.
	N uint64 `json:"n"`
	// Prev is the hash of the line before; empty for the first.
	Prev string `json:"prev"`
	// Epoch and Seq are the change's place in the journal: which journal, and
	// where in it.
	Epoch string    `json:"epoch"`
	Seq   uint64    `json:"seq"`
	At    time.Time `json:"at"`
	// Transition is the change's id.
	Transition string           `json:"transition"`
	Reason     citywatch.Reason `json:"reason"`
	// Actor is who made the change; empty for the engine.
	Actor string `json:"actor,omitempty"`
	// Pressed is when the actor did it, where that was told later, and Request
	// the key of the request by which it was told.
	Pressed time.Time `json:"pressed,omitzero"`
	Request string    `json:"request,omitempty"`
	// Note is what the actor wrote, To the team or who was called, Notice
	// whether people were.
	Note   string           `json:"note,omitempty"`
	To     string           `json:"to,omitempty"`
	Notice citywatch.Notice `json:"notice,omitempty"`

	Alert    string               `json:"alert"`
	Rule     string               `json:"rule"`
	RuleHash string               `json:"rule_hash"`
	Device   string               `json:"device,omitempty"`
	Zone     string               `json:"zone,omitempty"`
	Before   *citywatch.Standing  `json:"before"` // null for an alert that begins
	After    citywatch.Standing   `json:"after"`
	Evidence []citywatch.Evidence `json:"evidence"`
}

// lineOf returns what is kept of a transition of the journal with this epoch,
// in the line that follows the head.
func lineOf(t *citywatch.Transition, epoch string, head Head) *Line {
	a := &t.Alert
	l := &Line{
		N: head.N + 1, Prev: head.Hash, Epoch: epoch, Seq: t.Seq, At: t.At,
		Transition: t.ID, Reason: t.Reason, Actor: t.Actor, Pressed: t.Pressed, Request: t.Request, Note: t.Note, To: t.To, Notice: t.Notice,
		Alert: a.ID, Rule: a.Rule, RuleHash: a.RuleHash, Device: a.Device, Zone: a.Zone,
		After: a.Standing(), Evidence: a.Evidence,
	}
	if t.Before != (citywatch.Standing{}) {
		l.Before = &t.Before
	}
	return l
}

// hashField is how a written line ends: its own hash behind all that was
// hashed.
const (
	hashField = `,"hash":"`
	hashSize  = 2 * sha256.Size
	lineEnd   = "\"}\n"
)

// write appends the line to b, and returns its hash. The hash is over the
// bytes before it, so that whoever verifies need not write JSON as we do.
func (l *Line) write(b *bytes.Buffer) (string, error) {
	body, err := json.Marshal(l)
	if err != nil {
		return "", err
	}
	body = body[:len(body)-1] // without the closing brace
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	b.Write(body)
	b.WriteString(hashField)
	b.WriteString(hash)
	b.WriteString(lineEnd)
	return hash, nil
}

// errForm is returned for what never was a line of an audit.
var errForm = errors.New("not a line of an audit")

// read reads a line, with its end, and checks that it is as it was written.
func read(text []byte) (*Line, string, error) {
	tail := len(hashField) + hashSize + len(lineEnd)
	cut := len(text) - tail
	if cut <= 0 || !bytes.HasPrefix(text[cut:], []byte(hashField)) || !bytes.HasSuffix(text, []byte(lineEnd)) {
		return nil, "", errForm
	}
	body, hash := text[:cut], string(text[cut+len(hashField):len(text)-len(lineEnd)])
	var l Line
	if err := json.Unmarshal(append(bytes.Clone(body), '}'), &l); err != nil {
		return nil, "", fmt.Errorf("%w: %w", errForm, err)
	}
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != hash {
		return &l, hash, errors.New("the line was changed: its hash is not that of what it says")
	}
	return &l, hash, nil
}
