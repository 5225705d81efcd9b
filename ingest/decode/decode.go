package decode

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"citywatch"
)

// Bounds on what one message may say. What lies outside is a mistake or an
// attack, and neither may grow the series of the store.
const (
	maxValues = 256  // values of one reading
	maxName   = 128  // bytes of a device's id or a value's name
	maxText   = 1024 // bytes of a text value
)

// A Message is one message as its source delivered it.
type Message struct {
	// Topic is where it was published. A source without topics (HTTP) makes
	// one up.
	Topic   string
	Payload []byte
	// Arrived is when citywatch received it.
	Arrived time.Time
}

// A Decoder turns messages of one format into readings.
//
// Decode appends to dst the readings of m: each has Device, Time and
// TimeAssumed, Arrived, at least one of Values, and Position where the device
// says it; never Class, Zone and Sector. No string or slice of a reading
// refers to m.Payload.
//
// An error is always an [*Error]. Readings that were appended beside an error
// are good and must be kept: one record of an array may be refused alone. No
// reading and no error is a message that measures nothing, such as a bridge's
// log.
//
// A Decoder is safe for use by one goroutine at a time. What a message means
// depends on nothing but the message, except for Sparkplug B, whose births
// give the names of the data after them: one edge node's messages must come
// to the same Decoder, in order.
type Decoder interface {
	Decode(dst []citywatch.Reading, m Message) ([]citywatch.Reading, error)
}

// An Error is why a message, or a part of it, was refused.
type Error struct {
	Refusal citywatch.Refusal
	// Detail says what was wrong, where in the payload, and how to mend it.
	Detail string

	err error
}

func (e *Error) Error() string { return e.Detail }

// Unwrap returns the cause, if there is one.
func (e *Error) Unwrap() error { return e.err }

// refuse returns an Error of format and its arguments.
func refuse(r citywatch.Refusal, format string, args ...any) *Error {
	return &Error{Refusal: r, Detail: fmt.Sprintf(format, args...)}
}

// The formats.
const (
	JSON        = "json"
	JSONFields  = "json_fields"
	SenML       = "senml"
	Scalar      = "scalar"
	ChirpStack  = "chirpstack"
	TTS         = "tts"
	Sparkplug   = "sparkplug"
	Zigbee2MQTT = "zigbee2mqtt"
	ThingsBoard = "thingsboard"
	Frigate     = "frigate"
)

// format is what is known of one format before its options are.
type format struct {
	// device is the template that stands where the options have none.
	device string
	make   func(Options, core) Decoder
	// check finds what is wrong in the options that only this format has.
	check func(Options) []citywatch.Problem
}

// formats returns every format by name.
func formats() map[string]format {
	return map[string]format{
		JSON:        {device: "{2}", make: newJSON},
		JSONFields:  {device: "{2}", make: newJSONFields, check: checkJSONFields},
		SenML:       {make: newSenML, check: checkSenML},
		Scalar:      {device: "{2}", make: newScalar, check: checkScalar},
		ChirpStack:  {device: "{payload:/deviceInfo/devEui}", make: newChirpStack},
		TTS:         {device: "{payload:/end_device_ids/device_id}", make: newTTS},
		Sparkplug:   {device: "{4}", make: newSparkplug, check: checkSparkplug},
		Zigbee2MQTT: {device: "{1+}", make: newZigbee2MQTT},
		ThingsBoard: {device: "{2}", make: newThingsBoard},
		Frigate:     {device: "{1}", make: newFrigate, check: checkFrigate},
	}
}

// Formats returns the names of the formats, sorted.
func Formats() []string {
	var names []string
	for name := range formats() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Options choose a format and say what its payloads leave open.
type Options struct {
	// Format is the payload's format; empty means json.
	Format string `yaml:"format"`
	// Device says where the device's id stands: text with {2} for the topic's
	// third level, {1+} for the second and all after it, and
	// {payload:/deviceInfo/devEui} for what a JSON pointer finds in the
	// payload. Empty means the place that is usual for the format.
	Device string `yaml:"device"`
	// Value is the value's name, for scalar a template like Device ({3} if
	// empty), for senml the name of values that have none of their own
	// (value if empty).
	Value string `yaml:"value"`
	// Split is for senml: the character at whose last occurrence a name is
	// cut into device and value. Empty means that the base name is the
	// device, the name the value.
	Split string `yaml:"split"`
	// Fields is for json_fields: where its parts stand.
	Fields Fields `yaml:"fields"`
}

// Problems returns what is wrong in the options, nil if they can be used.
func (o Options) Problems() []citywatch.Problem {
	f, ok := formats()[o.format()]
	if !ok {
		return []citywatch.Problem{{
			Path:    "$.format",
			Message: fmt.Sprintf("unknown format %q", o.Format),
			Hint:    "known are " + strings.Join(Formats(), ", "),
		}}
	}
	var problems []citywatch.Problem
	if _, err := parseTemplate(o.Device); err != nil {
		problems = append(problems, citywatch.Problem{Path: "$.device", Message: err.Error(),
			Hint: "write {2} for the topic's third level, or {payload:/id} for a member of the payload"})
	}
	if f.check != nil {
		problems = append(problems, f.check(o)...)
	}
	return append(problems, o.strays()...)
}

// strays returns the options that are set although the format has no use for
// them.
func (o Options) strays() []citywatch.Problem {
	var problems []citywatch.Problem
	stray := func(name string, set bool, of ...string) {
		if set && !slices.Contains(of, o.format()) {
			problems = append(problems, citywatch.Problem{Path: "$." + name,
				Message: fmt.Sprintf("the format %s has no %s", o.format(), name), Hint: "it is for " + strings.Join(of, " and ")})
		}
	}
	stray("value", o.Value != "", Scalar, SenML)
	stray("split", o.Split != "", SenML)
	stray("fields", !reflect.ValueOf(o.Fields).IsZero(), JSONFields)
	return problems
}

func (o Options) format() string {
	if o.Format == "" {
		return JSON
	}
	return o.Format
}

// New returns a decoder. Its error is the first of o.Problems.
func New(o Options) (Decoder, error) {
	if problems := o.Problems(); len(problems) > 0 {
		return nil, fmt.Errorf("decoder: %w", problems[0])
	}
	f := formats()[o.format()]
	if o.Device == "" {
		o.Device = f.device
	}
	device, err := parseTemplate(o.Device)
	if err != nil {
		return nil, fmt.Errorf("decoder: device: %w", err)
	}
	return f.make(o, core{device: device}), nil
}
