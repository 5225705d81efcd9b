package rtsp

import (
	"strings"

	"citywatch/video"
	"citywatch/video/address"
)

// notes are what a session learns of a camera beside its stream. They may be
// read once the session has ended.
type notes struct {
	of        address.Address // whose secrets the camera may have heard
	server    string
	transport string
	offers    []string // codecs, as the camera names them
	missing   []string // codecs that it offers and does not give
}

// maxNote bounds a word of the camera's own.
const maxNote = 80

func (n *notes) clip(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	// What is cut could not be recognized any more.
	text = n.of.Redact(text)
	if len(text) > maxNote {
		text = strings.ToValidUTF8(text[:maxNote], "") + "…"
	}
	return text
}

func (n *notes) setServer(name string) {
	if n.server == "" {
		n.server = n.clip(name)
	}
}

func (n *notes) offered(rtpmap, media string) {
	if len(n.offers) < 8 {
		n.offers = append(n.offers, n.clip(codecName(rtpmap, media)))
	}
}

func (n *notes) refused(c video.Codec) { n.missing = append(n.missing, string(c)) }

func (n *notes) codecs() string {
	if len(n.offers) == 0 {
		return "nothing"
	}
	return strings.Join(n.offers, ", ")
}
