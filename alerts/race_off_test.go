//go:build !race

package alerts

const (
	// crashRuns is how often each history is run with the process ending anywhere,
	// some hundred times each.
	crashRuns = 3
	// rereadings is how often a script's journal is read anew from its start.
	rereadings = 40
	// peoplesHistories is in how many histories people may do anything.
	peoplesHistories = 40
)
