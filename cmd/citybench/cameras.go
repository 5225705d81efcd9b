package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	fleetSize = 200
	// liveViewers watch at once, watchedCameras of the cameras.
	liveViewers    = 300
	watchedCameras = 20
)

// cameras measures what it takes to pull 200 cameras, and to show them, and
// beside it what go2rtc and a bare loop take for the same. One of them runs at
// a time; the cameras are a process of their own.
func (b *bench) cameras(budget time.Duration) error {
	f, err := b.startFleet()
	if err != nil {
		return err
	}
	defer f.kill()
	alone, err := b.idleCity(f)
	if err != nil {
		return err
	}
	var all []pulled
	missing := ""
	for _, start := range []func(*fleet, int) (*puller, error){b.cityPuller, b.go2rtc, b.barePuller} {
		p, err := start(f, fleetSize)
		if errors.Is(err, errNoGo2RTC) {
			missing = err.Error()
			continue
		}
		if err != nil {
			return err
		}
		result, err := b.pull(p, f, budget/6)
		p.kill()
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		if err := f.await(b.ctx, 0); err != nil {
			return err
		}
		fmt.Fprintf(b.log, "  %s: %.2f cores and %.0f MiB for %.0f Mbit/s, %.0f packets missed\n",
			p.name, result.cores, result.memory, result.megabits, result.missed)
		all = append(all, result)
	}
	b.cameraRows(all, missing, alone)
	return nil
}

// idleCity returns what a citywatch without cameras occupies.
func (b *bench) idleCity(f *fleet) (mib float64, err error) {
	p, err := b.cityPuller(f, 0)
	if err != nil {
		return 0, err
	}
	defer p.kill()
	time.Sleep(3 * time.Second)
	return residentMiB(p.pid())
}

// pulled is what one of them has taken.
type pulled struct {
	name     string
	cores    float64
	memory   float64 // MiB
	megabits float64 // a second, that were taken
	missed   float64 // packets that it was too slow for
	// perCore is how many viewers a processor more can serve; first is how
	// long each of some viewers waited for a picture, in milliseconds.
	perCore float64
	first   []float64
}

// pull measures a puller, first alone and then with viewers, each for about as
// long as given.
func (b *bench) pull(p *puller, f *fleet, long time.Duration) (r pulled, err error) {
	r.name = p.name
	if err := p.settle(b.ctx, f, fleetSize); err != nil {
		return r, err
	}
	before, err := f.look(b.ctx)
	if err != nil {
		return r, err
	}
	began := time.Now()
	if r.cores, r.memory, err = b.load(p, long); err != nil {
		return r, err
	}
	after, err := f.look(b.ctx)
	if err != nil {
		return r, err
	}
	r.missed = after.missed - before.missed
	r.megabits = (after.taken - before.taken) * 8 / 1e6 / time.Since(began).Seconds()
	if least := 0.9 * fleetSize * clipBitrate / 1e6; after.viewers != fleetSize || r.megabits < least {
		return r, fmt.Errorf("it pulls %d of %d cameras, and %.0f Mbit/s of at least %.0f", after.viewers, fleetSize, r.megabits, least)
	}
	if p.watch == nil {
		return r, nil
	}
	for i := range watchedCameras {
		// At no moment in particular: the cameras' key frames come one after
		// the other.
		time.Sleep(rand.N(2 * time.Second))
		took, err := firstPicture(b.ctx, p, i)
		if err != nil {
			return r, fmt.Errorf("first picture: %w", err)
		}
		r.first = append(r.first, milliseconds(took))
	}
	stop, err := b.viewers(p)
	if err != nil {
		return r, err
	}
	defer stop()
	with, _, err := b.load(p, long)
	if more := with - r.cores; more > 0 {
		r.perCore = liveViewers / more
	}
	return r, err
}

// load measures how many processors a process takes, and the most memory that it
// occupies.
func (b *bench) load(p *puller, long time.Duration) (cores, mib float64, err error) {
	used, err := cpuTime(p.pid())
	if err != nil {
		return 0, 0, errors.Join(err, p.alive())
	}
	began := time.Now()
	for time.Since(began) < long && b.ctx.Err() == nil {
		now, err := residentMiB(p.pid())
		if err != nil {
			return 0, 0, errors.Join(err, p.alive())
		}
		mib = max(mib, now)
		time.Sleep(200 * time.Millisecond)
	}
	now, err := cpuTime(p.pid())
	return (now - used).Seconds() / time.Since(began).Seconds(), mib, errors.Join(err, b.ctx.Err())
}

