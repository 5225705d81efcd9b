package main

import (
	"strings"
	"testing"
)

func TestBudgets(t *testing.T) {
	kept, missed := "ok", "MISSED"
	for _, c := range []struct {
		name    string
		r       row
		g       *budget
		verdict string
	}{
		{"under the most", row{Value: 8, Unit: "ms"}, most(8), kept},
		{"over the most", row{Value: 8.1, Unit: "ms"}, most(8), missed},
		{"faster than the peer", row{Value: 2, PeerValue: 1}, leastRatio(1), kept},
		{"slower than the peer", row{Value: 1, PeerValue: 2}, leastRatio(1), missed},
		{"cheaper than the peer", row{Value: 1, PeerValue: 2}, mostRatio(1), kept},
		{"dearer than the peer", row{Value: 2, PeerValue: 1}, mostRatio(1), missed},
		{"no peer", row{Value: 2}, leastRatio(1), ""},
		{"no budget", row{Value: 2, PeerValue: 1}, nil, ""},
	} {
		c.g.apply(&c.r)
		got := ""
		if c.r.Kept != nil {
			got = map[bool]string{true: kept, false: missed}[*c.r.Kept]
		}
		if got != c.verdict {
			t.Errorf("%s: %q, want %q", c.name, got, c.verdict)
		}
	}
}

func TestTableNamesWhatIsMissing(t *testing.T) {
	var table table
	table.add(row{Part: "ingest", What: "throughput", Unit: "/s", Value: 60000, Peer: "bare loop", PeerValue: 40000}, nil)
	table.add(row{Part: "ingest", What: "throughput", Unit: "/s", Value: 60000, Peer: errNoTelegraf.Error()}, leastRatio(1))
	table.failed("fanout", errNoTelegraf)
	var out strings.Builder
	if err := table.print(&out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	for i, want := range []string{"PART", "1.50 ×", "run `make telegraf`", "fanout  not measured: no Telegraf"} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("line %d is %q, without %q", i, lines[i], want)
		}
	}
	if strings.Contains(lines[2], "ok") || strings.Contains(lines[2], "MISSED") {
		t.Errorf("without a peer there is no verdict: %q", lines[2])
	}
}

func TestQuantile(t *testing.T) {
	values := []float64{5, 1, 4, 2, 3}
	for q, want := range map[float64]float64{0: 1, 0.5: 3, 0.99: 5, 1: 5} {
		if got := quantile(values, q); got != want {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if got := quantile(nil, 0.5); got == got {
		t.Errorf("the median of nothing is %v", got)
	}
}
