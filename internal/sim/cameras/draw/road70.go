package main

import "math"

// road70 is quốc lộ 70 through the hills of Bảo Yên, in the afternoon.
func road70() *scene {
	s := &scene{
		camera: "quoc-lo-70-bao-yen", title: "QL70 Bảo Yên",
		eye: vec{-9, 7.6, -12}, target: vec{4, 2.6, 28}, degrees: 58,
		shadowAt: vec{5, 0, 45}, shadowRadius: 85, exposure: 1,
		light: light{
			sun: vec{-0.55, 0.5, -0.42}.unit(), sunColour: rgb{2.4, 2, 1.45},
			sky: rgb{0.4, 0.52, 0.72}, earth: rgb{0.2, 0.2, 0.14},
			haze: rgb{0.66, 0.76, 0.86}, hazeDistance: 520,
		},
		sky: clearSky(rgb{0.18, 0.4, 0.85}, rgb{0.78, 0.86, 0.95}, rgb{1.25, 1.18, 1.08}, 0.6),
	}
	road := through(vec{-2, 0, -40}, vec{-1, 0, -10}, vec{0, 0, 25}, vec{6, 0.5, 60}, vec{22, 2.5, 95}, vec{28, 5, 140}, vec{5, 8.5, 190}, vec{-30, 10, 230})
	s.build = func(m *mesh) { roadside(m, road) }
	s.actors = parade(traffic(road, 1.9, 16, []ride{
		lorryRide(2, false), carRide(4, false), bikeRide(1, false), coachRide(1, false), bikeRide(6, false),
		lorryRide(9, false), carRide(8, false), bikeRide(3, false), bikeRide(12, false), carRide(5, false),
		lorryRide(5, false), bikeRide(15, false), bikeRide(8, false), carRide(11, false),
	}))
	return s
}

func roadside(m *mesh, road *curve) {
	height := func(x, z float64) float64 {
		_, y, right := road.near(x, z)
		d := math.Abs(right)
		hills := 46*fractal(x/130+9, z/130+2, 4) - 14
		return y - 0.12 + smooth(4, 8, d)*0.25*fractal(x/3, z/3, 2) + smooth(13, 70, d)*math.Max(hills, 0)
	}
	forest := leaves(0x1b2c14, 0x64853f, 3.2)
	tea := func(p vec) surface {
		row := 0.5 + 0.5*math.Sin((p.x*0.8+p.y*2.6)*2.2)
		return surface{albedo: hex(0x1f3d14).to(hex(0x6f9c3c), row*0.8+0.2*noise(p.x*2, p.z*2)), bump: vec{0, 0, row - 0.5}}
	}
	m.ground(-150, 170, -14, 330, 2.5, height, func(p, n vec) surface {
		_, _, right := road.near(p.x, p.z)
		d := math.Abs(right)
		verge := hex(0x8a7752).to(hex(0x66783a), smooth(4.6, 6.5, d+fractal(p.x/2, p.z/2, 3)*2-1)).times(0.75 + 0.5*fractal(p.x*2, p.z*2, 3))
		if k := smooth(10, 14, d+4*fractal(p.x/6, p.z/6, 2)); k > 0 {
			s := forest(p, n)
			if noise(p.x/35+4, p.z/35) > 0.52 && d < 70 {
				s = tea(p)
			}
			s.albedo = verge.to(s.albedo, k)
			s.bump = s.bump.times(k)
			return s
		}
		return surface{albedo: verge}
	})
	m.ribbon(road, -4.1, 4.1, 0.02, asphalt(4.1, hex(0xd8b23c).times(0.8)))
	for s := 34.0; s < road.long(); s += 4 { // the guard rail on the outer side of the bend
		a, _ := road.beside(s, -4.6)
		b, _ := road.beside(s+4, -4.6)
		if s > 80 && s < 190 {
			m.rod(a.add(vec{0, 0.65, 0}), b.add(vec{0, 0.65, 0}), 0.3, steel())
			m.box(a.add(vec{-0.06, 0, -0.06}), a.add(vec{0.06, 0.7, 0.06}), steel())
		}
	}
	roadHouses(m, road, height)
	for i := range 90 {
		s := 20 + 240*hash(i, 1, 7)
		side := math.Copysign(9+26*hash(i, 2, 7), hash(i, 3, 7)-0.5)
		p, _ := road.beside(s, side)
		p.y = height(p.x, p.z) - 0.3
		m.put(tree(i, 4.5+5*hash(i, 4, 7)), p, 0)
	}
	for s := 12.0; s < road.long(); s += 32 { // power poles
		p, _ := road.beside(s, 7.2)
		m.cylinder(p, 0.14, 8.5, plain(0x9d9890))
		m.rod(p.add(vec{-0.9, 8, 0}), p.add(vec{0.9, 8, 0}), 0.12, plain(0x6e6a64))
		q, _ := road.beside(s+32, 7.2)
		for _, x := range []float64{-0.8, 0.8} {
			for k := range 6 {
				sag := func(t float64) vec { return p.to(q, t).add(vec{x, 8.1 - 3*t*(1-t), 0}) }
				m.rod(sag(float64(k)/6), sag(float64(k+1)/6), 0.035, rubber())
			}
		}
	}
	kilometreStone(m, road)
}

