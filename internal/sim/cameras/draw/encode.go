package main

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"strings"
)

// gop is how many frames there are from key frame to key frame.
const gop = 2 * rate

// encode has ffmpeg write pictures, with the camera's name burnt in. There is no
// clock in them: the clip repeats, and a clock would lie.
func encode(ctx context.Context, path string, s *scene, pictures iter.Seq[[]byte]) error {
	args := []string{
		"-hide_banner", "-loglevel", "error", "-y",
		"-f", "rawvideo", "-pix_fmt", "rgb24", "-s", fmt.Sprintf("%dx%d", width, height), "-r", fmt.Sprint(rate), "-i", "-",
		"-vf", caption(s.title) + ",scale=out_color_matrix=bt709:out_range=tv,format=yuv420p",
	}
	if strings.HasSuffix(path, ".png") {
		args[len(args)-1] = caption(s.title)
		args = append(args, "-frames:v", "1", path)
	} else {
		args = append(args, x264(cmp.Or(s.crf, 32))...)
		args = append(args, "-movflags", "+faststart", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1", path)
	}
	cmd := exec.CommandContext(ctx, "ffmpeg", args...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	for picture := range pictures {
		if _, err = in.Write(picture); err != nil {
			break
		}
	}
	_ = in.Close() // ffmpeg's own error says more
	if e := cmd.Wait(); e != nil {
		return e
	}
	return err
}

// x264 returns the encoder's options: like a camera's main profile, without
// B-frames, so that the loop has no seam, and with a key frame every two seconds
// and nowhere else.
func x264(crf int) []string {
	return []string{
		"-c:v", "libx264", "-profile:v", "main", "-preset", "veryslow", "-crf", fmt.Sprint(crf), "-bf", "0",
		"-g", fmt.Sprint(gop), "-keyint_min", fmt.Sprint(gop), "-sc_threshold", "0",
		"-x264-params", "weightp=0:ref=2:open-gop=0",
		"-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv",
	}
}

// caption burns in the name, and that this is a simulation.
func caption(title string) string {
	text := func(text, x string) string {
		return "drawtext=font=DejaVu Sans\\\\:style=Bold:fontsize=15:fontcolor=white@0.9:box=1:boxcolor=black@0.35:boxborderw=5:y=12:x=" + x + ":text='" + text + "'"
	}
	return text(title, "14") + "," + text("MÔ PHỎNG", "w-tw-14")
}
