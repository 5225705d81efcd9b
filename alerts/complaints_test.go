package alerts

import (
	"go/ast"
	goparser "go/parser"
	"go/token"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"citywatch"
)

// A complaint is what people say of another system, and the tests which show
// that it cannot be said of this one.
type complaint struct {
	name string
	// scripts are files of testdata.
	scripts []string
	// run is a test that stands here.
	run func(t *testing.T)
	// others are tests elsewhere: the folder from the root, the function, and the
	// name of a part of it.
	others [][3]string
}

func complaints() []complaint {
	return []complaint{
		{name: "prometheus_14085_lost_data_is_not_recovery", scripts: []string{"lost-data-is-not-recovery", "clock-never-clears"}},
		{name: "grafana_82585_lost_data_is_not_recovery", scripts: []string{"pending-holds-without-data", "lost-data-is-not-recovery"}},
		{name: "grafana_8010_no_storm_of_no_data", scripts: []string{"dead-gateway-is-one-alert"},
			others: [][3]string{{"cmd/citywatch", "TestOutagesRaiseNothing", ""}}},
		{name: "thingsboard_10979_timers_advance_without_messages", scripts: []string{"timers-advance-without-messages", "escalation"}},
		{name: "thingsboard_7909_silence_ends_with_the_data", scripts: []string{"silence-ends-with-the-data", "never-heard"}},
		{name: "thingsboard_13715_a_restart_makes_nobody_silent",
			scripts: []string{"restart-raises-no-silence", "crash-loop-raises-no-silence", "broker-restart-raises-no-silence", "a-long-stop-waits-for-data"},
			others:  [][3]string{{"cmd/citywatch", "TestOutagesRaiseNothing", ""}}},
		{name: "duration_survives_a_restart", scripts: []string{"duration-survives-a-restart"},
			others: [][3]string{{"alerts", "TestKilledAnywhere", ""}}},
		{name: "thingsboard_7811_a_closed_alert_is_not_used_again", scripts: []string{"closed-alert-is-not-reused", "closing-what-is-still-so"}},
		{name: "kapacitor_flapping_drops_no_recovery", scripts: []string{"flapping-keeps-every-recovery"}},
		{name: "alertmanager_equal_needs_the_label_on_both_sides", scripts: []string{"inhibition"}, run: TestInhibitionNeedsItsLabelsOnBothSides},
		{name: "frigate_1932_a_dead_camera_does_not_pass_for_a_living_one",
			others: [][3]string{{"dashboards", "TestComplaint", "frigate_1932_a_dead_camera_does_not_pass_for_a_living_one"}, {"dashboards", "TestTiles", "frozen"}}},
		{name: "frigate_notify_264_nothing_hides_what_is_worse", run: nothingHidesWhatIsWorse,
			others: [][3]string{{"alerts/incident", "TestStormSoundsForNewMaxima", ""}, {"alerts/incident", "TestStormOf20000", ""}}},
		{name: "thingsboard_12383_a_map_of_10000_devices_does_not_freeze",
			others: [][3]string{{"dashboards", "TestComplaint", "thingsboard_12383_a_map_of_10000_devices_does_not_freeze"}}},
		{name: "grafana_kiosk_141_a_wall_is_never_logged_out",
			others: [][3]string{{"dashboards", "TestComplaint", "grafana_kiosk_141_a_wall_is_never_logged_out"}, {"dashboards", "TestConnectionLost", ""}, {"dashboards", "TestSilentServer", ""}}},
	}
}

// TestComplaint is the table of what people complain of other engines for, and
// of the tests about it: `go test -v -run TestComplaint ./alerts` prints it. A
// test that it names has to be there.
func TestComplaint(t *testing.T) {
	for _, c := range complaints() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if len(c.scripts)+len(c.others) == 0 && c.run == nil {
				t.Error("no test says anything of it")
			}
			for _, s := range c.scripts {
				t.Logf("alerts/testdata/%s.alert", s)
				runUndisturbed(t, filepath.Join("testdata", s+".alert")) // TestScripts kills it
			}
			for _, o := range c.others {
				t.Log(strings.TrimSuffix(o[0]+" "+o[1]+"/"+o[2], "/"))
				if !isThere(t, o[0], o[1], o[2]) {
					t.Errorf("there is no test %s/%s in %s", o[1], o[2], o[0])
				}
			}
			if c.run != nil {
				c.run(t)
			}
		})
	}
}

// isThere reports whether a folder has a test, and the test a part of a name.
func isThere(t *testing.T, folder, test, part string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(folder), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(source), "func "+test+"(") {
			continue
		}
		parsed, err := goparser.ParseFile(token.NewFileSet(), file, source, goparser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == test && f.Recv == nil {
				return part == "" || hasPart(f, part)
			}
		}
	}
	return false
}

// hasPart reports whether a test runs a part of a name.
func hasPart(f *ast.FuncDecl, part string) (found bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && len(call.Args) > 0 {
			run, isRun := call.Fun.(*ast.SelectorExpr)
			name, isName := call.Args[0].(*ast.BasicLit)
			found = found || isRun && isName && run.Sel.Name == "Run" && name.Value == strconv.Quote(part)
		}
		return true
	})
	return found
}

// nothingHidesWhatIsWorse: in random histories, however much flaps, is explained,
// put aside or said before, whoever is called about something is called about
// what is worse than all that was said of it.
func nothingHidesWhatIsWorse(t *testing.T) {
	w := newWorld(t, propertyDevices, propertyRules)
	rises, whileFlapping := 0, 0
	for seed := range uint64(20) {
		told := map[string]citywatch.Level{}
		levels := map[string]citywatch.Level{}
		for _, tr := range live(t, w, randomHistory(rand.New(rand.NewPCG(seed, 31)), 400), nil) {
			a := tr.Alert
			levels[a.ID] = a.Level
			rose := tr.Reason == citywatch.ReasonFired || tr.Reason == citywatch.ReasonRaised
			if !rose || a.Level <= told[a.ID] {
				continue
			}
			switch {
			case a.SuppressedBy != "":
				if levels[a.SuppressedBy] < a.Level {
					t.Errorf("seed %d: %s of level %d is hidden by one of level %d", seed, a.ID, a.Level, levels[a.SuppressedBy])
				}
				continue
			case a.OutOfService, a.Stale && tr.Backlog != nil:
				continue // a person works on it, or it is long ago
			case a.Shelved != nil:
				t.Errorf("seed %d: %s rises and stays put aside", seed, a.ID)
			case tr.Notice != citywatch.NoticeSound:
				t.Errorf("seed %d: nobody hears of it: %s", seed, text(tr))
			}
			rises++
			if a.Flapping {
				whileFlapping++
			}
			told[a.ID] = a.Level
		}
	}
	t.Logf("%d rises, %d of them while it flapped", rises, whileFlapping)
	if rises < 100 {
		t.Error("the histories show too little")
	}
}
