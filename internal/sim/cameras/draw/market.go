package main

import "math"

// market is the Sunday market of Bắc Hà.
func market() *scene {
	s := &scene{
		camera: "cho-bac-ha", title: "Chợ Bắc Hà",
		eye: vec{-4.5, 7.4, -13}, target: vec{2, 1.6, 13}, degrees: 62,
		shadowAt: vec{0, 0, 18}, shadowRadius: 45, exposure: 1.02,
		light: light{
			sun: vec{0.55, 0.66, -0.45}.unit(), sunColour: rgb{2.3, 2, 1.6},
			sky: rgb{0.44, 0.54, 0.72}, earth: rgb{0.27, 0.23, 0.19},
			haze: rgb{0.72, 0.79, 0.88}, hazeDistance: 380,
		},
		sky: clearSky(rgb{0.22, 0.44, 0.85}, rgb{0.76, 0.86, 0.96}, rgb{1.2, 1.17, 1.12}, 0.65),
	}
	s.build = marketPlace
	s.actors = marketPeople()
	return s
}

// The stalls stand in rows, so many metres apart.
const (
	stallRows = 4
	rowGap    = 7.4
)

func rowAt(i int) float64 { return -13 + rowGap*float64(i) }

func marketPlace(m *mesh) {
	m.quad(vec{-70, 0, -30}, vec{80, 0, -30}, vec{80, 0, 110}, vec{-70, 0, 110}, func(p, _ vec) surface {
		k := 0.78 + 0.3*fractal(p.x*1.3, p.z*1.3, 4)
		c := hex(0x9c8b77).to(hex(0x837a70), smooth(0.4, 0.65, fractal(p.x/6, p.z/6, 3)))
		return surface{albedo: c.times(k)}
	})
	awnings := []uint32{0xc8332b, 0x2f6db5, 0xe0a52c, 0x2f8f57, 0xd8632c, 0x7a4a9c, 0xd9dad4, 0x1f9aa0}
	for row := range stallRows {
		for i := range 9 {
			z := -4 + 4.4*float64(i)
			at := vec{rowAt(row), 0, z + 0.5*hash(row, i, 1)}
			if row == 1 && i == 0 || row == 0 && i < 1 {
				continue // not before the camera
			}
			m.put(stall(awnings[int(hash(row, i, 2)*8)], row*10+i), at, 0)
		}
	}
	walls := []uint32{0xe2cfa6, 0xbccbc6, 0xd9b097, 0xe7e1d4}
	for i := range 11 {
		x := -44 + 8.2*float64(i)
		high := 4 + 3.3*math.Floor(2.4*hash(i, 3, 1))
		m.box(vec{x, 0, 44}, vec{x + 7.8, high, 54}, facade(walls[i%4], 3.3, 2.4, i, false))
		roof := plain([]uint32{0x9b4632, 0x6f5f52, 0x8a5040}[i%3])
		m.quad(vec{x - 0.4, high, 43.2}, vec{x + 8.2, high, 43.2}, vec{x + 8.2, high + 2.2, 49}, vec{x - 0.4, high + 2.2, 49}, roof)
	}
	for i := range 9 {
		m.put(tree(i, 7+3*hash(i, 4, 1)), vec{-40 + 10*float64(i), 0, 40.5}, 0)
	}
	hills := leaves(0x17291a, 0x62824a, 11)
	m.ground(-320, 360, 56, 420, 8, func(x, z float64) float64 {
		// The rounded hills of karst.
		return -4 + smooth(60, 150, z)*14 + smooth(90, 300, z)*95*math.Pow(noise(x/55+0.3, z/80+2), 1.4) + 6*fractal(x/20, z/20, 3)
	}, func(p, n vec) surface { return hills(p, n) })
}

