package citywatch

import "time"

// A Refusal is why a message was not accepted as a reading. It is also the
// value of the metric's label, so the set is fixed.
type Refusal string

// The refusals.
const (
	RefusedDecode   Refusal = "decode"         // not what the decoder expects
	RefusedNumber   Refusal = "not_finite"     // NaN, an infinity, a hexadecimal float
	RefusedSize     Refusal = "too_large"      // over 64 KiB
	RefusedDevice   Refusal = "unknown_device" // not registered
	RefusedFuture   Refusal = "future"         // measured more than 2 minutes ahead
	RefusedNoValues Refusal = "no_values"      // decoded, but nothing in it
	RefusedStore    Refusal = "store"          // the time series store will never take it
)

// MaxPayload is the largest message a device may send, in bytes.
const MaxPayload = 64 << 10

// MaxAhead is how far in the future a reading may claim to have been measured.
const MaxAhead = 2 * time.Minute

// A DeadLetter is a message that was refused, whole, with the reason: it can
// be looked at, and sent through ingest again after the fault is mended.
type DeadLetter struct {
	// Seq is its place among the dead letters, given by the journal.
	Seq uint64 `json:"seq,omitempty"`
	// Source is the configured source it came by, Topic where it was
	// published, Decoder what was meant to understand it.
	Source  string    `json:"source"`
	Topic   string    `json:"topic,omitempty"`
	Decoder string    `json:"decoder,omitempty"`
	Device  string    `json:"device,omitempty"`
	Arrived time.Time `json:"arrived"`
	Refusal Refusal   `json:"refusal"`
	// Detail says what was wrong, for people.
	Detail string `json:"detail"`
	// Payload is the message as it came; cut at MaxPayload.
	Payload []byte `json:"payload"`
}
