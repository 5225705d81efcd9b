package notify

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	"citywatch"
)

const (
	// senders is how many are told at the same time.
	senders = 16
	// The first pause before trying again, and the longest.
	firstPause   = 2 * time.Second
	longestPause = 5 * time.Minute
	// noteEvery is how often it is written down how far the journal was read
	// while nobody is called.
	noteEvery = time.Minute
	// together is how many results share one write to the disk at most.
	together = 64
)

// A result is what came of telling somebody.
type result struct {
	delivery *delivery
	err      error
}

// Run reads what changes, and tells whoever is to be told, until ctx ends.
func (n *Notifier) Run(ctx context.Context) error {
	from, err := n.begin(ctx)
	if err != nil {
		return err
	}
	now := n.deps.Now()
	for _, x := range n.outbox.letters {
		n.enqueue(x, now)
	}
	changes := make(chan citywatch.Transition)
	g, running := errgroup.WithContext(ctx)
	g.Go(func() error { return n.read(running, from, changes) })
	g.Go(func() error { return n.work(running, g, changes) })
	err = g.Wait()
	if ctx.Err() != nil && (err == nil || errors.Is(err, ctx.Err())) {
		return nil
	}
	return err
}

// begin returns the first transition to be read. The first time of all that is
// the next one: nobody is called about what was before.
func (n *Notifier) begin(ctx context.Context) (uint64, error) {
	epoch := n.deps.Journal.Epoch()
	switch o := n.outbox; {
	case o.known && o.read.Epoch == epoch:
		return o.read.Seq + 1, nil
	case o.known:
		return 1, nil // the journal was begun anew
	}
	_, last, err := n.deps.Journal.TransitionBounds(ctx)
	if err != nil {
		return 0, err
	}
	return last + 1, n.outbox.write(outboxLine{Read: &cursor{epoch, last}})
}

