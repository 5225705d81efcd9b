// Package live sends what a camera sees to browsers, over websockets.
package live
