package badcamera

// times are the cases in which the camera's time is bad.
func times() []Case {
	return []Case{
		works("time-forward", "its time jumps three hours forward", then(func(s *stream) { s.offset += 3 * 3600 * 90000 })),
		works("time-backward", "its time jumps half an hour back", then(func(s *stream) { s.offset -= 1800 * 90000 })),
		works("time-wraps", "the 32 bits of its time wrap", how{begin: func(s *stream) { s.offset = 1<<32 - 2*90000 }}),
		works("time-stands", "its time stands still", how{packets: func(_ *stream, sound []*packet) []*packet {
			for _, p := range sound {
				p.time = 4711
			}
			return sound
		}}),
		works("time-random", "its time is random", how{packets: func(s *stream, sound []*packet) []*packet {
			at := s.chaos.Uint32()
			for _, p := range sound {
				p.time = at
			}
			return sound
		}}),
	}
}
