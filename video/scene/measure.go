package scene

// The pictures that are judged are small and grey: 160 pixels along the longer
// side, cut into blocks of 8 by 8.
const (
	longSide  = 160
	shortSide = 40 // at least
	block     = 8
)

// A size is that of the small pictures of one camera.
type size struct{ w, h int }

// sizeFor returns the size to which a camera's pictures are shrunk. Where the
// camera's own size is not known, that of a wide picture is taken.
func sizeFor(width, height int) size {
	if width <= 0 || height <= 0 {
		width, height = 16, 9
	}
	across := func(short, long int) int {
		n := (longSide*short/long + block/2) / block * block
		return min(max(n, shortSide), longSide)
	}
	if width >= height {
		return size{longSide, across(height, width)}
	}
	return size{across(width, height), longSide}
}

func (s size) pixels() int { return s.w * s.h }
func (s size) cols() int   { return s.w / block }
func (s size) rows() int   { return s.h / block }
func (s size) blocks() int { return s.cols() * s.rows() }

// margin is how many rows of pixels at the top, and as many at the bottom, are
// left out where a camera's own captions must not count as part of the scene.
func (s size) margin() int { return s.h * 15 / 100 }

// captionRows is how many rows of blocks at the top and at the bottom may hold
// a clock.
func (s size) captionRows() int { return max(1, s.rows()*18/100) }

// features are what is measured of one picture, without its captions.
type features struct {
	// mean, low, middle and high are grey values: the average, and those that
	// 5, 50 and 95 of 100 pixels stay below.
	mean              float64
	low, middle, high int
	// lights is how many pixels are bright for a dark picture.
	lights int
	// glare is the share of pixels that are white.
	glare float64
	// structure is the share of pixels that lie on an edge, of the picture
	// averaged over the last seconds: noise is gone from it.
	structure float64
}

const (
	white    = 245
	lamp     = 56 // as bright as no noise makes a pixel of a black picture
	lampOver = 24 // and by so much brighter than the rest
	edge     = 7  // grey levels over two pixels, across and down together
)

// A calm is the average of the last pictures, in 1/64 grey levels: noise and
// what moves is gone from it.
type calm struct {
	s   size
	pix []int16
	n   int
}

const (
	calmUnit  = 64
	calmShift = 2 // each new picture weighs a quarter
)

func newCalm(s size) *calm { return &calm{s: s, pix: make([]int16, s.pixels())} }

func (c *calm) add(pix []byte) {
	c.n++
	if c.n == 1 {
		for i, p := range pix {
			c.pix[i] = int16(p) * calmUnit
		}
		return
	}
	for i, p := range pix {
		c.pix[i] += (int16(p)*calmUnit - c.pix[i]) >> calmShift
	}
}

// slope is how steep the picture is at pixel i, in grey levels over two pixels.
func (c *calm) slope(i int) int {
	w := c.s.w
	return (abs(int(c.pix[i+1])-int(c.pix[i-1])) + abs(int(c.pix[i+w])-int(c.pix[i-w]))) / calmUnit
}

// measure measures a picture that c has taken already.
func measure(pix []byte, c *calm) features {
	var f features
	s, margin := c.s, c.s.margin()
	var histogram [256]int
	sum := 0
	for _, p := range pix[margin*s.w : (s.h-margin)*s.w] {
		histogram[p]++
		sum += int(p)
	}
	total := (s.h - 2*margin) * s.w
	f.mean = float64(sum) / float64(total)
	f.low = percentile(&histogram, total*5/100)
	f.middle = percentile(&histogram, total*50/100)
	f.high = percentile(&histogram, total*95/100)
	for v := max(lamp, f.middle+lampOver); v < 256; v++ {
		f.lights += histogram[v]
	}
	whites := 0
	for v := white; v < 256; v++ {
		whites += histogram[v]
	}
	f.glare = float64(whites) / float64(total)

	edges := 0
	for y := margin; y < s.h-margin; y++ {
		for i := y*s.w + 1; i < (y+1)*s.w-1; i++ {
			if c.slope(i) >= edge {
				edges++
			}
		}
	}
	f.structure = float64(edges) / float64(total)
	return f
}

// percentile returns the smallest value that more than n pixels do not exceed.
func percentile(histogram *[256]int, n int) int {
	for v, count := range histogram {
		if n -= count; n < 0 {
			return v
		}
	}
	return len(histogram) - 1
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
