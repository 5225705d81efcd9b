package main

import "math"

// pass is the road over đèo Ô Quy Hồ before sunrise, in drifting fog.
func pass() *scene {
	s := &scene{
		camera: "deo-o-quy-ho", title: "QL4D đèo Ô Quy Hồ",
		eye: vec{7.5, 8.5, -14}, target: vec{-3, 1.5, 30}, degrees: 60, exposure: 1.35,
		light: light{
			sun: vec{0.5, 0.4, 0.7}.unit(), sunColour: rgb{0.16, 0.15, 0.16},
			sky: rgb{0.36, 0.44, 0.56}, earth: rgb{0.11, 0.12, 0.13},
			haze: rgb{0.45, 0.52, 0.62}, hazeDistance: 105,
		},
		mistColour: rgb{0.5, 0.57, 0.66},
	}
	s.sky = func(d vec, t float64) rgb {
		glow := smooth(-0.3, 0.35, d.x+0.2) * smooth(0.5, 0, d.y)
		return rgb{0.45, 0.53, 0.64}.to(rgb{0.26, 0.34, 0.48}, smooth(0.02, 0.5, d.y)).add(rgb{0.16, 0.1, 0.05}.times(glow))
	}
	road := through(vec{6, -1.2, -46}, vec{3, -0.6, -18}, vec{-1, 0.2, 10}, vec{-1.5, 1.6, 36}, vec{7, 3.6, 62}, vec{22, 6, 84}, vec{30, 8.5, 112}, vec{20, 11, 142}, vec{-5, 13, 165}, vec{-40, 15, 180})
	s.build = func(m *mesh) { passSlopes(m, road) }
	cars := traffic(road, 1.9, 19, []ride{
		carRide(1, true), lorryRide(4, true), bikeRide(2, true), carRide(6, true), bikeRide(5, true),
		coachRide(2, true), carRide(13, true), carRide(3, true), lorryRide(8, true), bikeRide(9, true),
	})
	s.actors = parade(cars)
	s.glows = headlights(s.actors)
	s.mist = driftingFog
	return s
}

func passSlopes(m *mesh, road *curve) {
	height := func(x, z float64) float64 {
		_, y, right := road.near(x, z)
		rough := fractal(x/16, z/16, 5) - 0.5
		if right < 0 { // the mountain
			d := -right
			return y - 0.1 + smooth(5, 9, d)*1.5 + math.Max(d-6.5, 0)*(0.95+0.5*rough) + smooth(6, 12, d)*rough*5
		}
		d := math.Max(right-6, 0) // the valley
		return y - 0.1 - d*(0.75+0.3*rough) + smooth(0, 10, d)*rough*4
	}
	wood := leaves(0x0f1d15, 0x46603f, 2.2)
	m.ground(-110, 130, -16, 220, 2.2, height, func(p, n vec) surface {
		_, _, right := road.near(p.x, p.z)
		s := wood(p, n)
		rock := hex(0x6f6e69).times(0.5 + 0.8*fractal(p.x/1.5+p.y, p.y*0.9+p.z/2, 4))
		steep := smooth(0.78, 0.6, n.y+0.25*(fractal(p.x/7, p.z/7, 3)-0.5))
		if right < 0 && right > -16 {
			steep = math.Max(steep, smooth(-15, -10, right+3*fractal(p.x/4, p.z/4, 2)))
		}
		s.albedo = s.albedo.to(rock, steep)
		if d := math.Abs(right); d < 7 {
			s.albedo = hex(0x6a655a).times(0.6+0.6*fractal(p.x*2, p.z*2, 3)).to(s.albedo, smooth(4.5, 6.5, d))
			s.bump = s.bump.times(smooth(4, 7, d))
		}
		return s
	})
	wet := asphalt(4.2, hex(0xd8b23c).times(0.8))
	m.ribbon(road, -4.2, 4.2, 0.02, func(right, along float64) surface {
		s := wet(right, along)
		s.albedo, s.gloss = s.albedo.times(0.75), 0.55*smooth(0.35, 0.7, fractal(right/2, along/5, 3))
		return s
	})
	for s := -14.0; s < road.long(); s += 4 {
		a, _ := road.beside(s, 4.8)
		b, _ := road.beside(s+4, 4.8)
		m.rod(a.add(vec{0, 0.62, 0}), b.add(vec{0, 0.62, 0}), 0.32, steel())
		m.box(a.add(vec{-0.08, -1, -0.08}), a.add(vec{0.08, 0.8, 0.08}), plain([]uint32{0xc33a2c, 0xd8d6cf}[int(s/4+8)%2]))
	}
	for i := range 130 {
		along := 5 + 230*hash(i, 1, 3)
		side := 9 + 30*hash(i, 2, 3)
		if hash(i, 3, 3) < 0.55 {
			side = -side - 7
		}
		p, _ := road.beside(along, side)
		p.y = height(p.x, p.z) - 0.5
		m.put(pine(i, 5+7*hash(i, 4, 3)), p, 0)
	}
	for k := range 3 { // far ridges
		far, tall := 330+220*float64(k), 60+70*float64(k)
		ridge := func(x float64) float64 { return tall*(0.5+fractal(x/(120+70*float64(k))+float64(k)*7, 1, 4)) - 20 }
		for x := -900.0; x < 900; x += 12 {
			m.quad(vec{x, -200, far}, vec{x + 12, -200, far}, vec{x + 12, ridge(x + 12), far}, vec{x, ridge(x), far}, lamp(rgb{0.3, 0.37, 0.46}.to(rgb{0.42, 0.5, 0.6}, float64(k)/2), 1))
		}
	}
	curveSign(m, road)
}

