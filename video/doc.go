// Package video pulls cameras, watches how they are, and hands their frames to
// whoever wants them: viewers, recordings, snapshots.
//
// One session per stream pulls a camera, however many watch it. What a session
// receives goes through a bounded queue to each subscriber, and a subscriber
// that is slow loses frames up to the next key frame: it never slows the camera
// or another subscriber. A session that fails, hangs or panics is closed,
// told apart by its fault, and tried again later; no camera can hurt another.
//
// How a camera is, its stream says. It is connecting only until something is
// known of it: an answer, or none for 15 s. A session that is up without a frame
// for 10 s, or whose frames pause for much longer than they usually do, and for
// at least 5 s, has no video. A session that breaks off is followed by another,
// and is a fault once frames are missed. Any fault stays until frames come
// again. Key frames that are the same, bit by bit, for 10 s are a frozen
// picture. A camera that is pulled on demand is checked now and then, and is
// idle while its last check, or the last who watched it, found it well.
//
// How a session speaks to a camera is the business of video/rtsp; what is made
// of the frames, of video/live, video/record, video/snapshot and video/scene.
package video
