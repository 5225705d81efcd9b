package mqtt

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

func TestWaitsGrow(t *testing.T) {
	down := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	var r retry
	total := 0 * time.Second
	for i, seconds := range []int{1, 2, 4, 8, 16, 30, 30, 30} {
		most := time.Duration(seconds) * time.Second
		wait, report := r.next(down, 0)
		if wait < most/2 || wait > most {
			t.Errorf("try %d: waits %v, not %v to %v", i, wait, most/2, most)
		}
		if report != (i == 0) {
			t.Errorf("try %d: reported: %v", i, report)
		}
		total += wait
	}
	reports := 0
	for total < 24*time.Hour {
		wait, report := r.next(down, time.Second)
		if total += wait + time.Second; report {
			reports++
		}
	}
	if reports < 20 || reports > 24 {
		t.Errorf("reported %d times in a day", reports)
	}
	if wait, report := r.next(fmt.Errorf("%w: EOF", errLost), steady); wait > firstWait || !report {
		t.Errorf("after a steady connection: waits %v, reported: %v", wait, report)
	}
}

// While the journal takes nothing a connection ends every minute: that is not
// news each time, nor is it the broker's fault.
func TestHeldBackIsToldOnce(t *testing.T) {
	var r retry
	for i := range 10 {
		_, report := r.next(lossOf(errors.New("no answer to a ping"), true), time.Minute)
		if report != (i == 0) {
			t.Errorf("loss %d: reported: %v", i, report)
		}
	}
	if err := lossOf(errors.New("EOF"), false); !errors.Is(err, errLost) {
		t.Errorf("a connection that was read from: %v", err)
	}
}

func TestJitter(t *testing.T) {
	waits := map[time.Duration]bool{}
	for range 100 {
		var r retry
		wait, _ := r.next(errLost, 0)
		waits[wait] = true
	}
	if len(waits) < 90 {
		t.Errorf("100 clients come back at %d moments", len(waits))
	}
}

func TestAgainOrNever(t *testing.T) {
	for _, c := range []struct {
		err   error
		never bool
		hint  bool
	}{
		{&refusedError{packets.ErrRefusedBadUsernameOrPassword}, true, true},
		{&refusedError{packets.ErrRefusedNotAuthorised}, true, true},
		{&refusedError{packets.ErrRefusedIDRejected}, true, true},
		{&refusedError{packets.ErrRefusedBadProtocolVersion}, true, true},
		{&refusedError{packets.ErrRefusedServerUnavailable}, false, false},
		{&refusedError{99}, true, false},
		{fmt.Errorf("connect: %w", &setupError{fs.ErrNotExist}), true, true},
		{fmt.Errorf("connect: %w", &tls.CertificateVerificationError{Err: errors.New("unknown authority")}), true, true},
		{fmt.Errorf("connect: %w", &net.DNSError{IsNotFound: true}), false, true},
		{fmt.Errorf("%w: EOF", errLost), false, true},
		{errHeldBack, false, true},
		{context.DeadlineExceeded, false, false},
		{errors.New("anything else"), false, false},
	} {
		if got := never(c.err); got != c.never {
			t.Errorf("%v: never is %v", c.err, got)
		}
		if got := hint(c.err); (got != "") != c.hint {
			t.Errorf("%v: hint %q", c.err, got)
		}
		var r retry
		wait, report := r.next(c.err, 0)
		if slow := wait > longWait/2; slow != c.never || !report {
			t.Errorf("%v: waits %v, reported: %v", c.err, wait, report)
		}
	}
}
