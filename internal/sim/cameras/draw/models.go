package main

import "math"

// The models stand on the ground at the origin and face z.

func carPaints() []uint32 {
	return []uint32{0xd8dadb, 0x1c1f24, 0x8d1519, 0x9ea3a6, 0x27406b, 0xe9e6dd, 0x5b6063, 0x6b5a43}
}

func shirts() []uint32 {
	return []uint32{0xb23a30, 0x2f5f9e, 0xe0dcd2, 0x3d7a4e, 0xd8a13a, 0x5d4a7e, 0x20262e, 0xc7627f}
}

func boxes() []uint32 {
	return []uint32{0x1f4f8f, 0x9c2b22, 0xd9d5ca, 0x2e6b46, 0xc8742a, 0x6c7479}
}

func motorPaints() []uint32 { return []uint32{0x8d1519, 0x1d2a44, 0x2b2d30, 0xc9ccce} }

// pick returns one of them, always the same for the same seed.
func pick[T any](from []T, seed int) T { return from[int(hash(seed, 7, 3)*float64(len(from)))] }

func rubber() material { return plain(0x17181a) }
func glass() material  { return paint(hex(0x10161c), 1) }
func steel() material  { return paint(hex(0x8a8f93), 0.5) }
func skin() material   { return plain(0xb98560) }

func wheel(m *mesh, at vec, radius, wide float64) {
	const sides = 10
	rim := func(x float64, i int) vec {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / sides)
		return at.add(vec{x, radius * sin, radius * cos})
	}
	for i := range sides {
		m.quad(rim(-wide/2, i), rim(wide/2, i), rim(wide/2, i+1), rim(-wide/2, i+1), rubber())
		for _, x := range []float64{-wide / 2, wide / 2} {
			m.facet(at.add(vec{x, 0, 0}), rim(x, i), rim(x, i+1), rubber())
			hub := func(i int) vec { return at.add(vec{x * 1.05, 0, 0}).to(rim(x*1.05, i), 0.55) }
			m.facet(at.add(vec{x * 1.05, 0, 0}), hub(i), hub(i+1), steel())
		}
	}
}

// car returns a car; bodies 0 to 2 are a saloon, a hatchback and a van.
func car(seed int, lights bool) mesh {
	var m mesh
	body := paint(hex(pick(carPaints(), seed)), 0.35)
	outlines := [][][2]float64{
		{{-2.2, 0.35}, {-2.25, 0.9}, {-1.5, 0.98}, {-0.9, 1.42}, {0.45, 1.45}, {1.15, 0.95}, {2.15, 0.82}, {2.25, 0.35}},
		{{-1.8, 0.35}, {-1.85, 1.0}, {-1.55, 1.5}, {0.35, 1.55}, {1.05, 1.0}, {1.8, 0.88}, {1.9, 0.35}},
		{{-2.3, 0.4}, {-2.35, 1.2}, {-2.1, 1.85}, {0.9, 1.9}, {1.6, 1.2}, {2.3, 1.0}, {2.4, 0.4}},
	}
	outline := outlines[int(hash(seed, 1, 9)*3)]
	isGlass := func(i int) bool { // between the belt and the roof
		a, b := outline[i], outline[(i+1)%len(outline)]
		return math.Abs(a[1]-b[1]) > 0.3 && math.Min(a[1], b[1]) > 0.9
	}
	m.extrude(outline, -0.86, 0.86, func(i int) material {
		if isGlass(i) {
			return glass()
		}
		return body
	}, body)
	carWindows(&m, outline)
	for _, z := range []float64{-1.35, 1.35} {
		for _, x := range []float64{-0.8, 0.8} {
			wheel(&m, vec{x, 0.33, z}, 0.33, 0.22)
		}
	}
	vehicleLights(&m, 0.7, outline[len(outline)-1][0]+0.02, outline[0][0]-0.06, 0.68, lights)
	return m
}

