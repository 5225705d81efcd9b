package onvif

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"citywatch/video"
	"citywatch/video/address"
)

// The services, by their namespaces.
const (
	deviceSpace = "http://www.onvif.org/ver10/device/wsdl"
	media1Space = "http://www.onvif.org/ver10/media/wsdl"
	media2Space = "http://www.onvif.org/ver20/media/wsdl"
)

// maxProfiles is how many of one camera are looked at: those of a recorder with
// 64 cameras, and some.
const maxProfiles = 256

func (c *client) device() *service { return &service{url: c.base.String(), namespace: deviceSpace} }

func ask(action, space, content string) string {
	return "<" + action + ` xmlns="` + space + `">` + content + "</" + action + ">"
}

// discover learns the camera's clock and where its media services are.
func (c *client) discover(ctx context.Context) error {
	if err := c.clock(ctx); err != nil {
		return err
	}
	err := c.services(ctx)
	if err != nil && !final(ctx, err) {
		err = c.capabilities(ctx) // as in cameras of before 2012
	}
	if err != nil {
		return err
	}
	if c.media1 == nil && c.media2 == nil {
		return fmt.Errorf("%w: it has no media service", ErrNoProfile)
	}
	return nil
}

// final reports whether another way of asking would change nothing.
func final(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, ErrUnauthorized) || errors.Is(err, address.ErrForbidden)
}

// clock learns how far the camera's clock is ahead. A camera that does not tell
// is taken to be right.
func (c *client) clock(ctx context.Context) error {
	var m struct {
		Time struct {
			UTC   dateTime `xml:"UTCDateTime"`
			Local dateTime `xml:"LocalDateTime"`
		} `xml:"Body>GetSystemDateAndTimeResponse>SystemDateAndTime"`
	}
	// Asked without a login: it would be made for the wrong time, and some
	// cameras count it as an attempt.
	login := c.login
	c.login = false
	before := c.now()
	err := c.call(ctx, c.device(), "GetSystemDateAndTime", ask("GetSystemDateAndTime", deviceSpace, ""), &m)
	c.login = login
	var refused *soapFault
	switch {
	case err == nil:
	case errors.As(err, &refused), errors.Is(err, ErrUnauthorized), errors.Is(err, errNoAnswer):
		return nil
	default:
		return err
	}
	for _, at := range [...]dateTime{m.Time.UTC, m.Time.Local} {
		if t, ok := at.time(); ok {
			// It was made somewhere between the question and the answer.
			c.skew = t.Sub(before.Add(c.now().Sub(before) / 2))
			return nil
		}
	}
	return nil
}

// A dateTime is a time in ONVIF's own form.
type dateTime struct {
	Hour   string `xml:"Time>Hour"`
	Minute string `xml:"Time>Minute"`
	Second string `xml:"Time>Second"`
	Year   string `xml:"Date>Year"`
	Month  string `xml:"Date>Month"`
	Day    string `xml:"Date>Day"`
}

func (d dateTime) time() (time.Time, bool) {
	year, month, day := number(d.Year), number(d.Month), number(d.Day)
	if year < 1970 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31 {
		return time.Time{}, false
	}
	return time.Date(year, time.Month(month), day, number(d.Hour), number(d.Minute), number(d.Second), 0, time.UTC), true
}

// services learns where the media services are, from cameras of version 2.
func (c *client) services(ctx context.Context) error {
	var m struct {
		Services []struct {
			Namespace string `xml:"Namespace"`
			XAddr     string `xml:"XAddr"`
		} `xml:"Body>GetServicesResponse>Service"`
	}
	err := c.call(ctx, c.device(), "GetServices", ask("GetServices", deviceSpace, "<IncludeCapability>false</IncludeCapability>"), &m)
	if err != nil {
		return err
	}
	if len(m.Services) == 0 {
		return errNoAnswer
	}
	for _, s := range m.Services {
		at, err := c.here(s.XAddr)
		if err != nil {
			continue
		}
		switch strings.TrimSuffix(strings.TrimSpace(s.Namespace), "/") {
		case media1Space:
			c.media1 = &service{url: at, namespace: media1Space}
		case media2Space:
			c.media2 = &service{url: at, namespace: media2Space}
		}
	}
	return nil
}

