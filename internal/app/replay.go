package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"citywatch"
	"citywatch/alerts"
	"citywatch/dashboards"
	"citywatch/internal/config"
	"citywatch/internal/journal"
	"citywatch/internal/partition"
	"citywatch/internal/replay"
)

// The histories that a replay may be of.
const (
	HistoryJournal = "journal"
	HistoryStore   = "store"
)

// A ReplayQuestion asks what rules would have done.
type ReplayQuestion struct {
	From, To time.Time
	// Rules are the site's own if they are nil; Other may be nil.
	Rules, Other *alerts.Rules
	// History is HistoryJournal or HistoryStore; empty is the journal as far as
	// it goes back, and else the store.
	History string
	// Seen, Event, Progress and the limits are as in replay.Options.
	Seen                time.Duration
	Events, Differences int
	Event               func(*citywatch.ReplayEvent)
	Progress            func(replay.Progress)
	share               float64
}

// ErrReplay is in the error of a replay that cannot be: the text says why.
var ErrReplay = errors.New("cannot be replayed")

// Replay answers from what a citywatch has stored that does not run, or whose
// journal at least is in this machine's files. It changes none of it.
func Replay(ctx context.Context, site *config.Site, q ReplayQuestion, log *slog.Logger) (*citywatch.Replay, error) {
	return (&replayer{site: site, histories: &filed{site: site, log: log}}).replay(ctx, q)
}

// histories are where a replayer finds what is stored.
type histories interface {
	// first returns when the journal begins: zero if there is none.
	first(ctx context.Context) (time.Time, error)
	// journal and store return a history, and shards how many it has.
	journal(ctx context.Context, from, to time.Time) (src replay.Source, shards int, err error)
	store(ctx context.Context, from, to time.Time) (storeSource, error)
}

// A storeSource knows how far back a store goes.
type storeSource interface {
	replay.Source
	// Begins returns when the first reading was measured: zero if there is none.
	Begins(ctx context.Context) (time.Time, error)
}

// A replayer answers one question.
type replayer struct {
	site      *config.Site
	histories histories
	notes     []citywatch.Text
}

func (r *replayer) note(vi, en string) {
	r.notes = append(r.notes, citywatch.Text{VI: vi, EN: en})
}

func (r *replayer) replay(ctx context.Context, q ReplayQuestion) (*citywatch.Replay, error) {
	if !q.From.Before(q.To) {
		return nil, fmt.Errorf("%w: the time ends before it begins", ErrReplay)
	}
	if q.Rules == nil {
		q.Rules = r.site.Rules
	}
	o := replay.Options{
		From: q.From, To: q.To, Rules: q.Rules, Other: q.Other, Alerts: r.site.Alerts,
		Devices: [][]citywatch.Device{r.site.Devices}, Seen: q.Seen,
		Events: q.Events, Differences: q.Differences, Event: q.Event, Progress: q.Progress, Share: q.share,
	}
	o.WarmFrom = q.From.Add(-o.LookBack())
	src, history, err := r.source(ctx, q.History, &o)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	r.cannotKnow(history, q.Seen)
	out, err := replay.Run(ctx, src, o)
	if err != nil {
		return nil, err
	}
	out.History = history
	r.begins(out, &o)
	out.Notes = append(out.Notes, r.notes...)
	if d, ok := src.(interface{ Damaged() (int, int) }); ok {
		if entries, files := d.Damaged(); entries+files > 0 {
			out.Notes = append(out.Notes, citywatch.Text{
				VI: fmt.Sprintf("%d bản ghi và phần cuối của %d tệp nhật ký không đọc được (tệp mới nhất có thể đang được ghi).", entries, files),
				EN: fmt.Sprintf("%d entries and the ends of %d files of the journal could not be read (the newest file may just be written).", entries, files),
			})
		}
	}
	return out, nil
}

