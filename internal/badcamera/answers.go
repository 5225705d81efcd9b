package badcamera

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// on returns a change of the answers to one kind of request.
func on(method string, change func(t *talk, a *answer)) func(*talk, *request, *answer) {
	return func(t *talk, q *request, a *answer) {
		if q.method == method {
			change(t, a)
		}
	}
}

// status returns a change of the status of the answers to one kind of request.
func status(method, text string) how {
	return how{answer: on(method, func(_ *talk, a *answer) { a.status, a.body = text, "" })}
}

// demand has every request answered with 401 and these lines, whoever asks.
func demand(lines ...string) how {
	return how{answer: func(_ *talk, q *request, a *answer) {
		*a = answer{status: "401 Unauthorized", headers: append([]string{"CSeq: " + q.headers["cseq"]}, lines...)}
	}}
}

// redirect sends DESCRIBE elsewhere, unless it is at the place already.
func redirect(to func(t *talk) string) how {
	return how{answer: func(t *talk, q *request, a *answer) {
		if q.method == "DESCRIBE" && !strings.Contains(q.url, "moved") {
			a.status, a.body = "302 Found", ""
			a.add("Location: %s", to(t))
		}
	}}
}

// answers are the cases in which the camera answers, and badly.
func answers() []Case {
	return slices.Concat(refusals(), forms(), redirects(), setups(), keepAlives())
}

// refusals are those in which it wants another login, or nothing to do with us.
func refusals() []Case {
	return []Case{
		fails("401-no-header", "401 without WWW-Authenticate", refused, demand()),
		fails("401-digest", "every password is wrong (Digest)", refused, demand(`WWW-Authenticate: Digest realm="camera", nonce="5d4f1c"`)),
		fails("401-basic", "every password is wrong (Basic)", refused, demand(`WWW-Authenticate: Basic realm="camera"`)),
		fails("401-unknown", "wants a login nobody knows", refused, demand(`WWW-Authenticate: Negotiate`)),
		fails("401-garbage", "wants a login in noise", refused, demand(`WWW-Authenticate: Digest ,,="=,nonce`)),
		fails("403", "forbids", refused, status("DESCRIBE", "403 Forbidden")),
		fails("404", "has no such stream", unreachable, status("DESCRIBE", "404 Not Found")),
		fails("500", "500 to DESCRIBE", unreachable, status("DESCRIBE", "500 Internal Server Error")),
		fails("453", "serves nobody more", unreachable, status("SETUP", "453 Not Enough Bandwidth")),
		fails("454", "454 to PLAY", unreachable, status("PLAY", "454 Session Not Found")),
		fails("461", "461 to every SETUP", unreachable, status("SETUP", "461 Unsupported Transport")),
		fails("status-absurd", "a status that is no number", unreachable, status("DESCRIBE", "99999999999 OK")),
	}
}

// forms are those in which the answers are not as RTSP says.
func forms() []Case {
	length := func(n string) how {
		return how{answer: on("DESCRIBE", func(_ *talk, a *answer) {
			a.raw = fmt.Sprintf("RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Type: application/sdp\r\nContent-Length: %s\r\n\r\n%s", n, a.body)
		})}
	}
	return []Case{
		fails("length-negative", "Content-Length: -5", unreachable, length("-5")),
		fails("length-huge", "Content-Length of 8 exabytes", unreachable, length("9223372036854775807")),
		fails("length-too-long", "less comes than Content-Length says", unreachable, length("120000")),
		fails("endless-header", "a header without an end", unreachable, how{answer: on("DESCRIBE", func(t *talk, a *answer) {
			a.silent, a.last = true, true
			_ = t.drip([]byte("RTSP/1.0 200 OK\r\nX-Long: "+strings.Repeat("a", 4<<20)), 16<<10, 5*time.Millisecond)
		})}),
		fails("endless-headers", "headers without an end", unreachable, how{answer: on("DESCRIBE", func(t *talk, a *answer) {
			a.silent, a.last = true, true
			_ = t.drip([]byte("RTSP/1.0 200 OK\r\n"+strings.Repeat("X-Many: a\r\n", 1<<19)), 16<<10, 5*time.Millisecond)
		})}),
		works("lower-case", "every header in lower case", how{answer: func(_ *talk, _ *request, a *answer) {
			for i, h := range a.headers {
				key, value, _ := strings.Cut(h, ":")
				a.headers[i] = strings.ToLower(key) + ":" + value
			}
		}}),
		works("no-cseq", "answers without CSeq", how{answer: func(_ *talk, _ *request, a *answer) { a.headers = a.headers[1:] }}),
	}
}

// redirects are those in which it sends us elsewhere.
func redirects() []Case {
	return []Case{
		works("redirect", "redirects once", redirect(func(t *talk) string { return "rtsp://" + t.o.Addr + "/moved" })),
		fails("redirect-loop", "redirects to itself for ever", unreachable, redirect(func(t *talk) string { return "rtsp://" + t.o.Addr + "/again" })),
		fails("redirect-outside", "redirects to where no camera may be", unreachable, redirect(func(*talk) string { return "rtsp://169.254.169.254/latest" })),
		fails("redirect-nowhere", "redirects to no address", unreachable, redirect(func(*talk) string { return "http://%zz" })),
	}
}

// setups are those about how the stream is to travel.
func setups() []Case {
	return []Case{
		works("udp-only", "461 over TCP, sends over UDP", how{udp: true}),
		fails("udp-silent", "agrees to UDP and sends nothing", noVideo, how{udp: true, begin: func(s *stream) { s.mute = true }}),
		fails("setup-no-transport", "SETUP's answer names no transport", unreachable, how{answer: on("SETUP", func(_ *talk, a *answer) {
			a.headers = a.headers[:1]
		})}),
		fails("setup-absurd", "SETUP's answer is another's", unreachable, how{answer: on("SETUP", func(_ *talk, a *answer) {
			a.headers[1] = "Transport: RTP/AVP/TCP;unicast;interleaved=-1-99999999999"
		})}),
	}
}

// keepAlives are those about what is asked while the stream goes on.
func keepAlives() []Case {
	return []Case{
		breaks("keep-alive-huge", "its answer to a keep-alive has a huge length", unreachable, keepAlive(func(a *answer) {
			a.raw = "RTSP/1.0 200 OK\r\nCSeq: 7\r\nContent-Length: 4294967296\r\n\r\n"
		})),
		works("keep-alive-ignored", "does not answer keep-alives", keepAlive(func(a *answer) { a.silent = true })),
		works("keep-alive-refused", "answers keep-alives with 501", keepAlive(func(a *answer) { a.status = "501 Not Implemented" })),
	}
}

// keepAlive changes the answers to the keep-alives, which are asked for every
// three seconds.
func keepAlive(change func(a *answer)) how {
	return how{answer: func(_ *talk, q *request, a *answer) {
		switch {
		case q.method == "SETUP":
			a.headers[len(a.headers)-1] = "Session: 12345678;timeout=8"
		case q.headers["session"] != "" && (q.method == "GET_PARAMETER" || q.method == "OPTIONS"):
			change(a)
		}
	}}
}
