package badcamera

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// echoes are the cases in which the camera says back, in places where a person
// may come to see it, the user and the password that it was told.
func echoes() []Case {
	sdp := func(change func(heard, sdp string) string) how {
		return echo("DESCRIBE", func(heard string, a *answer) { a.body = change(heard, a.body) })
	}
	return []Case{
		fails("echo-status", "says the password in its status", unreachable, echo("DESCRIBE", func(heard string, a *answer) {
			a.status, a.body = "500 no "+heard, ""
		})),
		fails("echo-type", "says it as the type of its description", unreachable, echo("DESCRIBE", func(heard string, a *answer) {
			a.headers = append(a.headers[:1], "Content-Type: "+heard)
		})),
		fails("echo-length", "says it as a length", unreachable, echo("DESCRIBE", func(heard string, a *answer) {
			a.body = ""
			a.add("Content-Length: %s", heard)
		})),
		fails("echo-location", "redirects to it", unreachable, echo("DESCRIBE", func(heard string, a *answer) {
			a.status, a.body = "302 Found", ""
			a.add("Location: rtsp://%s", heard)
		})),
		fails("echo-base", "says it as where its description is", unreachable, echo("DESCRIBE", func(heard string, a *answer) {
			a.headers[1] = "Content-Base: " + heard
			a.body = strings.Replace(a.body, "a=control:*\r\n", "", 1)
		})),
		fails("echo-session", "says it as its session", unreachable, echo("SETUP", func(heard string, a *answer) {
			a.headers[2] = "Session: 1;timeout=" + heard
		})),
		fails("echo-transport", "says it as its transport", unreachable, echo("SETUP", func(heard string, a *answer) {
			a.headers[1] = "Transport: " + heard
		})),
		fails("echo-sdp", "says it as its description", unreachable, sdp(func(heard, _ string) string { return "v=" + heard + "\r\nm=" + heard })),
		fails("echo-codec", "says it as its codec", unsupported, sdp(func(heard, s string) string {
			return strings.ReplaceAll(s, "H264/90000", strings.Fields(heard)[2]+"/90000")
		})),
		fails("echo-control", "says it as where its media is", unreachable, sdp(func(heard, s string) string {
			return strings.ReplaceAll(s, "control:*", "control:"+heard)
		})),
		works("echo-server", "says it as its own name", echo("DESCRIBE", func(heard string, a *answer) { a.add("Server: %s", heard) })),
	}
}

// echo asks for a login by Basic, believes any, and changes the answers to one
// kind of request, given what it heard: the password, user and password as an
// address has them, and as the header has them.
func echo(method string, change func(heard string, a *answer)) how {
	return how{answer: func(t *talk, q *request, a *answer) {
		login := q.headers["authorization"]
		if login == "" {
			demand(`WWW-Authenticate: Basic realm="camera"`).answer(t, q, a)
			return
		}
		if q.method != method {
			return
		}
		_, encoded, _ := strings.Cut(login, " ")
		plain, _ := base64.StdEncoding.DecodeString(encoded)
		_, password, _ := strings.Cut(string(plain), ":")
		change(fmt.Sprintf("%s %s %s %s", password, plain, encoded, login), a)
	}}
}