// firstPicture measures how long a viewer waits from the moment of connecting
// until the first fragment has come, which begins with a key frame.
func firstPicture(ctx context.Context, p *puller, i int) (time.Duration, error) {
	began := time.Now()
	conn, err := p.watch(ctx, i)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	for {
		kind, data, err := conn.ReadMessage()
		if err != nil {
			return 0, err
		}
		if kind == websocket.BinaryMessage && hasBox(data, "moof") {
			return time.Since(began), nil
		}
	}
}

// hasBox reports whether an MP4's boxes have one of the kind among them.
func hasBox(data []byte, kind string) bool {
	for len(data) >= 8 {
		size := int(data[0])<<24 | int(data[1])<<16 | int(data[2])<<8 | int(data[3])
		if string(data[4:8]) == kind {
			return true
		}
		if size < 8 || size > len(data) {
			return false
		}
		data = data[size:]
	}
	return false
}

// viewers connects viewers who take whatever comes, and returns when all get
// pictures.
func (b *bench) viewers(p *puller) (stop func(), err error) {
	var (
		conns []*websocket.Conn
		work  sync.WaitGroup
	)
	stop = func() {
		for _, conn := range conns {
			conn.Close()
		}
		work.Wait()
	}
	seen := make(chan struct{}, liveViewers)
	for i := range liveViewers {
		conn, err := p.watch(b.ctx, i%watchedCameras)
		if err != nil {
			stop()
			return nil, fmt.Errorf("viewer %d: %w", i, err)
		}
		conns = append(conns, conn)
		work.Go(func() { view(conn, seen) })
	}
	timeout := time.After(patience)
	for i := range liveViewers {
		select {
		case <-seen:
		case <-timeout:
			stop()
			return nil, fmt.Errorf("%d of %d viewers see something within %v", i, liveViewers, patience)
		}
	}
	return stop, nil
}

// view takes messages until the connection ends, and tells when the third
// binary one has come: with the first two a picture may only have begun.
func view(conn *websocket.Conn, seen chan<- struct{}) {
	for n := 0; ; {
		kind, r, err := conn.NextReader()
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			return
		}
		if kind != websocket.BinaryMessage {
			continue
		}
		if n++; n == 3 {
			seen <- struct{}{}
		}
	}
}

// cameraRows holds citywatch, which comes first, against the others.
func (b *bench) cameraRows(all []pulled, missing string, alone float64) {
	const pulling = "200 cameras of 2 Mbit/s pulled, processors"
	ours := all[0]
	add := func(what, unit string, of func(pulled) float64, g *budget) {
		r := row{Part: "cameras", What: what, Unit: unit, Value: of(ours), Peer: missing}
		for _, peer := range all[1:] {
			if v := of(peer); peer.name != bareLoopName && v != 0 {
				r.Peer, r.PeerValue = peer.name, v
			}
		}
		b.table.add(r, g)
	}
	add(pulling, "cores", func(p pulled) float64 { return p.cores }, most(0.4))
	bare := all[len(all)-1]
	b.table.add(row{Part: "cameras", What: pulling, Unit: "cores", Value: ours.cores, Peer: bare.name, PeerValue: bare.cores}, nil)
	add("the same, memory in all", "MiB", func(p pulled) float64 { return p.memory }, nil)
	b.table.add(row{Part: "cameras", What: "memory that they add", Unit: "MiB", Value: ours.memory - alone, Peer: "citywatch without them", PeerValue: alone}, most(100))
	add("live viewers that one processor more serves", "", func(p pulled) float64 { return p.perCore }, nil)
	add("websocket to first picture, p50", "ms", func(p pulled) float64 { return quantile(p.first, 0.5) }, nil)
	add("websocket to first picture, p95", "ms", func(p pulled) float64 { return quantile(p.first, 0.95) }, nil)
}
