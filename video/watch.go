package video

import (
	"context"
	"time"

	"citywatch"
)

// tickEvery is how often everything is looked at that time alone changes.
const tickEvery = time.Second

func (v *Video) wakeUp() {
	select {
	case v.woken <- struct{}{}:
	default:
	}
}

// watch ticks the feeds and reports how the cameras are, until ctx ends.
func (v *Video) watch(ctx context.Context) {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	due := v.now().Add(v.options.HealthEvery)
	for {
		select {
		case <-ctx.Done():
			return
		case <-v.woken:
		case <-ticker.C:
			v.tick(v.now())
		}
		now := v.now()
		all := !now.Before(due)
		for all && !now.Before(due) {
			due = due.Add(v.options.HealthEvery)
		}
		if reports := v.sweep(now, all); len(reports) > 0 {
			v.queue(reports)
		}
	}
}

func (v *Video) tick(now time.Time) {
	for _, c := range v.cameras {
		for _, f := range c.feeds() {
			f.tick(now)
		}
	}
}

// sweep looks at every camera and returns what there is to tell: everything, or
// what changed.
func (v *Video) sweep(now time.Time, all bool) []report {
	v.lookAtAll(now)
	var reports []report
	down, turned := map[string]bool{}, map[string]bool{}
	for _, g := range v.gateways {
		changed := g.look()
		down[g.id], turned[g.id] = g.tally.state == gatewayDown, changed
		if changed || all {
			reports = append(reports, report{at: now, gateway: g, tally: g.tally})
		}
	}
	for _, c := range v.cameras {
		if news := c.news(); news || all || turned[c.Gateway] {
			reports = append(reports, report{at: now, camera: c, health: c.latest, cutOff: down[c.Gateway]})
		}
	}
	return reports
}

// lookAtAll finds out how the cameras are, and has those checked anew of which
// the last word may not hold any more: what a gateway did to one of its cameras
// it did to the others.
func (v *Video) lookAtAll(now time.Time) {
	counts := map[citywatch.CameraState]int{}
	suspects, back := map[string]bool{}, map[string]bool{} // gateways
	for _, c := range v.cameras {
		was := c.latest.State
		c.latest = c.health(now)
		counts[c.latest.State]++
		switch is := c.latest.State; {
		case c.Gateway == "":
		case faulty(is) && !faulty(was):
			suspects[c.Gateway] = true
		case is.Up() && faulty(was):
			back[c.Gateway] = true
		}
	}
	for _, c := range v.cameras {
		if h := &c.latest; h.State == citywatch.CameraIdle && (suspects[c.Gateway] || h.Detail != "") {
			c.primary.recheck(now)
		}
		if back[c.Gateway] && faulty(c.latest.State) {
			c.primary.hasten(now)
		}
	}
	for _, s := range states() {
		v.metrics.cameras.WithLabelValues(string(s)).Set(float64(counts[s]))
	}
}
