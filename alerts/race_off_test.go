//go:build !race

package alerts

// crashRuns is how often each history is run with the process ending anywhere,
// some hundred times each.
const crashRuns = 3
