package selfcheck

import (
	"cmp"
	"fmt"
	"time"

	"citywatch"
)

// Options of a Checker. A zero field is its default.
type Options struct {
	// Every is how often the readings are made, and the canaries sent; 10s by
	// default.
	Every time.Duration `yaml:"every"`
	// NoCanary sends none: for brokers that do not let citywatch publish.
	NoCanary bool `yaml:"no_canary"`
	// HeartbeatFile names a file with the address that is asked for by GET
	// every HeartbeatEvery while all is well; none by default. The address is
	// in a file because whoever knows it can keep the watcher quiet.
	HeartbeatFile  string        `yaml:"heartbeat_file"`
	HeartbeatEvery time.Duration `yaml:"heartbeat_every"`
}

const (
	leastEvery = time.Second
	mostEvery  = 5 * time.Minute
)

// Problems returns what is wrong in the options.
func (o Options) Problems() []citywatch.Problem {
	var ps []citywatch.Problem
	between := func(path string, d time.Duration) {
		if d != 0 && (d < leastEvery || d > mostEvery) {
			ps = append(ps, citywatch.Problem{
				Path: path, Message: fmt.Sprintf("%v is out of range", d), Hint: fmt.Sprintf("%v to %v", leastEvery, mostEvery),
			})
		}
	}
	between("$.every", o.Every)
	between("$.heartbeat_every", o.HeartbeatEvery)
	return ps
}

// WithDefaults returns the options with every field set.
func (o Options) WithDefaults() Options {
	o.Every = cmp.Or(o.Every, 10*time.Second)
	o.HeartbeatEvery = cmp.Or(o.HeartbeatEvery, time.Minute)
	return o
}

// CanaryEvery is how often canaries are sent; 0 is never.
func (o Options) CanaryEvery() time.Duration {
	if o.NoCanary {
		return 0
	}
	return o.WithDefaults().Every
}

// Classes returns the classes of what a Checker tells.
func Classes(o Options) []citywatch.Class {
	every := o.WithDefaults().Every
	return []citywatch.Class{
		{
			ID: citywatch.SystemClass, Name: citywatch.Text{VI: "Hệ thống citywatch", EN: "citywatch itself"},
			Sector: citywatch.SectorDisaster, Period: every,
			Quantities: []citywatch.Quantity{
				{Value: "canary", Name: citywatch.Text{VI: "Thời gian truyền tin", EN: "Message latency"}, Unit: "s", Decimals: 3},
				{Value: "alerts_lag", Name: citywatch.Text{VI: "Độ trễ bộ cảnh báo", EN: "Alert engine lag"}, Unit: "s", Decimals: 1},
				{Value: "store_lag", Name: citywatch.Text{VI: "Độ trễ kho số liệu", EN: "Store lag"}, Unit: "s", Decimals: 1},
				{Value: "backlog", Name: citywatch.Text{VI: "Nhật ký chưa đọc", EN: "Unread share of the journal"}, Unit: "%", Decimals: 1},
				{Value: "disk_free", Name: citywatch.Text{VI: "Đĩa còn trống", EN: "Free disk"}, Unit: "By", Decimals: 0},
				{Value: "disk_full", Name: citywatch.Text{VI: "Đĩa đầy", EN: "Disk full"}, Unit: "1", Decimals: 0},
				{Value: "refused", Name: citywatch.Text{VI: "Bản tin bị từ chối", EN: "Messages refused"}, Unit: "1", Decimals: 0},
				{Value: "failed_rules", Name: citywatch.Text{VI: "Quy tắc bị lỗi", EN: "Rules that failed"}, Unit: "1", Decimals: 0},
				{Value: "mismatched", Name: citywatch.Text{VI: "Trị đo sai kiểu so với quy tắc", EN: "Values that no rule can read"}, Unit: "1", Decimals: 0},
				{Value: "memory", Name: citywatch.Text{VI: "Bộ nhớ", EN: "Memory"}, Unit: "By", Decimals: 0},
			},
		},
		{
			ID: citywatch.CanaryClass, Name: citywatch.Text{VI: "Tin kiểm tra đường truyền", EN: "Canary message"},
			Sector: citywatch.SectorDisaster, Period: every,
			Quantities: []citywatch.Quantity{
				{Value: citywatch.CanaryValue, Name: citywatch.Text{VI: "Đã về", EN: "Came back"}, Unit: "1", Decimals: 0},
			},
		},
	}
}
