// Package journal is the one log between what comes in and everything that
// reads it: batches of readings and ticks of the clock, the transitions of
// alerts, the messages that were refused, and the checkpoints of readers.
//
// It runs a NATS server with JetStream inside this process, without a
// listener, which syncs every write to disk before it answers; or it uses a
// NATS cluster elsewhere, when Options.URL names one. After connecting there
// is no difference between the two.
//
// Readings lie in shards, one stream each, so that the entries of a shard are
// numbered from 1 without a hole and are read in exactly that order. A reader
// keeps its own place (a sequence number, with Save) and starts again from
// there; nothing here moves it.
//
// Appends that are made at the same time share one write to the disk. An
// append that has returned without an error is on the disk; one that returned
// an error may be there or not, and is repeated by the caller, so that readers
// meet the same readings twice now and then and never miss any.
package journal
