package notify

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"citywatch"
)

// A Message is what is told of one transition, in every channel.
type Message struct {
	// ID is that of the transition: the same once more is the same message.
	ID     string           `json:"id"`
	Alert  string           `json:"alert"`
	Reason citywatch.Reason `json:"reason"`
	At     time.Time        `json:"at"`
	Level  citywatch.Level  `json:"level"`
	Name   citywatch.Text   `json:"name"`
	Hazard string           `json:"hazard"`
	Device string           `json:"device,omitempty"`
	Zone   string           `json:"zone"`
	// Place is where it is, in words.
	Place    string    `json:"place"`
	Position orb.Point `json:"position"`
	Since    time.Time `json:"since"`
	// Actor and Note are those of a person's action, To the team that is called.
	Actor string `json:"actor,omitempty"`
	Note  string `json:"note,omitempty"`
	To    string `json:"to,omitempty"`
	// Team is what the team is called; empty where it has no other name.
	Team string `json:"team,omitempty"`
	// Evidence is the value that it rests on, nil where it rests on none.
	Evidence *citywatch.Evidence `json:"evidence,omitempty"`
	// Exercise says that nothing of it is real: a text of it begins so.
	Exercise bool `json:"exercise,omitempty"`
}

// toName is what people call the team.
func (m *Message) toName() string { return cmp.Or(m.Team, m.To) }

func newMessage(t *citywatch.Transition, place string) Message {
	a := &t.Alert
	m := Message{
		ID: t.ID, Alert: a.ID, Reason: t.Reason, At: t.At, Level: a.Level, Name: a.Name, Hazard: a.Hazard,
		Device: a.Device, Zone: a.Zone, Place: place, Position: a.Position, Since: a.Since,
		Actor: t.Actor, Note: t.Note, To: t.To, Exercise: a.Exercise,
	}
	if n := len(a.Evidence); n > 0 {
		m.Evidence = &a.Evidence[n-1]
	}
	return m
}

// A pushed is what a phone gets: what it shows, and where a tap leads.
type pushed struct {
	ID    string          `json:"id"`
	Alert string          `json:"alert"`
	Level citywatch.Level `json:"level"`
	Title string          `json:"title"`
	Body  string          `json:"body"`
	At    time.Time       `json:"at"`
	Lang  string          `json:"lang"`
	// Tag is set where the notification stands for many alerts, of which this is
	// the newest: it takes the place of the one before it with that tag.
	Tag string `json:"tag,omitempty"`
}

// words are what is said around an alert.
type words struct {
	level, escalated, assigned, trial, trialBody string
	// many are so many alerts in so many minutes, at worst of that level.
	many, newest string
	comma        bool
}

func wordsIn(lang string) words {
	if lang == "en" {
		return words{
			level: "Level", escalated: "Nobody has answered yet", assigned: "Given to %s",
			many: "%d alerts in %d minutes, up to level %d", newest: "Newest",
			trial: "Test message", trialBody: "Alerts will reach this phone.",
		}
	}
	return words{
		level: "Cấp", escalated: "Chưa ai trả lời", assigned: "Giao cho %s",
		many: "%d cảnh báo trong %d phút, cao nhất cấp %d", newest: "Mới nhất",
		trial: "Tin thử", trialBody: "Điện thoại này sẽ nhận được cảnh báo.", comma: true,
	}
}

// payload is the message as the phone of a subscription shows it: by itself, or
// as the newest of many.
func (m *Message) payload(s *Subscription, zone *time.Location, many *fold) ([]byte, error) {
	w := wordsIn(s.Lang)
	name := m.Name.VI
	if s.Lang == "en" && m.Name.EN != "" {
		name = m.Name.EN
	}
	p := pushed{ID: m.ID, Alert: m.Alert, Level: m.Level, At: m.At, Lang: s.Lang, Title: fmt.Sprintf("%s %d · %s", w.level, m.Level, name)}
	if m.Level == citywatch.None {
		p.Title, p.Body = w.trial, w.trialBody
		return json.Marshal(p)
	}
	lines := []string{m.Place}
	if e := m.Evidence; e != nil && e.Text == "" && e.Value != "" {
		lines[0] += " · " + w.number(e.Number) + unit(e.Unit)
	}
	lines[0] += " · " + m.At.In(zone).Format("15:04")
	switch {
	case m.Reason == citywatch.ReasonEscalated:
		lines = append(lines, w.escalated)
	case m.Actor != "" && m.To != "":
		lines = append(lines, fmt.Sprintf(w.assigned, m.toName())+" ("+m.Actor+")")
	}
	if m.Note != "" {
		lines = append(lines, m.Note)
	}
	if many != nil {
		lines = append([]string{w.newest + ": " + p.Title}, lines...)
		p.Tag, p.Level, p.Title = crowdTag, many.level, fmt.Sprintf(w.many, many.alerts, int(crowdOver/time.Minute), many.level)
	}
	if m.Exercise {
		p.Title = citywatch.ExerciseMark + " · " + p.Title
	}
	p.Body = shorten(strings.Join(lines, "\n"), 600)
	p.Title = shorten(p.Title, 200)
	return json.Marshal(p)
}

func (w *words) number(n float64) string {
	text := strconv.FormatFloat(n, 'f', -1, 64)
	if len(text) > 10 {
		text = strconv.FormatFloat(n, 'f', 2, 64)
	}
	if w.comma {
		text = strings.Replace(text, ".", ",", 1)
	}
	return text
}

// unit is a UCUM code as people read it, with the space before it.
func unit(code string) string {
	known := map[string]string{"1": "", "": "", "Cel": "°C", "ug/m3": "µg/m³", "m3/s": "m³/s"}
	if text, ok := known[code]; ok {
		code = text
	}
	if code == "" || strings.HasPrefix(code, "{") {
		return ""
	}
	return " " + code
}

// shorten cuts a text at so many characters.
func shorten(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most-1]) + "…"
}
