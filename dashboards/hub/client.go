package hub

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"citywatch/dashboards/filter"
	"citywatch/dashboards/problem"

	"github.com/gorilla/websocket"
)

// CloseBehind is the close code for a client that did not keep up. It may come
// back at once, and resume.
const CloseBehind = 4008

const (
	// greetingTimeout is how long the first frame may take: it is by far the
	// largest, and phones have slow lines.
	greetingTimeout = time.Minute
	// burstShare of MaxBehind is how long any number of bytes may wait: a storm
	// raises thousands of alerts at once, and who is taking them is not behind.
	burstShare = 4
	// missedPongs is how many heartbeats may go unanswered, leastPatience how
	// long they must at least have.
	missedPongs   = 4
	leastPatience = 10 * time.Second
	// readLimit: clients have nothing to say.
	readLimit = 512
)

// Why a client left.
var (
	errStopping = errors.New("stopping")
	errGone     = errors.New("gone")
	errBehind   = errors.New("behind")
	errInternal = errors.New("internal")
)

// A client is one websocket. ServeHTTP's goroutine reads from it, run's writes
// to it.
type client struct {
	hub    *Hub
	conn   *websocket.Conn
	filter filter.Filter
	// folds is set for who wants to be told of storms.
	folds bool

	// What it has been told: the alerts up to seq, the device frame gen, the
	// heartbeat beat, the storm frame storm; and the heartbeat with which it was
	// last pinged.
	seq, gen, beat, storm, pinged uint64
	// greeted is when it took the first frame; waiting is counted from there.
	greeted time.Time

	// ended is closed once, after reason is set.
	ended  chan struct{}
	once   sync.Once
	reason error
	// leaving is set when the last has been said: what is read now is waited
	// for only so long.
	leaving atomic.Bool
}

// ServeHTTP upgrades the request to a websocket and serves it until either
// side ends it.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	want, err := filter.Parse(r.URL.Query())
	if err != nil {
		h.metrics.refused.WithLabelValues("request").Inc()
		problem.Write(w, r, http.StatusBadRequest, err.Error())
		return
	}
	if err := h.takeSeat(); err != nil {
		h.metrics.refused.WithLabelValues("capacity").Inc()
		w.Header().Set("Retry-After", "5")
		problem.Write(w, r, http.StatusServiceUnavailable, err.Error())
		return
	}
	defer h.leaveSeat()
	conn, err := h.upgrader.Upgrade(w, r, nil)
	if err != nil {
		h.metrics.refused.WithLabelValues("request").Inc()
		return
	}
	c := &client{hub: h, conn: conn, filter: want, folds: wantsStorm(r.URL.Query()), ended: make(chan struct{})}
	h.enter(c)
	defer h.leave(c)
	written := make(chan struct{})
	go func() {
		defer close(written)
		c.write(resumePoint(r.URL.Query()))
	}()
	c.read()
	<-written
	c.cut()
	h.metrics.left.WithLabelValues(c.reason.Error()).Inc()
}

// read takes what the client sends, which is of interest only in that it is
// alive.
func (c *client) read() {
	patience := max(missedPongs*c.hub.options.HeartbeatEvery, leastPatience)
	alive := func(string) error {
		if c.leaving.Load() {
			return nil
		}
		return c.conn.SetReadDeadline(time.Now().Add(patience))
	}
	c.conn.SetReadLimit(readLimit)
	c.conn.SetPongHandler(alive)
	// The first pong answers a ping that follows the greeting.
	_ = c.conn.SetReadDeadline(time.Now().Add(patience + greetingTimeout))
	for {
		if _, _, err := c.conn.NextReader(); err != nil {
			c.end(errGone)
			return
		}
	}
}

// end has the client leave; the first reason counts.
func (c *client) end(reason error) {
	c.once.Do(func() {
		c.reason = reason
		close(c.ended)
	})
}

// cut closes the connection under whoever is using it.
func (c *client) cut() { _ = c.conn.Close() }

// write tells the client everything until it ends, and then why it ended.
func (c *client) write(from resume) {
	c.end(c.tell(from))
	code, text := websocket.CloseGoingAway, "the server is stopping"
	switch {
	case errors.Is(c.reason, errGone):
		c.cut()
		return
	case errors.Is(c.reason, errBehind):
		code, text = CloseBehind, "too far behind; come back and resume"
	case errors.Is(c.reason, errInternal):
		code, text = websocket.CloseInternalServerErr, "internal error"
	}
	now := time.Now()
	err := c.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, text), now.Add(partingTime/2))
	if err != nil {
		c.cut() // it does not read: it will see the end itself
		return
	}
	// The client has to come to that frame before the connection closes: what
	// it sends to a closed one has its kernel throw away what it has not read.
	c.leaving.Store(true)
	_ = c.conn.SetReadDeadline(now.Add(c.hub.options.MaxBehind))
}

