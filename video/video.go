package video

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"citywatch"
)

var (
	// ErrNoCamera says that no camera has the id.
	ErrNoCamera = errors.New("no such camera")
	// ErrNoFrame says that no key frame has come from the camera yet.
	ErrNoFrame = errors.New("no frame has come from the camera")
	// ErrClosed says that the subscription, or the Video, has ended.
	ErrClosed = errors.New("the subscription has ended")
)

// A Video pulls cameras. Its methods may be called from any goroutine, and
// before Run.
type Video struct {
	*shared
	deps     Deps
	cameras  []*camera // sorted by id
	values   []citywatch.Camera
	byID     map[string]*camera
	gateways []*gateway
	woken    chan struct{} // holds a token when a state may have changed
	reports  chan []report
}

// New returns a Video of these cameras; of several with one id the first
// counts. It pulls nothing before Run.
func New(specs []Spec, o Options, d Deps) *Video {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	o = o.withDefaults()
	b := &budget{limit: o.Cache}
	v := &Video{
		deps: d, byID: make(map[string]*camera, len(specs)),
		woken: make(chan struct{}, 1), reports: make(chan []report, maxReports),
	}
	v.shared = &shared{
		options: o, budget: b, log: d.Log, now: d.Now, changed: v.wakeUp,
		metrics: newMetrics(d.Metrics, func() float64 { return float64(b.used.Load()) }),
	}
	accounts := map[string]*account{}
	for _, spec := range specs {
		if v.byID[spec.Camera.ID] != nil {
			continue
		}
		c := newCamera(v.shared, spec, accountOf(accounts, spec))
		v.byID[c.ID] = c
		v.cameras = append(v.cameras, c)
	}
	slices.SortFunc(v.cameras, func(a, b *camera) int { return cmp.Compare(a.ID, b.ID) })
	for _, c := range v.cameras {
		v.values = append(v.values, c.Camera)
	}
	v.gateways = gatewaysOf(v.cameras, d.Gateways)
	return v
}

// Run pulls the cameras until ctx ends; then it ends every subscription and
// returns. It is called once.
func (v *Video) Run(ctx context.Context) error {
	var all sync.WaitGroup
	v.stagger()
	for _, c := range v.cameras {
		for _, f := range c.feeds() {
			all.Go(func() { f.run(ctx) })
		}
	}
	all.Go(func() { v.watch(ctx) })
	all.Go(func() { v.deliver(ctx) })
	all.Wait()
	return nil
}

const (
	// The first tries are that far apart, but all are made within mostStagger:
	// each costs most at its begin.
	stagger     = 10 * time.Millisecond
	mostStagger = 2 * time.Second
)

func (v *Video) stagger() {
	now := v.now()
	for i, c := range v.cameras {
		c.primary.mu.Lock()
		c.primary.notBefore = now.Add(time.Duration(i) * min(stagger, mostStagger/time.Duration(len(v.cameras))))
		c.primary.mu.Unlock()
	}
}

// Cameras returns every camera, sorted by id. The slice must not be changed.
func (v *Video) Cameras() []citywatch.Camera { return v.values }

// Status tells how a camera is now. Its error is ErrNoCamera.
func (v *Video) Status(id string) (citywatch.CameraStatus, error) {
	c, err := v.camera(id)
	if err != nil {
		return citywatch.CameraStatus{}, err
	}
	return c.health(v.now()).CameraStatus, nil
}

// Subscribe begins to receive a stream of a camera, which is pulled until the
// subscription is closed. It waits for nothing. Its error is ErrNoCamera, or
// ErrClosed once Run has ended.
func (v *Video) Subscribe(id string, q Quality) (*Subscription, error) {
	c, err := v.camera(id)
	if err != nil {
		return nil, err
	}
	return c.feed(q).subscribe()
}

// A KeyFrame is one picture as the camera sent it, which can be decoded by
// itself.
type KeyFrame struct {
	Track Track
	Unit  Unit
}

// KeyFrame returns the newest key frame of the stream that is always pulled;
// Unit.Arrived tells how old it is. It pulls nothing. Its error is ErrNoCamera
// or ErrNoFrame.
func (v *Video) KeyFrame(id string) (KeyFrame, error) {
	c, err := v.camera(id)
	if err != nil {
		return KeyFrame{}, err
	}
	k, ok := c.primary.keyFrame()
	if !ok {
		return KeyFrame{}, fmt.Errorf("%w %q", ErrNoFrame, id)
	}
	return k, nil
}

func accountOf(accounts map[string]*account, spec Spec) *account {
	if spec.Account == "" {
		return newAccount()
	}
	if accounts[spec.Account] == nil {
		accounts[spec.Account] = newAccount()
	}
	return accounts[spec.Account]
}

func (v *Video) camera(id string) (*camera, error) {
	c := v.byID[id]
	if c == nil {
		return nil, fmt.Errorf("%w: %q", ErrNoCamera, id)
	}
	return c, nil
}

// nowhere is the source of a camera without an address.
type nowhere struct{}

func (nowhere) Play(context.Context, Sink) error { return errors.New("the camera has no address") }
