package sim

import (
	"hash/fnv"
	"math"
	"time"
)

// hash mixes a seed with names and numbers into 64 even bits.
func hash(seed uint64, name string, n int64) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // a hash never fails
	x := h.Sum64() ^ seed*0x9e3779b97f4a7c15 ^ uint64(n)*0xd1b54a32d192ed03
	// splitmix64's last steps: FNV's bits alone are uneven.
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// unit returns a number in [0, 1) that belongs to the name.
func unit(seed uint64, name string, n int64) float64 {
	return float64(hash(seed, name, n)>>11) / (1 << 53)
}

// noise returns a number in [-1, 1] that wanders smoothly, taking a new
// direction about once a period.
func noise(seed uint64, name string, t, period time.Duration) float64 {
	x := float64(t) / float64(period)
	k := math.Floor(x)
	a, b := unit(seed, name, int64(k)), unit(seed, name, int64(k)+1)
	return 2*(a+(b-a)*smooth(x-k)) - 1
}

// smooth rises from 0 to 1 between 0 and 1, level at both ends.
func smooth(x float64) float64 {
	x = min(max(x, 0), 1)
	return x * x * (3 - 2*x)
}

// bump is 1 at x = 0 and falls off like a bell of the width.
func bump(x, width float64) float64 { return math.Exp(-x * x / (2 * width * width)) }
