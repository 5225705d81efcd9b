package scene

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// A scenario is a scenery, what happens to it, and what is to be said of it.
type scenario struct {
	name string
	scenery
	// seconds it is watched.
	seconds float64
	// from then on the camera is faulty, and want is to be claimed within
	// seconds; until then, and always where want is OK, nothing but ok.
	from, within float64
	want         Picture
	// known is how long the camera was watched before, and knownLong says
	// that this was more than a day ago.
	known     time.Duration
	knownLong bool
	// real is set where the coder's part in it is looked at in every test.
	real bool
	// long is set for what takes long, and is watched only with -fps 15.
	long bool
}

func day(seed uint64, cars int) scenery {
	return scenery{seed: seed, cars: cars, noise: 2.5, clock: true}
}

func night(seed uint64, cars, lamps int) scenery {
	return scenery{seed: seed, night: true, dark: 12, lamps: lamps, cars: cars, noise: 4, clock: true}
}

func (s scenery) with(change func(pix []float32, t float64)) scenery {
	s.change = change
	return s
}

func each(f func(v float32) float32) func(pix []float32) {
	return func(pix []float32) {
		// Grey levels are looked up: a call for each pixel takes too long.
		var becomes [512]float32
		for v := range becomes {
			becomes[v] = f(float32(v))
		}
		lookUp(pix, &becomes)
	}
}

//go:norace
func lookUp(pix []float32, becomes *[512]float32) {
	for i, v := range pix {
		pix[i] = becomes[min(max(int(v), 0), 511)]
	}
}

//go:norace
func scale(pix []float32, middle, by float32) {
	for i, v := range pix {
		pix[i] = middle + (v-middle)*by
	}
}

func after(from float64, do func(pix []float32)) func([]float32, float64) {
	return func(pix []float32, t float64) {
		if t >= from {
			do(pix)
		}
	}
}

// exposure multiplies all of the picture by what f tells of a time.
func exposure(f func(t float64) float64) func([]float32, float64) {
	return func(pix []float32, t float64) {
		scale(pix, 0, float32(f(t)))
	}
}

// fog leaves that share of the view's contrast.
func fog(share func(t float64) float64) func([]float32, float64) {
	return func(pix []float32, t float64) {
		scale(pix, 185, float32(share(t)))
	}
}

// hand is what a hand close before the lens leaves: a smooth patch of light.
//
//go:norace
func hand(pix []float32) {
	for y := range viewH {
		for x := range viewW {
			pix[y*viewW+x] = 50 + 90*float32(x)/viewW + 30*float32(y)/viewH
		}
	}
}

// truck fills the picture with a painted side from one time to another.
func truck(from, to float64) func([]float32, float64) {
	return func(pix []float32, t float64) {
		if t < from || t > to {
			return
		}
		for i := range pix {
			pix[i] = 150 + float32(i%viewW)/60
		}
	}
}

//go:norace
func rain(pix []float32, t float64) {
	r := rand.New(rand.NewPCG(uint64(t*1000), 2))
	for range 250 {
		x, y := r.IntN(viewW-8), r.IntN(viewH-40)
		for k := range 36 {
			pix[(y+k)*viewW+x+k/8] += 35
		}
	}
}

func sharpFrom(from float64, dx, dy float64) func(t float64) (float64, float64) {
	return func(t float64) (float64, float64) {
		if t < from {
			return 0, 0
		}
		return dx, dy
	}
}

func shaking(t float64) (float64, float64) {
	return 2.2 * math.Sin(t*7), 1.2 * math.Sin(t*11)
}

func frozenFrom(from float64) func(t float64) float64 {
	return func(t float64) float64 { return math.Min(t, from) }
}

func withLook(s scenery, look func(t float64) (float64, float64)) scenery {
	s.look = look
	return s
}

func withSeenAt(s scenery, f func(t float64) float64) scenery {
	s.seenAt = f
	return s
}

func emptied(s scenery, from float64) scenery {
	s.emptyFrom = from
	return s
}