// capabilities learns where the first media service is.
func (c *client) capabilities(ctx context.Context) error {
	var m struct {
		Media string `xml:"Body>GetCapabilitiesResponse>Capabilities>Media>XAddr"`
	}
	err := c.call(ctx, c.device(), "GetCapabilities", ask("GetCapabilities", deviceSpace, "<Category>All</Category>"), &m)
	if err != nil {
		return err
	}
	if m.Media == "" {
		return fmt.Errorf("GetCapabilities: %w", errNoAnswer)
	}
	at, err := c.here(m.Media)
	if err != nil {
		return fmt.Errorf("GetCapabilities: %w", err)
	}
	c.media1 = &service{url: at, namespace: media1Space}
	return nil
}

// information fills in what the camera is, as far as it says.
func (c *client) information(ctx context.Context, d *Description) {
	var m struct {
		Maker    string `xml:"Body>GetDeviceInformationResponse>Manufacturer"`
		Model    string `xml:"Body>GetDeviceInformationResponse>Model"`
		Firmware string `xml:"Body>GetDeviceInformationResponse>FirmwareVersion"`
	}
	if c.call(ctx, c.device(), "GetDeviceInformation", ask("GetDeviceInformation", deviceSpace, ""), &m) == nil {
		d.Maker, d.Model, d.Firmware = legible(m.Maker), legible(m.Model), legible(m.Firmware)
	}
}

// profiles returns the profiles with video, of Media 2 if the camera has it:
// Media 1 has no name for H.265.
func (c *client) profiles(ctx context.Context) ([]Profile, error) {
	var profiles []Profile
	err := error(nil)
	if c.media2 != nil {
		profiles, err = c.profiles2(ctx)
	}
	if len(profiles) == 0 && c.media1 != nil && (err == nil || !final(ctx, err)) {
		profiles, err = c.profiles1(ctx)
	}
	if err == nil && len(profiles) == 0 {
		err = fmt.Errorf("%w: it has none with video", ErrNoProfile)
	}
	return profiles, err
}

// An encoder is a profile's configuration of its video.
type encoder struct {
	Encoding string `xml:"Encoding"`
	Width    string `xml:"Resolution>Width"`
	Height   string `xml:"Resolution>Height"`
	Rate     string `xml:"RateControl>FrameRateLimit"`
	Bitrate  string `xml:"RateControl>BitrateLimit"`
	// The distance of key frames stands in one of three places.
	GOP     string `xml:"GovLength,attr"`
	GOPH264 string `xml:"H264>GovLength"`
	GOPMPEG string `xml:"MPEG4>GovLength"`
}

func (c *client) profiles1(ctx context.Context) ([]Profile, error) {
	var m struct {
		Profiles []struct {
			Token   string   `xml:"token,attr"`
			Name    string   `xml:"Name"`
			Source  string   `xml:"VideoSourceConfiguration>SourceToken"`
			Encoder *encoder `xml:"VideoEncoderConfiguration"`
		} `xml:"Body>GetProfilesResponse>Profiles"`
	}
	if err := c.call(ctx, c.media1, "GetProfiles", ask("GetProfiles", media1Space, ""), &m); err != nil {
		return nil, err
	}
	var profiles []Profile
	for _, p := range m.Profiles {
		if p.Encoder != nil && len(profiles) < maxProfiles {
			profiles = append(profiles, p.Encoder.profile(p.Token, p.Name, p.Source, c.media1))
		}
	}
	return profiles, nil
}

func (c *client) profiles2(ctx context.Context) ([]Profile, error) {
	var m struct {
		Profiles []struct {
			Token   string   `xml:"token,attr"`
			Name    string   `xml:"Name"`
			Source  string   `xml:"Configurations>VideoSource>SourceToken"`
			Encoder *encoder `xml:"Configurations>VideoEncoder"`
		} `xml:"Body>GetProfilesResponse>Profiles"`
	}
	content := "<Type>VideoSource</Type><Type>VideoEncoder</Type>"
	if err := c.call(ctx, c.media2, "GetProfiles", ask("GetProfiles", media2Space, content), &m); err != nil {
		return nil, err
	}
	var profiles []Profile
	for _, p := range m.Profiles {
		if p.Encoder != nil && len(profiles) < maxProfiles {
			profiles = append(profiles, p.Encoder.profile(p.Token, p.Name, p.Source, c.media2))
		}
	}
	return profiles, nil
}

