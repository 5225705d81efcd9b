package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// reapAfter is how long a child that was killed may keep its pipes open: it
// has no children of its own that could, so this only guards against the
// unexpected.
const reapAfter = 2 * time.Second

// A Child is one running ffmpeg. One goroutine may write and another read.
type Child struct {
	stdin, stdout *os.File
	stderr        *tail
	kill          context.CancelFunc
	ended         chan struct{}
	err           error // set before ended is closed
}

// Start starts a child that runs until its input is closed, Close is called,
// or ctx ends. The caller closes it.
func (f *FFmpeg) Start(ctx context.Context, j Job) (*Child, error) {
	return f.start(ctx, j, 0)
}

// start starts a child that may take cpu of processor time; 0 is without end.
func (f *FFmpeg) start(ctx context.Context, j Job, cpu time.Duration) (*Child, error) {
	path, err := f.Find()
	if err != nil {
		return nil, err
	}
	args, err := j.args()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = environment()
	cmd.Dir = os.TempDir()
	cmd.SysProcAttr = confined()
	cmd.WaitDelay = reapAfter
	c := &Child{stderr: new(tail), kill: cancel, ended: make(chan struct{})}
	cmd.Stderr = c.stderr
	if err := f.launch(cmd, c, limits{memory: f.o.Memory << 20, cpu: cpu, nice: *f.o.Nice}); err != nil {
		cancel()
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("%w: %w", ErrNotFound, err)
		}
		return nil, fmt.Errorf("start ffmpeg: %w", err)
	}
	return c, nil
}

// launch connects the child's pipes and starts it. It is under its limits
// before the caller can write to it the first byte that a camera sent.
func (f *FFmpeg) launch(cmd *exec.Cmd, c *Child, l limits) error {
	in, stdin, err := os.Pipe()
	if err != nil {
		return err
	}
	stdout, out, err := os.Pipe()
	if err != nil {
		return errors.Join(err, in.Close(), stdin.Close())
	}
	cmd.Stdin, cmd.Stdout = in, out
	c.stdin, c.stdout = stdin, stdout

	started := make(chan error)
	go func() {
		// The kernel ends a child with the thread that started it, so that
		// thread has to live as long.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		_, _ = in.Close(), out.Close()
		if err == nil {
			if err = l.apply(cmd.Process.Pid); err != nil {
				c.kill()
				_ = cmd.Wait()
			}
		}
		started <- err
		if err != nil {
			return
		}
		f.metrics.children.Inc()
		c.err = c.explain(cmd.Wait())
		c.kill()
		f.metrics.children.Dec()
		close(c.ended)
	}()
	if err := <-started; err != nil {
		return errors.Join(err, stdin.Close(), stdout.Close())
	}
	return nil
}

// Write feeds the child. It blocks while the child is busy, and ends with an
// error when the child has ended.
func (c *Child) Write(p []byte) (int, error) { return c.stdin.Write(p) }

// Read reads what the child wrote.
func (c *Child) Read(p []byte) (int, error) { return c.stdout.Read(p) }

// CloseInput tells the child that no more input comes; it then ends by itself.
func (c *Child) CloseInput() error { return c.stdin.Close() }

// Kill ends the child at once and does not wait for it.
func (c *Child) Kill() { c.kill() }

// Wait waits until the child has ended. Its error says in one short line what
// the child complained of; nil if it ended well.
func (c *Child) Wait() error {
	<-c.ended
	return c.err
}

// Close ends the child, waits until it is gone, and unblocks whoever reads or
// writes.
func (c *Child) Close() {
	c.kill()
	_ = c.stdin.Close()
	<-c.ended
	_ = c.stdout.Close()
}

// explain makes an error of how the child ended.
func (c *Child) explain(err error) error {
	if err == nil {
		return nil
	}
	if said := c.stderr.line(); said != "" {
		return fmt.Errorf("ffmpeg: %w: %s", err, said)
	}
	return fmt.Errorf("ffmpeg: %w", err)
}

// environment is all that a child gets to know of ours.
func environment() []string {
	env := []string{"LC_ALL=C", "AV_LOG_FORCE_NOCOLOR=1"}
	for _, name := range []string{"PATH", "LD_LIBRARY_PATH"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}
