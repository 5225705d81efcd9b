// Package record keeps what cameras saw: fragmented MP4 on disk while it
// happens, one seekable MP4 when somebody asks for an interval of it.
//
// # On the disk
//
// Each camera has a folder, each day (UTC) one within it, and in it lie the
// segments: files of a few minutes that begin with a key frame and can be
// played by themselves. A segment's name is when it begins. It gets its length
// added when it is whole, so that a restart reads folders, not files; only what
// a crash left without a length is read, and cut after its last whole part.
//
//	cau-coc-leu/2026-11-22/20261122T070000.120Z_300040ms.mp4
//	cau-coc-leu/2026-11-22/20261122T070500.160Z.mp4          being written
//
// A part is what came within a second. It is one write, made when the second is
// over, and carries when it was by this machine's clock (a prft box), so that a
// killed process loses what it held of the last second and no more. After a
// power cut it is what the kernel had not written yet, up to half a minute.
//
// # What is carried
//
// H.264, H.265 and AAC as they come, G.711 too (as QuickTime names it; Chromium
// plays it), Motion JPEG likewise, which players play and browsers do not. The
// parameter sets stand before each key frame as well as in the header.
//
// # Time
//
// Frames lie as far apart as the camera says. Where that is on this machine's
// clock is measured over and over: the frame that took the shortest way counts.
// When the clock is set, or the camera's runs away, a new segment begins with
// the next key frame. A segment is never of two clocks.
//
// # What is kept
//
// A camera's recordings are deleted before any of it is older than the camera's
// Policy.Keep, whole segments at a time: the last to go lose up to a segment's
// length of that. Only when the clock leaps forward nothing is deleted by age for
// an hour, lest it be wrong. When the disk is nearly full the oldest of all cameras go
// first. Kept from deletion are only the segment that is being written and,
// for an hour, those of a clip that is being read.
package record
