package main

import "math"

// A curve is a way through the scene, as short straight pieces.
type curve struct {
	points []vec
	along  []float64 // how far each point is from the first
}

// through returns a smooth curve through the points.
func through(points ...vec) *curve {
	c := &curve{}
	at := func(i int) vec { return points[min(max(i, 0), len(points)-1)] }
	const steps = 16
	for i := range len(points) - 1 {
		a, b, e, f := at(i-1), at(i), at(i+1), at(i+2)
		for k := range steps {
			t := float64(k) / steps
			c.append(b.times(2).add(e.sub(a).times(t)).
				add(a.times(2).sub(b.times(5)).add(e.times(4)).sub(f).times(t * t)).
				add(b.times(3).sub(a).sub(e.times(3)).add(f).times(t * t * t)).times(0.5))
		}
	}
	c.append(points[len(points)-1])
	return c
}

func (c *curve) append(p vec) {
	s := 0.0
	if n := len(c.points); n > 0 {
		s = c.along[n-1] + p.sub(c.points[n-1]).length()
	}
	c.points, c.along = append(c.points, p), append(c.along, s)
}

func (c *curve) long() float64 { return c.along[len(c.along)-1] }

// at returns the point so far along, and which way the curve goes there. Before
// its beginning and behind its end it goes straight on.
func (c *curve) at(s float64) (vec, vec) {
	i := 1
	for i < len(c.along)-1 && c.along[i] < s {
		i++
	}
	a, b := c.points[i-1], c.points[i]
	d := b.sub(a).unit()
	return a.add(d.times(s - c.along[i-1])), d
}

// beside returns the point so far along and so far to the right.
func (c *curve) beside(s, right float64) (vec, float64) {
	p, d := c.at(s)
	heading := math.Atan2(d.x, d.z)
	return p.add(vec{math.Cos(heading), 0, -math.Sin(heading)}.times(right)), heading
}

// near returns how far along the curve the nearest point to p is, how high it
// is there, and how far p is to the right of it.
func (c *curve) near(x, z float64) (s, y, right float64) {
	best := math.Inf(1)
	for i := 1; i < len(c.points); i++ {
		a, b := c.points[i-1], c.points[i]
		dx, dz := b.x-a.x, b.z-a.z
		long := math.Hypot(dx, dz)
		t := clamp(((x-a.x)*dx+(z-a.z)*dz)/(long*long), 0, 1)
		d := math.Hypot(x-a.x-dx*t, z-a.z-dz*t)
		if d < best {
			best = d
			s, y = mix(c.along[i-1], c.along[i], t), mix(a.y, b.y, t)
			right = math.Copysign(d, (x-a.x)*dz-(z-a.z)*dx)
		}
	}
	return s, y, right
}

// ribbon adds a road: so far to the left and right of the curve, and so high
// above it. The material is told how far to the right and how far along.
func (m *mesh) ribbon(c *curve, left, right, rise float64, mat func(right, along float64) surface) {
	for s := -20.0; s < c.long()+20; s += 3 {
		mid, d := c.at(s + 1.5)
		side := vec{d.z, 0, -d.x}.unit()
		piece := func(p, _ vec) surface {
			q := p.sub(mid)
			return mat(q.dot(side), s+1.5+q.dot(d))
		}
		corner := func(s, r float64) vec {
			p, _ := c.beside(s, r)
			return p.add(vec{0, rise, 0})
		}
		m.quad(corner(s, left), corner(s, right), corner(s+3.05, right), corner(s+3.05, left), piece)
	}
}

// asphalt is a two-lane road so wide to each side, with the lines of one.
func asphalt(half float64, middle rgb) func(right, along float64) surface {
	return func(right, along float64) surface {
		grey := 0.1 + 0.035*fractal(right*3, along*3, 3) + 0.03*fractal(right*0.6, along*0.05, 3)
		x := math.Abs(right)
		if worn := math.Abs(x - half/2); worn > 0.4 && worn < 1 {
			grey *= 0.88
		}
		c := rgb{grey, grey, grey * 1.02}
		switch {
		case x < 0.08 && wrap(along, 6) < 3.2:
			c = middle
		case x > half-0.5 && x < half-0.36:
			c = hex(0xc9c9c4).times(0.85)
		}
		return surface{albedo: c}
	}
}

// A mover comes along a way once in every loop.
type mover struct {
	model mesh
	// path returns where it is after so many metres, and its heading.
	path func(way float64) (vec, float64)
	// It sets out at phase, from 0 to 1, and takes so many seconds for so many
	// metres.
	phase, takes, long float64
	rx, rz             float64 // as in actor
}

// parade returns the actors that the movers are.
func parade(movers []mover) func(t float64) []actor {
	return func(t float64) []actor {
		var out []actor
		for _, m := range movers {
			if way, moving := lane(t, m.phase, m.takes, m.long); moving {
				at, heading := m.path(way)
				out = append(out, actor{m.model, at, heading, m.rx, m.rz})
			}
		}
		return out
	}
}

// traffic returns vehicles in both directions of a curve, on the right of it.
// The order of the models is that of their phases.
func traffic(c *curve, keep, takes float64, models []ride) []mover {
	var all []mover
	for i, r := range models {
		way := func(s float64) (vec, float64) { return c.beside(s, keep+r.aside) }
		if i%2 == 1 {
			way = func(s float64) (vec, float64) {
				p, heading := c.beside(c.long()-s, -keep-r.aside)
				return p, heading + math.Pi
			}
		}
		phase := (float64(i) + 0.5*hash(i, len(models), 4)) / float64(len(models))
		all = append(all, mover{r.model, way, phase, takes * r.slow, c.long(), r.rx, r.rz})
	}
	return all
}

// A ride is a vehicle, how much slower than others it goes, and how far it
// keeps to the side.
type ride struct {
	model       mesh
	slow, aside float64
	rx, rz      float64
}

func carRide(seed int, lights bool) ride { return ride{car(seed, lights), 1, 0, 0.9, 2.2} }

func bikeRide(seed int, lights bool) ride {
	return ride{motorbike(seed, lights), 1.15 + 0.2*hash(seed, 5, 6), 1.1, 0.35, 0.9}
}

func lorryRide(seed int, lights bool) ride { return ride{lorry(seed, 6.5, lights), 1.25, 0, 1.3, 4.2} }

func coachRide(seed int, lights bool) ride { return ride{coach(seed, lights), 1.1, 0, 1.3, 4.6} }
