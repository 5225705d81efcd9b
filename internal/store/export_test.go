package store

import "time"

// SetSumEvery has summaries computed more often than once a minute.
func (s *Store) SetSumEvery(d time.Duration) { s.sumEvery = d }

// SetManyWindows has summaries computed when fewer windows wait for it.
func (s *Store) SetManyWindows(n int) { s.manyWindows = n }
