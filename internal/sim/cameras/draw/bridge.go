package main

import "math"

// bridge is cầu Cốc Lếu over the red water of sông Thao, on a clear morning.
func bridge() *scene {
	s := &scene{
		camera: "cau-coc-leu", title: "Cầu Cốc Lếu",
		eye: vec{-10.5, 10.5, -12}, target: vec{6, 1.5, 34}, degrees: 58,
		shadowAt: vec{0, 0, 40}, shadowRadius: 95, exposure: 1,
		light: light{
			sun: vec{0.62, 0.62, -0.3}.unit(), sunColour: rgb{2.1, 1.85, 1.5},
			sky: rgb{0.46, 0.58, 0.78}, earth: rgb{0.26, 0.22, 0.18},
			haze: rgb{0.68, 0.78, 0.9}, hazeDistance: 700,
		},
		sky: clearSky(rgb{0.2, 0.42, 0.85}, rgb{0.75, 0.85, 0.97}, rgb{1.15, 1.12, 1.1}, 0.55),
	}
	s.build = func(m *mesh) {
		bridgeDeck(m)
		bridgeBanks(m)
	}
	s.water = func(t float64) mesh {
		var m mesh
		m.quad(vec{-160, -9, -40}, vec{200, -9, -40}, vec{200, -9, 118}, vec{-160, -9, 118}, redRiver(t))
		return m
	}
	s.actors = bridgeTraffic()
	return s
}

const (
	deckHalf = 6.2 // metres from the middle of the road to the kerb
	deckLong = 150
)

func bridgeDeck(m *mesh) {
	road := func(p, _ vec) surface {
		grey := 0.105 + 0.03*fractal(p.x*3, p.z*3, 3) + 0.02*fractal(p.x*0.5, p.z*0.06, 2)
		worn := math.Abs(math.Mod(math.Abs(p.x), 3.1)-1.5) < 0.5
		if worn {
			grey *= 0.9
		}
		c := rgb{grey, grey, grey * 1.03}
		switch x := math.Abs(p.x); {
		case x > 0.1 && x < 0.25:
			c = hex(0xd8b23c).times(0.75)
		case x > deckHalf-0.45 && x < deckHalf-0.3:
			c = hex(0xc9c9c4)
		case x > 3.03 && x < 3.17 && wrap(p.z, 6) < 2.5:
			c = hex(0xc9c9c4)
		}
		return surface{albedo: c}
	}
	m.quad(vec{-deckHalf, 0, -40}, vec{deckHalf, 0, -40}, vec{deckHalf, 0, deckLong}, vec{-deckHalf, 0, deckLong}, road)
	walk := func(p, _ vec) surface {
		k := 0.9 + 0.15*noise(p.x*4, p.z*4)
		if wrap(p.z, 0.8) < 0.04 {
			k *= 0.8
		}
		return surface{albedo: hex(0xa8a196).times(k)}
	}
	for _, side := range []float64{-1, 1} {
		in, out := side*deckHalf, side*(deckHalf+1.9)
		m.box(vec{math.Min(in, out), -1.6, -40}, vec{math.Max(in, out), 0.22, deckLong}, walk)
		rail := paint(hex(0xdfe3e4), 0.2)
		for _, y := range []float64{0.55, 0.85, 1.25} {
			m.rod(vec{out, y, -40}, vec{out, y, deckLong}, 0.07, rail)
		}
		for z := -40.0; z < deckLong; z += 2 {
			m.box(vec{out - 0.07, 0.2, z - 0.07}, vec{out + 0.07, 1.3, z + 0.07}, rail)
		}
		for z := 14.0; z < deckLong; z += 24 {
			m.put(lampPost(8, 2, false), vec{side * (deckHalf + 1.6), 0.2, z}, map[bool]float64{true: math.Pi, false: 0}[side > 0])
			banner(m, vec{side * (deckHalf + 1.6), 5.6, z}, side)
		}
		for z := 10.0; z < deckLong; z += 36 {
			m.box(vec{-5, -10, z - 1.2}, vec{5, -1.5, z + 1.2}, plain(0x9a948a))
		}
	}
	m.box(vec{-deckHalf, -1.6, -40}, vec{deckHalf, -0.05, deckLong}, plain(0x8c877e))
}

// banner adds the small flag that hangs at a lamp post.
func banner(m *mesh, at vec, side float64) {
	x := at.x - side*0.75
	m.box(vec{x - 0.54, at.y - 0.36, at.z - 0.02}, vec{x + 0.54, at.y + 0.36, at.z + 0.02}, plain(0xc8201c))
	star(m, vec{x, at.y, at.z - 0.04}, 0.23)
}

