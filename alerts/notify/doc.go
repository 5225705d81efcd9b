// Package notify tells people and programs of alerts when no screen of theirs is
// open: by Web Push (RFC 8030, 8291 and 8292) to phones, and by signed webhooks.
//
// It reads the journal's transitions. What calls somebody goes into an outbox on
// the disk, with everybody who is to be told, before anything is sent, and each
// is crossed out when the other side has taken it. So a kill loses nothing. What
// the other side took in the moment before a kill is sent to it once more, under
// the same id, by which a phone knows it again.
//
// Whether people are called is the engine's decision, not this package's: what is
// put aside, explained by another alert, to be verified, or learned of the past,
// is told to nobody (citywatch.Transition.Notice).
package notify
