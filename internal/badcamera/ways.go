package badcamera

import (
	"context"
	"net"
	"strings"
	"time"
)

// ways are the cases in which it is the way to the camera, or its connection,
// that is bad.
func ways() []Case {
	return []Case{
		fails("refused", "nothing listens", unreachable, how{port: func(ctx context.Context, l net.Listener) {
			l.Close()
			<-ctx.Done()
		}}),
		fails("black-hole", "packets to it are dropped", unreachable, how{port: func(ctx context.Context, l net.Listener) {
			defer fill(l)()
			<-ctx.Done()
		}}),
		fails("never-accepts", "connections are made and nobody takes them", unreachable, how{port: func(ctx context.Context, _ net.Listener) {
			<-ctx.Done()
		}}),
		fails("silent-after-tcp", "accepts, and says nothing", unreachable, how{whole: (*talk).hang}),
		fails("hangs-up", "accepts, and closes", unreachable, how{whole: func(*talk) {}}),
		fails("resets", "accepts, and resets", unreachable, how{whole: (*talk).reset}),
		fails("slow-loris", "answers one byte a second", unreachable, how{whole: func(t *talk) {
			_ = t.drip([]byte(strings.Repeat("RTSP/1.0 200 OK\r\nCSeq: 1\r\n", 1000)), 1, time.Second)
		}}),
		fails("garbage", "a megabyte of noise a second", unreachable, how{whole: func(t *talk) {
			noise := make([]byte, 10<<10)
			chaos := newStream(t).chaos
			for i := range noise {
				noise[i] = byte(chaos.Uint32())
			}
			for t.write(noise) == nil && t.sleep(10*time.Millisecond) {
			}
		}}),
		fails("speaks-http", "answers as a web server", unreachable, how{whole: func(t *talk) {
			_ = t.write([]byte("HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html></html>"))
		}}),
	}
}

// fill has connections made to the listener until its backlog is full, so that
// the system drops what comes after them. It returns what lets them go.
func fill(l net.Listener) func() {
	shrink(l)
	var held []net.Conn
	for range 16 {
		conn, err := net.DialTimeout("tcp", l.Addr().String(), 300*time.Millisecond)
		if err != nil {
			break // it is full
		}
		held = append(held, conn)
	}
	return func() {
		for _, conn := range held {
			conn.Close()
		}
	}
}
