package incident

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"citywatch"
)

var sop = map[string][]citywatch.Text{
	"flood": {{VI: "Gọi trực ban xã", EN: "Call the commune's duty officer"}, {VI: "Đóng ngầm tràn", EN: "Close the ford"}},
	"rain":  {{VI: "Đóng ngầm tràn", EN: "Close the ford"}, {VI: "Xem camera", EN: "Look at the camera"}},
}

func checklistOf(rule string) []citywatch.Text { return sop[rule] }

func TestItemsOfSeveralRulesStandOnce(t *testing.T) {
	var got []string
	for _, i := range Items([]string{"flood", "none", "rain"}, checklistOf) {
		got = append(got, i.Rule+": "+i.VI)
	}
	if diff := cmp.Diff([]string{"flood: Gọi trực ban xã", "flood: Đóng ngầm tràn", "rain: Xem camera"}, got); diff != "" {
		t.Error(diff)
	}
	if Items(nil, checklistOf) == nil {
		t.Error("an empty checklist is null")
	}
}

func TestChecking(t *testing.T) {
	var c Checks
	items := Items([]string{"flood"}, checklistOf)
	call, ford := items[0].ID, items[1].ID
	must := func(check Check, changes bool) {
		t.Helper()
		check.At = begin
		if changed, err := c.Make("i", items, check); err != nil || changed != changes {
			t.Fatalf("%+v: changed %v, %v", check, changed, err)
		}
	}
	must(Check{Item: call, Done: true, Actor: "Lan"}, true)
	must(Check{Item: call, Done: true, Actor: "Lan"}, false) // the answer was lost
	must(Check{Item: ford, Done: true, Actor: "Hoa"}, true)  // another item changed since: no harm
	must(Check{Item: ford, Done: false, Actor: "Lan", Seen: 2}, true)
	if list := c.Checklist("i", items); list.Version != 3 || !list.Items[0].Done || list.Items[0].By != "Lan" ||
		list.Items[1].Done || list.Items[1].By != "Lan" || list.Items[1].Version != 3 {
		t.Errorf("%+v", list)
	}
	if list := c.Checklist("another", items); list.Version != 0 || list.Items[0].Done {
		t.Errorf("another incident's: %+v", list)
	}
	if len(c.Events("i")) != 3 || c.Events("i")[2].Note != "✗ Đóng ngầm tràn" {
		t.Errorf("%v", c.Events("i"))
	}
}

// TestTwoCheckAtOnce: one wins, and the other is told who.
func TestTwoCheckAtOnce(t *testing.T) {
	var c Checks
	items := Items([]string{"flood"}, checklistOf)
	if _, err := c.Make("i", items, Check{Item: items[0].ID, Done: true, Actor: "Lan"}); err != nil {
		t.Fatal(err)
	}
	_, err := c.Make("i", items, Check{Item: items[0].ID, Done: true, Actor: "Hoa"})
	var quicker *CheckedError
	if !errors.Is(err, ErrChecked) || !errors.As(err, &quicker) || quicker.Item.By != "Lan" {
		t.Errorf("the second is told %v", err)
	}
	if changed, err := c.Make("i", items, Check{Item: items[0].ID, Done: true, Actor: "Hoa", Seen: 1}); changed || err != nil {
		t.Errorf("done already, and seen: %v, %v", changed, err)
	}
	if _, err := c.Make("i", items, Check{Item: "none", Done: true, Actor: "Hoa"}); !errors.Is(err, ErrNoItem) {
		t.Error(err)
	}
}

// TestWhatWasDoneOutlivesItsRule, and a restart.
func TestWhatWasDoneOutlivesItsRule(t *testing.T) {
	var c, again Checks
	items := Items([]string{"flood"}, checklistOf)
	if _, err := c.Make("i", items, Check{Item: items[1].ID, Done: true, Actor: "Lan", At: begin}); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(&c)
	if err == nil {
		err = json.Unmarshal(data, &again)
	}
	if err != nil {
		t.Fatal(err)
	}
	list := again.Checklist("i", items[:1])
	if len(list.Items) != 2 || !list.Items[1].Done || list.Items[1].VI != "Đóng ngầm tràn" || list.Items[0].Done {
		t.Errorf("%+v", list)
	}
	again.Undo("i")
	again.Undo("i")
	if list := again.Checklist("i", items); list.Version != 0 {
		t.Errorf("undone: %+v", list)
	}
	c.Keep(func(string) bool { return false })
	if list := c.Checklist("i", items); list.Version != 0 {
		t.Errorf("forgotten: %+v", list)
	}
}