// source chooses the history.
func (r *replayer) source(ctx context.Context, wanted string, o *replay.Options) (replay.Source, string, error) {
	first, err := r.histories.first(ctx)
	if err != nil {
		return nil, "", err
	}
	reaches := !first.IsZero() && !first.After(o.From)
	switch history := cmp.Or(wanted, map[bool]string{true: HistoryJournal, false: HistoryStore}[reaches]); {
	case history == HistoryStore:
		src, err := r.fromStore(ctx, wanted, first, o)
		if err != nil {
			return nil, "", err
		}
		if src != nil {
			return src, history, nil
		}
	case history != HistoryJournal:
		return nil, "", fmt.Errorf("%w: there is no history %q: journal, or store", ErrReplay, history)
	case first.IsZero():
		return nil, "", fmt.Errorf("%w: the journal is empty", ErrReplay)
	}
	src, shards, err := r.histories.journal(ctx, o.WarmFrom, o.To)
	if err != nil {
		return nil, "", err
	}
	for len(o.Devices) < shards {
		o.Devices = append(o.Devices, r.site.Devices)
	}
	if shards > 1 {
		// Where readings lie does not depend on rules that are only tried.
		o.Plan = partition.New(r.site.Devices, shards, func(tie func(a, b *citywatch.Device)) { r.site.Rules.Together(r.site.Devices, tie) })
	}
	return src, HistoryJournal, nil
}

// fromStore returns the history in the store; nothing if the journal, which
// begins at first, is as good and nobody wants the store.
func (r *replayer) fromStore(ctx context.Context, wanted string, first time.Time, o *replay.Options) (storeSource, error) {
	src, err := r.histories.store(ctx, o.WarmFrom, o.To)
	if wanted != "" || first.IsZero() {
		return src, err
	}
	if err == nil {
		var begins time.Time
		if begins, err = src.Begins(ctx); err == nil && !begins.IsZero() && begins.Before(first.Add(-time.Minute)) {
			return src, nil
		}
		src.Close()
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		r.note(
			fmt.Sprintf("Không đọc được kho chuỗi thời gian, nơi có thể có dữ liệu cũ hơn: %v", err),
			fmt.Sprintf("The time series store, which may go further back, cannot be read: %v", err),
		)
	}
	return nil, nil //nolint:nilnil // there is none, and nothing is wrong
}

// begins says what is missing at the beginning.
func (r *replayer) begins(out *citywatch.Replay, o *replay.Options) {
	switch {
	case out.Begins.IsZero():
		r.note("Không có dữ liệu nào được lưu của thời gian này.", "Nothing is stored of this time.")
	case out.Begins.After(o.From):
		r.note(
			fmt.Sprintf("Dữ liệu được lưu chỉ có từ %s: trước đó không biết gì.", r.local(out.Begins)),
			fmt.Sprintf("What is stored begins at %s: nothing is known of before.", r.local(out.Begins)),
		)
	case out.Begins.After(o.WarmFrom.Add(time.Minute)):
		r.note(
			fmt.Sprintf("Dữ liệu được lưu chỉ có từ %s: lúc đầu một số quy tắc chưa đủ dữ liệu.", r.local(out.Begins)),
			fmt.Sprintf("What is stored begins at %s: at first some rules knew less than they would have.", r.local(out.Begins)),
		)
	}
}

func (r *replayer) local(t time.Time) string {
	return t.In(r.site.Province.TimeZone).Format("2006-01-02 15:04:05")
}

// cannotKnow says what a replay leaves out.
func (r *replayer) cannotKnow(history string, seen time.Duration) {
	if seen > 0 {
		r.note(
			fmt.Sprintf("Việc con người đã làm không được phát lại: coi như mỗi cảnh báo được xác nhận sau %s.", seen),
			fmt.Sprintf("What people did is not repeated: somebody is taken to acknowledge every alert after %s.", seen),
		)
	} else {
		r.note(
			"Việc con người đã làm không được phát lại và không ai xác nhận: cảnh báo đã hết vẫn mở, nếu tái diễn thì vẫn là cảnh báo đó.",
			"What people did is not repeated and nobody acknowledges: what is over stays open, and is the same alert when it comes back.",
		)
	}
	r.note(
		"Thiết bị, trạm và bảng mức lấy theo cấu hình hôm nay; thiết bị tự đăng ký được coi như không rõ chu kỳ.",
		"Devices and their tables are those of today; devices that registered themselves count as having no known period.",
	)
	if history != HistoryStore {
		return
	}
	r.note(
		"Kho chuỗi thời gian không lưu giờ nhận: mọi trị đo được coi là đến ngay lúc đo, nên không thấy dữ liệu đến trễ, và quy tắc mất tín hiệu xét theo khoảng trống giữa các giờ đo.",
		"The time series store does not know when readings came: each counts as having come when it was measured, so nothing is late, and silence is judged by the gaps between measured times.",
	)
	if keep := r.site.Store.Retention.Raw; keep > 0 {
		r.note(
			fmt.Sprintf("Kho chỉ giữ trị đo gốc trong %s.", keep),
			fmt.Sprintf("The store keeps readings as they were measured for %s.", keep),
		)
	}
}

