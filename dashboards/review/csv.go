package review

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"citywatch"
)

// WriteCSV writes a report as the spreadsheets of that language read it:
// Vietnamese with semicolons and decimal commas, English with commas and
// points. It begins with a byte order mark, without which they take it for
// another encoding. Below the points stands how each number was computed.
func WriteCSV(w io.Writer, r *Report, english bool, zone *time.Location) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	t := table{english: english, zone: zone, w: csv.NewWriter(w)}
	t.w.UseCRLF = true
	if !english {
		t.w.Comma = ';'
	}
	t.row(t.say("Báo cáo tuần các điểm camera du lịch", "Weekly report of the tourism camera points"), r.Week)
	t.row(t.say("Từ", "From"), t.time(&r.From))
	t.row(t.say("Đến", "To"), t.time(&r.Until))
	t.row(t.say("Lập lúc", "Made at"), t.time(&r.Time))
	t.row()
	t.row(t.head()...)
	for i := range r.Points {
		t.row(t.point(&r.Points[i])...)
	}
	if len(r.Indicators) > 0 {
		t.row()
		t.row(t.figureHead(r.Indicators[0].Days)...)
		for i := range r.Indicators {
			t.row(t.figure(&r.Indicators[i])...)
		}
	}
	t.row()
	t.row(t.say("Cách tính", "How it is computed"))
	for _, n := range r.Method {
		t.row(t.say(n.Text.VI, n.Text.EN))
	}
	t.w.Flush()
	return t.w.Error()
}

// A table writes cells in one of the two languages.
type table struct {
	english bool
	zone    *time.Location
	w       *csv.Writer
}

func (t *table) row(cells ...string) { _ = t.w.Write(cells) } // the Writer keeps its error

func (t *table) say(vi, en string) string {
	if t.english {
		return en
	}
	return vi
}

func (t *table) head() []string {
	texts := []citywatch.Text{
		{VI: "Mã điểm", EN: "Point id"},
		{VI: "Điểm camera", EN: "Camera point"},
		{VI: "Hoạt động (%)", EN: "Up (%)"},
		{VI: "Đo được (%)", EN: "Measured (%)"},
		{VI: "Hoạt động tuần trước (%)", EN: "Up, week before (%)"},
		{VI: "Hình dùng được (%)", EN: "Usable picture (%)"},
		{VI: "Hình được chấm (%)", EN: "Picture judged (%)"},
		{VI: "Hình dùng được tuần trước (%)", EN: "Usable picture, week before (%)"},
		{VI: "Số lần mất hình", EN: "Outages"},
		{VI: "Tổng mất hình (phút)", EN: "Outages, total (min)"},
		{VI: "Mất hình lâu nhất (phút)", EN: "Longest outage (min)"},
		{VI: "Mất hình lâu nhất từ", EN: "Longest outage since"},
		{VI: "Mức chuyển động (%)", EN: "Activity (%)"},
		{VI: "Mức chuyển động tuần trước (%)", EN: "Activity, week before (%)"},
		{VI: "Giờ nhộn nhịp nhất", EN: "Busiest hour"},
		{VI: "Còn bản ghi (giờ)", EN: "Recorded (h)"},
	}
	head := make([]string, len(texts))
	for i, text := range texts {
		head[i] = t.say(text.VI, text.EN)
	}
	return head
}

func (t *table) point(p *PointReport) []string {
	outages := []string{t.unmeasured(), t.unmeasured(), t.unmeasured(), ""}
	if p.Up.Measured > 0 {
		outages = []string{
			strconv.Itoa(p.Outages.Count), t.number(p.Outages.Total/60, 0), t.number(p.Outages.Longest/60, 0), t.time(p.Outages.At),
		}
	}
	busiest := t.unmeasured()
	if p.Busiest != nil {
		busiest = t.time(&p.Busiest.From)
	}
	recorded := t.say("không ghi hình", "not recorded")
	if p.Recorded != nil {
		recorded = t.number(*p.Recorded, 1)
	}
	cells := []string{
		text(p.Camera), text(p.Name),
		t.share(p.Up), t.number(100*p.Up.Measured, 1), t.share(p.UpBefore),
		t.share(p.Usable), t.number(100*p.Usable.Measured, 1), t.share(p.UsableBefore),
	}
	cells = append(cells, outages...)
	return append(cells, t.share(p.Activity), t.share(p.ActivityBefore), busiest, recorded)
}

func (t *table) figureHead(days []FigureDay) []string {
	head := []string{t.say("Mã chỉ số", "Indicator id"), t.say("Chỉ số", "Indicator"), t.say("Nội dung", "What it is"), t.say("Đơn vị", "Unit")}
	for _, d := range days {
		head = append(head, d.Day)
	}
	return append(head,
		t.say("Trung bình tuần", "Mean of the week"), t.say("Số ngày có số liệu", "Days with a figure"),
		t.say("Trung bình tuần trước", "Mean, week before"), t.say("Chỉ tiêu", "Target"), t.say("Đạt", "Met"),
		t.say("Phụ trách", "Owner"), t.say("Nguồn", "Source"))
}

func (t *table) figure(f *FigureReport) []string {
	number := func(v *float64, decimals int) string {
		if v == nil {
			return ""
		}
		return t.number(*v, decimals)
	}
	cells := []string{text(f.ID), text(f.Name), text(t.say(f.Label.VI, f.Label.EN)), text(f.Unit)}
	for _, d := range f.Days {
		cells = append(cells, number(d.Value, f.Decimals))
	}
	met := ""
	if f.Met != nil {
		met = t.say("không", "no")
		if *f.Met {
			met = t.say("có", "yes")
		}
	}
	return append(cells, number(f.Mean, f.Decimals+1), strconv.Itoa(f.Told), number(f.MeanBefore, f.Decimals+1),
		number(f.Target, f.Decimals), met, text(f.Owner), text(f.Source))
}

func (t *table) unmeasured() string { return t.say("chưa đo", "not measured") }

func (t *table) share(s Share) string {
	if s.Value == nil {
		return t.unmeasured()
	}
	return t.number(100**s.Value, 2)
}

func (t *table) number(n float64, decimals int) string {
	s := strconv.FormatFloat(n, 'f', decimals, 64)
	if t.english {
		return s
	}
	return strings.Replace(s, ".", ",", 1)
}

func (t *table) time(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.In(t.zone).Format("2006-01-02 15:04")
}

// text keeps a spreadsheet from taking a name for a formula.
func text(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
