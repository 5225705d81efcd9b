package photos

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
)

const (
	// longest is how many pixels a kept photo has along its longer side: enough
	// to read a number plate across a street.
	longest = 2048
	// maxPixels bounds what is decoded, which takes 3 bytes each.
	maxPixels = 48_000_000
	quality   = 82
)

// redraw decodes a JPEG and encodes what it shows anew, upright and not larger
// than longest. Whatever else was in it is gone.
func redraw(picture []byte) (out []byte, width, height int, err error) {
	config, err := jpeg.DecodeConfig(bytes.NewReader(picture))
	if err != nil {
		return nil, 0, 0, fmt.Errorf("%w: it must be a JPEG: %w", ErrPicture, err)
	}
	if config.Width*config.Height > maxPixels || config.Width < 16 || config.Height < 16 {
		return nil, 0, 0, fmt.Errorf("%w: %d × %d pixels", ErrPicture, config.Width, config.Height)
	}
	source, err := jpeg.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, 0, 0, fmt.Errorf("%w: %w", ErrPicture, err)
	}
	upright := turned(shrink(source), orientation(picture))
	var b bytes.Buffer
	if err := jpeg.Encode(&b, upright, &jpeg.Options{Quality: quality}); err != nil {
		return nil, 0, 0, err
	}
	size := upright.Bounds().Size()
	return b.Bytes(), size.X, size.Y, nil
}

// shrink makes each pixel the mean of those that it stands for.
func shrink(source image.Image) *image.RGBA {
	from := source.Bounds()
	w, h := from.Dx(), from.Dy()
	if m := max(w, h); m > longest {
		w, h = max(1, w*longest/m), max(1, h*longest/m)
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		top, bottom := from.Min.Y+y*from.Dy()/h, from.Min.Y+(y+1)*from.Dy()/h
		for x := range w {
			left, right := from.Min.X+x*from.Dx()/w, from.Min.X+(x+1)*from.Dx()/w
			out.SetRGBA(x, y, mean(source, image.Rect(left, top, max(right, left+1), max(bottom, top+1))))
		}
	}
	return out
}

func mean(source image.Image, of image.Rectangle) color.RGBA {
	var r, g, b, n uint32
	for y := of.Min.Y; y < of.Max.Y; y++ {
		for x := of.Min.X; x < of.Max.X; x++ {
			var pr, pg, pb uint32
			if fast, ok := source.(*image.YCbCr); ok {
				i, j := fast.YOffset(x, y), fast.COffset(x, y)
				cr, cg, cb := color.YCbCrToRGB(fast.Y[i], fast.Cb[j], fast.Cr[j])
				pr, pg, pb = uint32(cr), uint32(cg), uint32(cb)
			} else {
				pr, pg, pb, _ = source.At(x, y).RGBA()
				pr, pg, pb = pr>>8, pg>>8, pb>>8
			}
			r, g, b, n = r+pr, g+pg, b+pb, n+1
		}
	}
	return color.RGBA{uint8(r / n), uint8(g / n), uint8(b / n), 255}
}

// turned turns a picture as its EXIF orientation says (1 to 8).
func turned(in *image.RGBA, orientation int) *image.RGBA {
	if orientation < 2 || orientation > 8 {
		return in
	}
	w, h := in.Bounds().Dx(), in.Bounds().Dy()
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewRGBA(size)
	for y := range h {
		for x := range w {
			tx, ty := x, y
			switch orientation {
			case 2:
				tx = w - 1 - x
			case 3:
				tx, ty = w-1-x, h-1-y
			case 4:
				ty = h - 1 - y
			case 5:
				tx, ty = y, x
			case 6:
				tx, ty = h-1-y, x
			case 7:
				tx, ty = h-1-y, w-1-x
			case 8:
				tx, ty = y, w-1-x
			}
			out.SetRGBA(tx, ty, in.RGBAAt(x, y))
		}
	}
	return out
}

// orientation reads the one thing of EXIF that is needed to show a picture
// upright; 1, upright, where there is nothing or what there is makes no sense.
func orientation(picture []byte) int {
	const upright = 1
	for at := 2; at+4 <= len(picture) && picture[at] == 0xFF; {
		marker, size := picture[at+1], int(binary.BigEndian.Uint16(picture[at+2:]))
		if marker == 0xDA || size < 2 || at+2+size > len(picture) {
			break // the picture itself, or a broken segment
		}
		segment := picture[at+4 : at+2+size]
		if exif, ok := bytes.CutPrefix(segment, []byte("Exif\x00\x00")); marker == 0xE1 && ok {
			return tiffOrientation(exif)
		}
		at += 2 + size
	}
	return upright
}

func tiffOrientation(tiff []byte) int {
	const upright, tag = 1, 0x0112
	var order binary.ByteOrder = binary.BigEndian
	if bytes.HasPrefix(tiff, []byte("II")) {
		order = binary.LittleEndian
	}
	if len(tiff) < 8 {
		return upright
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return upright
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < 12 {
			break
		}
		if order.Uint16(entries) == tag {
			return int(order.Uint16(entries[8:]))
		}
		entries = entries[12:]
	}
	return upright
}
