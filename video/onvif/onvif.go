package onvif

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"citywatch/video"
	"citywatch/video/address"
)

// What a camera may be found to be like.
var (
	// ErrUnauthorized is wrapped by the error of a camera that wants a login,
	// or another one.
	ErrUnauthorized = errors.New("it refuses the user or the password")
	// ErrNoProfile is wrapped by the error of a camera that has no profile of
	// the kind that was asked for.
	ErrNoProfile = errors.New("it has no such video profile")
)

// DefaultTimeout is how long one answer may take.
const DefaultTimeout = 10 * time.Second

// Options say which camera to ask, and how. Only Address must be given.
type Options struct {
	// Address leads to the camera: onvif://host, with its port unless that is
	// 80; port 443 means HTTPS. Its path is that of the device service, unless
	// that is the usual one. Of a recorder, ?channel=2 means its second camera;
	// ?profile=TOKEN means that very profile.
	Address address.Address
	// Networks are those that the camera may be in; unless given, the private
	// ones.
	Networks address.Ranges
	// TLS is used for HTTPS; nil trusts what the system trusts.
	TLS *tls.Config
	// Timeout is DefaultTimeout unless given.
	Timeout time.Duration
	// Quality is which of the camera's streams a Source plays: the largest for
	// video.Main, the smallest for video.Sub. It is video.Main unless given.
	Quality video.Quality
	// Play returns the source that plays the RTSP address which a Source has
	// been told. It must be given for New.
	Play func(address.Address) video.Source
}

func (o Options) withDefaults() Options {
	o.Timeout = cmp.Or(o.Timeout, DefaultTimeout)
	o.Quality = cmp.Or(o.Quality, video.Main)
	return o
}

// A Description is what a camera says of itself. Its texts are the camera's,
// cut and cleared of control characters and of what looks like a credential.
type Description struct {
	Maker    string        `json:"maker,omitempty"`
	Model    string        `json:"model,omitempty"`
	Firmware string        `json:"firmware,omitempty"`
	Media2   bool          `json:"media2"` // it has the service that knows H.265
	Skew     time.Duration `json:"skew"`   // how far its clock is ahead of ours
	Profiles []Profile     `json:"profiles"`
}

// A Profile is one stream that a camera offers. What the camera does not say is
// zero.
type Profile struct {
	Token string `json:"token"`
	Name  string `json:"name,omitempty"`
	// Source names what is filmed: a recorder has several.
	Source string      `json:"source,omitempty"`
	Codec  video.Codec `json:"codec,omitempty"` // also MPEG4 and others that are not carried
	Width  int         `json:"width,omitempty"`
	Height int         `json:"height,omitempty"`
	FPS    float64     `json:"fps,omitempty"`
	// Bitrate is the most in kbit/s, GOP the distance of key frames in frames.
	Bitrate int `json:"bitrate,omitempty"`
	GOP     int `json:"gop,omitempty"`
	// Stream is where it is played, with the credentials of Options.Address;
	// zero if the camera did not say.
	Stream address.Address `json:"stream,omitzero"`
	// Snapshot is where a JPEG of it is, without credentials, empty if the
	// camera did not say. It is for reading: its query may be hidden.
	Snapshot string `json:"snapshot,omitempty"`

	media *service
}

// Describe asks a camera for all that it offers. A profile whose addresses the
// camera does not tell is among the others, without them.
func Describe(ctx context.Context, o Options) (Description, error) {
	c, err := newClient(o.withDefaults())
	if err != nil {
		return Description{}, err
	}
	if err := c.discover(ctx); err != nil {
		return Description{}, err
	}
	d := Description{Skew: c.skew.Round(time.Second), Media2: c.media2 != nil}
	if d.Profiles, err = c.profiles(ctx); err != nil {
		return d, err
	}
	c.information(ctx, &d)
	for i := range d.Profiles {
		p := &d.Profiles[i]
		if p.Stream, err = c.stream(ctx, p); errors.Is(err, ErrUnauthorized) || ctx.Err() != nil {
			return d, err
		}
		p.Snapshot = c.snapshot(ctx, p)
	}
	return d, nil
}

// resolve asks a camera only for the address of one stream.
func resolve(ctx context.Context, o Options) (address.Address, error) {
	c, err := newClient(o)
	if err != nil {
		return address.Address{}, err
	}
	if err := c.discover(ctx); err != nil {
		return address.Address{}, err
	}
	profiles, err := c.profiles(ctx)
	if err != nil {
		return address.Address{}, err
	}
	p, err := choose(profiles, o)
	if err != nil {
		return address.Address{}, err
	}
	return c.stream(ctx, &p)
}

// Choose returns the profile that a Source with these options plays: the one
// that the address names, else of the channel that it names the largest for
// video.Main and the smallest for video.Sub.
func (d Description) Choose(o Options) (Profile, error) {
	return choose(d.Profiles, o.withDefaults())
}

func choose(profiles []Profile, o Options) (Profile, error) {
	query := queryOf(o.Address)
	if token := query.Get("profile"); token != "" {
		for _, p := range profiles {
			if p.Token == token {
				return p, nil
			}
		}
		return Profile{}, fmt.Errorf("%w: there is none called %q (`citywatch camera probe` lists them)", ErrNoProfile, token)
	}
	channel := 1
	if text := query.Get("channel"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return Profile{}, fmt.Errorf("%w: channel is not a number from 1", ErrNoProfile)
		}
		channel = n
	}
	of := ofChannel(profiles, channel)
	if len(of) == 0 {
		return Profile{}, fmt.Errorf("%w: it has no channel %d", ErrNoProfile, channel)
	}
	if o.Quality == video.Sub {
		return slices.MinFunc(of, bySize), nil
	}
	return slices.MaxFunc(of, bySize), nil
}

// ofChannel returns the profiles of the nth thing that is filmed. Those in a
// codec that is not carried are left out while there are others.
func ofChannel(profiles []Profile, n int) []Profile {
	var sources []string
	for _, p := range profiles {
		if !slices.Contains(sources, p.Source) {
			sources = append(sources, p.Source)
		}
	}
	if n > len(sources) {
		return nil
	}
	var of, carried []Profile
	for _, p := range profiles {
		if p.Source != sources[n-1] {
			continue
		}
		of = append(of, p)
		if p.Codec == video.H264 || p.Codec == video.H265 {
			carried = append(carried, p)
		}
	}
	if len(carried) > 0 {
		return carried
	}
	return of
}

// bySize orders profiles by how much they show, then by what they take. Of
// equals the first in the camera's own order is both least and most.
func bySize(a, b Profile) int {
	return cmp.Or(cmp.Compare(a.Width*a.Height, b.Width*b.Height), cmp.Compare(a.FPS, b.FPS), cmp.Compare(a.Bitrate, b.Bitrate))
}

// String describes the profile in a line, for people.
func (p Profile) String() string {
	parts := []string{cmp.Or(p.Name, p.Token)}
	if p.Codec != "" {
		parts = append(parts, string(p.Codec))
	}
	if p.Width > 0 {
		parts = append(parts, fmt.Sprintf("%d×%d", p.Width, p.Height))
	}
	if p.FPS > 0 {
		parts = append(parts, fmt.Sprintf("%g fps", p.FPS))
	}
	if p.GOP > 0 {
		parts = append(parts, fmt.Sprintf("a key frame every %d frames", p.GOP))
	}
	if p.Bitrate > 0 {
		parts = append(parts, fmt.Sprintf("at most %d kbit/s", p.Bitrate))
	}
	return strings.Join(parts, ", ")
}
