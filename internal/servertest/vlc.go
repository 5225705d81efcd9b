package servertest

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// nobody is the user that VLC runs as where the tests are run by root, which it
// refuses.
const nobody = 65534

// VLC serves the media file at URL + "stream", again and again.
func VLC(t T, media string) *RTSP {
	t.Helper()
	path := Program(t, "run `make test` or `apt-get install vlc-bin vlc-plugin-base`", "cvlc")
	dir, addr := t.TempDir(), FreeAddr(t)
	p := &Process{
		Addr: addr, Dir: dir,
		t: t, name: "vlc", path: path,
		args: []string{
			"-q", "--no-audio", "--loop", "--ttl", "1", media,
			"--sout", "#rtp{sdp=rtsp://" + addr + "/stream}", "--sout-keep", "--sout-all",
		},
		env:   []string{"HOME=" + dir, "XDG_RUNTIME_DIR=" + dir},
		ready: func() error { return describes(addr, "/stream") },
	}
	if os.Getuid() == 0 {
		asNobody(p, media)
	}
	s := &RTSP{Process: p, URL: "rtsp://" + addr + "/"}
	s.run()
	return s
}

// describes reports whether the RTSP server at addr describes a stream: it may
// listen before it has one.
func describes(addr, path string) error {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	fmt.Fprintf(conn, "DESCRIBE rtsp://%s%s RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n", addr, path)
	status, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && !strings.Contains(status, " 200 ") {
		err = errors.New(strings.TrimSpace(status))
	}
	return err
}

// asNobody has p run as nobody, who then must reach its folder and the media.
func asNobody(p *Process, media string) {
	p.t.Helper()
	id := strconv.Itoa(nobody)
	p.args = append([]string{"--reuid=" + id, "--regid=" + id, "--clear-groups", "--pdeathsig=KILL", p.path}, p.args...)
	p.path = Program(p.t, "run `apt-get install util-linux`", "setpriv")
	if err := os.Chown(p.Dir, nobody, nobody); err != nil {
		p.t.Fatalf("vlc: %v", err)
	}
	for _, dir := range []string{filepath.Dir(p.Dir), filepath.Dir(media), filepath.Dir(filepath.Dir(media))} {
		if err := os.Chmod(dir, 0o755); err != nil {
			p.t.Fatalf("vlc: %v", err)
		}
	}
}

// Media makes a file with ffmpeg, of these arguments, in a temporary folder,
// and returns its path.
func Media(t T, name string, args ...string) string {
	t.Helper()
	ffmpeg := Program(t, "run `make test` or `apt-get install ffmpeg`", "ffmpeg")
	path := filepath.Join(t.TempDir(), name)
	args = append([]string{"-hide_banner", "-loglevel", "error", "-y"}, append(args, path)...)
	if out, err := exec.Command(ffmpeg, args...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatalf("ffmpeg: %v", err)
	}
	return path
}