// carWindows adds the side windows: the upper part of the outline, a bit smaller.
func carWindows(m *mesh, outline [][2]float64) {
	var top [][2]float64
	for _, o := range outline {
		if o[1] > 0.93 {
			top = append(top, o)
		}
	}
	var cx, cy float64
	for _, o := range top {
		cx, cy = cx+o[0]/float64(len(top)), cy+o[1]/float64(len(top))
	}
	for _, x := range []float64{-0.87, 0.87} {
		at := func(o [2]float64) vec { return vec{x, cy + (o[1]-cy)*0.78, cx + (o[0]-cx)*0.82} }
		for i := 1; i+1 < len(top); i++ {
			m.facet(at(top[0]), at(top[i]), at(top[i+1]), glass())
		}
	}
}

// vehicleLights adds head and tail lights.
func vehicleLights(m *mesh, side, front, back, at float64, on bool) {
	white, red := paint(hex(0xdfe3e6), 0.6), plain(0x7a1014)
	if on {
		white, red = lamp(rgb{1, 0.95, 0.8}, 5), lamp(rgb{1, 0.05, 0.03}, 1.6)
	}
	for _, x := range []float64{-side, side} {
		m.box(vec{x - 0.16, at - 0.08, front - 0.08}, vec{x + 0.16, at + 0.08, front}, white)
		m.box(vec{x - 0.14, at + 0.02, back}, vec{x + 0.14, at + 0.18, back + 0.08}, red)
	}
}

// motorbike returns a scooter with its rider, and sometimes somebody behind.
func motorbike(seed int, lights bool) mesh {
	var m mesh
	body := paint(hex(pick(motorPaints(), seed)), 0.3)
	wheel(&m, vec{0, 0.28, -0.6}, 0.28, 0.1)
	wheel(&m, vec{0, 0.28, 0.62}, 0.28, 0.1)
	m.box(vec{-0.16, 0.35, -0.75}, vec{0.16, 0.75, 0.05}, body)
	m.box(vec{-0.12, 0.28, 0}, vec{0.12, 0.42, 0.4}, body)
	m.box(vec{-0.18, 0.35, 0.35}, vec{0.18, 1.0, 0.5}, body)
	m.rod(vec{-0.34, 1.02, 0.36}, vec{0.34, 1.02, 0.36}, 0.05, rubber())
	rider := func(z float64, seed int) {
		shirt := plain(pick(shirts(), seed))
		m.ball(vec{0, 1.05, z}, vec{0.21, 0.34, 0.16}, shirt)
		for _, x := range []float64{-0.2, 0.2} {
			m.rod(vec{x, 1.22, z}, vec{x * 1.5, 1.03, z + 0.42}, 0.1, shirt)
			m.rod(vec{x, 0.8, z}, vec{x * 1.1, 0.72, z + 0.34}, 0.15, plain(0x23262e))
			m.rod(vec{x * 1.1, 0.75, z + 0.34}, vec{x, 0.3, z + 0.3}, 0.12, plain(0x23262e))
		}
		m.ball(vec{0, 1.5, z + 0.04}, vec{0.12, 0.15, 0.13}, skin())
		m.ball(vec{0, 1.57, z + 0.02}, vec{0.15, 0.13, 0.17}, paint(hex(pick(shirts(), seed+3)), 0.4)) // the helmet
	}
	rider(-0.1, seed)
	if hash(seed, 4, 4) < 0.4 {
		rider(-0.52, seed+50)
	}
	white, red := paint(hex(0xdfe3e6), 0.6), plain(0x8a1014)
	if lights {
		white, red = lamp(rgb{1, 0.95, 0.8}, 5), lamp(rgb{1, 0.05, 0.03}, 2)
	}
	m.box(vec{-0.09, 0.85, 0.5}, vec{0.09, 0.99, 0.54}, white)
	m.box(vec{-0.09, 0.62, -0.8}, vec{0.09, 0.74, -0.75}, red)
	return m
}

