// Package video pulls cameras, watches how they are, and hands their frames to
// whoever wants them: viewers, recordings, snapshots.
//
// One session per stream pulls a camera, however many watch it. What a session
// receives goes through a bounded queue to each subscriber, and a subscriber
// that is slow loses frames up to the next key frame: it never slows the camera
// or another subscriber. A session that fails, hangs or panics is closed,
// told apart by its fault, and tried again later; no camera can hurt another.
//
// How a session speaks to a camera is the business of video/rtsp; what is made
// of the frames, of video/live, video/record, video/snapshot and video/scene.
package video
