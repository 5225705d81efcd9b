package scene

import (
	"sort"
	"testing"
	"citywatch/video/ffmpeg/ffmpegtest"
)

func q(v []float64, p float64) float64 { s := append([]float64{}, v...); sort.Float64s(s); return s[int(p*float64(len(s)-1))] }

func TestDbg(t *testing.T) {
	path := ffmpegtest.FFmpeg(t)
	for _, c := range append(healthy(), faulty()...) {
		if !(c.want == Frozen || (c.want == "" && c.cars <= 1 && c.change == nil && c.known == 0)) { continue }
		c.seconds = 130
		pics := c.coded(t, path)
		s := sizeFor(viewW, viewH)
		from, to := s.captionRows()*block*s.w, (s.rows()-s.captionRows())*block*s.w
		var eq, e1, md, mx, mean []float64
		anchor := pics[110]
		for i := 111; i < len(pics); i++ {
			same, same1, diff, big, worst := 0, 0, 0, 0, 0
			for k := from; k < to; k++ {
				d := abs(int(pics[i][k]) - int(pics[i-1][k]))
				if d == 0 { same++ }
				if d <= 1 { same1++ }
				a := abs(int(pics[i][k]) - int(anchor[k]))
				diff += a
				if a > 4 { big++ }
				if a > worst { worst = a }
			}
			n := float64(to - from)
			eq = append(eq, float64(same)/n); e1 = append(e1, float64(same1)/n); md = append(md, float64(diff)/n); mx = append(mx, float64(worst)); mean = append(mean, float64(big))
		}
		t.Logf("%-24s n=%d equal p10 %.3f p25 %.3f p50 %.3f p90 %.3f | <=1 p10 %.3f p50 %.3f | anchor mean p50 %.2f p90 %.2f | worst p50 %.0f p90 %.0f max %.0f | >4 p50 %.0f max %.0f", c.name, len(pics), q(eq, .1), q(eq,.25), q(eq, .5), q(eq, .9), q(e1, .1), q(e1, .5), q(md, .5), q(md, .9), q(mx, .5), q(mx, .9), q(mx, 1), q(mean, .5), q(mean, 1))
	}
}
