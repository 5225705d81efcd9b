package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// A process is a child, with what it prints in a file.
type process struct {
	cmd    *exec.Cmd
	output string
	ended  chan struct{}
}

// start starts a child, which ends with this run.
func (b *bench) start(name string, args ...string) (*process, error) {
	p := &process{output: filepath.Join(b.TempDir(), "output"), ended: make(chan struct{})}
	out, err := os.Create(p.output)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	p.cmd = exec.Command(name, args...)
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.SysProcAttr = dieWithParent()
	started := make(chan error)
	go func() {
		// What tells a child that its parent is gone watches the thread
		// that started it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := p.cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		_ = p.cmd.Wait() // alive tells
		close(p.ended)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	b.Cleanup(p.kill)
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// alive returns an error, with the end of its output, once it has ended.
func (p *process) alive() error {
	select {
	case <-p.ended:
		data, _ := os.ReadFile(p.output)
		lines := strings.Split(strings.TrimSpace(string(data)), "\n")
		return fmt.Errorf("%s ended (%s): %s", filepath.Base(p.cmd.Path), p.cmd.ProcessState, lines[len(lines)-1])
	default:
		return nil
	}
}
