package snapshot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"strconv"

	"citywatch/video"
	"citywatch/video/ffmpeg"
)

// mostJPEG bounds what is read of a picture: of one at full size and quality.
const mostJPEG = 16 << 20

// quality is that of the pictures, from 1 to 31 as ffmpeg counts; lower is
// better. quality100 is about the same, as Go counts.
const (
	quality    = 4
	quality100 = 82
)

// picture makes a JPEG of a key frame; width 0 is its own.
func (s *Snapshots) picture(ctx context.Context, k video.KeyFrame, width int) (Picture, error) {
	var data []byte
	var err error
	switch {
	case k.Track.Width*k.Track.Height > ffmpeg.MaxPixels:
		err = fmt.Errorf("%w: it has %d by %d pixels", ErrUndecodable, k.Track.Width, k.Track.Height)
	case k.Track.Codec == video.MJPEG:
		data, err = shrink(ffmpeg.Append(nil, &k.Track, &k.Unit), width)
	default:
		data, err = s.decode(ctx, k, width)
	}
	if err != nil {
		return Picture{}, err
	}
	p, err := describe(data)
	p.At = k.Unit.Arrived
	return p, err
}

// decode has ffmpeg make a JPEG of a key frame.
func (s *Snapshots) decode(ctx context.Context, k video.KeyFrame, width int) ([]byte, error) {
	filter := "format=yuvj420p"
	if width > 0 {
		filter = "scale=" + strconv.Itoa(width) + ":-2:flags=area," + filter
	}
	job := ffmpeg.Job{
		Codec:  k.Track.Codec,
		Encode: []string{"-frames:v", "1", "-vf", filter, "-c:v", "mjpeg", "-q:v", strconv.Itoa(quality), "-f", "image2pipe"},
	}
	input := ffmpeg.Append(make([]byte, 0, k.Unit.Size()+1024), &k.Track, &k.Unit)
	data, err := s.d.FFmpeg.Convert(ctx, job, input, mostJPEG)
	switch {
	case err == nil && len(data) == 0:
		return nil, fmt.Errorf("%w: ffmpeg made nothing of it", ErrUndecodable)
	case err == nil, ctx.Err() != nil, errors.Is(err, ErrNoFFmpeg), errors.Is(err, ErrBusy):
		return data, err
	}
	return nil, fmt.Errorf("%w: %w", ErrUndecodable, err)
}

// describe returns a JPEG with its size.
func describe(data []byte) (Picture, error) {
	c, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return Picture{}, fmt.Errorf("%w: %w", ErrUndecodable, err)
	}
	return Picture{JPEG: data, Width: c.Width, Height: c.Height}, nil
}
