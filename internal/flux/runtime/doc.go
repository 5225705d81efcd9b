// Package runtime is empty: tests of the engine, which are never built here, import
// it, and go mod tidy looks for it. See package flux.
package runtime
