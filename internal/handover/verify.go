package handover

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"citywatch"
)

// A Fault is what is wrong with one handover.
type Fault struct {
	ID   string
	What string
}

// String says which handover it is, and what is wrong.
func (f Fault) String() string { return f.ID + ": " + f.What }

// A Report is what Verify found.
type Report struct {
	// Signed and Drafts are how many there are.
	Signed, Drafts int
	// From and To are when the first and the last were signed.
	From, To time.Time
	// Last is the hash of the last: written down elsewhere, none before it can
	// be taken away unseen.
	Last   string
	Faults []Fault
	// Audits are where the audit ended when each was made, in their order.
	Audits []AuditEnd
}

// An AuditEnd is where the audit ended by a signed handover.
type AuditEnd struct {
	Handover string
	Lines    uint64
	Hash     string
}

// Verify reads the handovers in dir, and changes nothing: whether each is as it
// was signed, by two people one after the other, and none is missing between
// them. Known are hashes of handovers that were written down elsewhere.
func Verify(dir string, known ...string) (Report, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return Report{}, fmt.Errorf("there are no handovers in %s", dir)
		}
		return Report{}, err
	}
	b := &Book{deps: Deps{Log: slog.New(slog.DiscardHandler)}, root: root, heads: map[string]citywatch.HandoverHead{}}
	defer func() { _ = root.Close() }() // it was only read
	if err := b.load(); err != nil {
		return Report{}, err
	}
	r := Report{Last: b.last}
	hashes := map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(b.heads)) {
		h, err := b.get(id)
		if err != nil {
			return r, err
		}
		if h.Fault != "" {
			r.Faults = append(r.Faults, Fault{id, h.Fault})
		}
		if h.Hash == "" && h.Fault == "" {
			r.Drafts++
			if h.Arriving != nil {
				r.Faults = append(r.Faults, Fault{id, "it is signed by both, and has no hash"})
			}
			continue
		}
		if h.Hash == "" {
			continue
		}
		hashes[h.Hash] = true
		r.signed(&h)
	}
	for _, hash := range known {
		if !hashes[hash] {
			r.Faults = append(r.Faults, Fault{"?", fmt.Sprintf("the handover with the hash %s is missing, or was changed", hash)})
		}
	}
	slices.SortStableFunc(r.Faults, func(x, y Fault) int { return cmp.Compare(x.ID, y.ID) })
	return r, nil
}

// signed looks at the signatures of a handover.
func (r *Report) signed(h *citywatch.Handover) {
	fault := func(what string) { r.Faults = append(r.Faults, Fault{h.ID, what}) }
	r.Signed++
	r.Audits = append(r.Audits, AuditEnd{h.ID, h.AuditLines, h.AuditHash})
	switch {
	case h.Leaving == nil || h.Arriving == nil:
		fault("it has a hash, and not both signatures")
		return
	case strings.EqualFold(strings.TrimSpace(h.Leaving.Name), strings.TrimSpace(h.Arriving.Name)):
		fault(fmt.Sprintf("%s has signed it twice", h.Leaving.Name))
	case h.Leaving.Name != h.By:
		fault(fmt.Sprintf("it is %s's, and %s has signed as the one who leaves", h.By, h.Leaving.Name))
	case h.Arriving.At.Before(h.Leaving.At):
		fault("whoever arrived signed before the one who left")
	}
	if at := h.Arriving.At; r.From.IsZero() || at.Before(r.From) {
		r.From = at
	}
	if at := h.Arriving.At; at.After(r.To) {
		r.To = at
	}
}
