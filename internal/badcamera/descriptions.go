package badcamera

import "strings"

// descriptions are the cases in which the description is bad.
func descriptions() []Case {
	sdp := func(change func(string) string) how { return how{sdp: change} }
	swap := func(old, new string) how {
		return how{sdp: func(s string) string { return strings.ReplaceAll(s, old, new) }}
	}
	return []Case{
		fails("sdp-garbage", "the description is noise", unreachable, sdp(func(string) string { return strings.Repeat("\x00\xff=zz\r\nm=?", 300) })),
		fails("sdp-empty", "the description is empty", unreachable, sdp(func(string) string { return "" })),
		fails("sdp-no-media", "the description holds no media", unreachable, sdp(func(s string) string { return s[:strings.Index(s, "m=video")] })),
		fails("sdp-sound-only", "the description holds sound alone", unsupported, sdp(func(s string) string {
			return s[:strings.Index(s, "m=video")] + "m=audio 0 RTP/AVP 8\r\na=control:trackID=1\r\n"
		})),
		fails("codec-unknown", "its codec is VP9", unsupported, swap("H264/90000", "VP9/90000")),
		fails("codec-nonsense", "its codec is nonsense", unsupported, swap("H264/90000", "\x01?/0")),
		fails("control-no-url", "the description leads nowhere", unreachable, swap("trackID=0", "%zz")),
		works("sdp-other-host", "the description names another host", swap("a=control:*", "a=control:rtsp://192.0.2.1/live")),
		works("sdp-bad-sprop", "the description's parameter sets are noise", swap("sprop-parameter-sets=", "sprop-parameter-sets=!!!,Zz")),
		works("sdp-thousand", "a thousand other media in the description", sdp(func(s string) string {
			return s + strings.Repeat("m=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\na=control:m\r\n", 1000)
		})),
		works("sdp-line-feeds", "the description's lines end as on Unix", sdp(func(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") })),
	}
}