// lorry returns a lorry with a box or a container of the given length.
func lorry(seed int, long float64, lights bool) mesh {
	var m mesh
	cab := paint(hex(pick([]uint32{0xb5271f, 0xe6e4dc, 0x2c5aa0, 0xd79a2b, 0x3f7f5a}, seed)), 0.3)
	cabOutline := [][2]float64{{0, 0.6}, {0, 2.75}, {1.35, 2.85}, {1.85, 1.75}, {1.95, 0.5}}
	m.extrude(cabOutline, -1.18, 1.18, func(i int) material {
		if i == 2 {
			return glass()
		}
		return cab
	}, cab)
	for _, x := range []float64{-1.19, 1.19} {
		m.quad(vec{x, 1.6, 0.4}, vec{x, 1.6, 1.5}, vec{x, 2.4, 1.25}, vec{x, 2.4, 0.4}, glass())
	}
	m.box(vec{-0.9, 0.6, 1.9}, vec{0.9, 1.2, 1.97}, plain(0x26282b))
	m.box(vec{-1.1, 0.75, -long - 0.2}, vec{1.1, 1.05, 0}, plain(0x26282b))
	cargo(&m, hex(pick(boxes(), seed+11)), -long-0.3, -0.3)
	for _, z := range []float64{1.0, -long + 0.6, -long + 1.8, -1.2} {
		for _, x := range []float64{-1.0, 1.0} {
			wheel(&m, vec{x, 0.5, z}, 0.5, 0.3)
		}
	}
	vehicleLights(&m, 0.9, 2.0, -long-0.38, 0.8, lights)
	return m
}

// cargo adds a container of corrugated steel, from back to front.
func cargo(m *mesh, c rgb, back, front float64) {
	wall, groove, frame := paint(c, 0.08), paint(c.times(0.72), 0.05), paint(c.times(0.55), 0.05)
	m.box(vec{-1.22, 1.05, back}, vec{1.22, 3.65, front}, wall)
	for _, x := range []float64{-1.23, 1.23} {
		for z := back + 0.25; z < front-0.2; z += 0.5 {
			m.quad(vec{x, 1.2, z}, vec{x, 1.2, z + 0.2}, vec{x, 3.5, z + 0.2}, vec{x, 3.5, z}, groove)
		}
		for _, y := range []float64{1.05, 3.5} {
			m.quad(vec{x * 1.002, y, back}, vec{x * 1.002, y, front}, vec{x * 1.002, y + 0.15, front}, vec{x * 1.002, y + 0.15, back}, frame)
		}
	}
	for _, x := range []float64{-0.8, -0.25, 0.3, 0.85} { // the bars of its doors
		m.box(vec{x - 0.03, 1.1, back - 0.05}, vec{x + 0.03, 3.6, back}, frame)
	}
	m.box(vec{-0.02, 1.05, back - 0.03}, vec{0.02, 3.65, back}, frame)
}

// coach returns a bus.
func coach(seed int, lights bool) mesh {
	var m mesh
	body := paint(hex(pick([]uint32{0xe8e3d5, 0xc8452e, 0x2f6aa8, 0x3d8a62}, seed)), 0.3)
	stripe := plain(pick([]uint32{0xd9a53a, 0x2b2f38, 0xdfe2e2}, seed))
	m.box(vec{-1.23, 0.45, -4.6}, vec{1.23, 3.25, 4.4}, body)
	for _, x := range []float64{-1.24, 1.24} {
		m.quad(vec{x, 1.65, -4.3}, vec{x, 1.65, 4.2}, vec{x, 2.75, 4.2}, vec{x, 2.75, -4.3}, glass())
		m.quad(vec{x, 1.1, -4.6}, vec{x, 1.1, 4.4}, vec{x, 1.35, 4.4}, vec{x, 1.35, -4.6}, stripe)
	}
	m.quad(vec{-1.15, 1.3, 4.42}, vec{1.15, 1.3, 4.42}, vec{1.15, 2.95, 4.42}, vec{-1.15, 2.95, 4.42}, glass())
	m.quad(vec{-1.1, 1.8, -4.62}, vec{1.1, 1.8, -4.62}, vec{1.1, 2.8, -4.62}, vec{-1.1, 2.8, -4.62}, glass())
	for _, z := range []float64{-2.6, 2.9} {
		for _, x := range []float64{-1.05, 1.05} {
			wheel(&m, vec{x, 0.48, z}, 0.48, 0.3)
		}
	}
	vehicleLights(&m, 0.9, 4.5, -4.68, 0.85, lights)
	return m
}

