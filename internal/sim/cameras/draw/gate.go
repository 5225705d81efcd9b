package main

import "math"

// gate is the border gate Kim Thành under a grey sky: lorries wait, and a
// barrier lets them through one by one.
func gate() *scene {
	s := &scene{
		camera: "cua-khau-kim-thanh", title: "Cửa khẩu Kim Thành",
		eye: vec{-12.5, 9.6, -23}, target: vec{1.2, 3.0, 12}, degrees: 58,
		shadowAt: vec{0, 0, 20}, shadowRadius: 60, exposure: 1.05,
		light: light{
			sun: vec{-0.5, 0.72, -0.45}.unit(), sunColour: rgb{1.15, 1.1, 1.0},
			sky: rgb{0.6, 0.66, 0.74}, earth: rgb{0.26, 0.25, 0.23},
			haze: rgb{0.72, 0.77, 0.83}, hazeDistance: 330,
		},
		sky: clearSky(rgb{0.5, 0.6, 0.75}, rgb{0.8, 0.84, 0.88}, rgb{0.95, 0.96, 0.98}, 1.0),
	}
	s.build = func(m *mesh) {
		gateYard(m)
		gateBuilding(m)
	}
	s.actors = func(t float64) []actor { return append(gateQueue(t), gateStaff(t)...) }
	return s
}

const (
	gateLanes = 3
	laneGap   = 5.4
	barrierZ  = 2.0
	// A step of the queue: how far, and how many in a loop.
	queueGap   = 18.0
	queueSteps = 3
)

func laneX(i int) float64 { return -laneGap + laneGap*float64(i) }

func gateYard(m *mesh) {
	m.quad(vec{-90, 0, -45}, vec{90, 0, -45}, vec{90, 0, 160}, vec{-90, 0, 160}, func(p, _ vec) surface {
		k := 0.2 + 0.05*fractal(p.x*2, p.z*2, 3) + 0.05*fractal(p.x/7, p.z/7, 3)
		if wrap(p.x, 6) < 0.06 || wrap(p.z, 6) < 0.06 {
			k *= 0.75 // slabs of concrete
		}
		s := surface{albedo: rgb{k, k, k * 0.97}}
		for i := range gateLanes + 1 {
			if math.Abs(p.x-laneX(i)+laneGap/2) < 0.09 && p.z < -6 && wrap(p.z, 4) < 2.4 {
				s.albedo = hex(0xd8d6d0)
			}
		}
		if math.Abs(p.x) < laneGap*1.5 && p.z > barrierZ-3.6 && p.z < barrierZ-3.1 {
			s.albedo = hex(0xd8d6d0)
		}
		oil := smooth(0.55, 0.8, fractal(p.x/1.5, p.z/5, 3))
		s.albedo = s.albedo.times(1 - 0.25*oil)
		return s
	})
	for i := range gateLanes + 1 { // islands with booths
		x := laneX(i) - laneGap/2
		m.box(vec{x - 0.55, 0, -4}, vec{x + 0.55, 0.22, 27}, kerb)
		if i < gateLanes {
			booth(m, vec{x, 0.2, barrierZ + 1.2})
		}
		m.cylinder(vec{x, 0, -4.4}, 0.12, 1, plain(0xe0b32e))
	}
	for i := range 8 {
		x := []float64{-1, 1}[i%2] * (14.5 + 2*hash(i, 1, 4))
		m.put(tree(i, 5.5+2*hash(i, 2, 4)), vec{x, 0, -6 + 7*float64(i/2)}, 0)
	}
	for i := range 5 { // parked lorries
		m.put(lorry(i+30, 7, false), vec{17 + 3.4*float64(i), 0, 14 + 2*hash(i, 3, 4)}, math.Pi*float64(i%2))
	}
	wooded := leaves(0x1d2f20, 0x5f7a4d, 10)
	m.ground(-300, 330, 75, 330, 8, func(x, z float64) float64 {
		return -3 + smooth(80, 260, z)*85*fractal(x/120+8, z/120, 4)
	}, wooded)
	for i := range 14 {
		x := -95 + 14*float64(i)
		m.box(vec{x, 0, 68}, vec{x + 9 + 4*hash(i, 4, 4), 6 + 14*hash(i, 5, 4), 78}, facade([]uint32{0xc9c4b8, 0xb7c0c6, 0xd3bfa4}[i%3], 3.3, 2.6, i, false))
	}
	for i := range 3 {
		x := 11.5 + 1.7*float64(i)
		m.cylinder(vec{x, 0, 6}, 0.06, 8.5, paint(hex(0xd9dcdd), 0.5))
	}
	m.box(vec{11.6, 7, 5.97}, vec{13.1, 8.1, 6.03}, plain(0xc8201c))
	star(m, vec{12.35, 7.55, 5.93}, 0.36)
}

func kerb(p, _ vec) surface {
	if wrap(p.z, 1.6) < 0.8 {
		return surface{albedo: hex(0xd9b32f)}
	}
	return surface{albedo: hex(0x2a2b2d)}
}

// star adds a golden star that faces -z.
func star(m *mesh, at vec, r float64) {
	gold := plain(0xf2c82e)
	point := func(i int) vec {
		k := r
		if i%2 == 1 {
			k *= 0.4
		}
		sin, cos := math.Sincos(math.Pi * float64(i) / 5)
		return at.add(vec{k * sin, k * cos, 0})
	}
	for i := range 10 {
		m.facet(at, point(i), point(i+1), gold)
	}
}

