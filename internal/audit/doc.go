// Package audit keeps what became of every alert, and who did it, in a form
// that shows whether it was tampered with.
//
// The audit is a folder of text files, one a month, with one JSON object a
// line. Each line holds the hash of the one before it, and its own: a line that
// is changed, removed or put in between breaks the chain from there on. What
// the chain alone cannot show is that lines are missing at its end, so its head
// is also kept in the journal, and can be written down elsewhere: on a signed
// handover, for one.
//
// It is written by a reader of the journal's transitions, whose cursor is the
// last line itself. So it can be behind, but it cannot lose a change or tell
// one twice, wherever it is killed.
package audit