// dress is how somebody looks.
type dress struct {
	top, bottom material
	skirt       bool
	hat         int // 0 hair, 1 conical hat, 2 cap, 3 headscarf, 4 umbrella
	hatColour   material
	small       float64
}

// dressed returns the look of the seed-th passer-by.
func dressed(seed int) dress {
	return dress{
		top:       plain(pick(shirts(), seed)),
		bottom:    plain(pick([]uint32{0x23262e, 0x39465a, 0x6b6152, 0x2b3d33}, seed+5)),
		skirt:     hash(seed, 2, 2) < 0.25,
		hat:       []int{0, 0, 0, 1, 2, 0}[int(hash(seed, 3, 8)*6)],
		hatColour: plain(pick([]uint32{0xd9c48f, 0xe0dcd2, 0xb23a30, 0x2f5f9e}, seed+9)),
		small:     0.88 + 0.18*hash(seed, 6, 1),
	}
}

// person returns somebody who has walked so many metres.
func person(d dress, walked float64) mesh {
	var m mesh
	swing := 0.3 * math.Sin(walked*math.Pi/0.72)
	bob := 0.025 * math.Abs(math.Cos(walked*math.Pi/0.72))
	for i, side := range []float64{-0.09, 0.09} {
		s := swing
		if i == 1 {
			s = -swing
		}
		m.rod(vec{side, 0.86 + bob, 0}, vec{side, 0.06, s}, 0.14, d.bottom)
		m.box(vec{side - 0.05, 0, s - 0.08}, vec{side + 0.05, 0.09, s + 0.16}, plain(0x1d1c1b))
		m.rod(vec{side * 2.5, 1.36 + bob, 0}, vec{side * 2.9, 0.88 + bob, -s * 0.9}, 0.1, d.top)
	}
	if d.skirt {
		m.revolve(vec{0, 0.42 + bob, 0}, [][2]float64{{0.3, 0}, {0.17, 0.55}}, 10, d.bottom)
	}
	m.revolve(vec{0, 0.82 + bob, 0}, [][2]float64{{0.17, 0}, {0.2, 0.3}, {0.21, 0.52}, {0.07, 0.64}}, 8, d.top)
	head := vec{0, 1.58 + bob, 0.02}
	m.ball(head, vec{0.1, 0.13, 0.11}, skin())
	switch d.hat {
	case 1:
		m.revolve(head.add(vec{0, 0.03, 0}), [][2]float64{{0.27, 0}, {0, 0.19}}, 10, d.hatColour)
	case 2:
		m.ball(head.add(vec{0, 0.06, 0}), vec{0.12, 0.09, 0.13}, d.hatColour)
	case 3:
		m.ball(head.add(vec{0, 0.05, -0.02}), vec{0.14, 0.13, 0.14}, d.hatColour)
	case 4:
		m.revolve(head.add(vec{0, 0.35, 0}), [][2]float64{{0.6, 0}, {0.4, 0.14}, {0, 0.22}}, 10, d.hatColour)
	default:
		m.ball(head.add(vec{0, 0.05, -0.03}), vec{0.115, 0.11, 0.115}, plain(0x181412))
	}
	return m.grown(d.small)
}

// leaves is foliage of a colour, full of light and shade.
func leaves(dark, bright uint32, scale float64) material {
	a, b := hex(dark), hex(bright)
	return func(p, _ vec) surface {
		q := p.times(1 / scale)
		k := 0.65*noise3(q) + 0.35*noise3(q.times(2.7))
		return surface{
			albedo: a.to(b, smooth(0.25, 0.8, k)),
			bump:   vec{noise3(q.times(2)) - 0.5, noise3(q.times(2).add(vec{40, 0, 0})) - 0.5, noise3(q.times(2).add(vec{0, 0, 40})) - 0.5}.times(1.6),
		}
	}
}

