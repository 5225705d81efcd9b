package publicview

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"time"
)

// glyph returns five columns of seven pixels, the lowest bit on top, for what a
// time is written with. Anything else is a blank.
func glyph(c rune) [5]byte {
	switch c {
	case '0':
		return [5]byte{0x3e, 0x51, 0x49, 0x45, 0x3e}
	case '1':
		return [5]byte{0x00, 0x42, 0x7f, 0x40, 0x00}
	case '2':
		return [5]byte{0x42, 0x61, 0x51, 0x49, 0x46}
	case '3':
		return [5]byte{0x21, 0x41, 0x45, 0x4b, 0x31}
	case '4':
		return [5]byte{0x18, 0x14, 0x12, 0x7f, 0x10}
	case '5':
		return [5]byte{0x27, 0x45, 0x45, 0x45, 0x39}
	case '6':
		return [5]byte{0x3c, 0x4a, 0x49, 0x49, 0x30}
	case '7':
		return [5]byte{0x01, 0x71, 0x09, 0x05, 0x03}
	case '8':
		return [5]byte{0x36, 0x49, 0x49, 0x49, 0x36}
	case '9':
		return [5]byte{0x06, 0x49, 0x49, 0x29, 0x1e}
	case '/':
		return [5]byte{0x20, 0x10, 0x08, 0x04, 0x02}
	case ':':
		return [5]byte{0x00, 0x36, 0x36, 0x00, 0x00}
	case '-':
		return [5]byte{0x08, 0x08, 0x08, 0x08, 0x08}
	case '+':
		return [5]byte{0x08, 0x08, 0x3e, 0x08, 0x08}
	case 'm':
		return [5]byte{0x7c, 0x04, 0x18, 0x04, 0x78}
	case 'i':
		return [5]byte{0x00, 0x44, 0x7d, 0x40, 0x00}
	case 'n':
		return [5]byte{0x7c, 0x08, 0x04, 0x04, 0x78}
	}
	return [5]byte{}
}

// stampHeight is how high the stamp's letters are, as a part of the picture.
const stampHeight = 1.0 / 30

// stampText is when a picture was taken, by the local clock, and how long ago
// that was where it is no longer new: 22/11/2026 14:03:22 -12 min.
func stampText(at time.Time, age time.Duration, zone *time.Location) string {
	text := at.In(zone).Format("02/01/2006 15:04:05")
	if age > newFor {
		text += fmt.Sprintf("  -%d min", int(age.Minutes()))
	}
	return text
}

// stamp writes into the lower left corner.
func stamp(img *image.RGBA, text string) {
	size := img.Bounds().Size()
	dot := max(1, int(float64(size.Y)*stampHeight/7))
	if fits := size.X / (6*len(text) + 4); fits < dot {
		dot = max(1, fits)
	}
	height := 11 * dot
	top := size.Y - height
	box := image.Rect(0, top, (6*len(text)+3)*dot, size.Y)
	draw.Draw(img, box, image.NewUniform(color.RGBA{0, 0, 0, 0xff}), image.Point{}, draw.Src)
	x := 2 * dot
	for _, c := range text {
		for column, bits := range glyph(c) {
			for row := range 7 {
				if bits>>row&1 == 1 {
					at := image.Pt(x+column*dot, top+(2+row)*dot)
					draw.Draw(img, image.Rectangle{Min: at, Max: at.Add(image.Pt(dot, dot))}, image.White, image.Point{}, draw.Src)
				}
			}
		}
		x += 6 * dot
	}
}

// grey takes the colour out of a picture that is no longer new.
func grey(img *image.RGBA) {
	for i := 0; i+3 < len(img.Pix); i += 4 {
		y := (299*int(img.Pix[i]) + 587*int(img.Pix[i+1]) + 114*int(img.Pix[i+2])) / 1000
		img.Pix[i], img.Pix[i+1], img.Pix[i+2] = byte(y), byte(y), byte(y)
	}
}
