package notify

import (
	"sync"
	"time"

	"citywatch"
)

const (
	// crowdOver is how far back a phone's messages are counted, crowdLimit how
	// many alerts within that are told one by one: what comes then is folded into
	// one notification that says how many there are.
	crowdOver  = 10 * time.Minute
	crowdLimit = 6
)

// A crowd remembers what phones were told lately, so that a storm does not push
// a hundred notifications over each other. It is forgotten with the process:
// then some are told one by one again. It is safe for concurrent use.
type crowd struct {
	mu     sync.Mutex
	phones map[string][]toldAlert // by subscription, in the order of their times
}

// A toldAlert is one alert that a phone was told of, at its highest.
type toldAlert struct {
	alert string
	at    time.Time
	level citywatch.Level
	// alone says that it had a notification of its own.
	alone bool
}

// A fold is what a notification says that stands for many alerts.
type fold struct {
	// alerts is how many there are, level the highest of them.
	alerts int
	level  citywatch.Level
}

// take returns what a message is told as, nil for by itself, and remembers it:
// before it is sent, for many are at the same time. By itself is told what
// somebody gave to the team, what nobody has answered, what is worse than
// everything that the phone was told by itself, and what comes while there is
// little.
func (c *crowd) take(phone string, m *Message, now time.Time) *fold {
	if m.Level == citywatch.None {
		return nil // a trial
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	told := c.lately(phone, now)
	is := toldAlert{alert: m.Alert, at: now, level: m.Level}
	all, highest := fold{alerts: 1, level: m.Level}, citywatch.None
	others := make([]toldAlert, 0, len(told)+1)
	for _, x := range told {
		if x.alert == m.Alert {
			is.alone = x.alone && m.Level <= x.level // it takes the place of its own notification
			is.level = max(is.level, x.level)
			continue
		}
		others = append(others, x)
		all.alerts++
		all.level = max(all.level, x.level)
		if x.alone {
			highest = max(highest, x.level)
		}
	}
	is.alone = is.alone || m.personal() || all.alerts <= crowdLimit || m.Level > highest
	c.phones[phone] = append(others, is)
	if is.alone {
		return nil
	}
	return &all
}

// lately forgets what is too long ago. Lock should be held.
func (c *crowd) lately(phone string, now time.Time) []toldAlert {
	told := c.phones[phone]
	for len(told) > 0 && now.Sub(told[0].at) > crowdOver {
		told = told[1:]
	}
	if len(told) == 0 {
		delete(c.phones, phone)
		return nil
	}
	c.phones[phone] = told
	return told
}

// personal reports whether a message is for those whom it is sent to, and nobody
// else: it is never one of many.
func (m *Message) personal() bool { return m.To != "" }

// crowdTag is by which a phone knows the notification that stands for many.
const crowdTag = "many"
