//go:build !linux

package ffmpeg_test

func play(string) {}
