package notify

import (
	"container/heap"
	"time"
)

// A delivery is one letter to one receiver.
type delivery struct {
	id      string // of the message
	to      target
	next    time.Time // when it is due
	tries   int
	message *Message
	expires time.Time
}

// A queue holds deliveries, the next to be due first.
type queue struct{ all []*delivery }

// Len is how many there are.
func (q *queue) Len() int { return len(q.all) }

// Less orders by when they are due.
func (q *queue) Less(i, j int) bool { return q.all[i].next.Before(q.all[j].next) }

// Swap exchanges two.
func (q *queue) Swap(i, j int) { q.all[i], q.all[j] = q.all[j], q.all[i] }

// Push is for package heap.
func (q *queue) Push(x any) { q.all = append(q.all, x.(*delivery)) }

// Pop is for package heap.
func (q *queue) Pop() any {
	last := len(q.all) - 1
	d := q.all[last]
	q.all[last] = nil
	q.all = q.all[:last]
	return d
}

func (q *queue) add(d *delivery) { heap.Push(q, d) }

// due returns the next that is due now, or nil and when there will be one; the
// zero time if there is none at all.
func (q *queue) due(now time.Time) (*delivery, time.Time) {
	if len(q.all) == 0 {
		return nil, time.Time{}
	}
	if next := q.all[0].next; next.After(now) {
		return nil, next
	}
	return heap.Pop(q).(*delivery), time.Time{}
}
