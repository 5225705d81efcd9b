package scene

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"citywatch/video/ffmpeg/ffmpegtest"
)

// The usual is quick; 15 is what cameras send.
var codedFPS = flag.Int("fps", 2, "frames per second of the coded clips; a multiple of 2, or 15")

// Frames that lie further apart differ more, and need more bits each.
var codedRate = flag.Int("rate", 0, "kbit/s of the coded clips, if they had 15 frames per second; 512 by default, or 1500 if they have fewer")

// coded are the scenario's pictures as they are after a camera's coder and
// ffmpeg: H.264 at a constant bit rate, a key frame each two seconds.
func (c *scenario) coded(t *testing.T, path string) [][]byte {
	t.Helper()
	fps := *codedFPS
	file := filepath.Join(t.TempDir(), "clip.h264")
	rate := fmt.Sprintf("%dk", cmp.Or(*codedRate, map[bool]int{true: 512, false: 1500}[fps >= 15])*fps/15)
	encode := exec.Command(path, "-v", "error", "-f", "rawvideo", "-pix_fmt", "gray",
		"-s", fmt.Sprintf("%dx%d", viewW, viewH), "-r", fmt.Sprint(fps), "-i", "pipe:0",
		"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "superfast", "-profile:v", "main", "-bf", "0", "-threads", "1",
		"-b:v", rate, "-maxrate", rate, "-bufsize", rate, "-g", fmt.Sprint(2*fps), "-x264-params", "scenecut=0", file)
	in, err := encode.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	encode.Stderr = &said
	if err := encode.Start(); err != nil {
		t.Fatal(err)
	}
	full := make([]byte, viewW*viewH)
	for i := range int(c.seconds * float64(fps)) {
		c.render(full, float64(i)/float64(fps))
		if _, err := in.Write(full); err != nil {
			break // Wait tells why
		}
	}
	in.Close()
	if err := encode.Wait(); err != nil {
		t.Fatalf("code %s: %v\n%s", c.name, err, &said)
	}
	return decoded(t, path, file)
}

// decoded are the pictures of a clip as a watcher's child passes them on.
func decoded(t *testing.T, path, file string) [][]byte {
	t.Helper()
	s := sizeFor(viewW, viewH)
	// A little less than half a second, as in service.
	filter := fmt.Sprintf("select='isnan(prev_selected_t)+gte(t-prev_selected_t,%.2f)',scale=%d:%d:flags=area,format=gray",
		between.Seconds(), s.w, s.h)
	decode := exec.Command(path, "-v", "error", "-nostdin", "-r", fmt.Sprint(*codedFPS), "-i", file,
		"-vf", filter, "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1")
	out, err := decode.Output()
	if err != nil {
		t.Fatalf("decode %s: %v", file, err)
	}
	var pictures [][]byte
	for len(out) >= s.pixels() {
		pictures = append(pictures, out[:s.pixels()])
		out = out[s.pixels():]
	}
	return pictures
}

// TestCodedScenes shows the judge what a camera's coder leaves of the scenes.
// With -fps 15 it shows all of them, as cameras code them, and writes the table
// of README.md.
func TestCodedScenes(t *testing.T) {
	path := ffmpegtest.FFmpeg(t)
	var mu sync.Mutex
	var rows []string
	t.Run("scene", func(t *testing.T) {
		for _, c := range append(healthy(), faulty()...) {
			if !c.real && *codedFPS < 15 {
				continue
			}
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				l := watch(&c, c.coded(t, path))
				after := check(t, &c, l)
				pictures, at := l.said()
				mu.Lock()
				defer mu.Unlock()
				rows = append(rows, fmt.Sprintf("%-28s want %-10s said %v at %v, after %v s", c.name, c.want, pictures, at, after))
			})
		}
	})
	t.Log("\n" + strings.Join(rows, "\n"))
}
