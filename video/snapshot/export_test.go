package snapshot

// Cached returns how many bytes of pictures are kept in memory.
func (s *Snapshots) Cached() int64 {
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	return s.cache.bytes
}
