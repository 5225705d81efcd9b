package main

import "math"

// square is the square before the stone church of Sa Pa, in the morning sun.
func square() *scene {
	s := &scene{
		camera: "nha-tho-da-sa-pa", title: "Nhà thờ đá Sa Pa",
		eye: vec{-8, 6.6, -21}, target: vec{1.2, 6.1, 22}, degrees: 62,
		shadowAt: vec{0, 0, 22}, shadowRadius: 55, exposure: 1.02,
		light: light{
			sun: vec{-0.62, 0.55, -0.5}.unit(), sunColour: rgb{2.3, 1.95, 1.5},
			sky: rgb{0.42, 0.53, 0.72}, earth: rgb{0.24, 0.21, 0.18},
			haze: rgb{0.7, 0.79, 0.9}, hazeDistance: 420,
		},
		sky: clearSky(rgb{0.16, 0.38, 0.85}, rgb{0.72, 0.84, 0.97}, rgb{1.25, 1.22, 1.18}, 0.7),
	}
	s.build = func(m *mesh) {
		squareFloor(m)
		stoneChurch(m, vec{5, 0, 26})
	}
	s.actors = squareVisitors()
	return s
}

func squareFloor(m *mesh) {
	m.quad(vec{-70, 0, -25}, vec{80, 0, -25}, vec{80, 0, 90}, vec{-70, 0, 90}, func(p, _ vec) surface {
		k := 0.84 + 0.16*noise(p.x*3, p.z*3) + 0.12*(fractal(p.x/5, p.z/5, 3)-0.5)
		r := math.Hypot(p.x-1, p.z-6)
		c := hex(0xb7aa98)
		switch {
		case r < 9.5 && math.Mod(r, 3.1) < 0.45:
			c = hex(0x8c5a48)
		case r < 9.5 && int(math.Floor(math.Atan2(p.z-6, p.x-1)*6/math.Pi))%2 == 0:
			c = hex(0xa3978a)
		case r > 9.5 && (wrap(p.x, 4) < 0.3 || wrap(p.z, 4) < 0.3):
			c = hex(0x94705f)
		}
		if wrap(p.x, 0.5) < 0.035 || wrap(p.z, 0.5) < 0.035 {
			k *= 0.88
		}
		return surface{albedo: c.times(k)}
	})
	for i := range 3 { // the steps up to the church
		y := 0.16 * float64(i+1)
		m.box(vec{-13 + 0.5*float64(i), 0, 19 + 0.5*float64(i)}, vec{24 - 0.5*float64(i), y, 60}, plain(0xa79c8d))
	}
	beds := [][4]float64{{-15, 9, -9.5, 17}, {13, 8, 20, 16}, {-22, -2, -15, 4}, {15, -3, 21, 3}}
	for i, b := range beds {
		m.box(vec{b[0], 0, b[1]}, vec{b[2], 0.45, b[3]}, plain(0x8e8478))
		m.box(vec{b[0] + 0.25, 0.2, b[1] + 0.25}, vec{b[2] - 0.25, 0.62, b[3] - 0.25}, flowers(i))
		m.put(tree(i, 6.5), vec{(b[0] + b[2]) / 2, 0.4, (b[1] + b[3]) / 2}, 0)
	}
	for i := range 16 {
		x := -46 + 7*float64(i) + 3*hash(i, 1, 6)
		if x > -10 && x < 22 {
			continue
		}
		m.put(pine(i, 9+6*hash(i, 2, 6)), vec{x, 0, 40 + 12*hash(i, 3, 6)}, 0)
	}
	for _, x := range []float64{-11, 10.5} {
		m.put(lampPost(5, 0.9, false), vec{x, 0, 6}, 0)
	}
	for i := range 6 { // houses at the side of the square
		z := 10 + 9*float64(i)
		high := 7 + 6*hash(i, 4, 6)
		m.box(vec{-44, 0, z}, vec{-31, high, z + 8.6}, facade([]uint32{0xe3d3a8, 0xc9d3cf, 0xdcb49a}[i%3], 3.3, 2.2, i, false))
		m.box(vec{-44.3, high, z - 0.2}, vec{-30.6, high + 0.7, z + 8.8}, plain([]uint32{0x97432f, 0x6b5a4c}[i%2]))
	}
	wooded := leaves(0x14251a, 0x587a48, 14)
	m.ground(-420, 470, 60, 520, 10, func(x, z float64) float64 {
		return -6 + smooth(70, 420, z)*170*fractal(x/170+1.7, z/210, 4)
	}, func(p, n vec) surface {
		s := wooded(p, n)
		s.albedo = s.albedo.to(hex(0x6f8690), smooth(60, 130, p.y)*0.5)
		return s
	})
}