// filed are the files of a citywatch.
type filed struct {
	site *config.Site
	log  *slog.Logger
}

func (f *filed) folder() (*journal.Folder, error) {
	if f.site.Journal.URL != "" {
		return nil, journal.ErrNoJournal // in files of this machine
	}
	return journal.OpenFolder(f.site.Journal)
}

func (f *filed) first(context.Context) (time.Time, error) {
	folder, err := f.folder()
	if errors.Is(err, journal.ErrNoJournal) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	return folder.First()
}

func (f *filed) journal(_ context.Context, from, to time.Time) (replay.Source, int, error) {
	folder, err := f.folder()
	if err != nil {
		return nil, 0, err
	}
	return replay.FromFolder(folder, from, to), folder.Shards(), nil
}

func (f *filed) store(ctx context.Context, from, to time.Time) (storeSource, error) {
	a := &App{site: f.site, options: Options{Log: f.log}}
	db, closeDB, err := a.openDatabase(true)
	if err != nil {
		return nil, fmt.Errorf("%w\n(a citywatch that runs is asked with --api http://…)", err)
	}
	src, err := replay.FromStore(ctx, db, from, to, f.site.Self.WithDefaults().Every)
	if err != nil {
		return nil, errors.Join(err, closeDB())
	}
	return closing{src, closeDB}, nil
}

// recalls are the histories of a citywatch that runs, for one question at a
// time.
type recalls struct {
	site     *config.Site
	rules    func() *alerts.Rules // those in force
	open     *journal.Journal
	database database
	busy     sync.Mutex
}

// replayShare is which part of a processor a replay takes from the live engine
// at most.
const replayShare = 0.6

// Replay answers a page's question.
func (r *recalls) Replay(ctx context.Context, q dashboards.ReplayRequest) (*citywatch.Replay, error) {
	if !r.busy.TryLock() {
		return nil, fmt.Errorf("%w: another replay is under way", dashboards.ErrBusy)
	}
	defer r.busy.Unlock()
	question := ReplayQuestion{
		From: q.From, To: q.To, History: q.History, Seen: q.Seen, Events: q.Events, Differences: q.Differences,
		Rules: r.rules(), share: replayShare,
	}
	for name, set := range map[string]struct {
		text string
		to   **alerts.Rules
	}{"rules": {q.Rules, &question.Rules}, "diff": {q.Diff, &question.Other}} {
		if set.text == "" {
			continue
		}
		rules, err := r.site.ParseRules([]alerts.Source{{Name: name, Data: []byte(set.text)}})
		if err != nil {
			return nil, faults(err)
		}
		*set.to = rules
	}
	answer, err := (&replayer{site: r.site, histories: r}).replay(ctx, question)
	if errors.Is(err, ErrReplay) || errors.Is(err, replay.ErrTooMany) {
		err = fmt.Errorf("%w: %w", dashboards.ErrInvalid, err)
	}
	return answer, err
}

// faults says what is wrong with rules in the words of the API.
func faults(err error) error {
	var problems config.Problems
	if !errors.As(err, &problems) {
		return err
	}
	var out dashboards.RuleFaults
	for _, p := range problems {
		out = append(out, dashboards.RuleFault{File: p.File, Line: p.Line, Column: p.Column, Message: p.Message, Hint: p.Hint})
	}
	return out
}

func (r *recalls) first(ctx context.Context) (time.Time, error) { return r.open.FirstEntry(ctx) }

func (r *recalls) journal(ctx context.Context, from, to time.Time) (replay.Source, int, error) {
	src, err := replay.FromJournal(ctx, r.open, from, to)
	return src, r.open.Shards(), err
}

func (r *recalls) store(ctx context.Context, from, to time.Time) (storeSource, error) {
	return replay.FromStore(ctx, r.database, from, to, r.site.Self.WithDefaults().Every)
}

// closing closes more than a source.
type closing struct {
	storeSource
	more func() error
}

func (c closing) Close() {
	c.storeSource.Close()
	_ = c.more() // it was only read
}
