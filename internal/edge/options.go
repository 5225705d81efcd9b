package edge

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"

	"citywatch"

	"github.com/prometheus/client_golang/prometheus"
)

// DefaultListen is where the broker listens unless it is told otherwise.
const DefaultListen = "127.0.0.1:1883"

// Options say where the broker listens and who may connect.
type Options struct {
	// Dir is the folder of what it keeps, and belongs to it alone.
	Dir string `yaml:"-"`
	// Listen is the address, host:port; port 0 takes any that is free.
	// Without Users only a loopback address is allowed.
	Listen string `yaml:"listen"`
	// Users are those who may connect. Without any, everybody may.
	Users []User `yaml:"users"`
}

// A User may publish and subscribe to every topic.
type User struct {
	Name string `yaml:"name"`
	// PasswordFile holds the password in its first line. It is read at the
	// start.
	PasswordFile string `yaml:"password_file"`
}

// Deps are what the broker is given by its surroundings. Both may be nil.
type Deps struct {
	Log     *slog.Logger
	Metrics prometheus.Registerer
}

// Problems returns what is wrong with the options, with paths such as
// $.users[0].name.
func (o Options) Problems() []citywatch.Problem {
	var ps []citywatch.Problem
	bad := func(path, hint, format string, args ...any) {
		ps = append(ps, citywatch.Problem{Path: path, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
	host, _, err := o.address()
	switch {
	case err != nil:
		bad("$.listen", "for example "+DefaultListen, "%q is not an address: %v", o.Listen, err)
	case len(o.Users) == 0 && !loopback(host):
		bad("$.listen", "name users, or listen on "+DefaultListen,
			"%q is open to others than this machine, and everybody could publish", o.Listen)
	}
	seen := map[string]bool{}
	for i, u := range o.Users {
		path := fmt.Sprintf("$.users[%d].", i)
		switch {
		case u.Name == "":
			bad(path+"name", "any name without spaces", "a user without a name")
		case strings.ContainsAny(u.Name, " \t\r\n"):
			bad(path+"name", "any name without spaces", "%q has a space in it", u.Name)
		case seen[u.Name]:
			bad(path+"name", "one entry for each", "the user %s is there twice", u.Name)
		}
		seen[u.Name] = true
		if u.PasswordFile == "" {
			bad(path+"password_file", "a file with the password in its first line", "the user %s has no password", u.Name)
		}
	}
	return ps
}

// address splits Listen.
func (o Options) address() (host string, port int, err error) {
	listen := o.Listen
	if listen == "" {
		listen = DefaultListen
	}
	host, p, err := net.SplitHostPort(listen)
	if err != nil {
		return "", 0, err
	}
	port, err = strconv.Atoi(p)
	if err != nil || port < 0 || port > 65535 {
		return "", 0, fmt.Errorf("%q is not a port", p)
	}
	return host, port, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// password reads the first line of the user's file.
func (u User) password() (string, error) {
	data, err := os.ReadFile(u.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("the password of %s: %w", u.Name, err)
	}
	line, _, _ := strings.Cut(string(data), "\n")
	line = strings.TrimSuffix(line, "\r")
	if line == "" {
		return "", fmt.Errorf("the password of %s: the first line of %s is empty", u.Name, u.PasswordFile)
	}
	return line, nil
}
