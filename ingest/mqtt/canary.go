package mqtt

import (
	"fmt"
	"strings"
	"time"

	"citywatch"
	"citywatch/ingest/decode"
)

// CanaryDevice returns the id of the device that the canary of a source is.
func CanaryDevice(source string) string { return "canary-" + source }

// canaryTopic is where the canary sings: one of its own for each client, for
// several may share a broker.
func (o *Options) canaryTopic() string {
	return "citywatch/canary/" + strings.Map(func(r rune) rune {
		if strings.ContainsRune("/+#>* ", r) {
			return '-'
		}
		return r
	}, o.ClientID)
}

// canary is the topic by which the canary comes back.
func (o *Options) canary() Topic {
	return Topic{Filter: o.canaryTopic(), Decode: decode.Options{Format: decode.JSON, Device: CanaryDevice(o.Name)}}
}

// sing publishes a message every so often until the session ends. It is not
// kept for a broker that is away: a canary that comes late tells of nothing.
func (s *session) sing() {
	o := &s.worker.source.opts
	if o.CanaryEvery == 0 || s.worker.number != 1 {
		return
	}
	ticker := time.NewTicker(o.CanaryEvery)
	defer ticker.Stop()
	for {
		now := time.Now().Format(time.RFC3339Nano)
		s.client.Publish(o.canaryTopic(), 0, false, fmt.Sprintf(`{"time":%q,"values":{%q:1}}`, now, citywatch.CanaryValue))
		select {
		case <-ticker.C:
		case <-s.ctx.Done():
			return
		}
	}
}
