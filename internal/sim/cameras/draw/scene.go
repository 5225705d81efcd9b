package main

import "math"

// The clips' timing: a loop is a whole number of groups of pictures.
const (
	rate   = 15 // frames a second
	loop   = 24 // seconds
	frames = loop * rate
)

// A scene is what one camera sees.
type scene struct {
	camera string // its id
	title  string // its name, as burnt into the picture

	eye, target vec
	degrees     float64
	light       light
	// shadowAt and shadowRadius bound where the sun casts shadows; radius 0 is
	// a grey sky.
	shadowAt     vec
	shadowRadius float64
	exposure     float64
	// crf is x264's measure of how coarsely the clip is coded; 0 is 32. What is
	// dark on dark needs it finer.
	crf int

	// build adds what does not move.
	build func(m *mesh)
	// sky returns the colour of the sky in a direction, at a time of the loop.
	sky func(direction vec, t float64) rgb
	// actors returns what moves, at a time of the loop.
	actors func(t float64) []actor
	// water, if not nil, is drawn anew for every frame.
	water func(t float64) mesh
	// glows are the lights that dazzle.
	glows func(t float64) []glow
	// mist returns how much of what is seen in a direction, so far away, is
	// hidden by drifting mist of the colour mistColour.
	mist       func(eye, direction vec, distance, t float64) float64
	mistColour rgb
}

// An actor is a model at its place.
type actor struct {
	model   mesh
	at      vec
	heading float64
	// rx and rz are half the width and length of the shade beneath it.
	rx, rz float64
}

// A glow is a light that shines into the camera.
type glow struct {
	at     vec
	colour rgb
	size   float64 // metres
	// facing is the heading in which it shines.
	facing float64
}

// clearSky returns a sky with clouds that drift; cover goes from 0 to 1.
func clearSky(zenith, horizon, cloud rgb, cover float64) func(vec, float64) rgb {
	return func(d vec, t float64) rgb {
		up := math.Max(d.y, 0.001)
		blue := horizon.to(zenith, math.Pow(clamp(up*1.6, 0, 1), 0.6))
		// The clouds are a plane high above.
		x, z := d.x/(up+0.12)*1.3, d.z/(up+0.12)*1.3
		k := drifting(t, 0.5, func(t float64) float64 { return fractal(x+0.012*t, z, 5) })
		k = smooth(0.75-0.5*cover, 1.05-0.5*cover, k)
		shadow := 0.82 + 0.18*fractal(x*2+3, z*2, 3)
		return blue.to(cloud.times(shadow), k*smooth(0, 0.15, d.y+0.06))
	}
}

// lane returns how far something has come at time t that takes so many seconds
// from the beginning of its way to the end, once a loop, and whether it is under
// way at all. Several phases between 0 and 1 make traffic.
func lane(t, phase, takes, long float64) (float64, bool) {
	since := wrap(t-phase*loop, loop)
	return since / takes * long, since < takes
}
