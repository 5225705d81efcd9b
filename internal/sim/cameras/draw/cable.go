package main

import "math"

// cable is the cable car to Fansipan over the terraces of Mường Hoa.
func cable() *scene {
	s := &scene{
		camera: "cap-treo-fansipan", title: "Ga cáp treo Fansipan",
		eye: vec{0, 46, -20}, target: vec{8, 40, 100}, degrees: 64,
		shadowAt: vec{0, 20, 190}, shadowRadius: 260, exposure: 1.02,
		light: light{
			sun: vec{-0.75, 0.5, -0.15}.unit(), sunColour: rgb{2.3, 1.95, 1.45},
			sky: rgb{0.4, 0.52, 0.74}, earth: rgb{0.2, 0.21, 0.17},
			haze: rgb{0.68, 0.78, 0.91}, hazeDistance: 480,
		},
		sky:        clearSky(rgb{0.14, 0.36, 0.85}, rgb{0.74, 0.85, 0.98}, rgb{1.3, 1.25, 1.2}, 0.75),
		mistColour: rgb{0.92, 0.94, 0.98},
	}
	line := newCableLine()
	s.build = func(m *mesh) {
		terraces(m)
		line.rig(m)
	}
	s.actors = line.cabins
	s.mist = valleyClouds
	return s
}

// hillside is how high the ground is: a valley whose sides rise to the peaks.
func hillside(x, z float64) float64 {
	bowl := 55*smooth(30, 210, math.Abs(x-14*math.Sin(z/60))) + 60*smooth(120, 420, z)
	return bowl + 30*(fractal(x/95+5, z/95, 4)-0.45) + smooth(330, 620, z)*260*math.Pow(fractal(x/190+2.3, z/230+1, 5), 1.5)
}

// terraced cuts a slope into steps.
func terraced(h float64) (float64, float64) {
	const step = 2.6
	k := h / step
	in := k - math.Floor(k)
	return step * (math.Floor(k) + smooth(0.72, 1, in)), in
}

func terraces(m *mesh) {
	isField := func(x, z float64) float64 { return smooth(0.4, 0.5, noise(x/70+3, z/70)) * smooth(300, 230, z) }
	height := func(x, z float64) float64 {
		h := hillside(x, z)
		flat, _ := terraced(h)
		return mix(h, flat, isField(x, z))
	}
	wood := leaves(0x12231a, 0x557a42, 6)
	m.ground(-330, 360, 12, 330, 1.6, height, terraceLand(isField, wood))
	m.ground(-560, 600, 326, 900, 7, height, func(p, n vec) surface {
		s := wood(p, n)
		rock := hex(0x77767a).times(0.6 + 0.7*fractal(p.x/9+p.y/5, p.z/9, 4))
		s.albedo = s.albedo.to(rock, smooth(120, 230, p.y+60*(fractal(p.x/40, p.z/40, 3)-0.5)))
		return s
	})
	for i := range 26 { // hamlets
		x, z := -110+230*hash(i, 1, 2), 70+150*hash(i, 2, 2)
		var hut mesh
		roof := plain([]uint32{0x6f5a45, 0x7d6a52, 0x8b4a35}[i%3])
		hut.box(vec{-3, -1, -2}, vec{3, 2.6, 2}, plain(0xa48a66))
		hut.quad(vec{-3.6, 2.3, -2.7}, vec{3.6, 2.3, -2.7}, vec{3.2, 4.4, 0}, vec{-3.2, 4.4, 0}, roof)
		hut.quad(vec{-3.6, 2.3, 2.7}, vec{3.6, 2.3, 2.7}, vec{3.2, 4.4, 0}, vec{-3.2, 4.4, 0}, roof)
		m.put(hut, vec{x, height(x, z), z}, 6*hash(i, 3, 2))
	}
	for i := range 160 {
		x, z := -180+380*hash(i, 4, 2), 45+230*hash(i, 5, 2)
		if isField(x, z) < 0.3 {
			m.put(pine(i, 6+6*hash(i, 6, 2)), vec{x, height(x, z) - 0.5, z}, 0)
		}
	}
}

// terraceLand is rice between green and gold, with water on some terraces.
func terraceLand(isField func(x, z float64) float64, wood material) material {
	return func(p, n vec) surface {
		s := wood(p, n)
		field := isField(p.x, p.z)
		if field < 0.02 {
			return s
		}
		_, in := terraced(hillside(p.x, p.z))
		level := math.Floor(hillside(p.x, p.z) / 2.6)
		plot := hash(int(level), int(math.Floor(p.x/22+level*0.37)), 4)
		rice := hex(0x6f9a2e).to(hex(0xd2b545), plot)
		r := surface{albedo: rice.times(0.85 + 0.3*noise(p.x*1.5, p.z*1.5))}
		switch {
		case in > 0.7: // the bank of the step
			r.albedo = hex(0x3c5524).times(0.7 + 0.5*noise(p.x, p.y*3))
		case plot > 0.86:
			r = surface{albedo: hex(0x5d6f72), gloss: 1}
		}
		s.albedo, s.gloss, s.bump = s.albedo.to(r.albedo, field), r.gloss*field, s.bump.times(1-field)
		return s
	}
}

