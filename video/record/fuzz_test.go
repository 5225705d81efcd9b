package record

import (
	"bytes"
	"testing"
	"time"

	"citywatch/video"
)

// FuzzSummarize holds that no file, however spoilt, is read beyond its end or
// without one, and that what is found whole is.
func FuzzSummarize(f *testing.F) {
	of := []video.Track{
		{Codec: video.MJPEG, Width: 320, Height: 180},
		{Codec: video.PCMA, SampleRate: 8000, Channels: 1},
	}
	tracks, err := newTracks(of)
	if err != nil {
		f.Fatal(err)
	}
	data := segmentHeader(tracks)
	header := len(data)
	var p part
	for n := range 3 {
		p.reset(tracks)
		for i := range 4 {
			at := time.Duration(4*n+i) * 250 * time.Millisecond
			p.add(&video.Unit{Data: [][]byte{make([]byte, 10)}, DTS: at, PTS: at, Key: true}, tracks[0].toTicks(at), 22500)
			p.add(&video.Unit{Track: 1, Data: [][]byte{make([]byte, 10)}, DTS: at, PTS: at}, tracks[1].toTicks(at), 2000)
		}
		data = p.encode(data, uint32(n+1), 0, time.Unix(1_800_000_000, 0))
	}
	whole, err := summarize(bytes.NewReader(data), int64(len(data)))
	if err != nil || whole.size != int64(len(data)) || whole.length != 3*time.Second {
		f.Fatalf("%+v, %v", whole, err)
	}
	f.Add(data)
	f.Add(data[:len(data)-1])
	f.Add(data[:header])
	f.Fuzz(func(t *testing.T, data []byte) {
		sum, err := summarize(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err) // there are no faults of the disk here
		}
		if sum.size > int64(len(data)) || sum.length < 0 {
			t.Fatalf("%d bytes and %v of %d bytes", sum.size, sum.length, len(data))
		}
		again, err := summarize(bytes.NewReader(data[:sum.size]), sum.size)
		if err != nil || sum.size > 0 && again != sum {
			t.Fatalf("what is whole of it is %+v, and of that %+v, %v", sum, again, err)
		}
	})
}
