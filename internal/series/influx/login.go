package influx

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"

	"citywatch/internal/series"
)

// A login knows the credentials.
type login struct {
	options Options

	mu     sync.Mutex
	secret string // the token or the password; "" when it has to be read
}

// sign puts the credentials into req and returns the secret that it used.
func (l *login) sign(req *http.Request) (used string, err error) {
	o := &l.options
	if o.TokenFile == "" && o.TokenEnv == "" && o.Username == "" {
		return "", nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.secret == "" {
		if l.secret, err = o.readSecret(); err != nil {
			return "", fmt.Errorf("%w: %w", series.ErrUnauthorized, err)
		}
	}
	if o.Username != "" {
		req.SetBasicAuth(o.Username, l.secret)
	} else {
		req.Header.Set("Authorization", "Token "+l.secret)
	}
	return l.secret, nil
}

// refused has the secret read again for the next request: somebody may have
// changed it.
func (l *login) refused(used string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.secret == used {
		l.secret = ""
	}
}

// forget has the secret read again, too: a token that may do more looks the
// same.
func (l *login) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.secret = ""
}

func (o *Options) readSecret() (string, error) {
	where, file := "the environment variable "+o.TokenEnv, o.TokenFile
	if o.Username != "" {
		file = o.PasswordFile
	}
	secret := os.Getenv(o.TokenEnv)
	if file != "" {
		where = file
		data, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		secret = string(data)
	}
	if secret = strings.TrimSpace(secret); secret == "" {
		return "", fmt.Errorf("%s is empty", where)
	}
	return secret, nil
}