// A cableLine is two ropes over pylons.
type cableLine struct{ up, down *curve }

const (
	cabinGap = 60.0 // metres between cabins
	cabinRun = 2    // gaps that they go in a loop
)

// pylons are where the ropes lie on.
func pylons() []vec {
	return []vec{{11, 52, -40}, {16, 55, 60}, {24, 78, 170}, {34, 120, 300}, {46, 178, 440}, {60, 250, 600}}
}

func newCableLine() *cableLine {
	tops := pylons()
	rope := func(side float64) *curve {
		c := &curve{}
		for i := range len(tops) - 1 {
			for k := range 24 {
				t := float64(k) / 24
				p := tops[i].to(tops[i+1], t)
				p.x += side
				p.y -= 0.00052 * math.Pow(tops[i+1].z-tops[i].z, 2) * 4 * t * (1 - t)
				c.append(p)
			}
		}
		return c
	}
	return &cableLine{rope(-4.5), rope(4.5)}
}

// rig adds the ropes and pylons.
func (l *cableLine) rig(m *mesh) {
	for _, c := range []*curve{l.up, l.down} {
		for i := 1; i < len(c.points); i++ {
			m.rod(c.points[i-1], c.points[i], 0.16, plain(0x3a3e42))
		}
	}
	metal := plain(0xb9c0c4)
	for _, top := range pylons()[1:5] {
		foot := hillside(top.x, top.z) - 3
		for _, leg := range [][2]float64{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}} {
			m.rod(vec{top.x + 3*leg[0], foot, top.z + 3*leg[1]}, vec{top.x + 0.8*leg[0], top.y + 0.6, top.z + 0.8*leg[1]}, 0.5, metal)
		}
		for y := foot + 5; y < top.y; y += 6 {
			w := mix(3, 0.8, (y-foot)/(top.y-foot))
			m.rod(vec{top.x - w, y, top.z - w}, vec{top.x + w, y, top.z - w}, 0.25, metal)
		}
		m.rod(top.add(vec{-6, 0.7, 0}), top.add(vec{6, 0.7, 0}), 0.7, metal)
	}
}

// cabin returns a gondola that hangs from the origin.
func cabin(seed int) mesh {
	var m mesh
	body := paint(hex([]uint32{0xc3272b, 0xe3b52e, 0x2563a8}[seed%3]), 0.35)
	m.rod(vec{0, 0, 0}, vec{0, -1.6, 0}, 0.22, plain(0x55595d))
	m.box(vec{-1.3, -2.0, -1.6}, vec{1.3, -1.6, 1.6}, body)
	m.box(vec{-1.35, -3.1, -1.65}, vec{1.35, -2.0, 1.65}, glass())
	m.box(vec{-1.4, -4.4, -1.7}, vec{1.4, -3.1, 1.7}, body)
	m.box(vec{-1.2, -4.6, -1.5}, vec{1.2, -4.4, 1.5}, plain(0x2c3034))
	for _, x := range []float64{-1.38, 1.38} {
		for _, z := range []float64{-1.68, 0, 1.68} {
			m.box(vec{x - 0.07, -3.1, z - 0.07}, vec{x + 0.07, -2.0, z + 0.07}, body)
		}
	}
	return m
}

// cabins returns all of them. They are alike every cabinRun gaps, so that the
// loop closes.
func (l *cableLine) cabins(t float64) []actor {
	var out []actor
	moved := t / loop * cabinGap * cabinRun
	for i := range 14 {
		up, dUp := l.up.at(cabinGap*float64(i) + moved - cabinGap*cabinRun)
		down, _ := l.down.at(cabinGap*float64(i) + 31 - moved)
		heading := math.Atan2(dUp.x, dUp.z)
		model := cabin(i % cabinRun)
		out = append(out, actor{model, up, heading, 0, 0}, actor{model, down, heading, 0, 0})
	}
	return out
}

// valleyClouds drift through the valley below the peaks.
func valleyClouds(eye, d vec, distance, t float64) float64 {
	clear := 1.0
	for i, sheet := range []struct{ at, low, high, thick float64 }{
		{150, 12, 50, 0.5}, {230, 30, 85, 0.75}, {330, 60, 135, 0.85}, {480, 95, 200, 0.9},
	} {
		if distance < sheet.at {
			break
		}
		p := eye.add(d.times(sheet.at / math.Max(d.z, 0.3)))
		grain := sheet.at * 0.32
		k := drifting(t, 0.5, func(t float64) float64 {
			return fractal(p.x/grain+t*0.035+1.7*float64(i), p.y/grain*2.2+9*float64(i), 5)
		})
		within := smooth(sheet.low, mix(sheet.low, sheet.high, 0.35), p.y) * smooth(sheet.high, mix(sheet.low, sheet.high, 0.5), p.y)
		edge := smooth(sheet.at, sheet.at+60, distance)
		clear *= 1 - sheet.thick*smooth(0.42, 0.7, k)*within*edge
	}
	return 1 - clear
}
