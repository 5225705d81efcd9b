// Draw makes the clips of the simulated cameras: it draws every frame and has
// ffmpeg encode them. The clips are committed; run it again (go generate, some
// minutes) after changing a scene. It needs ffmpeg with libx264 and the font
// DejaVu Sans.
//
//	go run ./draw -out clips                 all clips
//	go run ./draw -png 3 -only cho-bac-ha    one frame, at 3 s, to look at
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
)

func main() {
	out := flag.String("out", ".", "folder to write to")
	only := flag.String("only", "", "the one camera to draw")
	at := flag.Float64("png", -1, "second of the loop to write as a single picture instead")
	fine := flag.Int("fine", 2, "samples of a pixel, each way")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	for _, s := range scenes() {
		if *only != "" && s.camera != *only {
			continue
		}
		if err := write(ctx, newStage(s, *fine), *out, *at); err != nil {
			fmt.Fprintf(os.Stderr, "draw: %s: %v\n", s.camera, err)
			os.Exit(1)
		}
	}
}

// scenes returns every camera's.
func scenes() []*scene {
	return []*scene{bridge(), road70(), pass(), crossing(), square(), cable(), market(), gate()}
}

func write(ctx context.Context, st *stage, dir string, at float64) error {
	base := filepath.Join(dir, st.camera)
	if at >= 0 {
		return encode(ctx, base+".png", st.scene, func(yield func([]byte) bool) { yield(st.frame(at, 0)) })
	}
	if st.camera == freezes {
		err := encode(ctx, base+".still.mp4", st.scene, func(yield func([]byte) bool) {
			picture := st.frame(0, 0)
			for range gop {
				if !yield(picture) {
					return
				}
			}
		})
		if err != nil {
			return err
		}
	}
	return encode(ctx, base+".mp4", st.scene, func(yield func([]byte) bool) {
		for n := range frames {
			if !yield(st.frame(float64(n)/rate, n)) {
				return
			}
		}
	})
}

// freezes is the camera that needs a still: what it sends while it is frozen.
const freezes = "quoc-lo-70-bao-yen"