func roadHouses(m *mesh, road *curve, height func(x, z float64) float64) {
	walls := []uint32{0xe0cfa4, 0xb9d0c4, 0xdfb79a, 0xe6e2d6}
	roofs := []uint32{0x9c4a32, 0x5d6c78, 0x8f3f30, 0x7a5a45}
	for i, s := range []float64{52, 66, 80, 118, 132, 150} {
		p, heading := road.beside(s, []float64{13, 13.5, 14, 12, 13, 13}[i])
		p.y = height(p.x, p.z) - 0.2
		var house mesh
		high := 3.4 + 3.2*math.Floor(2*hash(i, 9, 7))
		house.box(vec{-4, 0, -3}, vec{4, high, 3}, plain(walls[i%4]))
		for y := 0.0; y+3 < high+0.5; y += 3.3 {
			for _, z := range []float64{-1.7, 0.1, 1.7} {
				house.quad(vec{-4.02, y + 0.9, z - 0.5}, vec{-4.02, y + 0.9, z + 0.5}, vec{-4.02, y + 2.3, z + 0.5}, vec{-4.02, y + 2.3, z - 0.5}, glass())
			}
			house.quad(vec{-1, y + 1, -3.02}, vec{1, y + 1, -3.02}, vec{1, y + 2.4, -3.02}, vec{-1, y + 2.4, -3.02}, glass())
		}
		roof := plain(roofs[i%4])
		house.quad(vec{-4.7, high - 0.1, -3.6}, vec{4.7, high - 0.1, -3.6}, vec{4.7, high + 1.9, 0}, vec{-4.7, high + 1.9, 0}, roof)
		house.quad(vec{-4.7, high - 0.1, 3.6}, vec{4.7, high - 0.1, 3.6}, vec{4.7, high + 1.9, 0}, vec{-4.7, high + 1.9, 0}, roof)
		house.facet(vec{-4, high, -3}, vec{-4, high, 3}, vec{-4, high + 1.7, 0}, plain(walls[i%4]))
		m.put(house, p, heading)
	}
}

// kilometreStone adds the red-topped stone of a national road.
func kilometreStone(m *mesh, road *curve) {
	p, heading := road.beside(48, -5.4)
	var stone mesh
	stone.box(vec{-0.28, 0, -0.14}, vec{0.28, 0.75, 0.14}, plain(0xe4e2da))
	stone.ball(vec{0, 0.75, 0}, vec{0.28, 0.25, 0.14}, plain(0xb3231d))
	m.put(stone, p, heading)
}
