package mqtt

import (
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"citywatch"
	"citywatch/ingest/decode"
)

// Options of one source: one broker, and what is taken from it.
type Options struct {
	// Name labels metrics and dead letters.
	Name string `yaml:"name"`
	// URL is where the broker listens: tcp://host:1883, ssl://host:8883,
	// ws://host/mqtt or wss://host/mqtt.
	URL string `yaml:"url"`
	// ClientID is what the broker keeps the session under, and must stay the
	// same from start to start; "citywatch-" and the name by default.
	ClientID string `yaml:"client_id"`
	Username string `yaml:"username"`
	// PasswordFile holds the password, and is read at each connect.
	PasswordFile string     `yaml:"password_file"`
	TLS          TLSOptions `yaml:"tls"`
	// QoS is 1 by default. With 0 the broker forgets a message once it has
	// sent it, whatever becomes of it.
	QoS *int `yaml:"qos"`
	// Share is the group that shares the feed, where several processes or
	// Workers do: each message goes to one of them.
	Share string `yaml:"share"`
	// Workers is how many connections this process makes; 1 by default.
	Workers int `yaml:"workers"`
	// MaxInFlight is how many messages of a connection may be unacknowledged
	// before no more are read; 8192 by default. The broker's own limit is
	// usually lower.
	MaxInFlight int     `yaml:"max_in_flight"`
	Topics      []Topic `yaml:"topics"`

	// CanaryEvery is how often a message of our own is sent through the broker;
	// 0 is never. The device CanaryDevice must be registered.
	CanaryEvery time.Duration `yaml:"-"`
	// Log is told of lost connections; slog.Default by default.
	Log *slog.Logger `yaml:"-"`
	// Metrics may be nil.
	Metrics prometheus.Registerer `yaml:"-"`
}

// TLSOptions name files in PEM, read at each connect.
type TLSOptions struct {
	// CA signs the broker's certificate; the system's authorities by default.
	CA string `yaml:"ca"`
	// Cert and Key identify this client.
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
}

// A Topic is a filter and how the messages it lets through are understood.
// The first filter that matches a message's topic has it.
type Topic struct {
	Filter string         `yaml:"filter"`
	Decode decode.Options `yaml:",inline"`
	// AutoRegister lets devices that are in no file register themselves, with
	// this class; Sector is the class's by default.
	AutoRegister bool             `yaml:"auto_register"`
	Class        string           `yaml:"class"`
	Sector       citywatch.Sector `yaml:"sector"`
}

const (
	maxWorkers  = 64
	mostPending = 65535 // packet identifiers of MQTT
)

// Problems returns what is wrong in the options.
func (o Options) Problems() []citywatch.Problem {
	var problems []citywatch.Problem
	add := func(path, hint, format string, args ...any) {
		problems = append(problems, citywatch.Problem{Path: path, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
	switch o.Name {
	case "":
		add("$.name", "any short text, unique among the sources", "a source needs a name")
	case "push", "store":
		add("$.name", "choose another", "citywatch itself uses the name %q, for dead letters that came another way", o.Name)
	}
	if message, hint := urlProblem(o.URL); message != "" {
		add("$.url", hint, "%s", message)
	}
	if o.QoS != nil && *o.QoS != 0 && *o.QoS != 1 {
		add("$.qos", "1: a message that comes twice counts once, so 2 would only be slower", "QoS %d is not supported", *o.QoS)
	}
	if o.Workers < 0 || o.Workers > maxWorkers {
		add("$.workers", fmt.Sprintf("1 to %d", maxWorkers), "%d workers", o.Workers)
	}
	if o.MaxInFlight < 0 || o.MaxInFlight > mostPending {
		add("$.max_in_flight", fmt.Sprintf("1 to %d", mostPending), "%d is out of range", o.MaxInFlight)
	}
	if o.Workers > 1 && o.Share == "" {
		add("$.share", "name a group: share: citywatch", "several workers would each get every message")
	}
	if o.Share != "" && o.ClientID == "" {
		add("$.client_id", "a name that only this process has, and keeps", "processes that share a feed need client ids of their own")
	}
	if strings.ContainsAny(o.Share, "/+#") {
		add("$.share", "letters and digits", "%q cannot name a group", o.Share)
	}
	if o.PasswordFile != "" && o.Username == "" {
		add("$.username", "give one", "a password without a username")
	}
	if (o.TLS.Cert == "") != (o.TLS.Key == "") {
		add("$.tls", "give both cert and key, or neither", "a certificate is of no use without its key")
	}
	if len(o.Topics) == 0 {
		add("$.topics", "- filter: city/#", "a source without topics receives nothing")
	}
	return append(problems, o.topicProblems()...)
}

func (o Options) topicProblems() []citywatch.Problem {
	var problems []citywatch.Problem
	for i, t := range o.Topics {
		add := func(path, message, hint string) {
			problems = append(problems, citywatch.Problem{Path: fmt.Sprintf("$.topics[%d]%s", i, path), Message: message, Hint: hint})
		}
		if message, hint := filterProblem(t.Filter); message != "" {
			add(".filter", message, hint)
		}
		for j := range i {
			if o.Topics[j].Filter == t.Filter {
				add(".filter", fmt.Sprintf("%q stands here twice; only the first would ever be used", t.Filter), "remove one")
			}
		}
		if t.Decode.Format == decode.Sparkplug && o.Share != "" {
			add(".format", "the messages of a Sparkplug node must all come to one process", "give them a source of their own, without share")
		}
		if t.AutoRegister && t.Class == "" {
			add(".class", "devices that register themselves need a class", "name one of the devices file")
		}
		if t.Sector != "" && !slices.Contains(citywatch.Sectors(), t.Sector) {
			add(".sector", fmt.Sprintf("unknown sector %q", t.Sector), fmt.Sprintf("one of %v", citywatch.Sectors()))
		}
		for _, p := range t.Decode.Problems() {
			add(strings.TrimPrefix(p.Path, "$"), p.Message, p.Hint)
		}
	}
	return problems
}

// ports are the usual ones, by scheme.
func ports() map[string]string {
	return map[string]string{"tcp": "1883", "mqtt": "1883", "ssl": "8883", "tls": "8883", "mqtts": "8883", "ws": "80", "wss": "443"}
}

func urlProblem(s string) (message, hint string) {
	const example = "tcp://host:1883, ssl://host:8883, ws://host/mqtt or wss://host/mqtt"
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "" || ports()[u.Scheme] == "":
		// Without the text itself: what does not parse may hold a password.
		return "not the address of a broker", example
	case u.User != nil:
		return "the address holds a user or password", "set username and password_file"
	}
	return "", ""
}

func (o Options) withDefaults() Options {
	if o.ClientID == "" {
		o.ClientID = "citywatch-" + o.Name
	}
	if o.Workers == 0 {
		o.Workers = 1
	}
	if o.MaxInFlight == 0 {
		o.MaxInFlight = 8192
	}
	if o.QoS == nil {
		one := 1
		o.QoS = &one
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	o.Log = o.Log.With("source", o.Name)
	if o.CanaryEvery > 0 {
		o.Topics = append([]Topic{o.canary()}, o.Topics...)
	}
	return o
}
