package cameras

import (
	"context"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/pion/rtp"
)

// stalled is how far a camera may fall behind the clock before it leaves out
// what it should have sent: a machine that slept does not send an hour at once.
const stalled = time.Second

// A camera sends its clip to whoever watches.
type camera struct {
	id     string
	clip   *clip
	still  gop // what it sends while it is frozen; nil if it never is
	events []event
	speed  float64

	server *gortsplib.Server
	media  *description.Media

	mu     sync.Mutex
	stream *gortsplib.ServerStream // nil while the camera is away
}

// newCamera reads what a camera needs to run.
func newCamera(id string, speed float64) (*camera, error) {
	c := &camera{id: id, events: eventsOf(id), speed: speed}
	var err error
	if c.clip, err = load(id); err != nil {
		return nil, err
	}
	for _, e := range c.events {
		if e.effect != frozen {
			continue
		}
		still, err := load(id + ".still")
		if err != nil {
			return nil, err
		}
		c.still = still.gops[0]
	}
	c.media = &description.Media{
		Type: description.MediaTypeVideo,
		Formats: []format.Format{&format.H264{
			PayloadTyp: payloadType, PacketizationMode: 1,
			SPS: c.clip.sps, PPS: c.clip.pps,
		}},
	}
	return c, nil
}

// open lets viewers in.
func (c *camera) open() error {
	stream := &gortsplib.ServerStream{
		Server: c.server,
		Desc:   &description.Session{Title: c.id, Medias: []*description.Media{c.media}},
	}
	if err := stream.Initialize(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stream = stream
	return nil
}

// close sends all viewers away, and lets none in.
func (c *camera) close() {
	c.mu.Lock()
	stream := c.stream
	c.stream = nil
	c.mu.Unlock()
	if stream != nil {
		stream.Close()
	}
}

// current returns the stream to watch; nil while the camera is away.
func (c *camera) current() *gortsplib.ServerStream {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stream
}

// run sends until ctx ends. The story began at start.
func (c *camera) run(ctx context.Context, start time.Time) error {
	defer c.close()
	p := pace{start: start}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for n := 0; ; n++ {
		now := during(c.events, time.Duration(float64(p.elapsed())*c.speed))
		if err := c.appear(now != away); err != nil {
			return err
		}
		for _, f := range c.scene(n, now) {
			timer.Reset(time.Until(p.due()))
			select {
			case <-ctx.Done():
				return nil
			case <-timer.C:
			}
			if err := c.send(&p, f); err != nil {
				return err
			}
		}
		p.skip(time.Now())
	}
}

// scene returns the n-th gop that the camera sends.
func (c *camera) scene(n int, now effect) gop {
	if now == frozen {
		return c.still
	}
	return c.clip.gops[n%len(c.clip.gops)]
}

// appear makes the camera there, or away.
func (c *camera) appear(there bool) error {
	switch open := c.current() != nil; {
	case there && !open:
		return c.open()
	case !there && open:
		c.close()
	}
	return nil
}

// send sends one frame, which is due now. Also while nobody can see it the
// encoder goes on.
func (c *camera) send(p *pace, f frame) error {
	at := p.due()
	packets := p.stamp(f)
	stream := c.current()
	if stream == nil {
		return nil
	}
	for i := range packets {
		if err := stream.WritePacketRTPWithNTP(c.media, &packets[i], at); err != nil {
			return err
		}
	}
	return nil
}

// A pace gives frames their times: each is due exactly so many ticks after the
// start, however late the frames before it were sent.
type pace struct {
	start    time.Time
	ticks    uint64 // of the next frame, since the start
	sequence uint16 // of the next packet
	stamped  []rtp.Packet
}

// elapsed returns how long after the start the next frame is due.
func (p *pace) elapsed() time.Duration {
	return time.Duration(p.ticks/clockRate)*time.Second +
		time.Duration(p.ticks%clockRate)*time.Second/clockRate
}

// due returns when the next frame is.
func (p *pace) due() time.Time { return p.start.Add(p.elapsed()) }

// stamp returns the packets of the next frame, which are valid until it is
// called again.
func (p *pace) stamp(f frame) []rtp.Packet {
	p.stamped = p.stamped[:0]
	for _, packet := range f.packets {
		out := rtp.Packet{Header: packet.Header, Payload: packet.Payload}
		out.SequenceNumber = p.sequence
		out.Timestamp = uint32(p.ticks)
		p.sequence++
		p.stamped = append(p.stamped, out)
	}
	p.ticks += uint64(f.duration)
	return p.stamped
}

// skip leaves out the time that the camera is behind by, if that is much.
func (p *pace) skip(now time.Time) {
	if late := now.Sub(p.due()); late > stalled {
		p.ticks += uint64(late.Seconds() * clockRate)
	}
}
