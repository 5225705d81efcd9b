// Package snapshot makes JPEGs of what cameras see: the newest key frame on
// demand, and one each minute, kept for a day.
//
// A picture is made once for each key frame and width, however many ask for it
// at the same time, and carries the time at which its frame arrived: it is never
// newer than that. H.264 and H.265 are decoded by a child process (package
// ffmpeg); where there is none, only MJPEG cameras have pictures.
package snapshot
