//go:build race

package alerts

// The race detector makes a run ten times as slow, and has nothing to find in a
// fold, which is one goroutine's: with it, what is killed is killed less often.
const (
	// crashRuns is how often each history is run with the process ending anywhere.
	crashRuns = 1
	// rereadings is how often a script's journal is read anew from its start.
	rereadings = 10
	// peoplesHistories is in how many histories people may do anything.
	peoplesHistories = 20
)
