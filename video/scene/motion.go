package scene

import (
	"slices"
	"time"
)

// motion measures how much of the picture moves, from one picture to the next
// half a second later.
//
// A block moves when its pixels differ from those before by more than its own
// usual noise, once the change of brightness that all of the picture shares has
// been taken out: a camera that opens its iris, or a cloud, moves nothing.
type motion struct {
	s          size
	before     []byte
	at         time.Time // of the picture before
	noise      []float32 // by block: what it differs by when nothing moves
	heard      bool      // the noise was measured once
	means, was []float32 // of blocks: now and before
	change     []float32 // by block, to find the middle one
	shares     [shareCount]float32
	n          int
}

const (
	// shareCount pictures are averaged: ten seconds.
	shareCount = 20

	leastApart = 200 * time.Millisecond
	mostApart  = time.Second

	noiseMost   = 5.0  // what is above moves, however long it does
	noiseStep   = 0.02 // grey levels per picture
	noiseRank   = 0.25 // the noise is what a quarter of the differences stay below
	noiseTimes  = 2.5
	leastChange = 2.0 // grey levels, on average over a block
	lightLeft   = 0.1 // of a change of light is left
)

func newMotion(s size) *motion {
	return &motion{
		s: s, before: make([]byte, s.pixels()), noise: make([]float32, s.blocks()),
		means: make([]float32, s.blocks()), was: make([]float32, s.blocks()), change: make([]float32, s.blocks()),
	}
}

// forget begins anew after a gap; what is known of the noise stays.
func (m *motion) forget() { m.at, m.n = time.Time{}, 0 }

// add takes a picture. Of two that lie further apart than they should, more has
// moved than in half a second: they are not compared.
func (m *motion) add(pix []byte, at time.Time) {
	m.means, m.was = m.was, m.means
	m.average(pix)
	if gap := at.Sub(m.at); gap >= leastApart && gap <= mostApart {
		gain, offset := m.brightness()
		m.push(m.moving(pix, gain, offset))
	}
	copy(m.before, pix)
	m.at = at
}

// index returns the share of the picture that moved, averaged over the last ten
// seconds, and whether enough of them were seen.
func (m *motion) index() (float64, bool) {
	if m.n < shareCount {
		return 0, false
	}
	sum := float32(0)
	for _, s := range m.shares {
		sum += s
	}
	return float64(sum) / shareCount, true
}

// push adds the share of one picture. One that stands alone, high above both
// its neighbours, is no motion but a flash, a switched lamp, or a torn picture.
func (m *motion) push(share float32) {
	at := func(back int) *float32 { return &m.shares[(m.n-back+2*shareCount)%shareCount] }
	if m.n >= 2 {
		beside := max(share, *at(2))
		if last := at(1); *last > 0.5 && beside < *last/4 {
			*last = beside
		}
	}
	*at(0) = share
	m.n++
	if m.n >= 4*shareCount {
		m.n -= shareCount
	}
}

func (m *motion) average(pix []byte) {
	for b := range m.means {
		sum := 0
		for y := range block {
			for _, p := range m.row(pix, b, y) {
				sum += int(p)
			}
		}
		m.means[b] = float32(sum) / (block * block)
	}
}

// row returns the pixels of row y of block b.
func (m *motion) row(pix []byte, b, y int) []byte {
	i := (b/m.s.cols()*block+y)*m.s.w + b%m.s.cols()*block
	return pix[i : i+block]
}

// brightness returns by what gain and offset the picture before becomes as
// bright as this one, judged by the blocks that do not move.
func (m *motion) brightness() (gain, offset float32) {
	for i := range m.change {
		m.change[i] = m.means[i] - m.was[i]
	}
	slices.Sort(m.change)
	n := len(m.change)
	gain, offset = 1, m.change[n/2]
	within := (m.change[n*3/4]-m.change[n/4])*1.5 + 2
	for range 2 {
		gain, offset = m.fit(gain, offset, within)
		within = max(2, within/2)
	}
	return gain, offset
}

// fit returns the line through the blocks' means, of those that lie near the
// line given.
func (m *motion) fit(gain, offset, within float32) (float32, float32) {
	var n, sx, sy, sxx, sxy float32
	for i, x := range m.was {
		y := m.means[i]
		if d := y - gain*x - offset; d > within || d < -within {
			continue
		}
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	if n < 8 {
		return gain, offset
	}
	spread := sxx - sx*sx/n
	if spread < 16*n { // too even to tell a gain from an offset
		return 1, (sy - sx) / n
	}
	g := min(max((sxy-sx*sy/n)/spread, 0.5), 2)
	return g, (sy - g*sx) / n
}

// moving returns the share of the picture that moves.
func (m *motion) moving(pix []byte, gain, offset float32) float32 {
	differ := m.differences(pix, gain, offset)
	if !m.heard { // most of the picture does not move
		m.heard = true
		copy(m.change, differ)
		slices.Sort(m.change)
		for b := range m.noise {
			m.noise[b] = min(m.change[len(m.change)/4], noiseMost)
		}
	}
	// A change of light is never quite taken out.
	least := leastChange + lightLeft*max(gain-1, 1-gain)*255 + lightLeft*max(offset, -offset)
	share := float32(0)
	for b, d := range differ {
		bound := max(least, noiseTimes*m.noise[b])
		share += min(max(d/bound-1, 0), 1)
		if d > m.noise[b] {
			m.noise[b] = min(m.noise[b]+noiseStep*noiseRank, noiseMost)
		} else {
			m.noise[b] = max(m.noise[b]-noiseStep*(1-noiseRank), 0)
		}
	}
	return share / float32(len(m.noise))
}

// differences returns by how much each block differs from the picture before,
// once that was made as bright.
func (m *motion) differences(pix []byte, gain, offset float32) []float32 {
	// What a pixel of each grey value should have become.
	var expect [256]float32
	for v := range expect {
		expect[v] = min(max(gain*float32(v)+offset, 0), 255)
	}
	differ := m.was // is not needed any more
	for b := range differ {
		sum := float32(0)
		for y := range block {
			now, before := m.row(pix, b, y), m.row(m.before, b, y)
			for i, p := range now {
				sum += max(float32(p)-expect[before[i]], expect[before[i]]-float32(p))
			}
		}
		differ[b] = sum / (block * block)
	}
	return differ
}
