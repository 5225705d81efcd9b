package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"citywatch"
	"citywatch/alerts"
)

const (
	ruleDevices = 100_000
	ruleCount   = 4 // threshold rules that concern each of them
)

// A ruleResult is what ruleLoop has measured.
type ruleResult struct {
	Engine, Plain       float64 // evaluations in a second of processor time
	PerDevice, PerCheck float64 // bytes: of a device, and of each rule that concerns it
}

// rules measures how many threshold rules the engine evaluates in a second on
// one core, beside the least that can be done (the device's state found in a
// map, and numbers compared) and vmalert.
func (b *bench) rules(budget time.Duration) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	child := exec.CommandContext(b.ctx, self, "rule-loop", "-for", (budget / 2).String())
	child.Env = append(os.Environ(), "GOMAXPROCS=1")
	child.SysProcAttr = dieWithParent()
	child.Stderr = b.log
	out, err := child.Output()
	var result ruleResult
	if err := errors.Join(err, json.Unmarshal(out, &result)); err != nil {
		return err
	}
	of := fmt.Sprintf("%d threshold rules for each of 100,000 devices", ruleCount)
	b.table.add(row{Part: "rules", What: of + ", evaluations by one core", Unit: "/s", Value: result.Engine,
		Peer: "map and compare", PeerValue: result.Plain}, least(1_000_000))
	r := row{Part: "rules", What: of + ", evaluations by one core", Unit: "/s", Value: result.Engine, Peer: "vmalert"}
	switch r.PeerValue, err = b.vmalert(budget / 2); {
	case errors.Is(err, errNoVmalert):
		r.Peer = err.Error()
	case err != nil:
		return fmt.Errorf("vmalert: %w", err)
	}
	b.table.add(r, leastRatio(1))
	b.table.add(row{Part: "rules", What: "memory for a device", Unit: "B", Value: result.PerDevice}, nil)
	b.table.add(row{Part: "rules", What: "memory for each rule of a device, with 32 to 64 readings remembered", Unit: "B", Value: result.PerCheck}, nil)
	return nil
}

// ruleLoop is the engine's evaluation, and beside it a plain loop, turn about in
// one process with one core and nothing else to do: no broker, no journal.
func ruleLoop(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("rule-loop", flag.ContinueOnError)
	long := flags.Duration("for", 10*time.Second, "how long")
	devices := flags.Int("devices", ruleDevices, "how many")
	if err := flags.Parse(args); err != nil {
		return err
	}
	result, err := measureRules(ctx, *devices, *long)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

func measureRules(ctx context.Context, devices int, long time.Duration) (result ruleResult, err error) {
	w := newRuleWorld(devices)
	one, err := w.occupied(1)
	if err != nil {
		return result, err
	}
	all, err := w.occupied(ruleCount)
	if err != nil {
		return result, err
	}
	result.PerCheck = (all.bytes - one.bytes) / float64(ruleCount-1) / float64(devices)
	result.PerDevice = one.bytes/float64(devices) - result.PerCheck
	plain := newPlainRules(devices)
	var engineTime, plainTime time.Duration
	turns := 0
	for begun := time.Now(); turns == 0 || time.Since(begun) < long && ctx.Err() == nil; turns++ {
		engine, err := timed(func() error { return w.turn(all.simulation.Apply) })
		if err != nil {
			return result, err
		}
		compared, err := timed(func() error { return w.turn(plain.apply) })
		if err != nil {
			return result, err
		}
		engineTime, plainTime = engineTime+engine, plainTime+compared
	}
	evaluated := float64(turns * turnRounds * devices * ruleCount)
	result.Engine, result.Plain = evaluated/engineTime.Seconds(), evaluated/plainTime.Seconds()
	return result, ctx.Err()
}

// timed returns the processor time that f takes.
func timed(f func() error) (time.Duration, error) {
	before, err := cpuTime(os.Getpid())
	if err != nil {
		return 0, err
	}
	if err := f(); err != nil {
		return 0, err
	}
	after, err := cpuTime(os.Getpid())
	return max(after-before, time.Millisecond), err
}

// A ruleWorld is many gauges whose readings come in an order that has nothing to
// do with that in which the devices are listed.
type ruleWorld struct {
	class   citywatch.Class
	devices []citywatch.Device
	entries []citywatch.Entry
	now     time.Time
	seq     uint64
}

// turnRounds is how often each device reports in a turn: the clock of processor
// time is coarse.
const turnRounds = 5

func newRuleWorld(devices int) *ruleWorld {
	w := &ruleWorld{
		class: citywatch.Class{ID: "river_gauge", Sector: citywatch.SectorDisaster, Period: time.Minute,
			Quantities: []citywatch.Quantity{{Value: "water_level", Unit: "m"}}},
		now: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC),
	}
	for i := range devices {
		w.devices = append(w.devices, citywatch.Device{ID: device(i), Class: w.class.ID, Sector: w.class.Sector, Period: w.class.Period})
	}
	order := rand.New(rand.NewPCG(1, 2)).Perm(devices)
	const batch = 500
	for from := 0; from < devices; from += batch {
		var e citywatch.Entry
		for _, i := range order[from:min(from+batch, devices)] {
			e.Readings = append(e.Readings, citywatch.Reading{
				Device: w.devices[i].ID, Class: w.class.ID, Zone: "zone", Sector: string(w.class.Sector),
				Values: []citywatch.Value{{Name: "battery", Number: 3.6}, {Name: "temperature", Number: 20}, {Name: "water_level", Number: bound / 2}},
			})
		}
		w.entries = append(w.entries, e)
	}
	return w
}

