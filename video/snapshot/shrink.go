package snapshot

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"

	"citywatch/video/ffmpeg"
)

// shrink returns a JPEG no wider than width, at least half of it; 0 and what
// is narrower leaves it as it is.
//
// It is the one place where what a camera sent is decoded in this process.
func shrink(data []byte, width int) (small []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			small, err = nil, fmt.Errorf("%w: the decoder failed: %v", ErrUndecodable, r)
		}
	}()
	c, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUndecodable, err)
	}
	if c.Width*c.Height > ffmpeg.MaxPixels {
		return nil, fmt.Errorf("%w: it has %d by %d pixels", ErrUndecodable, c.Width, c.Height)
	}
	if width <= 0 || width >= c.Width {
		return data, nil
	}
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUndecodable, err)
	}
	picture, err := scaled(img, width)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, picture, &jpeg.Options{Quality: quality100}); err != nil {
		return nil, fmt.Errorf("encode a thumbnail: %w", err)
	}
	return out.Bytes(), nil
}

// scaled returns a picture that wide: each of its pixels is the average of
// those that it stands for.
func scaled(img image.Image, width int) (image.Image, error) {
	b := img.Bounds()
	height := max(1, b.Dy()*width/b.Dx())
	to := image.Rect(0, 0, width, height)
	switch from := img.(type) {
	case *image.Gray:
		out := image.NewGray(to)
		(plane{out.Pix, out.Stride, width, height}).fill(plane{from.Pix, from.Stride, b.Dx(), b.Dy()})
		return out, nil
	case *image.YCbCr:
		out := image.NewYCbCr(to, image.YCbCrSubsampleRatio420)
		cw, ch := (width+1)/2, (height+1)/2
		fw, fh := chroma(from)
		(plane{out.Y, out.YStride, width, height}).fill(plane{from.Y, from.YStride, b.Dx(), b.Dy()})
		(plane{out.Cb, out.CStride, cw, ch}).fill(plane{from.Cb, from.CStride, fw, fh})
		(plane{out.Cr, out.CStride, cw, ch}).fill(plane{from.Cr, from.CStride, fw, fh})
		return out, nil
	}
	return nil, fmt.Errorf("%w: a JPEG of type %T", ErrUndecodable, img)
}

// chroma returns the size of a picture's colour planes.
func chroma(p *image.YCbCr) (w, h int) {
	b := p.Bounds()
	w, h = b.Dx(), b.Dy()
	switch p.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		w = (w + 1) / 2
	case image.YCbCrSubsampleRatio420:
		w, h = (w+1)/2, (h+1)/2
	case image.YCbCrSubsampleRatio440:
		h = (h + 1) / 2
	case image.YCbCrSubsampleRatio411:
		w = (w + 3) / 4
	case image.YCbCrSubsampleRatio410:
		w, h = (w+3)/4, (h+1)/2
	}
	return w, h
}

// A plane is one component of a picture.
type plane struct {
	pix    []byte
	stride int
	w, h   int
}

// fill fills p with from, shrunk.
func (p plane) fill(from plane) {
	for y := range p.h {
		y0 := y * from.h / p.h
		y1 := max(y0+1, (y+1)*from.h/p.h)
		for x := range p.w {
			x0 := x * from.w / p.w
			x1 := max(x0+1, (x+1)*from.w/p.w)
			sum := 0
			for fy := y0; fy < y1; fy++ {
				for _, v := range from.pix[fy*from.stride+x0 : fy*from.stride+x1] {
					sum += int(v)
				}
			}
			p.pix[y*p.stride+x] = byte(sum / ((y1 - y0) * (x1 - x0)))
		}
	}
}
