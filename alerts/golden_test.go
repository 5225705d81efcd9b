package alerts

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"citywatch"
)

var update = flag.Bool("update", false, "write the transitions that were made into testdata/*.alert")

// TestScripts runs testdata/*.alert. Each is a txtar archive of devices.yaml,
// rules.yaml, perhaps other rule files, and a script:
//
//	08:00 gauge water_level=80.1 battery=3.6   a reading arrives
//	08:05 gauge water_level=80.2 @08:01        … that was measured earlier
//	08:05 gauge water_level=80.2 assumed       … without a time of its own
//	09:00                                      time passes until then
//	09:00 down until 10:00                     citywatch does not run
//	09:00 rules other.yaml                     it is started anew with other rules
//	09:00 reload other.yaml                    it goes on with other rules
//	09:00 clock 08:00                          the machine's clock is set back
//	09:00 ack rule/device by lan version 2     a person acts; all verbs likewise,
//	09:00 shelve … by lan until 10:00 note why not   with what they need
//	09:00 out_of_service device by lan note …  a person acts on a device, perhaps
//	      from a time on and until another
//	> 09:00:00 fired …                         what comes of it
//
// A tick comes every second. Every script is run several times: as it is, and
// with the engine killed and restored after every so many entries, with and
// without checkpoints. What comes of it must be the same.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.alert")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".alert"), func(t *testing.T) {
			t.Parallel()
			runScript(t, file)
		})
	}
}

// runScript runs a script as it is, and then over kills.
func runScript(t *testing.T, file string) {
	files, undisturbed, plain := runUndisturbed(t, file)
	// Without checkpoints the whole journal is read anew after each kill.
	often := max(61, len(undisturbed.memory.entries)/rereadings)
	for name, s := range map[string]*script{
		"killed often":                      {files: files, killEvery: often},
		"killed and checkpointed":           {files: files, killEvery: 97, keepEvery: 301},
		"killed, transitions not written":   {files: files, killEvery: 89, keepEvery: 211, crash: true},
		"killed right behind a checkpoint":  {files: files, killEvery: 113, keepEvery: 113},
		"killed at every entry that counts": {files: files, killAtTransitions: true},
	} {
		if diff := cmp.Diff(lines(plain), lines(s.run(t))); diff != "" {
			t.Errorf("%s: -as it is +%s\n%s", name, name, diff)
		}
	}
}