// flowers is a bed of them.
func flowers(seed int) material {
	bloom := []rgb{hex(0xd23b4f), hex(0xe8b93a), hex(0xc978c4), hex(0xe07a3a)}[seed%4]
	return func(p, n vec) surface {
		green := hex(0x2c4d1d).to(hex(0x66893c), noise(p.x*5, p.z*5))
		return surface{albedo: green.to(bloom, smooth(0.52, 0.62, noise(p.x*7+40, p.z*7))), bump: vec{noise(p.x*6, p.z*6) - 0.5, 0, noise(p.x*6+9, p.z*6) - 0.5}}
	}
}

// stones is a wall of grey stones.
func stones(p, n vec) surface {
	along := p.x
	if math.Abs(n.x) > math.Abs(n.z) {
		along = p.z
	}
	row := math.Floor(p.y / 0.42)
	u := along/0.8 + 0.5*wrap(row, 2) + 0.3*hash(int(row), 5, 5)
	k := 0.72 + 0.45*hash(int(math.Floor(u)), int(row), 9) + 0.25*(fractal(along*2, p.y*2, 3)-0.5)
	if wrap(u, 1) < 0.07 || wrap(p.y, 0.42) < 0.04 {
		k *= 0.72
	}
	return surface{albedo: hex(0x9a8f80).times(k)}
}

// stoneChurch adds the church: a tower with a pointed roof before the nave.
func stoneChurch(m *mesh, at vec) {
	var c mesh
	wall := material(stones)
	roof := plain(0x6d4a3c)
	dark := plain(0x1a1715)
	lower := func(x float64, high float64) { // an aisle's lean-to front
		c.box(vec{math.Min(x, x*2.05), 0, 1}, vec{math.Max(x, x*2.05), high, 24}, wall)
	}
	lower(-3.4, 6)
	lower(3.4, 6)
	for _, side := range []float64{-1, 1} {
		c.quad(vec{side * 7.3, 5.8, 0.6}, vec{side * 7.3, 5.8, 24.5}, vec{side * 2.5, 9.2, 24.5}, vec{side * 2.5, 9.2, 0.6}, roof)
		c.facet(vec{side * 7, 6, 1}, vec{side * 2.6, 6, 1}, vec{side * 2.6, 9, 1}, wall)
		arch(&c, vec{side * 5.2, 0.5, 0.97}, 1.5, 3.4, dark)
		c.box(vec{side*7.2 - 0.4, 0, 0.4}, vec{side*7.2 + 0.4, 5, 1.2}, wall)
	}
	c.box(vec{-2.9, 0, -2}, vec{2.9, 13.2, 3.8}, wall) // the tower
	for _, side := range []float64{-1, 1} {
		c.box(vec{side*2.9 - 0.45, 0, -2.35}, vec{side*2.9 + 0.45, 10.5, -1.4}, wall)
	}
	for _, y := range []float64{5.6, 9.6, 13} {
		c.box(vec{-3.1, y, -2.2}, vec{3.1, y + 0.35, 4}, plain(0xb3a897))
	}
	arch(&c, vec{0, 0.5, -2.04}, 2.3, 4.2, plain(0x3a241a))
	arch(&c, vec{-1.1, 10.2, -2.04}, 0.9, 2.3, dark)
	arch(&c, vec{1.1, 10.2, -2.04}, 0.9, 2.3, dark)
	rose(&c, vec{0, 7.6, -2.04}, 1.1)
	for i := range 4 { // the spire
		a, b := float64(i)*math.Pi/2+math.Pi/4, float64(i+1)*math.Pi/2+math.Pi/4
		corner := func(angle float64) vec { return vec{4.3 * math.Cos(angle), 13.3, 0.9 + 4.3*math.Sin(angle)} }
		c.facet(corner(a), corner(b), vec{0, 19.6, 0.9}, roof)
	}
	c.rod(vec{0, 19.4, 0.9}, vec{0, 22, 0.9}, 0.2, plain(0xd8d2c4))
	c.rod(vec{-0.75, 21.2, 0.9}, vec{0.75, 21.2, 0.9}, 0.2, plain(0xd8d2c4))
	m.put(c, at.add(vec{0, 0.4, 0}), 0)
}

