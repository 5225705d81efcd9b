package main

import "math"

// crossing is ngã tư Trần Hưng Đạo at dusk, with its traffic lights. One loop is
// one cycle of them.
func crossing() *scene {
	s := &scene{
		camera: "nga-tu-tran-hung-dao", title: "Ngã tư Trần Hưng Đạo",
		eye: vec{-15.5, 11, -20}, target: vec{2.5, 0, 3}, degrees: 64, exposure: 1.55, crf: 30,
		light: light{
			sun: vec{-0.4, 0.5, 0.6}.unit(), sunColour: rgb{0.06, 0.06, 0.1},
			sky: rgb{0.17, 0.21, 0.36}, earth: rgb{0.1, 0.085, 0.08},
			haze: rgb{0.2, 0.2, 0.3}, hazeDistance: 260,
		},
	}
	s.sky = func(d vec, t float64) rgb {
		c := rgb{0.95, 0.5, 0.3}.to(rgb{0.16, 0.2, 0.42}, smooth(-0.02, 0.3, d.y))
		k := drifting(t, 0.5, func(t float64) float64 { return fractal(d.x/(d.y+0.2)*2+0.01*t, d.z/(d.y+0.2)*2, 4) })
		return c.to(rgb{0.5, 0.3, 0.33}, 0.6*smooth(0.45, 0.75, k))
	}
	for _, at := range lampsOf(crossingHalf) {
		s.light.lamps = append(s.light.lamps, bulb{at.add(vec{0, 7.8, 0}), rgb{1.1, 0.78, 0.45}, 15})
	}
	s.build = func(m *mesh) {
		crossingGround(m)
		crossingTown(m)
	}
	vehicles := crossingTraffic()
	walkers := crossingWalkers()
	s.actors = func(t float64) []actor {
		out := append(vehicles(t), walkers(t)...)
		return append(out, signals(t)...)
	}
	lights := headlights(vehicles)
	s.glows = func(t float64) []glow { return append(lights(t), signalGlows(t)...) }
	return s
}

const (
	crossingHalf = 7.0 // metres from the middle of a road to its kerb
	stopLine     = crossingHalf + 5.5
)

func lampsOf(half float64) []vec {
	d := half + 1.4
	return []vec{{-d, 0, d}, {d, 0, d}, {d, 0, -d}, {-d, 0, 34}, {d, 0, 34}, {38, 0, d}, {38, 0, -d}, {-36, 0, d}, {d, 0, 66}, {-d, 0, 66}}
}

func crossingGround(m *mesh) {
	m.quad(vec{-120, 0, -60}, vec{140, 0, -60}, vec{140, 0, 190}, vec{-120, 0, 190}, func(p, _ vec) surface {
		ax, az := math.Abs(p.x), math.Abs(p.z)
		if ax > crossingHalf && az > crossingHalf { // the pavement
			k := 0.85 + 0.2*noise(p.x*2, p.z*2)
			if wrap(p.x, 0.6) < 0.05 || wrap(p.z, 0.6) < 0.05 {
				k *= 0.8
			}
			c := hex(0x9a8f84)
			if math.Min(ax, az) < crossingHalf+0.3 {
				c = hex(0xc9c5bc) // the kerb
			}
			return surface{albedo: c.times(k)}
		}
		grey := 0.085 + 0.035*fractal(p.x*2.5, p.z*2.5, 3) + 0.02*fractal(p.x/6, p.z/6, 2)
		s := surface{albedo: rgb{grey, grey, grey * 1.05}, gloss: 0.5 * smooth(0.4, 0.75, fractal(p.x/3, p.z/3, 3))}
		if crossingPaint(ax, az, p) {
			s.albedo = hex(0xd2d0ca).times(0.8 + 0.2*noise(p.x*3, p.z*3))
		}
		return s
	})
}

// crossingPaint reports whether there is white paint at a point of the road.
func crossingPaint(ax, az float64, p vec) bool {
	lines := func(across, along, u float64) bool {
		switch {
		case along > crossingHalf+0.9 && along < crossingHalf+4.1: // zebra
			return across < crossingHalf-0.3 && wrap(u, 1.1) < 0.55
		case along > stopLine-0.7 && along < stopLine-0.3:
			return across < crossingHalf
		case along > stopLine:
			return across < 0.09 || math.Abs(across-3.5) < 0.07 && wrap(along, 5) < 2.5
		}
		return false
	}
	return ax < crossingHalf && lines(ax, az, p.x) || az < crossingHalf && lines(az, ax, p.z)
}