// runUndisturbed runs a script as it is.
func runUndisturbed(t *testing.T, file string) (files map[string]string, run *script, plain string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	files = map[string]string{}
	for _, f := range archive.Files {
		files[f.Name] = string(f.Data)
	}
	run = &script{files: files}
	plain = run.run(t)
	if *update {
		for i := range archive.Files {
			if archive.Files[i].Name == "script" {
				archive.Files[i].Data = []byte(plain)
			}
		}
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(lines(files["script"]), lines(plain)); diff != "" {
		t.Errorf("-want +got (-update writes it)\n%s", diff)
	}
	return files, run, plain
}

func lines(s string) []string { return strings.Split(strings.TrimRight(s, "\n"), "\n") }

// A script is one run of one file.
type script struct {
	files map[string]string
	// killEvery and keepEvery count entries between two kills and two
	// checkpoints; 0 is never. A crash happens before the transitions of its
	// entry are written, a kill after. killAtTransitions crashes at every entry
	// that moves an alert, and kills behind it.
	killEvery, keepEvery     int
	crash, killAtTransitions bool

	t      *testing.T
	world  *world
	memory *memory
	engine *Engine
	now    time.Time
	out    strings.Builder
	shown  int
	ids    map[string][]string // rule/device → the ids of its alerts
}

// day is the day on which scripts play.
var day = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func (s *script) run(t *testing.T) string {
	s.t, s.memory, s.ids = t, newMemory(), map[string][]string{}
	s.world = newWorld(t, s.files["devices.yaml"], s.files["rules.yaml"])
	s.start()
	for _, line := range lines(s.files["script"]) {
		if strings.HasPrefix(line, ">") {
			continue
		}
		fmt.Fprintln(&s.out, line)
		line, _, _ = strings.Cut(line, "#")
		if words := strings.Fields(line); len(words) > 0 {
			s.step(words)
		}
		s.show()
	}
	return s.out.String()
}

func (s *script) start() {
	s.engine = New(Options{}, s.memory.deps(s.world.rules, s.world.devices))
	if err := s.engine.restore(context.Background()); err != nil {
		s.t.Fatal(err)
	}
	for _, e := range s.memory.entries[s.engine.fold.last.Seq:] {
		s.engine.apply(&e)
		s.flush()
	}
}

// keep writes a checkpoint.
func (s *script) keep() {
	s.engine.save(context.Background(), (&saver{engine: s.engine}).snapshot())
}

func (s *script) flush() {
	if err := s.engine.flush(context.Background()); err != nil {
		s.t.Fatal(err)
	}
}

// entry appends an entry and has the engine take it in, if it lives to.
func (s *script) entry(e citywatch.Entry) {
	e = s.memory.append(e)
	n := int(e.Seq)
	s.engine.apply(&e)
	moved := len(s.engine.fold.out) > 0
	if s.killEvery > 0 && n%s.killEvery == 0 && s.crash || moved && s.killAtTransitions {
		s.start()
	}
	s.flush()
	if s.keepEvery > 0 && n%s.keepEvery == 0 {
		s.keep()
	}
	if s.killEvery > 0 && n%s.killEvery == 0 || moved && s.killAtTransitions {
		s.start()
	}
}

func (s *script) step(words []string) {
	at := s.clock(words[0])
	if s.now.IsZero() {
		s.now = at
		s.entry(citywatch.Entry{Tick: at})
	}
	for ; s.now.Before(at); s.now = s.now.Add(citywatch.TickEvery) {
		s.entry(citywatch.Entry{Tick: s.now.Add(citywatch.TickEvery)})
	}
	if len(words) == 1 {
		return
	}
	switch words[1] {
	case "down":
		s.now = s.clock(words[3])
		s.start()
		s.entry(citywatch.Entry{Tick: s.now})
	case "clock":
		s.now = s.clock(words[2])
		s.entry(citywatch.Entry{Tick: s.now})
	case "rules":
		s.keep()
		s.world.rules = s.world.parse(s.t, s.files[words[2]])
		s.start()
	case "reload":
		s.world.rules = s.world.parse(s.t, s.files[words[2]])
		reloaded(s.t, s.engine, s.world.rules)
	case "ack":
		s.act(Acknowledge, words[2], words[3:])
	case string(Assign), string(Dispatch), string(OnScene), string(Contain), string(Close), string(FalseAlarm),
		string(AddNote), string(Shelve), string(Unshelve), string(Reset), string(OutOfService), string(BackInService):
		s.act(Verb(words[1]), words[2], words[3:])
	default:
		s.entry(citywatch.Entry{Readings: []citywatch.Reading{s.reading(words[1], words[2:])}})
	}
}

// clock reads 08:00, 08:00:30, or 2/08:00 for the second day.
func (s *script) clock(word string) time.Time {
	d := 1
	if number, rest, found := strings.Cut(word, "/"); found {
		var err error
		if d, err = strconv.Atoi(number); err != nil {
			s.t.Fatal(err)
		}
		word = rest
	}
	if len(word) == len("08:00") {
		word += ":00"
	}
	at, err := time.Parse("15:04:05", word)
	if err != nil {
		s.t.Fatal(err)
	}
	return day.AddDate(0, 0, d-1).Add(at.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)))
}

func (s *script) reading(device string, words []string) citywatch.Reading {
	r := citywatch.Reading{Device: device, Time: s.now, Arrived: s.now, Class: "river_gauge", Sector: "disaster"}
	if d, ok := s.world.devices.Lookup(device); ok {
		r.Class, r.Zone, r.Sector = d.Class, d.Zone, string(d.Sector)
	}
	values := map[string]citywatch.Value{}
	for _, word := range words {
		name, value, _ := strings.Cut(word, "=")
		switch {
		case strings.HasPrefix(word, "@"):
			r.Time = s.clock(word[1:])
		case word == "assumed":
			r.TimeAssumed = true
		default:
			v := citywatch.Value{Name: name}
			var err error
			if v.Number, err = strconv.ParseFloat(value, 64); err != nil {
				v.Number, v.Text = 0, value
			}
			values[name] = v
		}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		r.Values = append(r.Values, values[name])
	}
	return r
}

func (s *script) act(verb Verb, what string, words []string) {
	a := Action{Verb: verb, Alert: what, Device: what}
	ids := s.ids[what]
	if len(ids) > 0 {
		a.Alert = ids[len(ids)-1]
	}
	for i := 0; i+1 < len(words); i += 2 {
		switch words[i] {
		case "by":
			a.Actor = words[i+1]
		case "version":
			a.Version, _ = strconv.Atoi(words[i+1])
		case "number":
			n, _ := strconv.Atoi(words[i+1])
			a.Alert = ids[n-1]
		case "to":
			a.To = words[i+1]
		case "until":
			a.Until = s.clock(words[i+1])
		case "from":
			a.From = s.clock(words[i+1])
		case "note":
			a.Note = strings.Join(words[i+1:], " ")
			i = len(words)
		}
	}
	_, err := s.engine.fold.do(a)
	s.flush()
	s.show()
	var conflict *ConflictError
	switch {
	case errors.As(err, &conflict) && conflict.By == "":
		fmt.Fprintf(&s.out, "> refused: it has risen since\n")
	case errors.As(err, &conflict):
		fmt.Fprintf(&s.out, "> refused: %s was quicker\n", conflict.By)
	case err != nil:
		fmt.Fprintf(&s.out, "> refused: %v\n", err)
	}
}
