package live

import (
	"errors"
	"fmt"

	"citywatch/video"
)

// KeyFrameMP4 returns a key frame as a file that a browser shows by itself, and
// its MIME type: an MP4 of one frame, or the JPEG that it is.
func KeyFrameMP4(k video.KeyFrame) (data []byte, mime string, err error) {
	if len(k.Unit.Data) == 0 {
		return nil, "", errors.New("the key frame is empty")
	}
	if k.Track.Codec == video.MJPEG {
		return k.Unit.Data[0], "image/jpeg", nil
	}
	data, mime, err = initialization(&k.Track)
	if err != nil {
		return nil, "", fmt.Errorf("key frame of %s: %w", k.Track.Codec, err)
	}
	u := k.Unit
	u.PTS, u.DTS, u.Key = 0, 0, true // it is alone, and so begins at once
	fragment, _ := newMuxer(0).fragment(&u, false)
	return append(data, fragment...), mime, nil
}
