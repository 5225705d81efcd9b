package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
)

// A row is one line of the table.
type row struct {
	Part  string  `json:"part"`
	What  string  `json:"what"`
	Unit  string  `json:"unit,omitempty"`
	Value float64 `json:"value,omitempty"`
	// Peer is what Value is held against in the same run: a name and a
	// value, or why there is none.
	Peer      string  `json:"peer,omitempty"`
	PeerValue float64 `json:"peer_value,omitempty"`
	// Ratio is Value by PeerValue.
	Ratio float64 `json:"ratio,omitempty"`
	// Budget is the bound for Value, or for Ratio; empty where the row only
	// informs.
	Budget string `json:"budget,omitempty"`
	Kept   *bool  `json:"kept,omitempty"`
	Error  string `json:"error,omitempty"`
}

// A budget bounds a row's value or ratio.
type budget struct {
	bound float64
	ratio bool // the bound is for the ratio
	least bool // the bound is the least, not the most
}

func least(v float64) *budget      { return &budget{bound: v, least: true} }
func most(v float64) *budget       { return &budget{bound: v} }
func mostRatio(v float64) *budget  { return &budget{bound: v, ratio: true} }
func leastRatio(v float64) *budget { return &budget{bound: v, ratio: true, least: true} }

// apply fills in the row's ratio, its budget and whether that is kept. A bound
// for a ratio without a peer is neither kept nor missed.
func (g *budget) apply(r *row) {
	if r.PeerValue != 0 {
		r.Ratio = r.Value / r.PeerValue
	}
	if g == nil {
		return
	}
	sign, unit, v := "≤", " "+r.Unit, r.Value
	if g.least {
		sign = "≥"
	}
	if g.ratio {
		unit, v = " ×", r.Ratio
	}
	r.Budget = fmt.Sprintf("%s %s%s", sign, number(g.bound), unit)
	if g.ratio && r.PeerValue == 0 {
		return
	}
	kept := v <= g.bound
	if g.least {
		kept = v >= g.bound
	}
	r.Kept = &kept
}

// A table is what a run has found.
type table struct {
	Rows []row
}

func (t *table) add(r row, g *budget) {
	g.apply(&r)
	t.Rows = append(t.Rows, r)
}

// failed notes a part that could not be measured.
func (t *table) failed(part string, err error) {
	t.Rows = append(t.Rows, row{Part: part, Error: err.Error()})
}

func (t *table) print(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "PART\tWHAT\tVALUE\tPEER\tRATIO\tBUDGET\t")
	for _, r := range t.Rows {
		if r.Error != "" {
			fmt.Fprintf(tw, "%s\tnot measured: %s\t\t\t\t\t\n", r.Part, firstLine(r.Error))
			continue
		}
		peer, ratio, verdict := r.Peer, "", ""
		if r.PeerValue != 0 {
			peer = fmt.Sprintf("%s: %s %s", r.Peer, number(r.PeerValue), r.Unit)
			ratio = number(r.Ratio) + " ×"
		}
		if r.Kept != nil {
			verdict = map[bool]string{true: "ok", false: "MISSED"}[*r.Kept]
		}
		fmt.Fprintf(tw, "%s\t%s\t%s %s\t%s\t%s\t%s\t%s\n", r.Part, r.What, number(r.Value), r.Unit, peer, ratio, r.Budget, verdict)
	}
	return tw.Flush()
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// number prints three digits that count.
func number(v float64) string {
	switch a := math.Abs(v); {
	case a >= 100:
		return fmt.Sprintf("%.0f", v)
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}

// quantile returns the value below which the share q of the values lie. It
// sorts them.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	slices.Sort(values)
	return values[min(int(q*float64(len(values))), len(values)-1)]
}

func median(values []float64) float64 { return quantile(slices.Clone(values), 0.5) }
