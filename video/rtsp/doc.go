// Package rtsp pulls a camera's stream over RTSP and hands on what is sound in
// it: it is the only place that speaks to cameras, and believes nothing they
// say.
//
// A session asks for TCP first and for UDP where TCP is refused, follows a few
// redirects within the allowed networks, and ends with a video.Fault that says
// how the camera thereby is. Between the camera and a video.Sink stand, in this
// order: gortsplib, which reads RTSP and RTP; a collector, which makes whole
// access units of packets and drops those that miss one; the syntax of a codec,
// which finds parameter sets, key frames and what cannot be right; a clock,
// which lets no jump of the camera's own time through; and the order of
// decoding, worked out of the order of showing.
//
// Everything that parses a camera's bytes runs under a recover, and holds
// bounded memory whatever the camera sends.
package rtsp
