package dashboards_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"citywatch"
	"citywatch/dashboards"
	"citywatch/dashboards/live"
	"citywatch/video"
	"citywatch/video/address"
	"citywatch/video/ffmpeg"
	"citywatch/video/ffmpeg/ffmpegtest"
	videolive "citywatch/video/live"
	"citywatch/video/record"
	"citywatch/video/rtsp"
	"citywatch/video/snapshot"

	"github.com/paulmach/orb"
)

// A lens is one camera that the province has.
type lens struct {
	id, name string
	at       orb.Point
	bearing  float64
	url      string // empty: nothing answers
	onDemand bool
	record   bool
	sector   citywatch.Sector // traffic unless said
}

// A looking is the province's cameras, pulled and shown as citywatch does it.
type looking struct {
	province *province
	video    *video.Video
	frames   *videolive.Live
	live     *live.Server
	recorder *record.Recorder

	mu      sync.Mutex
	viewers map[string]int // by camera
}

// look gives the province cameras, until the test ends. It is called before
// run.
func (p *province) look(t *testing.T, lenses ...lens) *looking {
	t.Helper()
	here, err := address.ParseRanges([]string{"127.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	var specs []video.Spec
	policies := map[string]record.Policy{}
	for _, l := range lenses {
		a, err := address.Parse(cmp.Or(l.url, "rtsp://127.0.0.1:9/nothing"))
		if err != nil {
			t.Fatal(err)
		}
		bearing, view := l.bearing, 70.0
		camera := citywatch.Camera{
			ID: l.id, Name: l.name, Sector: cmp.Or(l.sector, citywatch.SectorTraffic), Zone: p.zoneAt(l.at), Position: l.at, Bearing: &bearing, View: &view,
			OnDemand: l.onDemand,
		}
		specs = append(specs, video.Spec{
			Camera: camera,
			Main:   rtsp.New(rtsp.Options{Address: a, Transport: rtsp.TCP, Networks: here, Timeout: 3 * time.Second}),
		})
		if l.record {
			policies[l.id] = record.Policy{Keep: time.Hour}
		}
		p.devices = append(p.devices, citywatch.DeviceState{Device: &citywatch.Device{
			ID: l.id, Name: l.name, Class: citywatch.CameraHealthClass, Sector: camera.Sector, Zone: camera.Zone,
			Position: l.at, Period: 10 * time.Second,
		}})
	}
	k := &looking{province: p, viewers: map[string]int{}}
	k.video = video.New(specs, video.Options{}, video.Deps{Deliver: p.take})
	k.frames = videolive.New(videolive.Options{}, videolive.Deps{
		Subscribe: func(camera string, q video.Quality) (videolive.Subscription, error) {
			return k.video.Subscribe(camera, q)
		},
	})
	k.recorder = record.New(record.Options{Dir: t.TempDir()}, record.Deps{
		Cameras:   policies,
		Subscribe: func(camera string) (record.Stream, error) { return k.video.Subscribe(camera, video.Main) },
	})
	k.live = live.New(live.Options{}, live.Deps{Open: k.open, Status: k.video.Status})
	p.watch = func(d *dashboards.Deps) {
		d.Cameras, d.Live, d.KeyFrame, d.Recordings = k.video, k.live, k.keyFrame, recordings{k.recorder}
		d.Incidents = p.incidentDeps(k.video.Cameras()...)
		d.CameraValues = []func(string, time.Time) []citywatch.Value{k.recorder.Values}
	}
	ctx, cancel := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	for _, run := range []func(context.Context) error{k.video.Run, k.frames.Run, k.live.Run, k.recorder.Run} {
		parts.Go(func() {
			if err := run(ctx); err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("cameras: %v", err)
			}
		})
	}
	t.Cleanup(func() {
		cancel()
		parts.Wait()
	})
	return k
}

// take is where the cameras' health goes.
func (p *province) take(_ context.Context, readings []citywatch.Reading) error {
	p.mu.Lock()
	for _, r := range readings {
		i := slices.IndexFunc(p.devices, func(s citywatch.DeviceState) bool { return s.Device.ID == r.Device })
		if i < 0 {
			continue
		}
		s := &p.devices[i]
		s.Heard, s.Values = r.Arrived, nil
		for _, v := range r.Values {
			s.Values = append(s.Values, citywatch.LastValue{Value: v, Time: r.Time})
		}
	}
	p.mu.Unlock()
	p.hub.Readings(readings)
	return nil
}

// A viewer is what the pages' part sees of one of the videos' part.
type viewer struct {
	*videolive.Viewer
	left func()
}

func (v viewer) Close() {
	v.Viewer.Close()
	v.left()
}

func (v viewer) Next(ctx context.Context) (live.Message, error) {
	m, err := v.Viewer.Next(ctx)
	return live.Message(m), err
}

func (k *looking) open(camera, stream string) (live.Viewer, error) {
	v, err := k.frames.Open(camera, video.Quality(stream))
	if err != nil {
		return nil, err
	}
	k.count(camera, 1)
	return viewer{v, func() { k.count(camera, -1) }}, nil
}

func (k *looking) count(camera string, by int) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.viewers[camera] += by
	return k.viewers[camera]
}