// arch adds a pointed opening in a wall that faces -z.
func arch(m *mesh, at vec, wide, high float64, mat material) {
	w := wide / 2
	spring := high - wide*0.9
	m.quad(at.add(vec{-w, 0, 0}), at.add(vec{w, 0, 0}), at.add(vec{w, spring, 0}), at.add(vec{-w, spring, 0}), mat)
	edge := func(t float64) float64 { return spring + (high-spring)*math.Sin(math.Acos(clamp(t, 0, 1))) }
	for i := range 8 {
		a, b := -1+float64(i)/4, -1+float64(i+1)/4
		m.quad(at.add(vec{a * w, spring, 0}), at.add(vec{b * w, spring, 0}),
			at.add(vec{b * w, edge(math.Abs(b)), 0}), at.add(vec{a * w, edge(math.Abs(a)), 0}), mat)
	}
}

// rose adds a round window in a wall that faces -z.
func rose(m *mesh, at vec, r float64) {
	const sides = 16
	rim := func(k float64, i int) vec {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / sides)
		return at.add(vec{k * r * cos, k * r * sin, -0.02 * k})
	}
	for i := range sides {
		m.facet(at.add(vec{0, 0, -0.03}), rim(0.8, i), rim(0.8, i+1), plain([]uint32{0x28445e, 0x5c2a2a}[i%2]))
		m.quad(rim(0.8, i), rim(0.8, i+1), rim(1.1, i+1), rim(1.1, i), plain(0xc0b5a3))
	}
}

// A stroller walks to and fro across a square, or stands.
type stroller struct {
	dress    dress
	from, to vec
	phase    float64
	stands   bool
}

// stroll returns the strollers at a time of the loop. Whoever walks goes there
// in one half of the loop and comes back in the other.
func stroll(all []stroller, t float64) []actor {
	var out []actor
	for _, s := range all {
		along := s.to.sub(s.from)
		heading := math.Atan2(along.x, along.z)
		if s.stands {
			sway := 0.25 * math.Sin(2*math.Pi*(t/loop*2+s.phase))
			out = append(out, actor{person(s.dress, 0), s.from, heading + sway, 0.35, 0.35})
			continue
		}
		u := wrap(t/loop+s.phase, 1) * 2
		k := u
		if u > 1 {
			k = 2 - u
			heading += math.Pi
		}
		// They turn round on the spot, not at once.
		turning := smooth(0.06, 0, math.Min(k, 1-k))
		heading += turning * math.Pi / 2
		out = append(out, actor{person(s.dress, k*along.length()), s.from.add(along.times(k)), heading, 0.35, 0.35})
	}
	return out
}

func squareVisitors() func(float64) []actor {
	var all []stroller
	for i := range 22 {
		from := vec{-14 + 26*hash(i, 1, 8), 0, -5 + 22*hash(i, 2, 8)}
		angle := 2 * math.Pi * hash(i, 3, 8)
		long := 9 + 5*hash(i, 4, 8) // metres in half a loop
		s := stroller{dressed(i + 40), from, from.add(vec{long * math.Sin(angle), 0, long * math.Cos(angle)}), hash(i, 5, 8), false}
		s.to.z = math.Min(s.to.z, 18.5)
		all = append(all, s)
		if i%3 == 0 { // somebody goes along
			beside := vec{0.7 * math.Cos(angle), 0, -0.7 * math.Sin(angle)}
			all = append(all, stroller{dressed(i + 70), s.from.add(beside), s.to.add(beside), s.phase, false})
		}
	}
	for i := range 9 { // some take pictures
		at := vec{-5 + 12*hash(i, 6, 8), 0, 1 + 13*hash(i, 7, 8)}
		all = append(all, stroller{dressed(i + 100), at, vec{5, 0, 26}, hash(i, 8, 8), true})
	}
	return func(t float64) []actor { return stroll(all, t) }
}