func (c *client) tell(from resume) error {
	select {
	case <-c.ended:
		return c.reason
	default:
	}
	if err := c.greet(from); err != nil {
		return err
	}
	for {
		select {
		case <-c.ended:
			return c.reason
		default:
		}
		st := c.hub.state.Load()
		idle, err := c.tellNext(st)
		if err != nil {
			return err
		}
		if !idle {
			continue
		}
		select {
		case <-c.ended:
			return c.reason
		case <-st.wake:
		}
	}
}

// greet sends the first frame: what the client missed since it was here, or
// else everything.
func (c *client) greet(from resume) error {
	st := c.hub.state.Load()
	var (
		message *websocket.PreparedMessage
		p       *present
		err     error
		with    = typeSnapshot
	)
	if c.canResume(from, st) {
		with = typeResumed
		message, p, err = c.hub.greeter.resumed(&c.filter, st, from.since)
		c.seq = from.since
	} else if message, p, err = c.hub.greeter.snapshot(&c.filter, st); err == nil {
		c.seq = p.seq
	}
	if err != nil {
		return errInternal
	}
	c.gen, c.beat, c.pinged = p.gen, st.beat.number, st.beat.number
	c.hub.metrics.joined.WithLabelValues(with).Inc()
	if err := c.send(message, greetingTimeout); err != nil {
		return err
	}
	c.greeted = time.Now()
	return c.ping()
}

// canResume: what was missed must be known, and less than what a client may
// be behind; else a snapshot is shorter.
func (c *client) canResume(from resume, st *state) bool {
	if !from.wanted || from.epoch != c.hub.source.Epoch() || !st.alerts.covers(from.since) {
		return false
	}
	next := st.alerts.after(from.since)
	return next == nil || waiting(st, next) <= uint64(c.hub.options.MaxBehindBytes)
}

// waiting is how many bytes lie in the log from f on.
func waiting(st *state, f *alertFrame) uint64 {
	return st.alerts.bytes() - f.end + uint64(f.size)
}

// tellNext sends the most urgent frame that the client has not had, and
// reports whether there was none.
func (c *client) tellNext(st *state) (idle bool, err error) {
	if st.beat.number > c.pinged {
		// Before all else: a client that is busy with a storm is alive.
		c.pinged = st.beat.number
		return false, c.ping()
	}
	if f := st.alerts.after(c.seq); f != nil {
		return false, c.tellAlert(st, f)
	}
	if c.folds && st.storm.number > c.storm {
		c.storm = st.storm.number
		return false, c.send(st.storm.message, c.hub.options.MaxBehind)
	}
	if st.devices.gen() > c.gen {
		if !st.devices.covers(c.gen) {
			return false, errBehind
		}
		message, gen, err := st.devices.next(c.gen, &c.filter)
		if err != nil {
			return false, errInternal
		}
		c.gen = gen
		return false, c.send(message, c.hub.options.MaxBehind)
	}
	if st.beat.number > c.beat {
		c.beat = st.beat.number
		return false, c.send(st.beat.message, c.hub.options.MaxBehind)
	}
	return true, nil
}

func (c *client) tellAlert(st *state, f *alertFrame) error {
	if c.seq < st.alerts.base {
		return errBehind
	}
	since := f.published
	if c.greeted.After(since) {
		since = c.greeted
	}
	waited := time.Since(since)
	tooMuch := waiting(st, f) > uint64(c.hub.options.MaxBehindBytes)
	if waited > c.hub.options.MaxBehind || tooMuch && waited > c.hub.options.MaxBehind/burstShare {
		return errBehind
	}
	message, err := f.messageFor(&c.filter)
	if err != nil {
		return errInternal
	}
	c.seq = f.seq
	if message == nil {
		return nil
	}
	if err := c.send(message, c.hub.options.MaxBehind); err != nil {
		return err
	}
	c.hub.metrics.delay.Observe(time.Since(f.published).Seconds())
	return nil
}

// send writes a message; nil is nothing to say.
func (c *client) send(message *websocket.PreparedMessage, timeout time.Duration) error {
	if message == nil {
		return nil
	}
	_ = c.conn.SetWriteDeadline(time.Now().Add(timeout))
	err := c.conn.WritePreparedMessage(message)
	switch {
	case err == nil:
		return nil
	case isTimeout(err):
		return errBehind
	}
	return errGone
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

func (c *client) ping() error {
	err := c.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(c.hub.options.MaxBehind))
	if err != nil {
		return errGone
	}
	return nil
}

// A resume is the place from which a client wants to go on.
type resume struct {
	wanted bool
	epoch  string
	since  uint64
}

// resumePoint reads ?epoch=&since=. What cannot be read is answered with a
// snapshot, which is always right.
func resumePoint(q url.Values) resume {
	since, err := strconv.ParseUint(q.Get("since"), 10, 64)
	return resume{wanted: err == nil, epoch: q.Get("epoch"), since: since}
}
