// Package publicview shows the public what some cameras see: by links that
// nobody can guess, that somebody made for a time and can take back at once.
//
// A public picture is never the camera's own. What the mask covers is painted
// over on this machine before anything is sent, the time at which the picture
// was taken is written into it, and one that is no longer new is grey. Where the
// mask cannot be painted there is no picture. A stream is such pictures, one
// after the other: there is no other, for a mask that the viewer's browser draws
// hides nothing.
//
// Who looked, from where and how often is kept in a log of its own for a time
// and then removed.
package publicview