func (n *Notifier) read(ctx context.Context, from uint64, to chan<- citywatch.Transition) error {
	r := n.deps.Transitions(from)
	defer r.Close()
	for {
		t, err := r.Next(ctx)
		if err != nil {
			return err
		}
		select {
		case to <- t:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// work owns the outbox and the queue.
func (n *Notifier) work(ctx context.Context, g *errgroup.Group, changes <-chan citywatch.Transition) error {
	note := time.NewTicker(noteEvery)
	defer note.Stop()
	timer := time.NewTimer(0)
	defer timer.Stop()
	busy := 0
	var read cursor
	for {
		busy += n.sendDue(ctx, g, senders-busy, timer)
		n.metrics.waiting.Set(float64(n.queue.Len() + busy))
		var err error
		select {
		case t := <-changes:
			read = cursor{n.deps.Journal.Epoch(), t.Seq}
			err = n.keep(ctx, n.changed(&t))
		case r := <-n.results:
			var done int
			var lines []outboxLine
			done, lines = n.finish(r)
			err = n.keep(ctx, lines)
			busy -= done
		case <-timer.C:
		case <-note.C:
			if read.Seq > n.outbox.read.Seq || read.Epoch != n.outbox.read.Epoch && read.Epoch != "" {
				err = n.keep(ctx, []outboxLine{{Read: &read}})
			}
		case <-ctx.Done():
			return ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}

// keep writes lines down, and makes due what is in them. It tries until ctx ends,
// for a disk may have room again: until then nothing is sent that a kill would
// send twice.
func (n *Notifier) keep(ctx context.Context, lines []outboxLine) error {
	const pause = 5 * time.Second
	for tries := 0; len(lines) > 0; tries++ {
		err := n.outbox.write(lines...)
		if err == nil {
			break
		}
		if tries%12 == 0 {
			n.deps.Log.Error("nobody is told of alerts while the outbox cannot be written", "err", err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for _, l := range lines {
		if l.Letter != nil {
			n.enqueue(l.Letter, n.deps.Now())
		}
	}
	return nil
}

// sendDue begins up to free deliveries that are due, and sets the timer for the
// next. It returns how many it began.
func (n *Notifier) sendDue(ctx context.Context, g *errgroup.Group, free int, timer *time.Timer) int {
	began := 0
	for began < free {
		now := n.deps.Now()
		d, next := n.queue.due(now)
		if d == nil {
			if !next.IsZero() {
				timer.Reset(next.Sub(now))
			}
			break
		}
		if x := n.outbox.letters[d.id]; x == nil || !x.waiting[d.to] {
			continue // superseded, or withdrawn
		}
		began++
		g.Go(func() error {
			err := n.tell(ctx, d)
			select {
			case n.results <- result{d, err}:
			case <-ctx.Done():
			}
			return nil
		})
	}
	return began
}

// tell makes one attempt.
func (n *Notifier) tell(ctx context.Context, d *delivery) error {
	if !n.deps.Now().Before(d.expires) {
		return errExpired
	}
	to, ok := n.channels[d.to.Channel]
	if !ok {
		return errGone
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	return to.send(ctx, d.to.ID, d.message, d.expires)
}

// errExpired means that it is no longer worth telling.
var errExpired = errors.New("too late")

// changed returns what is to be written down of a transition: whom it calls, and
// who need not be called any more.
func (n *Notifier) changed(t *citywatch.Transition) []outboxLine {
	if !t.Alert.Open() {
		if w := n.outbox.withdrawn(t.Alert.ID); len(w) > 0 {
			return []outboxLine{{Done: w}}
		}
		return nil
	}
	x := n.letter(t)
	if x == nil {
		return nil
	}
	lines := []outboxLine{{Letter: x}}
	if old := n.outbox.superseded(x); len(old) > 0 {
		lines = append(lines, outboxLine{Done: old})
	}
	return lines
}

// letter returns what a transition has to tell, nil if nothing to anybody, or
// too late.
func (n *Notifier) letter(t *citywatch.Transition) *letter {
	var to []target
	if !n.options.Push.Off && calls(t) {
		for _, s := range audience(t, n.book.list()) {
			to = append(to, target{channelPush, s.ID})
		}
	}
	for _, name := range n.hooks.wanting(t) {
		to = append(to, target{channelWebhook, name})
	}
	expires := t.At.Add(n.options.Push.TTL)
	if len(to) == 0 || !n.deps.Now().Before(expires) {
		return nil
	}
	m := newMessage(t, n.deps.Place(&t.Alert))
	if n.deps.Team != nil && m.To != "" {
		m.Team = n.deps.Team(m.To)
	}
	return &letter{Message: m, To: to, Expires: expires, Epoch: n.deps.Journal.Epoch(), Seq: t.Seq}
}

// enqueue makes a letter's deliveries due. What is worse goes a little ahead of
// what came at the same time.
func (n *Notifier) enqueue(x *letter, now time.Time) {
	for to := range x.waiting {
		n.queue.add(&delivery{
			id: x.Message.ID, to: to, next: now.Add(-time.Duration(x.Message.Level) * time.Second),
			message: &x.Message, expires: x.Expires,
		})
	}
}

// finish takes a result and those that wait behind it. It returns how many it
// took, and what is to be written down: who need not be told any more.
func (n *Notifier) finish(r result) (int, []outboxLine) {
	results := []result{r}
	for len(results) < together {
		select {
		case r := <-n.results:
			results = append(results, r)
			continue
		default:
		}
		break
	}
	over := map[string]*done{}
	var line outboxLine
	for _, r := range results {
		if !n.settled(r) {
			continue
		}
		d := over[r.delivery.id]
		if d == nil {
			d = &done{ID: r.delivery.id}
			over[r.delivery.id] = d
		}
		d.To = append(d.To, r.delivery.to)
	}
	if len(over) == 0 {
		return len(results), nil
	}
	for _, d := range over {
		line.Done = append(line.Done, *d)
	}
	return len(results), []outboxLine{line}
}

// settled reports whether a delivery is over; one that is not is due again later.
func (n *Notifier) settled(r result) bool {
	d := r.delivery
	say := func(result string) { n.metrics.sent.WithLabelValues(d.to.Channel, result).Inc() }
	switch {
	case r.err == nil:
		say(resultSent)
		n.metrics.delay.Observe(n.deps.Now().Sub(d.message.At).Seconds())
	case errors.Is(r.err, errExpired):
		say(resultExpired)
		n.deps.Log.Error("somebody could not be told of an alert in time", "channel", d.to.Channel, "transition", d.id, "tries", d.tries)
	case errors.Is(r.err, errGone):
		say(resultGone)
		if d.to.Channel == channelPush {
			_ = n.book.remove(d.to.ID) // if it stays, the next message says the same
			n.count()
		}
	case errors.Is(r.err, errRefused):
		say(resultRefused)
		n.deps.Log.Error("somebody could not be told of an alert", "channel", d.to.Channel, "transition", d.id, "err", cause(r.err))
	default:
		say(resultRetry)
		d.tries++
		pause := min(firstPause<<min(d.tries-1, 10), longestPause)
		pause = pause/2 + rand.N(pause/2)
		var later *errLater
		if errors.As(r.err, &later) {
			pause = max(pause, later.after)
		}
		d.next = n.deps.Now().Add(pause)
		if !d.next.Before(d.expires) {
			d.next = d.expires // then it is told that it was too late
		}
		n.queue.add(d)
		return false
	}
	return true
}