// turn has every device report some times, and fails if anything comes of it.
func (w *ruleWorld) turn(apply func(*citywatch.Entry) []citywatch.Transition) error {
	for range turnRounds {
		w.now = w.now.Add(time.Second)
		for i := range w.entries {
			e := &w.entries[i]
			w.seq++
			e.Seq = w.seq
			for n := range e.Readings {
				e.Readings[n].Time, e.Readings[n].Arrived = w.now, w.now
			}
			if changes := apply(e); len(changes) > 0 {
				return fmt.Errorf("%d alerts came of a quiet day", len(changes))
			}
		}
	}
	return nil
}

// An occupant is an engine that has remembered as much as it will, and the
// memory that it takes.
type occupant struct {
	simulation *alerts.Simulation
	bytes      float64
}

func (w *ruleWorld) occupied(rules int) (occupant, error) {
	parsed, _, problems := alerts.Parse(thresholdRules(rules), alerts.Catalogue{Classes: []citywatch.Class{w.class}, Devices: w.devices})
	if len(problems) > 0 {
		return occupant{}, fmt.Errorf("the rules are wrong: %s", problems[0].Message)
	}
	before := heap()
	o := occupant{simulation: alerts.NewSimulation(parsed, alerts.Options{}, w.devices)}
	for range 64/turnRounds + 1 {
		if err := w.turn(o.simulation.Apply); err != nil {
			return o, err
		}
	}
	o.bytes = float64(heap() - before)
	return o, nil
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// thresholdRules are rules of three levels, with a duration and hysteresis.
func thresholdRules(n int) []byte {
	var b bytes.Buffer
	b.WriteString("rules:\n")
	for i := range n {
		fmt.Fprintf(&b, `  - id: flood-%d
    name: {vi: Lũ, en: Flood}
    hazard: flood
    select: {class: river_gauge}
    threshold: {value: water_level, levels: {1: %d, 2: %d, 3: %d}, for: 10m, recover: {margin: 0.1, for: 10m}}
`, i, 100+i, 110+i, 120+i)
	}
	return b.Bytes()
}

// plainRules is the least that a rule engine can do: it finds the device in a
// map, and its number among those of the reading, and compares that with the
// bounds. It has no time, no hysteresis and no memory but the level.
type plainRules struct {
	levels map[string]*[ruleCount]int8
	bounds [ruleCount][3]float64
}

func newPlainRules(devices int) *plainRules {
	p := &plainRules{levels: make(map[string]*[ruleCount]int8, devices)}
	for i := range devices {
		p.levels[strings.Clone(device(i))] = new([ruleCount]int8)
	}
	for i := range p.bounds {
		p.bounds[i] = [3]float64{120 + float64(i), 110 + float64(i), 100 + float64(i)}
	}
	return p
}

func (p *plainRules) apply(e *citywatch.Entry) (changes []citywatch.Transition) {
	for i := range e.Readings {
		r := &e.Readings[i]
		levels, ok := p.levels[r.Device]
		if !ok {
			continue
		}
		for rule := range p.bounds {
			number, ok := r.Number("water_level")
			if !ok {
				continue
			}
			level := int8(0)
			for step, bound := range p.bounds[rule] {
				if number >= bound {
					level = int8(len(p.bounds[rule]) - step)
					break
				}
			}
			if level != levels[rule] {
				levels[rule] = level
				changes = append(changes, citywatch.Transition{})
			}
		}
	}
	return changes
}