// healthy are the scenes of which nothing but ok may be said.
func healthy() []scenario {
	return []scenario{
		{name: "busy street", scenery: day(1, 5), seconds: 70},
		{name: "street without anybody", scenery: day(2, 0), seconds: 210, long: true},
		{name: "little noise, nobody", scenery: scenery{seed: 3, noise: 1, clock: true}, seconds: 210},
		{name: "night with lamps, nobody", scenery: night(4, 0, 6), seconds: 210},
		{name: "dark night, two lamps", scenery: scenery{seed: 5, night: true, dark: 3, lamps: 2, noise: 3, clock: true}, seconds: 210},
		{name: "night, one car now and then", scenery: night(6, 1, 3), seconds: 70},
		{name: "street empties", scenery: emptied(day(16, 4), 180), seconds: 390, long: true},
		{name: "street empties by night", scenery: emptied(night(17, 2, 4), 180), seconds: 400, real: true, long: true},
		{name: "clouds", scenery: day(7, 2).with(exposure(func(t float64) float64 { return 1 + 0.3*math.Sin(t/4) })), seconds: 70},
		{name: "exposure jumps", scenery: day(8, 2).with(exposure(func(t float64) float64 { return 1 + 0.25*math.Mod(math.Floor(t/9), 2) })), seconds: 70},
		{name: "dusk", scenery: day(9, 2).with(exposure(func(t float64) float64 { return 0.25 })), seconds: 70},
		{name: "haze", scenery: day(10, 2).with(fog(func(float64) float64 { return 0.35 })), seconds: 80, real: true},
		{name: "truck stops for 12 s", scenery: day(11, 3).with(truck(40, 52)), seconds: 120},
		{name: "wind shakes the mast", scenery: withLook(day(12, 2), shaking), seconds: 80, known: 11 * time.Minute},
		{name: "rain by night", scenery: night(13, 1, 5).with(rain), seconds: 70},
		{name: "known for long", scenery: day(14, 3), seconds: 70, known: 11 * time.Minute, knownLong: true},
		{name: "snow light sky", scenery: scenery{seed: 15, cars: 1, noise: 2, contrast: 0.5, clock: true}, seconds: 70},
	}
}

// quick leaves out what takes long.
func quick(all []scenario) []scenario {
	return slices.DeleteFunc(all, func(c scenario) bool { return c.long })
}

// faulty are the scenes that are to be told from those.
func faulty() []scenario {
	const from = 40
	dark := after(from, each(func(v float32) float32 { return 8 + v/60 }))
	return []scenario{
		{name: "dark by day, captions", scenery: day(21, 3).with(dark), want: Black, from: from, within: 30, seconds: 75},
		{name: "lens cap by night", scenery: night(22, 1, 4).with(after(from, each(func(float32) float32 { return 10 }))), want: Black, from: from, within: 30, seconds: 75},
		{name: "bright cloth", scenery: day(23, 3).with(after(from, each(func(float32) float32 { return 170 }))), want: Covered, from: from, within: 45, seconds: 85},
		{name: "hand", scenery: day(24, 3).with(after(from, hand)), want: Covered, from: from, within: 45, seconds: 85, real: true},
		{name: "cloth that lets light through", scenery: day(25, 3).with(after(from, each(func(v float32) float32 { return 120 + v/40 }))), want: Covered, from: from, within: 45, seconds: 85},
		{name: "fog comes slowly", scenery: day(26, 3).with(fog(func(t float64) float64 { return max(0.02, 1-t/120) })), want: WashedOut, from: 80, within: 120, seconds: 180},
		{name: "glare", scenery: day(27, 3).with(after(from, each(func(v float32) float32 { return v*2 + 140 }))), want: WashedOut, from: from, within: 45, seconds: 85},
		{name: "frozen with a clock", scenery: withSeenAt(day(28, 4), frozenFrom(180)), want: Frozen, from: 180, within: 200, seconds: 390, long: true},
		{name: "frozen by night", scenery: withSeenAt(night(29, 1, 4), frozenFrom(180)), want: Frozen, from: 180, within: 200, seconds: 390, real: true, long: true},
		{name: "turned by a tenth", scenery: withLook(day(30, 3), sharpFrom(from, 64, 0)), want: Moved, from: from, within: 90, seconds: 105, known: 11 * time.Minute, real: true},
		{name: "sunk by a tenth", scenery: withLook(day(31, 3), sharpFrom(from, 0, 36)), want: Moved, from: from, within: 90, seconds: 105, known: 11 * time.Minute},
		{name: "turned by a fifth, night", scenery: withLook(night(32, 1, 6), sharpFrom(from, -128, 10)), want: Moved, from: from, within: 90, seconds: 105, known: 11 * time.Minute},
		{name: "turned away, known", scenery: withLook(day(33, 2), sharpFrom(from, -240, -200)), want: Moved, from: from, within: 420, seconds: 500, known: 11 * time.Minute, knownLong: true, long: true},
	}
}
