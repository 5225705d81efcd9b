package alerts

import "citywatch"

// excused reports whether the silence of the key's device has another cause:
// what it is reached through is silent too, or may be and is not yet overdue.
// Only that is told then. A cause is looked for along Device.Via, up to the
// first that is known to be alive: one that was heard after the device should
// have been.
//
// There has to be a silence rule for what a device is reached through: else
// nobody would be told of anything.
func (f *fold) excused(k *key, pos citywatch.Position) bool {
	const most = 16 // the file of devices has no circles
	late := k.Up + 2*k.check.grace
	t := f.targets[k.device.Via]
	for range most {
		if t == nil {
			return false
		}
		if g := t.silence(); g != nil && !g.broken {
			switch {
			case g.Pos.After(pos):
				// It is known already from the journal what became of it, but
				// not how it was at this moment. Had the device been told of,
				// that would be known as well.
				return true
			case g.Episode != nil && g.Episode.Level > citywatch.None:
				return true
			case g.Up > late:
				return false
			default:
				return true // it may be; it is known when its own time has come
			}
		}
		t = f.targets[t.device.Via]
	}
	return false
}

// silence returns the key that tells whether the device is silent, or nil.
func (t *target) silence() *key {
	for _, k := range t.keys {
		if k.check != nil && k.check.rule.Silence != nil {
			return k
		}
	}
	return nil
}

// waits reports whether a silence is not told at this tick because it has
// another cause. When that is gone, the device has two periods to be heard in.
func (f *fold) waits(k *key, pos citywatch.Position) bool {
	if k.check == nil || k.check.rule.Silence == nil || k.device.Via == "" ||
		f.clk.Up <= f.clk.deadline(k.Up, k.check) || k.Episode != nil && k.Episode.Level > citywatch.None || !f.excused(k, pos) {
		return false
	}
	k.Excused = f.clk.Up
	return true
}
