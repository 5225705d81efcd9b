package journal

import (
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"time"

	"citywatch"

	"github.com/prometheus/client_golang/prometheus"
)

// Options say where the journal lies and how much of it is kept. The zero
// value of every field but Dir is a sane default.
type Options struct {
	// Dir is the folder of the server in this process. It belongs to this
	// journal alone, and is not used where URL is set.
	Dir string `yaml:"-"`
	// URL names a NATS server or cluster with JetStream, to be used instead:
	// nats://host:4222, several separated by commas. Set sync_interval:
	// always there, or a power cut loses what was acknowledged.
	URL string `yaml:"url"`
	// CredentialsFile is the NATS .creds file for URL.
	CredentialsFile string `yaml:"credentials_file"`
	// Replicas is how many servers of the cluster keep each entry.
	Replicas int `yaml:"replicas"`
	// Name distinguishes several journals on one NATS cluster: the streams'
	// names begin with it.
	Name string `yaml:"name"`
	// Shards is how many parts the readings are divided into.
	Shards int `yaml:"shards"`

	// MaxAge and MaxBytes bound the readings of each shard: the oldest are
	// dropped, whether they were read or not. They are the time that a
	// reader (InfluxDB) may be down; the alarm sounds at half of it.
	MaxAge   time.Duration `yaml:"max_age"`
	MaxBytes int64         `yaml:"max_bytes"`
	// TransitionsMaxAge is how long the history of alerts is kept.
	TransitionsMaxAge time.Duration `yaml:"transitions_max_age"`
	// DeadLettersMaxBytes bounds the messages that were refused.
	DeadLettersMaxBytes int64 `yaml:"dead_letters_max_bytes"`
	// MinFree is how many bytes must stay free on Dir's disk: below, appends
	// are refused with ErrDiskFull, before the server itself fails.
	MinFree int64 `yaml:"min_free"`
}

// Defaults of Options.
const (
	defaultName                = "citywatch"
	defaultMaxAge              = 7 * 24 * time.Hour
	defaultMaxBytes            = 16 << 30
	defaultTransitionsMaxAge   = 3650 * 24 * time.Hour
	defaultDeadLettersMaxBytes = 1 << 30
	defaultMinFree             = 256 << 20
)

// maxShards keeps a slip of the finger from creating streams by the thousand.
const maxShards = 64

func (o Options) withDefaults() Options {
	setDefault(&o.Name, defaultName)
	setDefault(&o.Shards, 1)
	setDefault(&o.Replicas, 1)
	setDefault(&o.MaxAge, defaultMaxAge)
	setDefault(&o.MaxBytes, defaultMaxBytes)
	setDefault(&o.TransitionsMaxAge, defaultTransitionsMaxAge)
	setDefault(&o.DeadLettersMaxBytes, defaultDeadLettersMaxBytes)
	setDefault(&o.MinFree, defaultMinFree)
	return o
}

func setDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

var namePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

// Problems returns what is wrong with the options, with paths such as
// $.max_age.
func (o Options) Problems() []citywatch.Problem {
	var ps []citywatch.Problem
	bad := func(path, hint, format string, args ...any) {
		ps = append(ps, citywatch.Problem{Path: "$." + path, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
	if strings.Contains(o.URL, "@") {
		// Addresses are logged; the value itself is not repeated here either.
		bad("url", "use credentials_file", "credentials do not belong in the address")
	}
	if o.Name != "" && !namePattern.MatchString(o.Name) {
		bad("name", "letters, digits, _ and -, at most 32", "%q cannot be the name of a journal", o.Name)
	}
	for server := range strings.SplitSeq(o.URL, ",") {
		if o.URL != "" && !strings.Contains(server, "://") {
			bad("url", "for example nats://nats-1:4222,nats://nats-2:4222", "%q is not a NATS address", strings.TrimSpace(server))
		}
	}
	if o.URL == "" && o.CredentialsFile != "" {
		bad("credentials_file", "set url too, or leave it out", "credentials without a server to use them on")
	}
	if o.URL == "" && o.Replicas > 1 {
		bad("replicas", "set url to a NATS cluster", "the journal in this process has no replicas")
	}
	if o.Replicas < 0 || o.Replicas > 5 {
		bad("replicas", "1, 3 or 5", "%d replicas", o.Replicas)
	}
	if o.Shards < 0 || o.Shards > maxShards {
		bad("shards", fmt.Sprintf("1 to %d", maxShards), "%d shards", o.Shards)
	}
	if o.MaxAge != 0 && o.MaxAge < time.Hour {
		bad("max_age", "at least 1h: so long may a reader be down", "%v is too short", o.MaxAge)
	}
	if o.TransitionsMaxAge != 0 && o.TransitionsMaxAge < 24*time.Hour {
		bad("transitions_max_age", "at least 24h", "%v is too short", o.TransitionsMaxAge)
	}
	if o.MaxBytes != 0 && o.MaxBytes < 64<<20 {
		bad("max_bytes", "at least 67108864 (64 MiB)", "%d bytes are too few", o.MaxBytes)
	}
	if o.DeadLettersMaxBytes != 0 && o.DeadLettersMaxBytes < 1<<20 {
		bad("dead_letters_max_bytes", "at least 1048576 (1 MiB)", "%d bytes are too few", o.DeadLettersMaxBytes)
	}
	if o.MinFree < 0 {
		bad("min_free", "a number of bytes", "%d bytes", o.MinFree)
	}
	return ps
}

// Deps are what the journal is given by its surroundings. Both may be nil.
type Deps struct {
	Log     *slog.Logger
	Metrics prometheus.Registerer
}