func crossingTown(m *mesh) {
	walls := []uint32{0xd8c59c, 0xb3bec0, 0xd7a98a, 0xddd8cc, 0xc7b7c9, 0x9fb5a8}
	signs := []rgb{{1, 0.25, 0.2}, {0.25, 0.6, 1}, {1, 0.75, 0.3}, {0.4, 1, 0.6}, {1, 0.4, 0.75}}
	house := func(i int, low, high vec, front int) {
		m.box(low, high, facade(walls[i%6], 3.4, 2.1, i, true))
		m.box(vec{low.x - 0.2, high.y, low.z - 0.2}, vec{high.x + 0.2, high.y + 0.5, high.z + 0.2}, plain(0x6f6a66))
		sign := lamp(signs[i%5], 0.9)
		shop := lamp(rgb{1, 0.82, 0.55}, 0.75)
		switch front {
		case 0: // towards -z
			m.box(vec{low.x + 0.3, 3, low.z - 0.25}, vec{high.x - 0.3, 3.8, low.z}, sign)
			m.quad(vec{low.x + 0.5, 0.2, low.z - 0.02}, vec{high.x - 0.5, 0.2, low.z - 0.02}, vec{high.x - 0.5, 2.8, low.z - 0.02}, vec{low.x + 0.5, 2.8, low.z - 0.02}, shop)
		case 1: // towards -x
			m.box(vec{low.x - 0.25, 3, low.z + 0.3}, vec{low.x, 3.8, high.z - 0.3}, sign)
			m.quad(vec{low.x - 0.02, 0.2, low.z + 0.5}, vec{low.x - 0.02, 0.2, high.z - 0.5}, vec{low.x - 0.02, 2.8, high.z - 0.5}, vec{low.x - 0.02, 2.8, low.z + 0.5}, shop)
		}
	}
	edge := crossingHalf + 3.6
	for i := range 9 {
		tall := func(k int) float64 { return 6.8 + 3.4*math.Floor(4*hash(i, k, 5)) }
		a := edge + 6.1*float64(i)
		house(i, vec{a, 0, edge}, vec{a + 5.9, tall(1), edge + 12}, 0)
		house(i+3, vec{-a - 5.9, 0, edge}, vec{-a, tall(2), edge + 12}, 0)
		house(i+5, vec{edge, 0, edge + 12.2 + 6.1*float64(i)}, vec{edge + 12, tall(3), edge + 18 + 6.1*float64(i)}, 1)
		house(i+1, vec{-edge - 12, 0, edge + 12.2 + 6.1*float64(i)}, vec{-edge, tall(4), edge + 18 + 6.1*float64(i)}, 2)
	}
	for i := range 12 {
		x := -120 + 22*float64(i)
		m.box(vec{x, 0, 120 + 8*hash(i, 6, 5)}, vec{x + 18, 10 + 22*hash(i, 7, 5), 150}, facade(walls[i%6], 3.4, 3, i+40, true))
	}
	for _, at := range lampsOf(crossingHalf) {
		heading := 0.0
		if at.x > 0 {
			heading = math.Pi
		}
		m.put(lampPost(8, 2.2, true), at, heading)
	}
	for i := range 7 {
		z := 22 + 8.5*float64(i)
		m.put(tree(i, 5.5), vec{crossingHalf + 1.6, 0, z}, 0)
		m.put(tree(i+7, 5), vec{-crossingHalf - 1.6, 0, z + 3}, 0)
		m.put(tree(i+3, 5.2), vec{22 + 8*float64(i), 0, crossingHalf + 1.7}, 0)
	}
}

// An aspect is what a signal shows.
type aspect int

const (
	red aspect = iota
	amber
	green
)

// signalAt returns the signal for the road along z, or along x.
func signalAt(t float64, alongX bool) aspect {
	if alongX {
		t = wrap(t-12, loop)
	}
	switch {
	case t < 9:
		return green
	case t < 10.5:
		return amber
	}
	return red
}

// signalPosts are where the signals stand, and whom they face.
func signalPosts() []struct {
	at     vec
	facing float64
	alongX bool
} {
	d := crossingHalf + 0.8
	return []struct {
		at     vec
		facing float64
		alongX bool
	}{
		{vec{d, 0, crossingHalf + 0.6}, math.Pi, false},
		{vec{-d, 0, -crossingHalf - 0.6}, 0, false},
		{vec{crossingHalf + 0.6, 0, -d}, -math.Pi / 2, true},
		{vec{-crossingHalf - 0.6, 0, d}, math.Pi / 2, true},
	}
}

