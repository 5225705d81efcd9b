package main

import "math"

// hash returns a number in [0, 1) that is always the same for the same input.
func hash(x, y, z int) float64 {
	h := uint64(x)*0x9e3779b97f4a7c15 ^ uint64(y)*0xc2b2ae3d27d4eb4f ^ uint64(z)*0x165667b19e3779f9
	h ^= h >> 29
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 32
	h *= 0x94d049bb133111eb
	return float64(h>>40) / (1 << 24)
}

// noise is smooth between 0 and 1, with a grid of 1.
func noise(x, y float64) float64 { return noiseOver(x, y, 0) }

// noiseOver is noise that repeats in x every period; 0 is never.
func noiseOver(x, y float64, period int) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	u, v := x-fx, y-fy
	u, v = u*u*(3-2*u), v*v*(3-2*v)
	i, j := int(fx), int(fy)
	i2 := i + 1
	if period > 0 {
		i, i2 = (i%period+period)%period, (i2%period+period)%period
	}
	return mix(mix(hash(i, j, 0), hash(i2, j, 0), u), mix(hash(i, j+1, 0), hash(i2, j+1, 0), u), v)
}

// noise3 is noise in space.
func noise3(p vec) float64 {
	f := math.Floor(p.z)
	w := p.z - f
	w = w * w * (3 - 2*w)
	at := func(k float64) float64 { return noise(p.x+k*17.31, p.y+k*5.77) }
	return mix(at(f), at(f+1), w)
}

// fractal is noise with finer noise upon it.
func fractal(x, y float64, octaves int) float64 { return fractalOver(x, y, octaves, 0) }

// fractalOver is fractal that repeats in x every period; 0 is never.
func fractalOver(x, y float64, octaves, period int) float64 {
	sum, weight, total := 0.0, 0.5, 0.0
	for range octaves {
		sum += weight * noiseOver(x, y, period)
		total += weight
		weight /= 2
		x, y, period = x*2, y*2+31.7, period*2
	}
	return sum / total
}

// drifting makes what drifts with time loop: f at time t fades into f a whole
// loop earlier, so that the end meets the beginning. Its mean is kept, and its
// contrast.
func drifting(t, mean float64, f func(t float64) float64) float64 {
	w := t / loop
	a, b := f(t)-mean, f(t-loop)-mean
	return mean + (a*(1-w)+b*w)/math.Sqrt(w*w+(1-w)*(1-w))
}
