package dashboards

import (
	"bytes"
	_ "embed"
	"errors"

	"citywatch"
)

// exerciseCSS is how the banner of a drill looks.
//
//go:embed exercise.css
var exerciseCSS []byte

// exerciseStyle is the name under which it is served: there is none but in a
// drill.
const exerciseStyle = "exercise.css"

// inExercise puts the banner of a drill on a page. The server does it, so that
// no page can forget it, and a page whose script has failed shows it too.
func inExercise(page []byte) ([]byte, error) {
	for _, change := range []struct{ before, put, after string }{
		{"<title>", citywatch.ExerciseMark + " · ", ""},
		{"", `<link rel="stylesheet" href="` + exerciseStyle + `">` + "\n", "</head>"},
		{"<body>", "\n" + `<div id="exercise" role="status"><p><b lang="vi">` + citywatch.ExerciseMark + `</b> <b lang="en">EXERCISE</b> <span lang="vi">không có gì là thật</span> <span lang="en">nothing here is real</span></p></div>`, ""},
	} {
		if !bytes.Contains(page, []byte(change.before+change.after)) {
			return nil, errors.New("a page without " + change.before + change.after + " cannot be marked as a drill")
		}
		page = bytes.Replace(page, []byte(change.before+change.after), []byte(change.before+change.put+change.after), 1)
	}
	return page, nil
}
