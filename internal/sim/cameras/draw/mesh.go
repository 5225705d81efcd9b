package main

import "math"

// A surface is what light meets at one point.
type surface struct {
	albedo rgb
	glow   rgb     // light of its own
	gloss  float64 // 0 dull, 1 like glass
	bump   vec     // added to the normal
}

// A material tells the surface at a point of the model.
type material func(p, normal vec) surface

func plain(code uint32) material {
	s := surface{albedo: hex(code)}
	return func(vec, vec) surface { return s }
}

func paint(c rgb, gloss float64) material {
	s := surface{albedo: c, gloss: gloss}
	return func(vec, vec) surface { return s }
}

func lamp(c rgb, strength float64) material {
	s := surface{albedo: c, glow: c.times(strength)}
	return func(vec, vec) surface { return s }
}

// A tri is a triangle. Its corners have the normals of the smooth body that it
// approximates.
type tri struct {
	p, n [3]vec
	m    material
}

type mesh []tri

// facet adds a flat triangle whose corners go counterclockwise when seen from
// outside.
func (m *mesh) facet(a, b, c vec, mat material) {
	n := b.sub(a).cross(c.sub(a)).unit().times(-1)
	*m = append(*m, tri{[3]vec{a, b, c}, [3]vec{n, n, n}, mat})
}

func (m *mesh) quad(a, b, c, d vec, mat material) {
	m.facet(a, b, c, mat)
	m.facet(a, c, d, mat)
}

// box adds a box; low and high are opposite corners.
func (m *mesh) box(low, high vec, mat material) {
	x0, y0, z0, x1, y1, z1 := low.x, low.y, low.z, high.x, high.y, high.z
	m.quad(vec{x0, y0, z0}, vec{x1, y0, z0}, vec{x1, y1, z0}, vec{x0, y1, z0}, mat) // near
	m.quad(vec{x1, y0, z1}, vec{x0, y0, z1}, vec{x0, y1, z1}, vec{x1, y1, z1}, mat) // far
	m.quad(vec{x0, y0, z1}, vec{x0, y0, z0}, vec{x0, y1, z0}, vec{x0, y1, z1}, mat) // left
	m.quad(vec{x1, y0, z0}, vec{x1, y0, z1}, vec{x1, y1, z1}, vec{x1, y1, z0}, mat) // right
	m.quad(vec{x0, y1, z0}, vec{x1, y1, z0}, vec{x1, y1, z1}, vec{x0, y1, z1}, mat) // top
	m.quad(vec{x0, y0, z1}, vec{x1, y0, z1}, vec{x1, y0, z0}, vec{x0, y0, z0}, mat) // bottom
}

// extrude adds a body with the outline in y and z, as seen from its right side,
// that is as wide as its two ends are apart in x.
func (m *mesh) extrude(outline [][2]float64, x0, x1 float64, mats func(i int) material, side material) {
	at := func(x float64, i int) vec {
		o := outline[i%len(outline)]
		return vec{x, o[1], o[0]}
	}
	for i := range outline {
		m.quad(at(x0, i), at(x1, i), at(x1, i+1), at(x0, i+1), mats(i))
	}
	for i := 1; i+1 < len(outline); i++ {
		m.facet(at(x1, 0), at(x1, i+1), at(x1, i), side)
		m.facet(at(x0, 0), at(x0, i), at(x0, i+1), side)
	}
}

// revolve adds a body of revolution about the vertical through base; profile
// holds radius and height from the bottom up.
func (m *mesh) revolve(base vec, profile [][2]float64, sides int, mat material) {
	at := func(ring [2]float64, i int) vec {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(sides))
		return base.add(vec{ring[0] * cos, ring[1], ring[0] * sin})
	}
	for k := 1; k < len(profile); k++ {
		low, high := profile[k-1], profile[k]
		slope := low[0] - high[0]
		rise := high[1] - low[1]
		normal := func(i int) vec {
			sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(sides))
			return vec{cos * rise, slope, sin * rise}.unit()
		}
		for i := range sides {
			a, b, c, d := at(low, i), at(low, i+1), at(high, i+1), at(high, i)
			n, n2 := normal(i), normal(i+1)
			*m = append(*m, tri{[3]vec{a, b, c}, [3]vec{n, n2, n2}, mat}, tri{[3]vec{a, c, d}, [3]vec{n, n2, n}, mat})
		}
	}
}

