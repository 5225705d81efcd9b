package config

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"citywatch"
	"citywatch/internal/strictyaml"
	"citywatch/video/address"
)

// problems returns what is wrong in the configuration itself, file by file
// contents aside.
func (c *Config) problems() []citywatch.Problem {
	ps := c.Province.problems()
	add := func(path, message, hint string) {
		ps = append(ps, citywatch.Problem{Path: path, Message: message, Hint: hint})
	}
	if c.Data == "" {
		add("$.data", "no data folder", "data: /var/lib/citywatch")
	}
	if _, _, err := net.SplitHostPort(c.HTTP.Listen); err != nil {
		add("$.http.listen", fmt.Sprintf("%q is not an address", c.HTTP.Listen), "host:port, as in 127.0.0.1:8480, or :8480 for every interface")
	}
	for path, file := range map[string]string{"$.zones.file": c.Zones.File, "$.devices.file": c.Devices.File, "$.rules.file": cmp.Or(append(slices.Clone(c.Rules.Files), c.Rules.File)...)} {
		if file == "" {
			add(path, "no file is named", "`citywatch config` prints a configuration to start from")
		}
	}
	if c.Devices.MaxAuto < 0 {
		add("$.devices.max_auto", "is negative", "0 lets no device register itself")
	}
	ps = append(ps, c.sourceProblems()...)
	ps = append(ps, within("$.ingest", c.Ingest.Problems())...)
	ps = append(ps, within("$.push", c.Push.Problems())...)
	ps = append(ps, within("$.journal", c.Journal.Problems())...)
	ps = append(ps, within("$.store", c.Store.Problems())...)
	ps = append(ps, within("$.alerts", c.Alerts.Problems())...)
	ps = append(ps, within("$.incidents", c.Incidents.Problems())...)
	ps = append(ps, within("$.self", c.Self.Problems())...)
	ps = append(ps, within("$.notify", c.Notify.Problems())...)
	ps = append(ps, within("$.field", c.Field.problems())...)
	ps = append(ps, within("$.http", c.HTTP.Options.Problems())...)
	ps = append(ps, within("$.http.stream", c.HTTP.Stream.Problems())...)
	ps = append(ps, within("$.indicators", c.Indicators.Problems())...)
	ps = append(ps, within("$.public", c.Public.Problems())...)
	if c.Edge != nil {
		ps = append(ps, within("$.edge", c.Edge.Problems())...)
	}
	return append(ps, within("$.cameras", c.Cameras.problems())...)
}

func (f Field) problems() []citywatch.Problem {
	ps := within("$.photos", f.Photos.Problems())
	if notDialled := strings.Trim(f.Call.Tel, "+0123456789 ."); notDialled != "" {
		ps = append(ps, citywatch.Problem{Path: "$.call.tel", Message: fmt.Sprintf("%q is not a telephone number", f.Call.Tel), Hint: "digits, as in +84 214 3840 114 or 112"})
	}
	return ps
}

func (c Cameras) problems() []citywatch.Problem {
	ps := c.Options.Problems()
	if _, err := address.ParseRanges(c.Networks); err != nil {
		ps = append(ps, citywatch.Problem{Path: "$.networks", Message: err.Error()})
	}
	ps = append(ps, within("$.live", c.Live.Options.Problems())...)
	ps = append(ps, within("$.live", c.Live.Viewers.Problems())...)
	ps = append(ps, within("$.record", c.Record.Problems())...)
	ps = append(ps, within("$.ffmpeg", c.FFmpeg.Problems())...)
	ps = append(ps, within("$.snapshots", c.Snapshots.Problems())...)
	ps = append(ps, within("$.pictures", c.Pictures.Problems())...)
	return ps
}

func (p Province) problems() []citywatch.Problem {
	var ps []citywatch.Problem
	add := func(path, message, hint string) {
		ps = append(ps, citywatch.Problem{Path: path, Message: message, Hint: hint})
	}
	if p.ID == "" {
		add("$.province.id", "the province has no id", "as in lao-cai")
	}
	if p.Name == "" {
		add("$.province.name", "the province has no name", "as in Lào Cai")
	}
	if _, err := time.LoadLocation(p.TimeZone); err != nil || p.TimeZone == "" {
		add("$.province.time_zone", fmt.Sprintf("unknown time zone %q", p.TimeZone), "as in Asia/Ho_Chi_Minh")
	}
	west, south, east, north := p.Extent[0], p.Extent[1], p.Extent[2], p.Extent[3]
	if west >= east || south >= north || west < -180 || east > 180 || south < -90 || north > 90 {
		add("$.province.extent", "not an extent", "[west, south, east, north] in degrees, as in [103.3, 21.3, 105.2, 23.0]")
	}
	return ps
}

func (c *Config) sourceProblems() []citywatch.Problem {
	var ps []citywatch.Problem
	seen := map[string]bool{}
	for i, source := range c.Sources {
		path := strictyaml.Index("$.sources", i)
		ps = append(ps, within(path, source.Problems())...)
		if seen[source.Name] {
			ps = append(ps, citywatch.Problem{Path: path + ".name", Message: fmt.Sprintf("two sources have the name %q", source.Name)})
		}
		seen[source.Name] = true
	}
	return ps
}

// within puts the problems of a part where the part stands.
func within(path string, problems []citywatch.Problem) []citywatch.Problem {
	for i := range problems {
		problems[i].Path = path + strings.TrimPrefix(problems[i].Path, "$")
	}
	return problems
}

// namedFiles returns every file and folder that the configuration names, by the
// place where it does.
func (c *Config) namedFiles() map[string]*string {
	files := map[string]*string{
		"$.zones.file":               &c.Zones.File,
		"$.devices.file":             &c.Devices.File,
		"$.cameras.file":             &c.Cameras.File,
		"$.cameras.record.dir":       &c.Cameras.Record.Dir,
		"$.cameras.snapshots.dir":    &c.Cameras.Snapshots.Dir,
		"$.rules.file":               &c.Rules.File,
		"$.teams.file":               &c.Teams.File,
		"$.push.token_file":          &c.Push.TokenFile,
		"$.indicators.file":          &c.Indicators.File,
		"$.self.heartbeat_file":      &c.Self.HeartbeatFile,
		"$.journal.credentials_file": &c.Journal.CredentialsFile,
		"$.store.token_file":         &c.Store.TokenFile,
		"$.store.password_file":      &c.Store.PasswordFile,
	}
	for i := range c.Rules.Files {
		files[strictyaml.Index("$.rules.files", i)] = &c.Rules.Files[i]
	}
	for i := range c.Sources {
		s, path := &c.Sources[i], strictyaml.Index("$.sources", i)
		files[path+".password_file"] = &s.PasswordFile
		files[path+".tls.ca"] = &s.TLS.CA
		files[path+".tls.cert"] = &s.TLS.Cert
		files[path+".tls.key"] = &s.TLS.Key
	}
	for i := range c.Notify.Webhooks {
		files[strictyaml.Index("$.notify.webhooks", i)+".secret_file"] = &c.Notify.Webhooks[i].SecretFile
	}
	if c.Edge != nil {
		for i := range c.Edge.Users {
			files[strictyaml.Index("$.edge.users", i)+".password_file"] = &c.Edge.Users[i].PasswordFile
		}
	}
	return files
}