// tree returns a broad-leaved tree, about so high.
func tree(seed int, high float64) mesh {
	var m mesh
	m.revolve(vec{}, [][2]float64{{0.035 * high, 0}, {0.02 * high, 0.5 * high}}, 7, plain(0x4a3a2b))
	green := leaves(0x14270f, []uint32{0x5d8136, 0x4d7a35, 0x6f8a3d}[seed%3], 0.09*high)
	for i := range 7 {
		angle := float64(i)*2.4 + float64(seed)
		r := 0.19 * high * (0.4 + hash(seed, i, 1))
		if i == 0 {
			r = 0
		}
		size := high * (0.17 + 0.09*hash(seed, i, 2))
		at := vec{r * math.Cos(angle), high * (0.58 + 0.22*hash(seed, i, 3)), r * math.Sin(angle)}
		m.ball(at, vec{size, size * 0.8, size}, green)
	}
	return m
}

// pine returns a conifer so high.
func pine(seed int, high float64) mesh {
	var m mesh
	m.revolve(vec{}, [][2]float64{{0.03 * high, 0}, {0.01 * high, 0.9 * high}}, 6, plain(0x3d3023))
	green := leaves(0x0e1f16, 0x3d6140, 0.06*high)
	for i := range 5 {
		low := high * (0.18 + 0.15*float64(i))
		wide := high * (0.22 - 0.035*float64(i)) * (0.85 + 0.3*hash(seed, i, 5))
		m.revolve(vec{0, low, 0}, [][2]float64{{wide * 0.3, -0.01 * high}, {wide, 0}, {wide * 0.4, 0.13 * high}, {0, 0.26 * high}}, 9, green)
	}
	return m
}

// lampPost returns a street light whose arm reaches to its right.
func lampPost(high, arm float64, lit bool) mesh {
	var m mesh
	m.cylinder(vec{}, 0.09, high, steel())
	m.rod(vec{0, high, 0}, vec{arm, high + 0.35, 0}, 0.09, steel())
	head := plain(0xd9dcdd)
	if lit {
		head = lamp(rgb{1, 0.8, 0.5}, 6)
	}
	m.box(vec{arm - 0.35, high + 0.26, -0.15}, vec{arm + 0.35, high + 0.38, 0.15}, head)
	return m
}

// facade is a wall with windows; storey and bay are their distances. At night
// some are lit.
func facade(code uint32, storey, bay float64, seed int, night bool) material {
	wall := hex(code)
	return func(p, n vec) surface {
		if n.y > 0.5 {
			return surface{albedo: hex(0x8b8780).times(0.8 + 0.3*noise(p.x*0.7, p.z*0.7))}
		}
		along := p.x
		if math.Abs(n.x) > math.Abs(n.z) {
			along = p.z
		}
		column, row := math.Floor(along/bay), math.Floor(p.y/storey)
		u, v := along/bay-column, p.y/storey-row
		stain := 0.86 + 0.2*fractal(along*0.3, p.y*0.15, 3)
		if u > 0.22 && u < 0.78 && v > 0.3 && v < 0.8 {
			s := surface{albedo: hex(0x1b2329), gloss: 0.7}
			if night && hash(int(column)+seed*31, int(row), seed) < 0.45 {
				warm := rgb{1, 0.72, 0.38}.to(rgb{0.75, 0.85, 1}, smooth(0.6, 0.9, hash(int(column), int(row), seed+2)))
				s.glow = warm.times(0.5 + 0.7*hash(int(column), int(row), seed+1))
			}
			return s
		}
		if v > 0.93 {
			stain *= 0.75 // a floor slab
		}
		return surface{albedo: wall.times(stain)}
	}
}
