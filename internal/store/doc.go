// Package store is the journal's reader that keeps what devices measured: it
// writes every reading to the time series store, sums them up by 5 minutes and
// by the hour, and answers what happened when.
//
// The place up to which it has stored moves only after the readings before it
// are durable, so a crash repeats some writes and misses none; a point is known
// by its series and its time, so repeating is harmless. While the time series
// store is away nothing is read, and the journal keeps what comes: memory does
// not grow. What the store refuses for good is found by halving, becomes a dead
// letter, and holds back nothing else.
//
// Summaries are never counted up: the windows that readings fell into are
// computed anew from the readings themselves. So late readings, repeated ones
// and restarts cannot falsify them.
package store
