package alerts

import "math/bits"

// Flaps has a bit for each of the last values of a key, the newest lowest:
// whether the level began, or fell, with it. What rises further does not flap.
type flaps uint32

const (
	// flapValues is how many values are looked at.
	flapValues = 20
	// An alert flaps when the weighted share of its changes, in percent, is
	// above flapsAbove, and until it is below flapsBelow: Icinga's defaults.
	flapsAbove, flapsBelow = 30.0, 25.0
)

// next makes room for another value.
func (f flaps) next() flaps { return f << 1 & (1<<flapValues - 1) }

// share is which share of the values, in percent, changed the level. As in
// Icinga the newest count for more: 1.18 against 0.8 for the oldest.
func (f flaps) share() float64 {
	const oldest, step = 0.8, 0.02
	sum := 0.0
	for rest := uint32(f); rest != 0; rest &= rest - 1 {
		age := bits.TrailingZeros32(rest)
		sum += oldest + step*float64(flapValues-1-age)
	}
	return 100 * sum / flapValues
}
