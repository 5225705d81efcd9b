package notify

import (
	"fmt"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"citywatch"
	"citywatch/internal/strictyaml"
)

// Options configure how people are told. A zero field takes its default.
type Options struct {
	Push     PushOptions      `yaml:"push"`
	Webhooks []WebhookOptions `yaml:"webhooks"`
}

// PushOptions configure Web Push.
type PushOptions struct {
	// Off sends nothing to phones, for centres without a way to the internet.
	Off bool `yaml:"off"`
	// Contact is whom a push service may write to when something is wrong with
	// what is sent: mailto:… or https://….
	Contact string `yaml:"contact"`
	// TTL is how long a message is worth delivering.
	TTL time.Duration `yaml:"ttl"`
	// MaxSubscriptions bounds how many phones may subscribe.
	MaxSubscriptions int `yaml:"max_subscriptions"`
	// Networks may be pushed to besides the public internet, as when a push
	// service of one's own runs in the centre.
	Networks []string `yaml:"networks"`
}

// WebhookOptions configure one program that is told by HTTP.
type WebhookOptions struct {
	// Name tells it from the others, for ever: what is still to be sent goes by it.
	Name string `yaml:"name"`
	URL  string `yaml:"url"`
	// SecretFile names the file with the secret by which what is sent is signed.
	SecretFile string `yaml:"secret_file"`
	// Level is the lowest that is sent.
	Level citywatch.Level `yaml:"level"`
}

// The defaults.
const (
	defaultContact          = "mailto:citywatch@localhost.invalid"
	defaultTTL              = 2 * time.Hour
	defaultMaxSubscriptions = 20_000
)

// WithDefaults returns the options with what is left out filled in.
func (o Options) WithDefaults() Options {
	if o.Push.Contact == "" {
		o.Push.Contact = defaultContact
	}
	if o.Push.TTL == 0 {
		o.Push.TTL = defaultTTL
	}
	if o.Push.MaxSubscriptions == 0 {
		o.Push.MaxSubscriptions = defaultMaxSubscriptions
	}
	return o
}

// Problems returns what is wrong with the options.
func (o Options) Problems() []citywatch.Problem {
	var ps []citywatch.Problem
	add := func(path, hint, format string, args ...any) {
		ps = append(ps, citywatch.Problem{Path: path, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
	if c := o.Push.Contact; c != "" && !isContact(c) {
		add("$.push.contact", "mailto:truc-ban@laocai.gov.vn", "%q is neither an e-mail address nor a page", c)
	}
	if o.Push.TTL < 0 || o.Push.TTL > 28*24*time.Hour {
		add("$.push.ttl", "2h", "push services keep a message for 4 weeks at most")
	}
	if o.Push.MaxSubscriptions < 0 {
		add("$.push.max_subscriptions", "push.off: true takes none", "is negative")
	}
	if _, err := newGuard(o.Push.Networks); err != nil {
		add("$.push.networks", "as in 10.20.0.0/16", "%v", err)
	}
	names := map[string]bool{}
	for i, w := range o.Webhooks {
		at := strictyaml.Index("$.webhooks", i)
		if w.Name == "" || names[w.Name] {
			add(at+".name", "it is by the name that what is still to be sent finds its way after a restart", "%q is no name of its own", w.Name)
		}
		names[w.Name] = true
		if u, err := url.Parse(w.URL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			add(at+".url", "as in https://dispatch.example.vn/alerts", "not an address")
		}
		if w.SecretFile == "" {
			add(at+".secret_file", "a file that holds nothing but the secret, of at least 24 characters", "without a secret nobody knows who sends it")
		}
		if w.Level != citywatch.None && !w.Level.Valid() {
			add(at+".level", "1 to 5", "there is no level %d", w.Level)
		}
	}
	return ps
}

func isContact(text string) bool {
	if address, ok := strings.CutPrefix(text, "mailto:"); ok {
		_, err := mail.ParseAddress(address)
		return err == nil
	}
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "https" && u.Host != ""
}
