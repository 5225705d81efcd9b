//go:build race

package alerts

// crashRuns is how often each history is run with the process ending anywhere,
// some hundred times each. The race detector makes a run ten times as slow, and
// has nothing to find in a fold, which is one goroutine's.
const crashRuns = 1
