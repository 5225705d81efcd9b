package citywatch

// A Problem is one thing wrong in something a person wrote: a configuration,
// a list of devices, a rule.
type Problem struct {
	// Path says where, as a YAML path relative to what was examined:
	// $.topics[0].filter.
	Path string
	// Message says what is wrong there.
	Message string
	// Hint says how to mend it; it may be empty.
	Hint string
}

// Error returns the message and the hint, without the place.
func (p Problem) Error() string {
	if p.Hint == "" {
		return p.Message
	}
	return p.Message + " (" + p.Hint + ")"
}
