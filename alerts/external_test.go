package alerts

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"citywatch"
)

const externalRule = `rules:
  - id: rule
    name: {vi: a, en: a}
    hazard: intrusion
    select: {class: gauge}
    external: {severity: state, levels: {low: 1, high: 3, worst: 4}, id: event, ended: {is: [over]}}
`

// eventHistory is what is said of some events of one device: each has a course
// of its own, and may end.
func eventHistory(r *rand.Rand) (said []citywatch.Reading) {
	at := day
	for id := range 1 + r.IntN(4) {
		for n := 1 + r.IntN(3); n > 0; n-- {
			at = at.Add(time.Duration(1+r.IntN(20)) * time.Second)
			said = append(said, citywatch.Reading{Device: "a", Class: "gauge", Time: at, Values: []citywatch.Value{
				{Name: "event", Text: string(rune('p' + id))}, {Name: "state", Text: []string{"low", "high", "worst"}[r.IntN(3)]},
			}})
		}
		if r.IntN(3) > 0 {
			at = at.Add(time.Duration(1+r.IntN(20)) * time.Second)
			said = append(said, citywatch.Reading{Device: "a", Class: "gauge", Time: at, Values: []citywatch.Value{
				{Name: "event", Text: string(rune('p' + id))}, {Name: "state", Text: "over"},
			}})
		}
	}
	return said
}

// goingOn is the level of the worst event whose newest word is not its end.
func goingOn(said []citywatch.Reading) (level citywatch.Level) {
	newest := map[string]citywatch.Reading{}
	for _, r := range said {
		if known, ok := newest[r.Values[0].Text]; !ok || r.Time.After(known.Time) {
			newest[r.Values[0].Text] = r
		}
	}
	for _, r := range newest {
		level = max(level, map[string]citywatch.Level{"low": 1, "high": 3, "worst": 4}[r.Values[1].Text])
	}
	return level
}

// TestEventsInAnyOrder: in whichever order the words of events arrive, some of
// them twice, what goes on at last is what their newest words say, no event begins
// again behind its end, and the worst that there was is told.
func TestEventsInAnyOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, propertyDevices, externalRule)
	levels, lookedBack := map[citywatch.Level]int{}, 0
	for seed := range uint64(1_000) {
		r := rand.New(rand.NewPCG(seed, 41))
		said := eventHistory(r)
		arriving := slices.Concat(said, said[:r.IntN(len(said))])
		r.Shuffle(len(arriving), func(i, j int) { arriving[i], arriving[j] = arriving[j], arriving[i] })
		l := newListener(w, Options{})
		l.until(said[len(said)-1].Time)
		restart := r.IntN(2 * len(arriving))
		for i, word := range arriving {
			if i == restart {
				l.restart(t)
			}
			word.Arrived = l.now.Add(time.Second)
			l.until(word.Arrived)
			l.apply(citywatch.Entry{Readings: []citywatch.Reading{word}})
		}
		l.until(l.now.Add(2 * tellAfter))
		k := l.key("rule", "a")
		if got, want := k.happening().reached, goingOn(said); got != want {
			t.Fatalf("seed %d: level %d goes on, want %d", seed, got, want)
		}
		if told := toldLevel(k); told != goingOn(said) && (k.Episode.Alert == nil || !k.Episode.Alert.Flapping) {
			t.Fatalf("seed %d: level %d is told, want %d", seed, told, goingOn(said))
		}
		levels[goingOn(said)]++
		worst, told := citywatch.None, citywatch.None
		for _, word := range said {
			worst = max(worst, map[string]citywatch.Level{"low": 1, "high": 3, "worst": 4}[word.Values[1].Text])
		}
		for _, tr := range l.heard {
			told = max(told, tr.Alert.Level)
			if tr.Backlog != nil {
				told = max(told, tr.Backlog.Level)
				lookedBack++
			}
		}
		if told != worst {
			t.Fatalf("seed %d: level %d is told, and the worst was %d", seed, told, worst)
		}
	}
	if len(levels) < 4 || lookedBack == 0 {
		t.Errorf("the histories show too little: %v, %d looked back", levels, lookedBack)
	}
	t.Log(levels, lookedBack, "looked back")
}
