package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	"citywatch"
)

// webhooks tell programs, as https://www.standardwebhooks.com describes it: with
// an id, a time, and a signature over both and the body.
type webhooks struct {
	byName map[string]WebhookOptions
	client *http.Client
	now    func() time.Time
}

// leastSecret is how short a secret may be, in bytes.
const leastSecret = 24

func (h *webhooks) send(ctx context.Context, to string, m *Message, _ time.Time) error {
	hook, ok := h.byName[to]
	if !ok {
		return errGone // it is no longer configured
	}
	// Read anew each time, so that it can be changed while citywatch runs.
	secret, err := os.ReadFile(hook.SecretFile)
	secret = bytes.TrimSpace(secret)
	if err == nil && len(secret) < leastSecret {
		err = fmt.Errorf("the secret is shorter than %d characters", leastSecret)
	}
	if err != nil {
		return fmt.Errorf("webhook %s: %w", to, err)
	}
	body, err := json.Marshal(map[string]any{"type": "alert." + string(m.Reason), "timestamp": m.At, "data": m})
	if err != nil {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, hook.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	at := strconv.FormatInt(h.now().Unix(), 10)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Webhook-Id", m.ID)
	r.Header.Set("Webhook-Timestamp", at)
	r.Header.Set("Webhook-Signature", "v1,"+sign(secret, m.ID, at, body))
	return answer(h.client, r)
}

func sign(secret []byte, id, at string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "%s.%s.", id, at)
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// wanting returns the names of those that a transition is to be sent to.
func (h *webhooks) wanting(t *citywatch.Transition) []string {
	if t.Notice != citywatch.NoticeSound {
		return nil
	}
	var names []string
	for name, hook := range h.byName {
		if t.Alert.Level >= hook.Level {
			names = append(names, name)
		}
	}
	return names
}