func (m *mesh) cylinder(base vec, radius, height float64, mat material) {
	m.revolve(base, [][2]float64{{radius, 0}, {radius, height}, {0, height}}, 10, mat)
}

// ball adds an ellipsoid with the given half axes.
func (m *mesh) ball(centre, axes vec, mat material) {
	const rings, sides = 6, 10
	at := func(i, k int) (p, n vec) {
		sinA, cosA := math.Sincos(math.Pi * float64(k) / rings)
		sinB, cosB := math.Sincos(2 * math.Pi * float64(i) / sides)
		n = vec{sinA * cosB, -cosA, sinA * sinB}
		return centre.add(vec{n.x * axes.x, n.y * axes.y, n.z * axes.z}),
			vec{n.x / axes.x, n.y / axes.y, n.z / axes.z}.unit()
	}
	for k := range rings {
		for i := range sides {
			a, an := at(i, k)
			b, bn := at(i+1, k)
			c, cn := at(i+1, k+1)
			d, dn := at(i, k+1)
			*m = append(*m, tri{[3]vec{a, b, c}, [3]vec{an, bn, cn}, mat}, tri{[3]vec{a, c, d}, [3]vec{an, cn, dn}, mat})
		}
	}
}

// rod adds a square bar between two points.
func (m *mesh) rod(a, b vec, thick float64, mat material) {
	along := b.sub(a).unit()
	side := along.cross(vec{0, 1, 0})
	if side.length() < 0.01 {
		side = vec{1, 0, 0}
	}
	side = side.unit().times(thick / 2)
	over := side.cross(along).unit().times(thick / 2)
	corner := func(p vec, s, o float64) vec { return p.add(side.times(s)).add(over.times(o)) }
	ring := [][2]float64{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}}
	for i := range ring {
		j := (i + 1) % 4
		m.quad(corner(a, ring[i][0], ring[i][1]), corner(b, ring[i][0], ring[i][1]),
			corner(b, ring[j][0], ring[j][1]), corner(a, ring[j][0], ring[j][1]), mat)
	}
}

// ground adds a floor over a grid, as high as height says.
func (m *mesh) ground(x0, x1, z0, z1, step float64, height func(x, z float64) float64, mat material) {
	at := func(x, z float64) vec { return vec{x, height(x, z), z} }
	normal := func(x, z float64) vec {
		e := step / 2
		return vec{height(x-e, z) - height(x+e, z), 2 * e, height(x, z-e) - height(x, z+e)}.unit()
	}
	for z := z0; z < z1; z += step {
		for x := x0; x < x1; x += step {
			a, b, c, d := at(x, z), at(x+step, z), at(x+step, z+step), at(x, z+step)
			an, bn, cn, dn := normal(x, z), normal(x+step, z), normal(x+step, z+step), normal(x, z+step)
			*m = append(*m, tri{[3]vec{a, b, c}, [3]vec{an, bn, cn}, mat}, tri{[3]vec{a, c, d}, [3]vec{an, cn, dn}, mat})
		}
	}
}

// put adds another model, turned and moved. Its materials see its own
// coordinates no longer.
func (m *mesh) put(model mesh, at vec, heading float64) {
	for _, t := range model {
		for i := range t.p {
			t.p[i] = t.p[i].turn(heading).add(at)
			t.n[i] = t.n[i].turn(heading)
		}
		*m = append(*m, t)
	}
}

// grown returns the model larger by a factor.
func (m mesh) grown(k float64) mesh {
	out := make(mesh, len(m))
	for i, t := range m {
		for j := range t.p {
			t.p[j] = t.p[j].times(k)
		}
		out[i] = t
	}
	return out
}
