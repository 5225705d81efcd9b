package alerts

import (
	"slices"
	"strings"

	"citywatch"
)

// Overlays know what keeps people from being called, and for whom that has to
// be seen to anew. What hangs on another key's alert is seen to when a whole
// entry, or a person's action, has been taken in, so that it does not depend on
// the order within.
type overlays struct {
	explaining map[group]*sources
	explained  map[group][]*key
	// service holds what stands for a device that is being worked on, or will be.
	service map[string]*key // by device id
	// doubtful are the keys whose overlay may be out of date, and so may be
	// those of the targets of the groups that are stirred. All says that each
	// may.
	doubtful map[*key]bool
	stirred  map[group]bool
	all      bool
}

// Sources are the alerts of a group that may explain its targets.
type sources struct {
	keys []*key
	// worst is the one that explains most, if known: nil is none.
	worst *citywatch.Alert
	known bool
}

func newOverlays() overlays {
	return overlays{
		explaining: map[group]*sources{}, explained: map[group][]*key{},
		service: map[string]*key{}, doubtful: map[*key]bool{}, stirred: map[group]bool{},
	}
}

// opened notes that the key has an open alert.
func (f *fold) opened(k *key) {
	f.open[k.Episode.Alert.ID] = k
	f.tie(k)
}

// tie puts the key's open alert into its groups.
func (f *fold) tie(k *key) {
	if k.id.rule == serviceRule {
		f.service[k.id.device] = k
	}
	f.rules.groups(k.Episode.Alert, func(g group) {
		if f.explaining[g] == nil {
			f.explaining[g] = &sources{}
		}
		f.explaining[g].keys = append(f.explaining[g].keys, k)
	}, func(g group) {
		f.explained[g] = append(f.explained[g], k)
	})
}

// closed notes that the key has no open alert any more.
func (f *fold) closed(k *key) {
	a := k.Episode.Alert
	delete(f.open, a.ID)
	delete(f.doubtful, k)
	if f.service[k.id.device] == k {
		delete(f.service, k.id.device)
	}
	without := func(keys []*key) []*key {
		return slices.DeleteFunc(keys, func(other *key) bool { return other == k })
	}
	f.rules.groups(a, func(g group) {
		s := f.explaining[g]
		if s.keys, s.known = without(s.keys), false; len(s.keys) == 0 {
			delete(f.explaining, g)
		}
	}, func(g group) {
		if f.explained[g] = without(f.explained[g]); len(f.explained[g]) == 0 {
			delete(f.explained, g)
		}
	})
}

// touched notes whose overlay may be another after a change of the key's alert.
func (f *fold) touched(k *key) {
	if len(f.rules.inhibitions) == 0 && len(f.service) == 0 {
		return
	}
	f.doubtful[k] = true
	if f.service[k.id.device] == k {
		for _, other := range f.open {
			if other.id.device == k.id.device {
				f.doubtful[other] = true
			}
		}
	}
	f.rules.groups(k.Episode.Alert, func(g group) {
		f.explaining[g].known = false
		f.stirred[g] = true
	}, func(group) {})
}

// settle brings the overlays up to date. While entries are read again it waits
// for the last of those about which the journal has transitions: what followed
// from the ones before is in the journal as well, for it is written in order.
func (f *fold) settle() {
	if f.written.Seq > f.last.Seq || !f.all && len(f.doubtful)+len(f.stirred) == 0 {
		return
	}
	if f.all {
		for _, k := range f.open {
			f.doubtful[k] = true
		}
		f.all = false
	}
	// A device that is being worked on explains nothing, so that is seen to
	// first; whether an alert is explained moves no other.
	var outdated []*key
	for k := range f.doubtful {
		if f.served(k) != k.Episode.Alert.OutOfService {
			outdated = append(outdated, k)
		}
	}
	inOrder(outdated, f.serve)
	outdated = outdated[:0]
	doubt := func(k *key) {
		if f.explanation(k) != k.Episode.Alert.SuppressedBy {
			outdated = append(outdated, k)
		}
	}
	for k := range f.doubtful {
		doubt(k)
	}
	for g := range f.stirred {
		for _, k := range f.explained[g] {
			doubt(k)
		}
	}
	inOrder(outdated, f.explain)
	clear(f.doubtful)
	clear(f.stirred)
}

// inOrder calls do once for each of keys, in an order that is always the same.
func inOrder(keys []*key, do func(*key)) {
	slices.SortFunc(keys, func(a, b *key) int {
		return strings.Compare(a.Episode.Alert.ID, b.Episode.Alert.ID)
	})
	for _, k := range slices.Compact(keys) {
		do(k)
	}
}

// serve marks an alert whose device is being worked on, or no longer.
func (f *fold) serve(k *key) {
	a := k.Episode.Alert
	a.OutOfService = f.served(k)
	c := cause{reason: citywatch.ReasonOutOfService, handling: true}
	if !a.OutOfService {
		c.reason, c.notice = citywatch.ReasonBackInService, again(a)
	}
	f.follow(k, c)
}

// served reports whether the device of the key is being worked on.
func (f *fold) served(k *key) bool {
	service := f.service[k.id.device]
	return k.id.rule != serviceRule && service != nil && service.worked()
}

// explain marks an alert that another explains, or none any longer.
func (f *fold) explain(k *key) {
	a := k.Episode.Alert
	a.SuppressedBy = f.explanation(k)
	c := cause{reason: citywatch.ReasonSuppressed, handling: true}
	if a.SuppressedBy == "" {
		c.reason, c.notice = citywatch.ReasonUnsuppressed, again(a)
	}
	f.follow(k, c)
}

// follow makes a transition that follows from another, behind all that the
// engine has taken in.
func (f *fold) follow(k *key, c cause) {
	if f.last.After(k.Pos) {
		k.Pos = f.last
	}
	f.change(k, c)
	f.schedule(k)
}

// again is the notice for an alert about which people may be called once more:
// they are if it is still so and nobody has seen it.
func again(a *citywatch.Alert) citywatch.Notice {
	switch {
	case a.Quiet():
		return citywatch.NoticeNone
	case a.Condition != citywatch.Normal && a.Handling == citywatch.New:
		return citywatch.NoticeSound
	}
	return citywatch.NoticeQuiet
}

// overlay is what lies over an alert that has just fired or risen. What was put
// aside was less than this.
func (f *fold) overlay(k *key) citywatch.Overlay {
	o := k.Episode.Alert.Overlay
	o.Shelved = nil
	o.OutOfService = f.served(k)
	o.SuppressedBy = f.explanation(k)
	return o
}