// curveSign adds the yellow arrows that warn of a bend.
func curveSign(m *mesh, road *curve) {
	for _, s := range []float64{92, 104, 116} {
		p, _ := road.beside(s, 5.4)
		m.cylinder(p, 0.06, 2, steel())
		m.box(p.add(vec{-0.45, 1.3, -0.03}), p.add(vec{0.45, 2.2, 0.03}), lamp(hex(0xe0b020).times(0.8), 0.3))
		for k := range 2 {
			x := -0.2 + 0.35*float64(k)
			m.rod(p.add(vec{x, 1.42, -0.06}), p.add(vec{x + 0.2, 1.75, -0.06}), 0.1, rubber())
			m.rod(p.add(vec{x, 2.08, -0.06}), p.add(vec{x + 0.2, 1.75, -0.06}), 0.1, rubber())
		}
	}
}

// driftingFog is thin near the camera, and comes in banks that move to the left.
func driftingFog(eye, d vec, distance, t float64) float64 {
	clear := 1.0
	for _, sheet := range []struct {
		at, thick float64
		period    int // of its noise, in grains
	}{{14, 0.2, 3}, {26, 0.4, 4}, {45, 0.55, 4}, {75, 0.6, 5}, {130, 0.7, 5}, {260, 0.75, 6}} {
		if distance < sheet.at {
			break
		}
		p := eye.add(d.times(sheet.at / math.Max(d.z, 0.3)))
		grain := sheet.at * 0.55
		x := p.x/grain + float64(sheet.period)*t/loop
		k := fractalOver(x, p.y/grain*1.6+sheet.at, 4, sheet.period)
		edge := smooth(sheet.at, sheet.at*1.35, distance) // what stands in it is not cut off
		clear *= 1 - sheet.thick*smooth(0.38, 0.78, k)*edge
	}
	return 1 - clear
}

// headlights returns the glows of the actors' lights: white to the front, red
// behind.
func headlights(actors func(float64) []actor) func(float64) []glow {
	return func(t float64) []glow {
		var out []glow
		for _, a := range actors(t) {
			at := func(x, y, z float64) vec { return vec{x, y, z}.turn(a.heading).add(a.at) }
			white, red := rgb{1.5, 1.35, 1.05}, rgb{0.9, 0.05, 0.03}
			if a.rx < 0.5 {
				out = append(out, glow{at(0, 0.92, 0.7), white, 0.3, a.heading}, glow{at(0, 0.68, -0.9), red.times(0.6), 0.2, a.heading + math.Pi})
				continue
			}
			for _, x := range []float64{-0.7, 0.7} {
				out = append(out, glow{at(x, 0.75, a.rz+0.15), white, 0.45, a.heading}, glow{at(x, 0.85, -a.rz-0.2), red, 0.25, a.heading + math.Pi})
			}
		}
		return out
	}
}
