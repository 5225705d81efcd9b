package dashboards

import (
	"context"
	"fmt"
	"net/http"
	"unicode"

	"citywatch"
)

// handovers are what shifts leave to one another. An error is ErrNotFound,
// ErrForbidden where it is for somebody else to do, ErrConflict where it has
// changed or is signed, or ErrInvalid for what is too
// long, or ErrUnavailable where it is not known yet how things stand.
type handovers interface {
	// List returns what is known of all of them, the newest first.
	List() []citywatch.HandoverHead
	Get(id string) (citywatch.Handover, error)
	// Begin begins the one of whoever leaves, with how things stand now.
	Begin(ctx context.Context, by string) (citywatch.Handover, error)
	// Edit writes what the one who leaves adds, Retake how things stand now.
	// Both take back the signature of who leaves.
	Edit(id, by string, version int, e citywatch.HandoverEdit) (citywatch.Handover, error)
	Retake(ctx context.Context, id, by string, version int) (citywatch.Handover, error)
	// Sign puts down a name: first of who leaves, then of who arrives.
	Sign(id, by string, version int) (citywatch.Handover, error)
	// Discard drops one that nobody has signed.
	Discard(id, by string) error
}

// maxHandover is the largest request about a handover.
const maxHandover = 1 << 20

func (s *site) handovers() (handovers, error) {
	if s.deps.Handovers == nil {
		return nil, errNotConfigured("handovers")
	}
	return s.deps.Handovers, nil
}

func (s *site) listHandovers(w http.ResponseWriter, r *http.Request) {
	const usual, most = 100, 100_000
	kept, err := s.handovers()
	limit := uint64(0)
	if err == nil {
		limit, err = number(r, "limit", usual, most)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	list := kept.List()
	if list == nil {
		list = []citywatch.HandoverHead{}
	}
	s.answer(w, r, map[string]any{"time": s.now(), "handovers": list[:min(len(list), int(limit))]})
}

func (s *site) getHandover(w http.ResponseWriter, r *http.Request) {
	s.handover(w, r, func(kept handovers) (citywatch.Handover, error) { return kept.Get(r.PathValue("id")) })
}

// A handoverBody is what is posted about a handover. Which version was seen
// matters where something is signed or written over.
type handoverBody struct {
	Actor   string `json:"actor"`
	Version int    `json:"version"`
	citywatch.HandoverEdit
}

func (b *handoverBody) check(seen bool) error {
	if err := checkText("actor", &b.Actor, maxActor, unicode.IsControl); err != nil {
		return err
	}
	switch {
	case b.Actor == "":
		return fmt.Errorf("%w: actor is missing: who does it?", ErrInvalid)
	case seen && b.Version < 1:
		return fmt.Errorf("%w: version is missing: which version of the handover was seen?", ErrInvalid)
	}
	return nil
}

// changeHandover has somebody do something about the handover that the path
// names, or about a new one. Seen says that a version is needed.
func (s *site) changeHandover(seen bool, do func(ctx context.Context, kept handovers, id string, b *handoverBody) (citywatch.Handover, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.handover(w, r, func(kept handovers) (citywatch.Handover, error) {
			var b handoverBody
			err := decodeUpTo(maxHandover, w, r, &b)
			if err == nil {
				err = b.check(seen)
			}
			if err != nil {
				return citywatch.Handover{}, err
			}
			return do(r.Context(), kept, r.PathValue("id"), &b)
		})
	}
}

func (s *site) handover(w http.ResponseWriter, r *http.Request, do func(handovers) (citywatch.Handover, error)) {
	kept, err := s.handovers()
	var h citywatch.Handover
	if err == nil {
		h, err = do(kept)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, r, h)
}

func beginHandover(ctx context.Context, kept handovers, _ string, b *handoverBody) (citywatch.Handover, error) {
	return kept.Begin(ctx, b.Actor)
}

func editHandover(_ context.Context, kept handovers, id string, b *handoverBody) (citywatch.Handover, error) {
	return kept.Edit(id, b.Actor, b.Version, b.HandoverEdit)
}

func retakeHandover(ctx context.Context, kept handovers, id string, b *handoverBody) (citywatch.Handover, error) {
	return kept.Retake(ctx, id, b.Actor, b.Version)
}

func signHandover(_ context.Context, kept handovers, id string, b *handoverBody) (citywatch.Handover, error) {
	return kept.Sign(id, b.Actor, b.Version)
}

// discardHandover answers with what there was.
func discardHandover(_ context.Context, kept handovers, id string, b *handoverBody) (citywatch.Handover, error) {
	h, err := kept.Get(id)
	if err == nil {
		err = kept.Discard(id, b.Actor)
	}
	return h, err
}
