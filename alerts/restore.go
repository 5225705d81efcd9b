package alerts

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"citywatch"
)

// A saved key is what stands in a transition and in a checkpoint.
type saved struct {
	Shard  int    `json:"shard,omitempty"`
	Rule   string `json:"rule"`
	Device string `json:"device"`
	// Value is the name of the value that the state is about.
	Value string `json:"value,omitempty"`
	state
	// Unlisted is a device that registered itself: after a restart nobody else
	// knows it until it publishes again.
	Unlisted *citywatch.Device `json:"unlisted,omitempty"`
	// Alert is left out in a transition, which has it anyway.
	Alert *citywatch.Alert `json:"alert,omitempty"`
}

func (f *fold) saved(k *key) saved {
	s := saved{Shard: f.shard, Rule: k.id.rule, Device: k.id.device, Value: k.value, state: k.state}
	if k.device != nil && k.device.Auto {
		s.Unlisted = k.device
	}
	return s
}

// state writes a key's state for its transition.
func (f *fold) state(k *key) []byte {
	b, err := json.Marshal(f.saved(k))
	if err != nil {
		// Numbers are finite and times lie within the years that JSON can
		// write: ingest and order see to that.
		panic(fmt.Errorf("the state of %v cannot be written: %w", k.id, err))
	}
	return b
}

// A checkpoint is everything that a fold knows after an entry.
type checkpoint struct {
	Version int `json:"version"`
	// Last is the entry up to which it knows the journal, Transitions the last
	// transition that the keys have in them.
	Last        citywatch.Position `json:"last"`
	Transitions uint64             `json:"transitions"`
	// Written is the last entry of which the journal has a transition: it lies
	// behind Last where the engine was still reading entries again.
	Written citywatch.Position `json:"written,omitzero"`
	Acted   citywatch.Position `json:"acted,omitzero"`
	Clock   clock              `json:"clock"`
	Keys    []saved            `json:"keys"`
}

const checkpointVersion = 1

// forgottenAfter is for how long a running citywatch keeps the state of a
// device that is not there any more, if nothing was the matter with it.
const forgottenAfter = 30 * 24 * time.Hour

// load takes over a checkpoint.
func (f *fold) load(data []byte) (transitions uint64, err error) {
	var c checkpoint
	if err := json.Unmarshal(data, &c); err != nil {
		return 0, err
	}
	if c.Version != checkpointVersion {
		return 0, fmt.Errorf("the checkpoint has version %d; this program reads version %d", c.Version, checkpointVersion)
	}
	f.clk, f.last, f.written, f.acted = c.Clock, c.Last, c.Written, c.Acted
	for i := range c.Keys {
		if c.Keys[i].Pos == (citywatch.Position{}) {
			c.Keys[i].Pos = c.Last
		}
		f.claimable(&c.Keys[i], c.Keys[i].Alert)
	}
	return c.Transitions, nil
}

// replay takes over what a transition after the checkpoint says of its key.
func (f *fold) replay(t *citywatch.Transition) error {
	var s saved
	if err := json.Unmarshal(t.State, &s); err != nil {
		return fmt.Errorf("the state in transition %s: %w", t.ID, err)
	}
	if s.Shard == f.shard {
		if t.At.After(f.latest) {
			f.latest = t.At
		}
		if s.Pos.After(f.written) {
			f.written = s.Pos
		}
		if t.Actor != "" && s.Pos.After(f.acted) {
			f.acted = s.Pos
		}
		f.claimable(&s, &t.Alert)
	}
	return nil
}

// claimable adds a restored key, or brings it up to date.
func (f *fold) claimable(s *saved, alert *citywatch.Alert) {
	if f.astray(s, &alert) {
		return
	}
	id := keyID{s.Rule, s.Device}
	k, ok := f.unclaimed[id]
	if !ok {
		k = f.newKey(id)
		f.unclaimed[id] = k
	}
	if ep := k.Episode; ep != nil && ep.Alert != nil {
		f.closed(k)
	}
	k.state, k.value, k.device = s.state, s.Value, s.Unlisted
	if k.Episode != nil && alert != nil && alert.Open() {
		k.Episode.Alert, k.Episode.told = alert, alert.Standing()
		f.opened(k)
	}
}

// start makes the keys of every device that is known.
func (f *fold) start() {
	for _, d := range f.devices.Devices() {
		if !f.foreign(d) {
			f.adopt(d)
		}
	}
	if f.share != nil {
		for _, d := range f.share.Causes(f.shard) {
			f.elsewhere(d)
		}
	}
	for _, k := range slices.Clone(f.keys) {
		if k.check == nil && k.device != nil && f.targets[k.id.device] == nil {
			f.adopt(k.device)
		}
	}
	for _, k := range f.unclaimed {
		f.schedule(k)
	}
	f.all = true
	f.resume()
}

// rewind is for a journal that begins anew: the places remembered are of
// another one.
func (f *fold) rewind() {
	f.last, f.written = citywatch.Position{}, citywatch.Position{}
	f.saving = nil // of another journal
	for _, k := range f.keys {
		k.Pos = citywatch.Position{}
	}
}

// ruleExists reports whether there is a rule with this id.
func (f *fold) ruleExists(id string) bool { return f.rules.rule(id) != nil }
