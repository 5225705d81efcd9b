package mqtt_test

import (
	"slices"
	"strings"
	"testing"

	"citywatch/ingest/decode"
	"citywatch/ingest/mqtt"
	"citywatch/internal/strictyaml"
)

const example = `
name: province
url: ssl://broker.example:8883
client_id: citywatch-1
username: centre
password_file: /etc/citywatch/mqtt-password
tls: {ca: ca.pem, cert: cert.pem, key: key.pem}
qos: 0
share: citywatch
workers: 2
max_in_flight: 1000
topics:
  - filter: city/+/+
  - filter: lora/#
    format: chirpstack
    auto_register: true
    class: soil_probe
    sector: disaster
`

func TestOptionsFromYAML(t *testing.T) {
	var o mqtt.Options
	if _, problems := strictyaml.Decode([]byte(example), &o); len(problems) > 0 {
		t.Fatal(problems)
	}
	if problems := o.Problems(); len(problems) > 0 {
		t.Fatal(problems)
	}
	if *o.QoS != 0 || o.Topics[1].Decode.Format != decode.ChirpStack || o.TLS.Key != "key.pem" || !o.Topics[1].AutoRegister {
		t.Errorf("read %+v", o)
	}
}

func TestOptionsProblems(t *testing.T) {
	good := func() mqtt.Options {
		return mqtt.Options{Name: "a", URL: "tcp://host:1883", Topics: []mqtt.Topic{{Filter: "city/#"}}}
	}
	if p := good().Problems(); len(p) > 0 {
		t.Fatalf("the least that works: %v", p)
	}
	two := 2
	for path, spoil := range map[string]func(*mqtt.Options){
		"$.name":             func(o *mqtt.Options) { o.Name = "" },
		"$.url":              func(o *mqtt.Options) { o.URL = "http://host" },
		"$.url ":             func(o *mqtt.Options) { o.URL = "host:1883" },
		"$.url  ":            func(o *mqtt.Options) { o.URL = "tcp://user:s3cret@host" },
		"$.url   ":           func(o *mqtt.Options) { o.URL = "tcp://user:s3cret%@host" },
		"$.qos":              func(o *mqtt.Options) { o.QoS = &two },
		"$.workers":          func(o *mqtt.Options) { o.Workers, o.Share, o.ClientID = 65, "g", "c" },
		"$.share":            func(o *mqtt.Options) { o.Workers = 2 },
		"$.share ":           func(o *mqtt.Options) { o.Share, o.ClientID = "a/b", "c" },
		"$.client_id":        func(o *mqtt.Options) { o.Share = "g" },
		"$.max_in_flight":    func(o *mqtt.Options) { o.MaxInFlight = 70_000 },
		"$.username":         func(o *mqtt.Options) { o.PasswordFile = "x" },
		"$.tls":              func(o *mqtt.Options) { o.TLS.Cert = "x" },
		"$.topics":           func(o *mqtt.Options) { o.Topics = nil },
		"$.topics[0].filter": func(o *mqtt.Options) { o.Topics[0].Filter = "city/#/x" },
		"$.topics[1].filter": func(o *mqtt.Options) { o.Topics = append(o.Topics, o.Topics[0]) },
		"$.topics[0].format": func(o *mqtt.Options) { o.Topics[0].Decode.Format = "jsno" },
		"$.topics[0].format (shared)": func(o *mqtt.Options) {
			o.Share, o.ClientID, o.Topics[0].Decode.Format = "g", "c", decode.Sparkplug
		},
		"$.topics[0].class":           func(o *mqtt.Options) { o.Topics[0].AutoRegister = true },
		"$.topics[0].sector":          func(o *mqtt.Options) { o.Topics[0].Sector = "weather" },
		"$.topics[0].device":          func(o *mqtt.Options) { o.Topics[0].Decode.Device = "{" },
		"$.name (reserved for push)":  func(o *mqtt.Options) { o.Name = "push" },
		"$.name (reserved for store)": func(o *mqtt.Options) { o.Name = "store" },
	} {
		o := good()
		spoil(&o)
		problems := o.Problems()
		want, _, _ := strings.Cut(strings.TrimSpace(path), " ")
		var paths []string
		for _, p := range problems {
			paths = append(paths, p.Path)
			if p.Hint == "" || strings.Contains(p.Message, "s3cret") {
				t.Errorf("%s: %q (%s)", path, p.Message, p.Hint)
			}
		}
		if !slices.Equal(paths, []string{want}) {
			t.Errorf("%s: problems at %v", path, paths)
		}
		if _, err := mqtt.New(o, nil); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: New: %v", path, err)
		}
	}
}
