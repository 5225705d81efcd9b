package decode

// maxInterned bounds the strings an interner remembers, and maxInternedLength
// the length of each: at most some 2 MiB, whatever hostile senders publish.
const (
	maxInterned       = 16384
	maxInternedLength = maxName
)

// An interner makes strings of bytes, without allocating for those that it
// has made before: the same few device ids, value names and states come
// millions of times.
type interner struct {
	known map[string]string
}

func (in *interner) string(b []byte) string {
	if s, ok := in.known[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(s) > maxInternedLength {
		return s
	}
	if in.known == nil || len(in.known) >= maxInterned {
		// Forgetting all of them costs each one allocation, once; it needs no
		// order of use.
		in.known = make(map[string]string)
	}
	in.known[s] = s
	return s
}

// clone returns a string equal to s that shares memory only with the
// interner, not with the longer string that s may be a part of.
func (in *interner) clone(s string) string {
	if known, ok := in.known[s]; ok {
		return known
	}
	return in.string([]byte(s))
}
