package rtsp

import (
	"bytes"
	"errors"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format/rtph264"
	"github.com/bluenviron/gortsplib/v5/pkg/format/rtph265"
	"github.com/pion/rtp"
)

// What one access unit may be made of. The largest key frames in use are some
// 3 MB; everything counts that is held until the unit is whole.
const (
	maxUnitBytes   = 8 << 20
	maxUnitPackets = 8192
	maxUnitNALs    = 512
	// maxBehind is how many packets that were there already are passed over in
	// a row, before it is taken that the numbers began anew.
	maxBehind = 64
	// maxOverhead is how much larger than its payload a packet may be before
	// the payload is copied, so that the rest is not held as long.
	maxOverhead = 128
)

// A depacketizer finds the NAL units in packets. Those of gortsplib know the
// quirks of many vendors.
type depacketizer interface {
	Decode(*rtp.Packet) ([][]byte, error)
}

// An accessUnit is what a camera sent as one.
type accessUnit struct {
	nals      [][]byte
	timestamp uint32
	pts       int64
	timed     bool
	at        time.Time // of its last packet
}

// A collector makes access units of packets. Of one that misses a packet, or
// holds one that cannot be understood, it hands on nothing.
type collector struct {
	fresh func() depacketizer
	emit  func(accessUnit)
	lost  func(int)

	numbers sequence
	d       depacketizer
	inNAL   bool // d holds the beginning of a NAL unit

	busy    bool // unit has begun
	unit    accessUnit
	bytes   int
	packets int
	damaged bool
	// byTime: a unit ends where the next timestamp begins, because this camera
	// marks each of its slices as the last.
	byTime bool
}

func (c *collector) push(p packet) {
	missing, old := c.numbers.next(p.SequenceNumber, p.SSRC)
	if old {
		return
	}
	if missing > 0 {
		c.lost(missing)
		// Whether the packet belonged to the end of this unit or to the start
		// of the next is not known: a unit without its first slice is found
		// out later.
		c.damaged = c.damaged || c.busy
		c.reset()
	}
	if c.busy && p.Timestamp != c.unit.timestamp {
		c.finish()
	}
	if !c.busy {
		c.busy = true
		c.unit = accessUnit{timestamp: p.Timestamp}
		c.bytes, c.packets, c.damaged = 0, 0, false
	}
	c.add(p)
	if p.Marker && !c.byTime {
		c.finish()
	}
}

func (c *collector) add(p packet) {
	if !c.unit.timed {
		c.unit.pts, c.unit.timed = p.pts, p.timed
	}
	c.unit.at = p.at
	if c.damaged || len(p.Payload) == 0 { // an empty packet keeps a path open
		return
	}
	size := p.MarshalSize()
	c.bytes += size
	c.packets++
	if c.bytes > maxUnitBytes || c.packets > maxUnitPackets {
		c.spoil()
		return
	}
	if size-len(p.Payload) > maxOverhead {
		p.Payload = bytes.Clone(p.Payload)
	}
	nals, err := c.decode(p.Packet)
	switch {
	case errors.Is(err, rtph264.ErrMorePacketsNeeded), errors.Is(err, rtph265.ErrMorePacketsNeeded):
		c.inNAL = true
		return
	case err != nil, len(c.unit.nals)+len(nals) > maxUnitNALs:
		c.spoil()
		return
	}
	c.inNAL = false
	c.unit.nals = append(c.unit.nals, nals...)
}

// decode has the depacketizer hand out at once what a packet completes. Left to
// itself it would make units, without regard to what is missing in them.
func (c *collector) decode(p *rtp.Packet) ([][]byte, error) {
	if c.d == nil {
		c.d = c.fresh()
	}
	marker := p.Marker
	p.Marker = true
	defer func() { p.Marker = marker }()
	return c.d.Decode(p)
}

// spoil has the unit under way dropped when it ends.
func (c *collector) spoil() {
	c.damaged = true
	c.unit.nals = nil
	c.lost(1)
	c.reset()
}

// reset has the depacketizer forget what it holds.
func (c *collector) reset() {
	if c.inNAL {
		c.d, c.inNAL = nil, false
	}
}

func (c *collector) finish() {
	if c.inNAL && !c.damaged {
		c.spoil()
	}
	unit := c.unit
	c.busy, c.unit = false, accessUnit{}
	if !c.damaged && len(unit.nals) > 0 {
		c.emit(unit)
	}
}

// A sequence finds the gaps in the numbers of packets.
type sequence struct {
	any    bool
	want   uint16
	ssrc   uint32
	behind int
}

// next returns how many packets are missing before the one with the number, or
// that it is old. Where the numbers begin anew, one counts as missing.
func (s *sequence) next(number uint16, ssrc uint32) (missing int, old bool) {
	ahead := number - s.want
	switch {
	case !s.any:
		s.any = true
	case ssrc != s.ssrc:
		missing = 1
	case ahead < 0x8000:
		missing = int(ahead)
	case -ahead <= maxBehind && s.behind < maxBehind:
		s.behind++
		return 0, true
	default:
		missing = 1
	}
	s.want, s.ssrc, s.behind = number+1, ssrc, 0
	return missing, false
}
