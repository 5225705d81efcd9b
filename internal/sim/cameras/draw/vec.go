package main

import "math"

// A vec is a point or direction in metres: x to the right, y up, z away.
type vec struct{ x, y, z float64 }

func (a vec) add(b vec) vec           { return vec{a.x + b.x, a.y + b.y, a.z + b.z} }
func (a vec) sub(b vec) vec           { return vec{a.x - b.x, a.y - b.y, a.z - b.z} }
func (a vec) times(k float64) vec     { return vec{a.x * k, a.y * k, a.z * k} }
func (a vec) dot(b vec) float64       { return a.x*b.x + a.y*b.y + a.z*b.z }
func (a vec) length() float64         { return math.Sqrt(a.dot(a)) }
func (a vec) to(b vec, t float64) vec { return a.add(b.sub(a).times(t)) }

func (a vec) cross(b vec) vec {
	return vec{a.y*b.z - a.z*b.y, a.z*b.x - a.x*b.z, a.x*b.y - a.y*b.x}
}

func (a vec) unit() vec {
	if l := a.length(); l > 0 {
		return a.times(1 / l)
	}
	return a
}

// turn turns a about the vertical; at a quarter turn z becomes x.
func (a vec) turn(angle float64) vec {
	sin, cos := math.Sincos(angle)
	return vec{a.x*cos + a.z*sin, a.y, a.z*cos - a.x*sin}
}

// An rgb is a linear colour; white paper in full sun is about 1.
type rgb struct{ r, g, b float64 }

func (a rgb) add(b rgb) rgb           { return rgb{a.r + b.r, a.g + b.g, a.b + b.b} }
func (a rgb) times(k float64) rgb     { return rgb{a.r * k, a.g * k, a.b * k} }
func (a rgb) mul(b rgb) rgb           { return rgb{a.r * b.r, a.g * b.g, a.b * b.b} }
func (a rgb) to(b rgb, t float64) rgb { return a.add(b.add(a.times(-1)).times(t)) }

// hex returns the colour of an sRGB code, as in 0xc8102e.
func hex(code uint32) rgb {
	channel := func(shift uint) float64 {
		return math.Pow(float64(code>>shift&0xff)/255, 2.2)
	}
	return rgb{channel(16), channel(8), channel(0)}
}

func clamp(x, low, high float64) float64 { return math.Min(math.Max(x, low), high) }

func mix(a, b, t float64) float64 { return a + (b-a)*t }

// smooth rises from 0 to 1 while x goes from low to high.
func smooth(low, high, x float64) float64 {
	t := clamp((x-low)/(high-low), 0, 1)
	return t * t * (3 - 2*t)
}

// wrap returns x modulo period, never negative.
func wrap(x, period float64) float64 { return x - period*math.Floor(x/period) }