func signals(t float64) []actor {
	var out []actor
	for _, post := range signalPosts() {
		var m mesh
		m.cylinder(vec{}, 0.1, 4.6, steel())
		m.box(vec{-0.28, 3.4, 0}, vec{0.28, 5.1, 0.3}, plain(0x1b1d1f))
		now := signalAt(t, post.alongX)
		for k, c := range []rgb{{1, 0.06, 0.03}, {1, 0.6, 0.05}, {0.1, 1, 0.45}} {
			shine := lamp(c.times(0.06), 0)
			if aspect(k) == now {
				shine = lamp(c, 2.5)
			}
			y := 4.85 - 0.52*float64(k)
			m.box(vec{-0.19, y - 0.19, 0.3}, vec{0.19, y + 0.19, 0.34}, shine)
		}
		out = append(out, actor{m, post.at, post.facing, 0.2, 0.2})
	}
	return out
}

func signalGlows(t float64) []glow {
	var out []glow
	for _, post := range signalPosts() {
		now := signalAt(t, post.alongX)
		c := []rgb{{0.9, 0.05, 0.03}, {0.9, 0.5, 0.04}, {0.08, 0.85, 0.4}}[now]
		at := vec{0, 4.85 - 0.52*float64(now), 0.5}.turn(post.facing).add(post.at)
		out = append(out, glow{at, c, 0.45, post.facing})
	}
	return out
}

// drive returns how far past the stop line something is at time t that comes at
// v m/s, would be at the line at time due, stops for the red with so many metres
// before it, and goes on at time free. What need not wait has free before due.
func drive(t, due, free, v, before float64) float64 {
	const brake, push = 2.2, 1.9 // m/s²
	if free <= due {
		return v * (t - due)
	}
	stopping := v / brake                // seconds
	begin := due - before/v - stopping/2 // of braking, to stand at -before
	switch {
	case t < begin:
		return v * (t - due)
	case t < begin+stopping:
		dt := t - begin
		return v*(begin-due) + v*dt - brake*dt*dt/2
	case t < free:
		return -before
	}
	dt := t - free
	if gain := v / push; dt > gain {
		return -before + v*gain/2 + v*(dt-gain)
	}
	return -before + push*dt*dt/2
}

func crossingTraffic() func(float64) []actor {
	type vehicle struct {
		ride
		heading, lane, due, free, v, before float64
	}
	var all []vehicle
	add := func(r ride, heading, lane, due, free, before float64) {
		all = append(all, vehicle{r, heading, lane, due, free, 9.5, before})
	}
	for k, heading := range []float64{0, math.Pi, math.Pi / 2, -math.Pi / 2} {
		opens := 0.0
		if k >= 2 {
			opens = 12
		}
		for i := range 3 { // those that wait, each behind the one before
			seed := 10*k + i
			r := carRide(seed, true)
			if i == 1 && k%2 == 1 {
				r = lorryRide(seed, true)
			}
			before := 1.6 + r.rz + 6.8*float64(i)
			add(r, heading, 1.75, opens-8+2.1*float64(i), opens+0.7+1.1*float64(i), before)
		}
		for i := range 7 {
			before := 1.2 + 2.3*float64(i/2)
			add(bikeRide(20*k+i, true), heading, 4.3+1.25*float64(i%2)+0.3*hash(i, k, 9), opens-9.5+1.2*float64(i), opens+0.3+0.35*float64(i), before)
		}
		add(carRide(30+k, true), heading, 1.75, opens+6.6, 0, 0) // these have green
		add(bikeRide(90+k, true), heading, 5, opens+5.2, 0, 0)
		add(bikeRide(95+k, true), heading, 4.4, opens+7.6, 0, 0)
	}
	return func(t float64) []actor {
		var out []actor
		for _, v := range all {
			for _, shift := range []float64{-loop, 0, loop} { // it comes again in the next loop
				s := drive(t+shift, v.due, v.free, v.v, v.before) - stopLine
				if s < -75 || s > 85 {
					continue
				}
				at := vec{v.lane, 0, s}.turn(v.heading)
				out = append(out, actor{v.model, at, v.heading, v.rx, v.rz})
			}
		}
		return out
	}
}

// crossingWalkers cross the road along x while its traffic has red.
func crossingWalkers() func(float64) []actor {
	return func(t float64) []actor {
		var out []actor
		for i := range 9 {
			side := []float64{-1, 1}[i%2]
			starts := 0.8 + 0.5*float64(i)
			at := clamp(wrap(t-starts+2, loop)-2, -2, 9.2) * 1.55
			walked := 0.0
			if at > -3 && at < 14.2 {
				walked = at
			}
			x := crossingHalf + 2.6 + 0.25*float64(i%3)
			p := vec{-side * x, 0, (at - crossingHalf) * side}
			if i > 5 {
				p.x = -p.x
			}
			heading := 0.0
			if side < 0 {
				heading = math.Pi
			}
			if at >= 14.2 || at <= -3 {
				continue // gone on along the pavement
			}
			out = append(out, actor{person(dressed(i), walked), p, heading, 0.3, 0.3})
		}
		return out
	}
}