func (e *encoder) profile(token, name, source string, media *service) Profile {
	p := Profile{
		Token: token, Name: legible(name), Source: legible(source), Codec: codec(e.Encoding),
		Width: number(e.Width), Height: number(e.Height), FPS: decimal(e.Rate), Bitrate: number(e.Bitrate),
		media: media,
	}
	if p.Bitrate > 1e6 {
		p.Bitrate = 0 // some say by it that there is no limit
	}
	for _, gop := range [...]string{e.GOP, e.GOPH264, e.GOPMPEG} {
		if p.GOP = number(gop); p.GOP > 0 {
			break
		}
	}
	return p
}

// codec returns the codec by its name in SDP, whichever of its names is used.
func codec(name string) video.Codec {
	switch plain := strings.ToUpper(strings.NewReplacer(".", "", "-", "", " ", "").Replace(name)); plain {
	case "H264", "AVC":
		return video.H264
	case "H265", "HEVC":
		return video.H265
	case "JPEG", "MJPEG":
		return video.MJPEG
	default:
		return video.Codec(legible(plain))
	}
}

// stream returns where the profile is played.
func (c *client) stream(ctx context.Context, p *Profile) (address.Address, error) {
	content := "<StreamSetup><Stream xmlns=\"http://www.onvif.org/ver10/schema\">RTP-Unicast</Stream>" +
		"<Transport xmlns=\"http://www.onvif.org/ver10/schema\"><Protocol>RTSP</Protocol></Transport></StreamSetup>"
	if p.media.namespace == media2Space {
		content = "<Protocol>RTSP</Protocol>"
	}
	text, err := c.uri(ctx, p, "GetStreamUri", content)
	if err != nil {
		return address.Address{}, err
	}
	return c.streamAddress(text)
}

// streamAddress returns the address that a camera has told, with the host that
// was asked and the login for it.
func (c *client) streamAddress(text string) (address.Address, error) {
	scheme, rest, found := strings.Cut(strings.TrimSpace(text), "://")
	if !found {
		return address.Address{}, errors.New("GetStreamUri: its answer is no address")
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	told := url.URL{Host: rest[strings.LastIndexByte(rest[:end], '@')+1 : end]}
	host := c.base.Hostname()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := told.Port(); port != "" {
		host += ":" + port
	}
	a, err := address.Parse(scheme + "://" + host + strings.ReplaceAll(rest[end:], " ", "%20"))
	if err != nil {
		return address.Address{}, fmt.Errorf("GetStreamUri: %w", err)
	}
	if a.Scheme() == address.ONVIF {
		return address.Address{}, errors.New("GetStreamUri: its answer is no address of a stream")
	}
	if c.login {
		a = a.WithCredentials(c.user, c.password)
	}
	return a, nil
}

// snapshot returns where a picture of the profile is, for people, "" if the
// camera does not say.
func (c *client) snapshot(ctx context.Context, p *Profile) string {
	text, err := c.uri(ctx, p, "GetSnapshotUri", "")
	if err != nil {
		return ""
	}
	at, err := c.here(text)
	if err != nil {
		return ""
	}
	return legible(at)
}

// uri asks for one of a profile's addresses.
func (c *client) uri(ctx context.Context, p *Profile, action, content string) (string, error) {
	var m struct {
		// Media 1 wraps it, Media 2 does not; the action is that of the answer.
		Stream1   string `xml:"Body>GetStreamUriResponse>MediaUri>Uri"`
		Stream2   string `xml:"Body>GetStreamUriResponse>Uri"`
		Snapshot1 string `xml:"Body>GetSnapshotUriResponse>MediaUri>Uri"`
		Snapshot2 string `xml:"Body>GetSnapshotUriResponse>Uri"`
	}
	content += "<ProfileToken>" + escape(p.Token) + "</ProfileToken>"
	if err := c.call(ctx, p.media, action, ask(action, p.media.namespace, content), &m); err != nil {
		return "", err
	}
	for _, text := range [...]string{m.Stream1, m.Stream2, m.Snapshot1, m.Snapshot2} {
		if text != "" {
			return text, nil
		}
	}
	return "", fmt.Errorf("%s: %w", action, errNoAnswer)
}
