// Package scene judges what cameras show: whether the picture can be used, and
// how much moves in it.
//
// A child process (package ffmpeg) decodes each judged camera's stream to small
// grey pictures, two a second, and a Judge holds them against what it knows of
// the camera. A judgement is claimed only when nearly all pictures of a long
// stretch agree, because nobody believes a watchman who cries wolf; and nothing
// is said at all where there is no ffmpeg, no picture, or none that is new.
//
// What the judgements are worth, and what they cost, was measured: see
// README.md.
package scene
