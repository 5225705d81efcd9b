package push

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"citywatch"
)

// FileOptions of the table of figures that is watched. What is zero has its
// default.
type FileOptions struct {
	// File is the table; none is watched where it is empty.
	File string `yaml:"file"`
	// Every is how often it is looked at; 30s by default.
	Every time.Duration `yaml:"every"`
}

// Problems returns what is wrong in the options.
func (o FileOptions) Problems() []citywatch.Problem {
	if o.Every < 0 || o.Every > 0 && o.Every < time.Second {
		return []citywatch.Problem{{Path: "$.every", Message: fmt.Sprintf("%v is too often", o.Every), Hint: "1s or more"}}
	}
	return nil
}

// Watch takes the figures of a file each time it has changed and then kept
// still for a round, until ctx ends. What is wrong in it is logged, once for
// each change; what stands in it again and again counts once.
func (f *Figures) Watch(ctx context.Context, o FileOptions, log *slog.Logger) error {
	if o.File == "" {
		<-ctx.Done()
		return ctx.Err()
	}
	tick := time.NewTicker(cmp.Or(o.Every, 30*time.Second))
	defer tick.Stop()
	w := watched{name: o.File, figures: f, log: log}
	for {
		w.look(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// A watched file.
type watched struct {
	name    string
	figures *Figures
	log     *slog.Logger

	seen, taken mark
	missing     bool // and that has been said
}

// A mark tells one state of a file from another.
type mark struct {
	at   time.Time
	size int64
}

// look takes the file in when it is not as it was when it was taken in last,
// and as it was at the last look: who writes it may be at it now.
func (w *watched) look(ctx context.Context) {
	info, err := os.Stat(w.name)
	if err != nil {
		if !w.missing {
			w.log.Warn("the table of figures cannot be read", "file", w.name, "err", err)
		}
		w.missing = true
		return
	}
	w.missing = false
	now := mark{info.ModTime(), info.Size()}
	before := w.seen
	w.seen = now
	if now == w.taken || now != before {
		return
	}
	switch err := w.take(ctx); {
	case errors.Is(err, errAgain):
		w.log.Warn("the figures could not be kept; they will be tried again", "file", w.name, "err", err)
		return
	case err != nil:
		w.log.Error("the table of figures is wrong: nothing of it was taken", "file", w.name, "err", err)
	}
	w.taken = now
}

// errAgain is in the error for what another try may mend.
var errAgain = errors.New("not now")

func (w *watched) take(ctx context.Context) error {
	data, err := w.read()
	if err != nil {
		return err
	}
	figures, err := ParseTable(data, w.figures.zone)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	result, fault := w.figures.take(ctx, figures)
	if fault != nil {
		err = errors.New(fault.Detail)
		if fault.Status >= 500 {
			err = fmt.Errorf("%w: %w", errAgain, err)
		}
		return err
	}
	for _, refused := range result.refused {
		w.log.Error("a figure of the table was refused", "file", w.name, "row", refused.Item, "reason", refused.Reason, "detail", refused.Detail)
	}
	return nil
}

func (w *watched) read() ([]byte, error) {
	f, err := os.Open(w.name)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w: %w", errAgain, err)
		}
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, int64(w.figures.door.opts.MaxBody)+1))
	if err == nil && len(data) > w.figures.door.opts.MaxBody {
		err = fmt.Errorf("it has more than %d bytes", w.figures.door.opts.MaxBody)
	}
	return data, err
}
