package publicview

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"strings"
)

const pageStyle = `body{margin:0;background:#11171c;color:#e6ecf1;font:16px/1.5 system-ui,sans-serif}` +
	`main{max-width:1280px;margin:0 auto;padding:12px}h1{font-size:1.3rem;margin:.4rem 0}` +
	`img{display:block;width:100%;height:auto;background:#000;min-height:180px}p{margin:.5rem 0;color:#b9c4cd}a{display:inline-block;padding:.6rem 0;color:#8fc7ff}`

// pageText is the public's page. It has no script: a snapshot is loaded anew
// with the page, when its reader asks. A page that reloads by itself takes the
// place away from whoever has it read aloud.
const pageText = `<!doctype html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Name}}</title>
<link rel="icon" href="data:,">
<style>{{.Style}}</style>
</head>
<body>
<main>
<h1>{{.Name}}</h1>
<img src="{{.Picture}}" alt="{{.Name}}: hình từ camera · picture of the camera">
{{- if not .Stream}}
<p><a href="">Xem hình mới · <span lang="en">Look again</span></a></p>
{{- end}}
<p>Giờ ghi trong hình là lúc chụp. Hình xám là hình cũ, không phải hiện tại. Một số vùng được che để bảo vệ riêng tư.</p>
<p lang="en">The time in the picture is when it was taken. A grey picture is an old one, not the present. Some areas are covered for privacy.</p>
</main>
</body>
</html>
`

// page shows people the link.
func (p *Public) page(w http.ResponseWriter, r *http.Request, l *Link, c Camera) {
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		refuse(w, r, http.StatusServiceUnavailable)
		return
	}
	sum := sha256.Sum256([]byte(pageStyle))
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors *; "+
		"style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
	// Relative, so that the site may live under any path.
	picture := l.Token + "/picture.jpg"
	if l.Kind == Stream {
		picture = l.Token + "/stream.mjpeg"
	}
	var out strings.Builder
	err = t.Execute(&out, map[string]any{
		"Name": c.Name, "Picture": picture, "Stream": l.Kind == Stream,
		"Style": template.CSS(pageStyle), //nolint:gosec // it is a constant
	})
	if err != nil {
		p.d.Log.Error("a public page was not made", "link", l.ID, "err", err)
		refuse(w, r, http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte(out.String()))
}