// stall returns a table of goods under an awning.
func stall(code uint32, seed int) mesh {
	var m mesh
	cloth, stripe := plain(code), paint(hex(code).to(rgb{1, 1, 1}, 0.72), 0)
	tone := func(i int) material {
		if i%2 == 1 && seed%3 != 0 {
			return stripe
		}
		return cloth
	}
	const w, l = 1.55, 1.9 // half, in x and z
	for i := range 6 {
		z0, z1 := -l+2*l/6*float64(i), -l+2*l/6*float64(i+1)
		m.quad(vec{-w - 0.3, 2.25, z0}, vec{-w - 0.3, 2.25, z1}, vec{0, 2.95, z1}, vec{0, 2.95, z0}, tone(i))
		m.quad(vec{w + 0.3, 2.25, z0}, vec{w + 0.3, 2.25, z1}, vec{0, 2.95, z1}, vec{0, 2.95, z0}, tone(i))
		for _, x := range []float64{-w - 0.3, w + 0.3} { // the hem
			m.quad(vec{x, 2.0, z0}, vec{x, 2.0, z1}, vec{x, 2.25, z1}, vec{x, 2.25, z0}, tone(i+1))
		}
	}
	for _, z := range []float64{-l, l} {
		m.facet(vec{-w - 0.3, 2.25, z}, vec{w + 0.3, 2.25, z}, vec{0, 2.95, z}, cloth)
		for _, x := range []float64{-w, w} {
			m.rod(vec{x, 0, z * 0.97}, vec{x, 2.3, z * 0.97}, 0.07, plain(0x8a8f93))
		}
	}
	m.box(vec{-w + 0.2, 0.1, -l + 0.2}, vec{w - 0.2, 0.75, l - 0.2}, plain([]uint32{0x6a4d33, 0x37506b, 0x7a2f34}[seed%3]))
	goods := []uint32{0xd8442f, 0xe6b72f, 0x5f9a38, 0xe07b2a, 0xa83d7a, 0xf0e6d0, 0x3f6db0, 0x8a5a32}
	for i := range 5 {
		for k := range 3 {
			x := -w + 0.45 + float64(k)*0.88
			z := -l + 0.5 + float64(i)*0.72
			high := 0.14 + 0.2*hash(seed, i*3+k, 2)
			m.ball(vec{x, 0.78, z}, vec{0.36, high, 0.3}, heap(hex(goods[int(hash(seed, i, k)*8)])))
		}
	}
	return m
}

// heap is a pile of small things of about one colour.
func heap(c rgb) material {
	return func(p, _ vec) surface {
		k := noise3(p.times(9))
		return surface{albedo: c.times(0.6 + 0.7*k), bump: vec{k - 0.5, 0, noise3(p.times(9).add(vec{9, 0, 0})) - 0.5}.times(1.2)}
	}
}

// festive returns the dress of the seed-th Hmong of the flowers.
func festive(seed int) dress {
	bright := []uint32{0xd1285a, 0xe0842a, 0x1f8f7a, 0x7a2f9c, 0x2659b0, 0xcf2f2a}
	band := func(seed int) material {
		colours := []rgb{hex(pick(bright, seed)), hex(pick(bright, seed+1)), hex(0xe9c94a), hex(0x1d2030)}
		return func(p, _ vec) surface { return surface{albedo: colours[int(wrap(p.y*9, 4))]} }
	}
	return dress{
		top: plain(pick(bright, seed)), bottom: band(seed), skirt: true,
		hat: []int{3, 3, 1, 4, 0}[seed%5], hatColour: plain(pick([]uint32{0xd1285a, 0xe9c94a, 0x2659b0, 0x8f2a3c}, seed+2)),
		small: 0.85 + 0.12*hash(seed, 1, 9),
	}
}

func marketPeople() func(float64) []actor {
	var all []stroller
	for row := range stallRows - 1 {
		middle := rowAt(row) + rowGap/2
		for i := range 13 {
			seed := row*20 + i
			d := dressed(seed)
			if hash(seed, 3, 3) < 0.6 {
				d = festive(seed)
			}
			x := middle + (hash(seed, 4, 3)-0.5)*2.1
			z := -8 + 40*hash(seed, 5, 3)
			long := 9 + 5*hash(seed, 6, 3)
			if hash(seed, 7, 3) < 0.5 {
				long = -long
			}
			all = append(all, stroller{d, vec{x, 0, z}, vec{x + 0.6*(hash(seed, 9, 3)-0.5), 0, z + long}, hash(seed, 8, 3), false})
		}
		for i := range 8 { // who buys, and who sells
			seed := 100 + row*20 + i
			side := []float64{-1, 1}[i%2]
			at := vec{middle + side*1.55, 0, -2 + 4.4*float64(i/2) + 2*hash(seed, 2, 3)}
			all = append(all, stroller{festive(seed), at, at.add(vec{side * 3, 0, 0.5}), hash(seed, 1, 3), true})
		}
	}
	return func(t float64) []actor { return stroll(all, t) }
}
