// Package ffmpeg runs the ffmpeg that is installed beside citywatch, as child
// processes that can do nothing but turn the bytes they are fed into bytes.
//
// A child reads frames of one codec from its standard input and writes what it
// made of them to its standard output. It may open no file and no network
// address, writes no file, has one thread, a bounded memory, a low priority,
// and a picture size that it refuses to exceed; it ends with its context, and
// on Linux also when citywatch itself is killed. What a camera sends is thereby
// never decoded in this process.
//
// Everything made with this package is optional: where there is no ffmpeg, its
// calls return ErrNotFound. ffmpeg 5.1 or newer is needed.
package ffmpeg