// redRiver is the silt-laden water that flows to the right.
func redRiver(t float64) material {
	const period = 36 // metres that it flows in a loop
	return func(p, _ vec) surface {
		x := p.x - period*t/loop
		ripple := func(q float64) float64 {
			return noiseOver(x/2.25, p.z*0.75+q, 16) + 0.6*noiseOver(x/0.9, p.z*1.7+q, 40)
		}
		streak := fractalOver(x/6, p.z*0.12, 3, 6)
		return surface{
			albedo: hex(0x573524).to(hex(0x8a5b3e), smooth(0.25, 0.75, streak)),
			gloss:  1,
			bump:   vec{0.5 * (ripple(0) - 0.8), 0, ripple(50) - 0.8}.times(0.42),
		}
	}
}

func bridgeBanks(m *mesh) {
	bank := func(x, z float64) float64 {
		h := -9.6 + smooth(114, 121, z)*8.4 + smooth(150, 330, z)*75*fractal(x/190+3, z/190, 4)
		return h + smooth(122, 140, z)*1.5*fractal(x/9, z/9, 3)
	}
	green := leaves(0x1b2c14, 0x6b8a48, 7)
	m.ground(-330, 420, 108, 460, 7, bank, func(p, n vec) surface {
		if p.z < 122 { // the stone embankment
			k := 0.75 + 0.4*fractal(p.x/2, p.y*2, 3)
			if wrap(p.x, 12) < 0.5 || wrap(p.y, 2.8) < 0.25 {
				k *= 0.75
			}
			return surface{albedo: hex(0x9b9488).times(k)}
		}
		return green(p, n)
	})
	walls := []uint32{0xd9cdb4, 0xb8c4c2, 0xd8b48c, 0xe3dfd5, 0xa9b7bf, 0xcf9f83}
	for i := range 46 {
		x := -190 + float64(i%23)*17 + 6*hash(i, 1, 1)
		z := 140 + float64(i/23)*26 + 6*hash(i, 2, 1)
		if math.Abs(x) < 12 {
			continue
		}
		wide, high := 6+6*hash(i, 3, 1), 9+16*hash(i, 4, 1)*hash(i, 5, 1)
		m.box(vec{x, -4, z}, vec{x + wide, high, z + 9}, facade(walls[i%6], 3.3, 2.6, i, false))
		m.box(vec{x - 0.3, high, z - 0.3}, vec{x + wide + 0.3, high + 0.5, z + 9.3}, plain([]uint32{0x8e4a38, 0x5f6f7a, 0x9b958a}[i%3]))
	}
	for i := range 70 {
		x := -180 + 5.4*float64(i)
		if math.Abs(x) > 12 {
			m.put(tree(i, 5+4*hash(i, 6, 1)), vec{x, -1.5, 133 + 5*hash(i, 7, 1)}, 0)
		}
	}
}

func bridgeTraffic() func(float64) []actor {
	type vehicle struct {
		model        mesh
		x, heading   float64
		phase, takes float64
		rx, rz       float64
	}
	var all []vehicle
	add := func(model mesh, x, phase, takes, rx, rz float64) {
		heading := 0.0
		if x < 0 {
			heading = math.Pi
		}
		all = append(all, vehicle{model, x, heading, phase, takes, rx, rz})
	}
	for i := range 9 {
		phase := float64(i)/9 + 0.05*hash(i, 8, 2)
		x := []float64{1.7, -1.7}[i%2]
		add(car(i, false), x, phase, 15.5, 0.9, 2.2)
	}
	add(coach(1, false), 1.8, 0.63, 19, 1.3, 4.6)
	add(lorry(3, 6, false), -1.8, 0.42, 19, 1.3, 4.2)
	for i := range 26 {
		x := 3.9 + 1.5*hash(i, 9, 2)
		if i%2 == 1 {
			x = -x
		}
		add(motorbike(i, false), x, float64(i)/26+0.03*hash(i, 10, 2), 17+6*hash(i, 11, 2), 0.35, 0.9)
	}
	return func(t float64) []actor {
		var out []actor
		for _, v := range all {
			way, moving := lane(t, v.phase, v.takes, 185)
			if !moving {
				continue
			}
			z := -32 + way
			if v.heading != 0 {
				z = 153 - way
			}
			out = append(out, actor{v.model, vec{v.x, 0.01, z}, v.heading, v.rx, v.rz})
		}
		return out
	}
}
