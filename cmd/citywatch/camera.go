package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"citywatch"
	"citywatch/video"
	"citywatch/video/address"
	"citywatch/video/onvif"
	"citywatch/video/rtsp"
)

// passwordVariable is where the password may stand, for those who keep theirs
// in no file. On the command line everybody on the machine could read it.
const passwordVariable = "CITYWATCH_CAMERA_PASSWORD"

// cameraCommand is `camera probe URL`.
func cameraCommand(ctx context.Context, c *call) error {
	c.flags.Usage = func() {
		_, _ = fmt.Fprint(c.stderr, `citywatch camera probe URL   say what a camera offers, or why not

URL is rtsp://HOST/PATH, rtsps://HOST/PATH, or to have the camera itself say
where its streams are onvif://HOST or http://HOST. No configuration is needed,
and nothing is connected to but this host.

`)
		c.flags.PrintDefaults()
	}
	p := probe{call: c}
	c.flags.StringVar(&p.username, "username", "", "user of the camera")
	c.flags.StringVar(&p.passwordFile, "password-file", "", "file with the password; by default it is taken from "+passwordVariable)
	c.flags.Func("transport", "auto, tcp or udp (default auto)", func(text string) error {
		return p.transport.UnmarshalText([]byte(text))
	})
	c.flags.BoolVar(&p.json, "json", false, "print JSON")
	words, err := c.interleaved()
	if err != nil {
		return err
	}
	if len(words) != 2 || words[0] != "probe" {
		c.flags.Usage()
		return errUsage
	}
	at, err := p.address(words[1])
	if err != nil {
		return err
	}
	if p.networks, err = only(ctx, at.Hostname()); err != nil {
		return err
	}
	if at.Scheme() == address.ONVIF {
		return p.onvif(ctx, at)
	}
	report, err := p.stream(ctx, at)
	return errors.Join(p.print(report, report.String()), err)
}

// A probe is the command being run.
type probe struct {
	*call
	username, passwordFile string
	transport              rtsp.Transport
	json                   bool
	networks               address.Ranges
}

// address reads what a person has typed, with the login from elsewhere.
func (p *probe) address(text string) (address.Address, error) {
	a, err := parseCamera(text)
	if err != nil {
		return a, err
	}
	if p.username == "" {
		if p.passwordFile != "" {
			return a, errors.New("--password-file goes with --username")
		}
		return a, nil
	}
	password, set := os.LookupEnv(passwordVariable)
	if p.passwordFile != "" {
		b, err := os.ReadFile(p.passwordFile)
		if err != nil {
			return a, fmt.Errorf("the password cannot be read: %w", err)
		}
		password, set = strings.TrimSpace(string(b)), true
	}
	if !set {
		return a, fmt.Errorf("--username goes with --password-file FILE, or with the password in %s", passwordVariable)
	}
	return a.WithCredentials(p.username, password), nil
}

// parseCamera reads an address of a camera; that of its web page is taken to
// mean that it is to be asked by ONVIF.
func parseCamera(text string) (address.Address, error) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(text), "://")
	if scheme != "http" && scheme != "https" {
		return address.Parse(text)
	}
	a, err := address.Parse(address.ONVIF + "://" + rest)
	if err != nil || scheme == "http" {
		return a, err
	}
	_, port, _ := net.SplitHostPort(a.HostPort("443"))
	if port != "443" {
		return a, fmt.Errorf("ONVIF by HTTPS is asked for at port 443 only, not at %s", port)
	}
	return a.WithHost(a.HostPort("443")), nil
}

// only returns the networks that hold nothing but the host: whoever types an
// address means that one, and nothing that it may redirect to.
func only(ctx context.Context, host string) (address.Ranges, error) {
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return address.Ranges{}, fmt.Errorf("the host cannot be resolved: %w", err)
	}
	var texts []string
	for _, ip := range found {
		texts = append(texts, ip.Unmap().WithZone("").String())
	}
	return address.ParseRanges(texts)
}