// waitViewers waits until so many watch a camera.
func (k *looking) waitViewers(t *testing.T, camera string, want int) {
	t.Helper()
	is := 0
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if is = k.count(camera, 0); is == want {
			return
		}
	}
	t.Fatalf("%d watch %s, not %d", is, camera, want)
}

func (k *looking) keyFrame(id string) (dashboards.KeyFrame, error) {
	f, err := k.video.KeyFrame(id)
	if err != nil {
		return dashboards.KeyFrame{}, errors.Join(dashboards.ErrUnavailable, err)
	}
	data, mime, err := videolive.KeyFrameMP4(f)
	return dashboards.KeyFrame{Data: data, MIME: mime, At: f.Unit.Arrived}, err
}

// draw has ffmpeg make pictures of what the cameras send.
func (k *looking) draw(t *testing.T) {
	t.Helper()
	ffmpegtest.FFmpeg(t) // or the test ends
	var ids []string
	for _, c := range k.video.Cameras() {
		ids = append(ids, c.ID)
	}
	made := snapshot.New(snapshot.Options{}, snapshot.Deps{Cameras: ids, KeyFrame: k.video.KeyFrame, FFmpeg: ffmpeg.New(ffmpeg.Options{}, nil)})
	watch := k.province.watch
	k.province.watch = func(d *dashboards.Deps) {
		watch(d)
		d.Snapshots = snapshots{made}
	}
}

// snapshots are what the pages' part sees of the pictures.
type snapshots struct{ *snapshot.Snapshots }

func (s snapshots) Snapshot(ctx context.Context, id string, width int) (dashboards.Picture, error) {
	p, err := s.Snapshots.Snapshot(ctx, id, width)
	if err != nil {
		return dashboards.Picture{}, errors.Join(dashboards.ErrUnavailable, err)
	}
	return dashboards.Picture(p), nil
}

func (s snapshots) Thumbnail(id string, at time.Time) (dashboards.Picture, error) {
	p, err := s.Snapshots.Thumbnail(id, at)
	return dashboards.Picture(p), err
}

// recordings are what the pages' part sees of the recorder.
type recordings struct{ *record.Recorder }

func (r recordings) Intervals(id string, from, to time.Time) ([]dashboards.Interval, error) {
	list, err := r.Recorder.Intervals(id, from, to)
	var out []dashboards.Interval
	for _, i := range list {
		out = append(out, dashboards.Interval(i))
	}
	return out, err
}

func (r recordings) Clip(id string, from, to time.Time) (dashboards.Clip, error) {
	c, err := r.Recorder.Clip(id, from, to)
	if err != nil {
		return dashboards.Clip{}, errors.Join(dashboards.ErrNotFound, err)
	}
	clip := dashboards.Clip{ReadSeekCloser: c, Interval: dashboards.Interval{From: c.From, To: c.To}, ETag: c.ETag, Short: c.Short}
	for _, hole := range c.Holes {
		clip.Holes = append(clip.Holes, dashboards.Interval(hole))
	}
	return clip, nil
}

// waitState waits until the province knows that a camera is so.
func (k *looking) waitState(t *testing.T, id string, want citywatch.CameraState) {
	t.Helper()
	var is citywatch.CameraStatus
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if is, _ = k.video.Status(id); is.State == want {
			return
		}
	}
	t.Fatalf("%s is %s (%s), not %s", id, is.State, is.Detail, want)
}
