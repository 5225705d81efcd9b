package notify

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"citywatch"
)

// Every text of an exercise begins so, in whatever language, and whatever has
// to be cut off behind it.
func TestATextOfAnExerciseBeginsSo(t *testing.T) {
	for _, lang := range []string{"vi", "en"} {
		for _, name := range []string{"Lũ", strings.Repeat("ộ", 3000)} {
			for i, exercise := range []bool{true, false, true, false} {
				many := map[bool]*fold{true: {alerts: 7, level: 3}}[i > 1]
				m := newMessage(&citywatch.Transition{Alert: citywatch.Alert{Level: 3, Name: citywatch.Text{VI: name, EN: name}, Exercise: exercise}}, "Bắc Hà")
				payload, err := m.payload(&Subscription{Lang: lang}, time.UTC, many)
				if err != nil {
					t.Fatal(err)
				}
				var shown pushed
				if err := json.Unmarshal(payload, &shown); err != nil {
					t.Fatal(err)
				}
				if got := strings.HasPrefix(shown.Title, "DIỄN TẬP · "); got != exercise {
					t.Errorf("%s, exercise %v: %.40q", lang, exercise, shown.Title)
				}
				if m.Exercise != exercise {
					t.Errorf("a program is told %v", m.Exercise)
				}
			}
		}
	}
}