// stream watches one stream for a few seconds. The error has a hint.
func (p *probe) stream(ctx context.Context, at address.Address) (rtsp.Report, error) {
	report, err := rtsp.Probe(ctx, rtsp.Options{Address: at, Transport: p.transport, Networks: p.networks})
	if err == nil || ctx.Err() != nil {
		return report, ctx.Err()
	}
	_, _, login := at.Credentials()
	return report, hinted(err, login)
}

// print writes a result, in JSON or for people.
func (p *probe) print(v any, text string) error {
	if !p.json {
		_, err := fmt.Fprintln(p.stdout, text)
		return err
	}
	e := json.NewEncoder(p.stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// An onvifReport is what a camera says of itself, and what its largest and its
// smallest stream then are.
type onvifReport struct {
	onvif.Description
	Main *rtsp.Report `json:"main,omitempty"`
	Sub  *rtsp.Report `json:"sub,omitempty"`
}

// onvif asks the camera for its profiles and watches those that would be used.
func (p *probe) onvif(ctx context.Context, at address.Address) error {
	o := onvif.Options{Address: at, Networks: p.networks}
	d, err := onvif.Describe(ctx, o)
	if err != nil {
		_, _, login := at.Credentials()
		return hinted(err, login)
	}
	report := onvifReport{Description: d}
	text := describe(at, d)
	var failed []error
	var main onvif.Profile
	for _, quality := range []video.Quality{video.Main, video.Sub} {
		o.Quality = quality
		profile, err := d.Choose(o)
		if err != nil {
			failed = append(failed, err)
			break
		}
		if quality == video.Sub && profile.Token == main.Token {
			break // it has only one
		}
		if profile.Stream.IsZero() {
			failed = append(failed, fmt.Errorf("the camera does not say where its %s stream is", quality))
			continue
		}
		seen, err := p.stream(ctx, profile.Stream)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s stream: %w", quality, err))
		}
		text += fmt.Sprintf("\n%s stream (%s)\n%v", quality, profile.Token, seen)
		if quality == video.Main {
			main, report.Main = profile, &seen
		} else {
			report.Sub = &seen
		}
	}
	return errors.Join(append([]error{p.print(report, text)}, failed...)...)
}

// describe writes what a camera says of itself, for people.
func describe(at address.Address, d onvif.Description) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v: %s", at, cmp.Or(strings.TrimSpace(d.Maker+" "+d.Model), "a camera that does not say which"))
	if d.Firmware != "" {
		fmt.Fprintf(&b, ", firmware %s", d.Firmware)
	}
	if off := d.Skew.Abs(); off >= citywatch.MaxAhead {
		way := "ahead"
		if d.Skew < 0 {
			way = "behind"
		}
		fmt.Fprintf(&b, "\n  its clock is %v %s: set it, for the time it writes into its pictures", off, way)
	}
	for _, p := range d.Profiles {
		fmt.Fprintf(&b, "\n  profile %s: %v", p.Token, p)
		if !p.Stream.IsZero() {
			fmt.Fprintf(&b, "\n    stream %v", p.Stream)
		}
		if p.Snapshot != "" {
			fmt.Fprintf(&b, "\n    picture %s", p.Snapshot)
		}
	}
	return b.String()
}

// hinted adds to why a camera offers nothing what a person may try next.
func hinted(err error, login bool) error {
	var f *video.Fault
	state := citywatch.CameraUnreachable
	switch {
	case errors.Is(err, onvif.ErrUnauthorized):
		state = citywatch.CameraBadCredentials
	case errors.Is(err, onvif.ErrNoProfile):
		state = citywatch.CameraUnsupported
	case errors.As(err, &f):
		state = f.State
	}
	var hint string
	switch state {
	case citywatch.CameraBadCredentials:
		hint = "check user and password, and wait before the next try: many cameras lock an account after a few wrong ones"
		if !login {
			hint = "it wants a login: give --username and --password-file"
		}
	case citywatch.CameraNoVideo:
		hint = "it answers, and sends nothing that can be shown; try --transport tcp or udp, or its other stream"
	case citywatch.CameraUnsupported:
		hint = "set the codec of its video to H.264 or H.265"
	default:
		hint = "is it switched on, in reach, and the port right? RTSP is usually at 554; onvif://HOST has the camera itself say where its streams are"
	}
	return fmt.Errorf("%w\n%s", err, hint)
}
