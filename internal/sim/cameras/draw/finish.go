package main

import (
	"math"
)

// A stage draws the frames of one scene.
type stage struct {
	*scene
	view   view
	fixed  *layer // what does not move
	canvas *layer
	out    []rgb // one for each pixel
	tones  []float64
}

// newStage draws what does not move.
func newStage(s *scene, fine int) *stage {
	var static mesh
	s.build(&static)
	st := &stage{scene: s, tones: tones(), view: look(s.eye, s.target, s.degrees, fine)}
	if s.shadowRadius > 0 {
		s.light.shadow = newShadowMap(static, s.light.sun, s.shadowAt, s.shadowRadius)
	}
	st.fixed = newLayer(&st.view)
	st.fixed.draw(&st.view, static, &s.light)
	st.canvas = newLayer(&st.view)
	st.out = make([]rgb, width*height)
	return st
}

// frame returns the picture at a time of the loop, three bytes a pixel. The
// grain is that of the n-th frame.
func (st *stage) frame(t float64, n int) []byte {
	st.canvas.copyFrom(st.fixed)
	if st.water != nil {
		st.canvas.draw(&st.view, st.water(t), &st.light)
	}
	if st.actors != nil {
		st.perform(st.actors(t))
	}
	st.develop(t)
	if st.glows != nil {
		for _, g := range st.glows(t) {
			st.shine(g)
		}
	}
	return st.expose(n)
}

// perform draws what moves: all shadows first, for nothing casts one upwards.
func (st *stage) perform(actors []actor) {
	models := make([]mesh, len(actors))
	for i, a := range actors {
		models[i].put(a.model, a.at, a.heading)
		if st.shadowRadius > 0 {
			st.canvas.cast(&st.view, models[i], &st.light, a.at.y)
		}
		st.canvas.soften(&st.view, a.at, a.rx*1.5, a.rz*1.25, a.heading, 0.5)
	}
	for _, m := range models {
		st.canvas.draw(&st.view, m, &st.light)
	}
}

// develop makes pixels out of samples, with the sky behind and mist before.
func (st *stage) develop(t float64) {
	fine := st.view.fine
	for y := range height {
		for x := range width {
			var sum rgb
			var sky int
			distance := 0.0
			for dy := range fine {
				row := (y*fine+dy)*st.view.w + x*fine
				for i := row; i < row+fine; i++ {
					d := float64(st.canvas.depth[i])
					if math.IsInf(d, 1) {
						sky++
						continue
					}
					c := st.canvas.colour[i]
					sum = sum.add(rgb{math.Min(c.r, 3), math.Min(c.g, 3), math.Min(c.b, 3)})
					distance += d
				}
			}
			all := fine * fine
			dir := st.view.ray((float64(x)+0.5)*float64(fine), (float64(y)+0.5)*float64(fine))
			if sky > 0 {
				sum = sum.add(st.sky(dir, t).times(float64(sky)))
				distance += 5000 * float64(sky)
			}
			c := sum.times(1 / float64(all))
			if st.mist != nil {
				c = c.to(st.mistColour, st.mist(st.eye, dir, distance/float64(all), t))
			}
			st.out[y*width+x] = c
		}
	}
}

// shine adds a glow where nothing stands before it.
func (st *stage) shine(g glow) {
	l := st.view.local(g.at)
	toEye := st.eye.sub(g.at).unit()
	towards := smooth(0.1, 0.8, vec{0, 0, 1}.turn(g.facing).dot(toEye))
	if l.z < near || towards == 0 {
		return
	}
	x, y := st.view.onto(l)
	col, row := int(x), int(y)
	if col < 0 || row < 0 || col >= st.view.w || row >= st.view.h ||
		float64(st.canvas.depth[row*st.view.w+col]) < l.z-0.8 {
		return
	}
	x, y = x/float64(st.view.fine), y/float64(st.view.fine)
	r := math.Max(g.size*st.view.focal/float64(st.view.fine)/l.z, 1.2)
	reach := int(4 * r)
	for py := max(int(y)-reach, 0); py <= min(int(y)+reach, height-1); py++ {
		for px := max(int(x)-reach, 0); px <= min(int(x)+reach, width-1); px++ {
			d := math.Hypot(float64(px)+0.5-x, float64(py)+0.5-y) / r
			k := math.Exp(-d*d*2) + 0.25*math.Exp(-d*1.5)*smooth(4, 2.5, d)
			i := py*width + px
			st.out[i] = st.out[i].add(g.colour.times(k * towards))
		}
	}
}

// expose makes the bytes of a picture as a cheap sensor would: a soft shoulder,
// dark corners, some grain.
func (st *stage) expose(n int) []byte {
	picture := make([]byte, 0, 3*width*height)
	for y := range height {
		for x := range width {
			c := st.out[y*width+x]
			u, v := float64(x)/width-0.5, float64(y)/height-0.5
			c = c.times(st.exposure * (1 - 0.55*(u*u+v*v)))
			grain := (hash(x, y, n) + hash(x, y, n+9999) - 1) * 0.009
			for _, k := range []float64{c.r, c.g, c.b} {
				picture = append(picture, byte(clamp(st.tone(k)+grain, 0, 1)*255+0.5))
			}
		}
	}
	return picture
}

// tones returns how bright linear values are on screen, in steps of 1/256.
func tones() []float64 {
	all := make([]float64, 8*256)
	for i := range all {
		k := float64(i) / 256 * 0.8
		k = k * (2.51*k + 0.03) / (k*(2.43*k+0.59) + 0.14)
		all[i] = math.Pow(clamp(k, 0, 1), 1/2.2)
	}
	return all
}

// tone returns how bright a linear value is on screen.
func (st *stage) tone(k float64) float64 {
	at := clamp(k*256, 0, float64(len(st.tones)-2))
	i := int(at)
	return mix(st.tones[i], st.tones[i+1], at-float64(i))
}
