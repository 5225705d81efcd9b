package main

import "math"

// The size of a clip's pictures, and how much finer each way they are drawn.
const (
	width, height = 640, 360
	near          = 0.2
)

// A view is where a camera stands and looks.
type view struct {
	eye                vec
	right, up, forward vec
	focal              float64 // in samples
	w, h               int
	fine               int
}

// look returns the view from eye to target; degrees is how wide it sees.
func look(eye, target vec, degrees float64, fine int) view {
	v := view{eye: eye, w: width * fine, h: height * fine, fine: fine}
	v.forward = target.sub(eye).unit()
	v.right = vec{0, 1, 0}.cross(v.forward).unit()
	v.up = v.forward.cross(v.right)
	v.focal = float64(v.w) / 2 / math.Tan(degrees*math.Pi/360)
	return v
}

// local returns p as the camera sees it: to the right, up, and away.
func (v *view) local(p vec) vec {
	d := p.sub(v.eye)
	return vec{d.dot(v.right), d.dot(v.up), d.dot(v.forward)}
}

// onto returns where a local point is in the picture.
func (v *view) onto(l vec) (x, y float64) {
	return float64(v.w)/2 + l.x/l.z*v.focal, float64(v.h)/2 - l.y/l.z*v.focal
}

// ray returns the direction in which a sample looks.
func (v *view) ray(x, y float64) vec {
	return v.forward.add(v.right.times((x - float64(v.w)/2) / v.focal)).add(v.up.times((float64(v.h)/2 - y) / v.focal)).unit()
}

// A layer is a picture that is being drawn, in samples.
type layer struct {
	colour []rgb
	depth  []float32 // along the view; infinite where there is only sky
	sunlit []float32 // how much of the light is the sun's
}

func newLayer(v *view) *layer {
	n := v.w * v.h
	l := &layer{make([]rgb, n), make([]float32, n), make([]float32, n)}
	for i := range l.depth {
		l.depth[i] = float32(math.Inf(1))
	}
	return l
}

func (l *layer) copyFrom(other *layer) {
	copy(l.colour, other.colour)
	copy(l.depth, other.depth)
	copy(l.sunlit, other.sunlit)
}

// draw draws a model into the layer.
func (l *layer) draw(v *view, m mesh, lit *light) {
	for i := range m {
		t := &m[i]
		eachVisible(v, t.p, func(s span) {
			if float32(s.depth) >= l.depth[s.index] {
				return
			}
			p := s.blend(t.p)
			n := s.blend(t.n).unit()
			if n.dot(v.eye.sub(p)) < 0 {
				n = n.times(-1)
			}
			colour, sun := lit.shade(v.eye, p, n, t.m(p, n))
			l.colour[s.index], l.depth[s.index], l.sunlit[s.index] = colour, float32(s.depth), float32(sun)
		})
	}
}

// A span is one sample of a triangle.
type span struct {
	index   int
	depth   float64
	weights [3]float64 // of its corners
}

func (s *span) blend(c [3]vec) vec {
	return c[0].times(s.weights[0]).add(c[1].times(s.weights[1])).add(c[2].times(s.weights[2]))
}

// eachVisible calls f for every sample of the picture that the triangle covers.
func eachVisible(v *view, corners [3]vec, f func(span)) {
	var local [3]vec
	behind := 0
	for i, p := range corners {
		if local[i] = v.local(p); local[i].z < near {
			behind++
		}
	}
	if behind == 3 {
		return
	}
	whole := [3]vec{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}} // weights of the corners
	if behind == 0 {
		fill(v, local, whole, f)
		return
	}
	// Cut off what is behind the camera.
	var kept, weights []vec
	for i := range local {
		j := (i + 1) % 3
		a, b := local[i], local[j]
		if a.z >= near {
			kept, weights = append(kept, a), append(weights, whole[i])
		}
		if (a.z >= near) != (b.z >= near) {
			t := (near - a.z) / (b.z - a.z)
			kept, weights = append(kept, a.to(b, t)), append(weights, whole[i].to(whole[j], t))
		}
	}
	for i := 1; i+1 < len(kept); i++ {
		fill(v, [3]vec{kept[0], kept[i], kept[i+1]}, [3]vec{weights[0], weights[i], weights[i+1]}, f)
	}
}

// fill calls f for every sample in a triangle in front of the camera, with the
// weights that its corners have in the triangle it was cut from.
func fill(v *view, local, weights [3]vec, f func(span)) {
	var x, y [3]float64
	for i, l := range local {
		x[i], y[i] = v.onto(l)
	}
	area := (x[1]-x[0])*(y[2]-y[0]) - (x[2]-x[0])*(y[1]-y[0])
	if area == 0 {
		return
	}
	top := max(int(min(y[0], y[1], y[2])), 0)
	bottom := min(int(max(y[0], y[1], y[2]))+1, v.h-1)
	left := max(int(min(x[0], x[1], x[2])), 0)
	right := min(int(max(x[0], x[1], x[2]))+1, v.w-1)
	for row := top; row <= bottom; row++ {
		py := float64(row) + 0.5
		for col := left; col <= right; col++ {
			px := float64(col) + 0.5
			a := ((x[1]-px)*(y[2]-py) - (x[2]-px)*(y[1]-py)) / area
			b := ((x[2]-px)*(y[0]-py) - (x[0]-px)*(y[2]-py)) / area
			c := 1 - a - b
			if a < 0 || b < 0 || c < 0 {
				continue
			}
			// In perspective, what is linear in the picture is 1/depth.
			a, b, c = a/local[0].z, b/local[1].z, c/local[2].z
			depth := 1 / (a + b + c)
			w := weights[0].times(a * depth).add(weights[1].times(b * depth)).add(weights[2].times(c * depth))
			f(span{row*v.w + col, depth, [3]float64{w.x, w.y, w.z}})
		}
	}
}
