//go:build !linux

package main

import (
	"errors"
	"syscall"
	"time"
)

var errLinuxOnly = errors.New("measured on Linux only")

func cpuTime(int) (time.Duration, error)  { return 0, errLinuxOnly }
func residentMiB(int) (float64, error)    { return 0, errLinuxOnly }
func pause(int) error                     { return errLinuxOnly }
func resume(int) error                    { return errLinuxOnly }
func raiseFileLimit()                     {}
func fileLimit() int                      { return 1024 }
func dieWithParent() *syscall.SysProcAttr { return nil }
