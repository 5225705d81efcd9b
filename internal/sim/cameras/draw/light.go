package main

import "math"

// A light is the weather of a scene.
type light struct {
	sun        vec // the direction it comes from
	sunColour  rgb
	sky, earth rgb // light from above, and from below
	// Haze swallows half of what is seen within its distance.
	haze         rgb
	hazeDistance float64
	lamps        []bulb
	shadow       *shadowMap // nil: nothing casts one
}

// A bulb lights its surroundings.
type bulb struct {
	at     vec
	colour rgb
	reach  float64
}

// shade returns the colour in which a surface is seen from eye, and which part
// of it is the sun's.
func (l *light) shade(eye, p, n vec, s surface) (rgb, float64) {
	n = n.add(s.bump).unit()
	toEye := eye.sub(p)
	distance := toEye.length()
	toEye = toEye.times(1 / distance)
	ambient := l.earth.to(l.sky, n.y/2+0.5)
	for _, b := range l.lamps {
		d := b.at.sub(p)
		r := d.length() / b.reach
		if r < 3 {
			ambient = ambient.add(b.colour.times((0.3 + 0.7*math.Max(n.dot(d.unit()), 0)) / (1 + 6*r*r) * smooth(3, 2, r)))
		}
	}
	sun := l.sunColour.times(math.Max(n.dot(l.sun), 0))
	if l.shadow != nil {
		sun = sun.times(l.shadow.light(p.add(n.times(0.05))))
	}
	colour := s.albedo.mul(ambient.add(sun)).add(s.glow)
	if s.gloss > 0 {
		mirrored := n.times(2 * n.dot(toEye)).sub(toEye)
		fresnel := s.gloss * (0.06 + 0.94*math.Pow(1-clamp(n.dot(toEye), 0, 1), 3))
		colour = colour.to(l.earth.to(l.sky, smooth(-0.3, 0.5, mirrored.y)), fresnel)
		glint := math.Pow(math.Max(mirrored.dot(l.sun), 0), 60) * s.gloss
		colour = colour.add(l.sunColour.times(glint))
	}
	part := (sun.r + sun.g + sun.b) / (sun.r + sun.g + sun.b + ambient.r + ambient.g + ambient.b + 1e-9)
	if l.hazeDistance > 0 {
		seen := math.Exp2(-distance / l.hazeDistance)
		colour = l.haze.to(colour, seen)
		part *= seen
	}
	return colour, part
}

// A shadowMap knows how far the sun's light gets.
type shadowMap struct {
	v     view
	depth []float32
}

// newShadowMap returns the shadows that a model casts within so many metres of
// the centre.
func newShadowMap(m mesh, sun, centre vec, radius float64) *shadowMap {
	const size = 3000
	// Seen from far away, the sun's rays are parallel enough.
	const away = 4000
	s := &shadowMap{v: look(centre.add(sun.times(away)), centre, 50, 1)}
	s.v.w, s.v.h = size, size
	s.v.focal = size / 2 / radius * away
	s.depth = make([]float32, size*size)
	for i := range s.depth {
		s.depth[i] = float32(math.Inf(1))
	}
	for i := range m {
		eachVisible(&s.v, m[i].p, func(sp span) {
			s.depth[sp.index] = min(s.depth[sp.index], float32(sp.depth))
		})
	}
	return s
}

// light returns how much of the sun is seen from p.
func (s *shadowMap) light(p vec) float64 {
	l := s.v.local(p)
	fx, fy := s.v.onto(l)
	x, y := int(fx), int(fy)
	lit := 0
	const blur = 2
	for dy := -blur; dy <= blur; dy++ {
		for dx := -blur; dx <= blur; dx++ {
			if x+dx < 0 || y+dy < 0 || x+dx >= s.v.w || y+dy >= s.v.h ||
				s.depth[(y+dy)*s.v.w+x+dx] > float32(l.z-0.12) {
				lit++
			}
		}
	}
	return float64(lit) / ((2*blur + 1) * (2*blur + 1))
}

// cast darkens the floor, which is level, where a model keeps the sun from it.
func (l *layer) cast(v *view, m mesh, lit *light, floor float64) {
	dark := map[int]bool{}
	for i := range m {
		var onFloor [3]vec
		for k, p := range m[i].p {
			drop := math.Max(p.y-floor, 0) / math.Max(lit.sun.y, 0.05)
			onFloor[k] = p.sub(lit.sun.times(drop))
			onFloor[k].y = floor + 0.01
		}
		eachVisible(v, onFloor, func(s span) {
			if math.Abs(s.depth-float64(l.depth[s.index])) < 0.02*s.depth {
				dark[s.index] = true
			}
		})
	}
	for i := range dark {
		l.colour[i] = l.colour[i].times(1 - 0.92*float64(l.sunlit[i]))
		l.sunlit[i] = 0
	}
}

// soften darkens the floor around a point, as any body does under a grey sky.
func (l *layer) soften(v *view, at vec, rx, rz, heading, strength float64) {
	corner := func(x, z float64) vec { return vec{x * rx, 0.02, z * rz}.turn(heading).add(at) }
	a, b, c, d := corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1)
	for _, half := range [][3]vec{{a, b, c}, {a, c, d}} {
		eachVisible(v, half, func(s span) {
			if math.Abs(s.depth-float64(l.depth[s.index])) > 0.02*s.depth {
				return
			}
			q := s.blend(half).sub(at).turn(-heading)
			r := math.Hypot(q.x/rx, q.z/rz)
			l.colour[s.index] = l.colour[s.index].times(1 - strength*smooth(1, 0.3, r))
		})
	}
}
