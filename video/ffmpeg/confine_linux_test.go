package ffmpeg_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"citywatch/video"
	"citywatch/video/ffmpeg"
	"citywatch/video/ffmpeg/ffmpegtest"
)

// play is what this test does as another process.
func play(role string) {
	if role != "parent" {
		return
	}
	c, err := ffmpeg.New(ffmpeg.Options{}, nil).Start(context.Background(), still(video.H264))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("started")
	_ = c.Wait()
}

// children returns the processes whose parent is pid.
func children(t *testing.T, pid int) []int {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var found []int
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(data), ") ")
		if f := strings.Fields(rest); len(f) > 1 && f[1] == strconv.Itoa(pid) {
			child, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			found = append(found, child)
		}
	}
	return found
}

// TestKilledParentLeavesNoChild stops the child first, so that neither the end
// of its input nor anything else but the kernel can end it.
func TestKilledParentLeavesNoChild(t *testing.T) {
	ffmpegtest.FFmpeg(t)
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), "CITYWATCH_TEST_ROLE=parent")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	if line != "started\n" {
		t.Fatalf("the parent said %q", line)
	}
	kids := children(t, parent.Process.Pid)
	if len(kids) != 1 {
		t.Fatalf("the parent has %d children, want 1", len(kids))
	}
	if err := syscall.Kill(kids[0], syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	_ = parent.Process.Kill()
	_ = parent.Wait()
	gone := func() bool {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", kids[0]))
		return err != nil || strings.Contains(string(data), ") Z ")
	}
	for deadline := time.Now().Add(5 * time.Second); !gone(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			_ = syscall.Kill(kids[0], syscall.SIGKILL)
			t.Fatal("the child outlived its parent")
		}
	}
}

// TestChildrenOutliveTheThreadOfTheirStarter ends threads as a goroutine that
// never unlocks does: the kernel would take that thread's children with it.
func TestChildrenOutliveTheThreadOfTheirStarter(t *testing.T) {
	ffmpegtest.FFmpeg(t)
	f := ffmpeg.New(ffmpeg.Options{}, nil)
	var c *ffmpeg.Child
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		var err error
		c, err = f.Start(t.Context(), still(video.H264))
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	select {
	case err := <-ended:
		t.Errorf("the child ended: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
}

func TestChildIsConfined(t *testing.T) {
	t.Setenv("CITYWATCH_SECRET", "canary7")
	// The limits stand before anything is fed.
	f := tool(t, `read wait; ulimit -v; ulimit -f; ulimit -c; ulimit -t; nice; env | grep -c canary7; cat >/dev/null`,
		ffmpeg.Options{Memory: 700, Timeout: 7 * time.Second})
	out, err := f.Convert(t.Context(), still(video.H264), []byte("go\n"), 1000)
	if err != nil {
		t.Fatal(err)
	}
	const want = "716800\n0\n0\n7\n10\n0\n"
	if string(out) != want {
		t.Errorf("limits and environment %q, want %q", out, want)
	}
}