func booth(m *mesh, at vec) {
	m.box(at.add(vec{-0.5, 0, 0}), at.add(vec{0.5, 1, 2.4}), plain(0x2f5f8f))
	m.box(at.add(vec{-0.48, 1, 0.02}), at.add(vec{0.48, 2.1, 2.38}), glass())
	m.box(at.add(vec{-0.7, 2.1, -0.3}), at.add(vec{0.7, 2.3, 2.7}), plain(0xe3e4e2))
}

// gateBuilding adds the roof over the lanes, with its red front and golden star.
func gateBuilding(m *mesh) {
	stone := plain(0xcbbf9f)
	for _, x := range []float64{-10.4, 10.4} {
		m.box(vec{x - 1.3, 0, 11}, vec{x + 1.3, 10.2, 25}, stone)
		for y := 1.2; y < 7; y += 1.2 {
			m.box(vec{x - 1.34, y, 10.96}, vec{x + 1.34, y + 0.1, 25.04}, plain(0xa8997a))
		}
	}
	m.box(vec{-12.5, 7.0, 10.2}, vec{12.5, 7.6, 26}, plain(0xe4dfd0))
	m.box(vec{-12.1, 7.6, 10.4}, vec{12.1, 10.2, 25.8}, plain(0xd9cda9))
	m.box(vec{-9, 7.95, 10.3}, vec{9, 9.95, 10.4}, plain(0xb52620))
	m.box(vec{-13.2, 10.2, 9.6}, vec{13.2, 10.7, 26.6}, plain(0xe9e3d2))
	roof := plain(0x9c3f2c)
	m.quad(vec{-13.6, 10.6, 9}, vec{13.6, 10.6, 9}, vec{11, 12.8, 18}, vec{-11, 12.8, 18}, roof)
	m.quad(vec{-13.6, 10.6, 27}, vec{13.6, 10.6, 27}, vec{11, 12.8, 18}, vec{-11, 12.8, 18}, roof)
	for _, side := range []float64{-1, 1} {
		m.facet(vec{side * 13.6, 10.6, 9}, vec{side * 13.6, 10.6, 27}, vec{side * 11, 12.8, 18}, roof)
	}
	star(m, vec{0, 8.95, 10.25}, 0.85)
	for i := range gateLanes { // a light above each lane
		x := laneX(i)
		m.box(vec{x - 0.45, 6.1, 10.3}, vec{x + 0.45, 7, 10.5}, plain(0x1c1e20))
		c := rgb{0.1, 1, 0.45}
		if i == 2 {
			c = rgb{1, 0.08, 0.05}
		}
		m.ball(vec{x, 6.55, 10.25}, vec{0.28, 0.28, 0.05}, lamp(c, 1.6))
	}
}

// queueAt returns how far a lane's queue has moved, in steps, and whether its
// barrier is open, from 0 to 1. The lanes take turns; the last one is closed.
func queueAt(t float64, i int) (float64, float64) {
	const each = float64(loop) / queueSteps
	since := wrap(t-float64(i)*each*0.45, loop)
	k := math.Floor(since / each)
	in := since - k*each
	return k + smooth(2.2, 6.4, in), smooth(0.6, 2, in) * smooth(7.6, 6.4, in)
}

func gateQueue(t float64) []actor {
	var out []actor
	for i := range gateLanes {
		moved, open := queueAt(t, i)
		if i == 2 {
			moved, open = 0, 0
		}
		for k := -4; k <= 5; k++ {
			z := barrierZ - 5.2 + queueGap*(float64(k)+moved)
			if k > 0 && i == 2 || z > 95 || z < -45 {
				continue // far away, or not past a closed barrier
			}
			// Alike every queueSteps, so that the loop closes.
			model := lorry(((k%queueSteps)+queueSteps)%queueSteps+3*i+1, 7, false)
			out = append(out, actor{model, vec{laneX(i), 0, z}, 0, 1.3, 4.2})
		}
		out = append(out, barrier(vec{laneX(i) - laneGap/2 + 0.3, 0.2, barrierZ}, open))
	}
	return out
}

// barrier returns a barrier's arm, lifted as far as open says.
func barrier(at vec, open float64) actor {
	var m mesh
	m.box(vec{-0.2, 0, -0.2}, vec{0.2, 1, 0.2}, plain(0xd8a52a))
	sin, cos := math.Sincos(open * 1.45)
	const pieces = 8
	for i := range pieces {
		a, b := 4.7*float64(i)/pieces, 4.7*float64(i+1)/pieces
		c := plain([]uint32{0xc92a22, 0xe9e8e4}[i%2])
		m.rod(vec{a * cos, 0.95 + a*sin, 0}, vec{b * cos, 0.95 + b*sin, 0}, 0.13, c)
	}
	return actor{m, at, 0, 0.2, 0.2}
}

// gateStaff are the officers, and drivers with their papers.
func gateStaff(t float64) []actor {
	officer := dress{top: plain(0x3d5a3f), bottom: plain(0x33463a), hat: 2, hatColour: plain(0x3d5a3f), small: 1}
	all := []stroller{
		{officer, vec{laneX(0) - 2.5, 0.2, -0.5}, vec{laneX(0), 0, -2}, 0.1, true},
		{officer, vec{laneX(1) - 2.9, 0.2, 5}, vec{laneX(1) - 2.9, 0.2, 18}, 0.4, false},
		{officer, vec{laneX(2) - 2.9, 0.2, -1}, vec{laneX(2), 0, -3}, 0.7, true},
		{dressed(3), vec{9, 0, -6}, vec{9.5, 0, 7}, 0.2, false},
		{dressed(8), vec{-8.6, 0, -8}, vec{-8.4, 0, 5}, 0.6, false},
		{dressed(9), vec{-9.3, 0, -7}, vec{-9.1, 0, 6}, 0.6, false},
	}
	return stroll(all, t)
}
