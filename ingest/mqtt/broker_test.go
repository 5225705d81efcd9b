package mqtt_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"citywatch"
	"citywatch/ingest/decode"
	"citywatch/ingest/mqtt"
	"citywatch/internal/servertest"
)

func TestMessagesAreKeptAndAcknowledged(t *testing.T) {
	broker := servertest.Mosquitto(t)
	in := newIntake(t, &disk{})
	s, stop := in.source(t, mqtt.Options{URL: broker.URL})
	connected(t, s)
	device := publisher(t, broker.URL, "device")
	for i := range 500 {
		publish(t, device, "city/disaster/g1", numbered(i))
	}
	eventually(t, "all kept", func() bool { return in.distinct() == 500 })
	eventually(t, "all acknowledged", func() bool { return s.States()[0].Unacknowledged == 0 })

	// What was acknowledged does not come again.
	stop()
	second := newIntake(t, &disk{})
	s, _ = second.source(t, mqtt.Options{URL: broker.URL})
	connected(t, s)
	publish(t, device, "city/disaster/g1", numbered(500))
	eventually(t, "kept", func() bool { return second.has("g1 n=500") })
	if n := second.distinct(); n != 1 {
		t.Errorf("%d acknowledged messages came again", n-1)
	}
}

func TestMessagesWaitAtTheBroker(t *testing.T) {
	broker := servertest.Mosquitto(t)
	in := newIntake(t, &disk{})
	s, stop := in.source(t, mqtt.Options{URL: broker.URL})
	connected(t, s)
	stop()
	device := publisher(t, broker.URL, "device")
	for i := range 3000 { // more than a broker's usual queue
		publish(t, device, "city/disaster/g1", numbered(i))
	}
	in.source(t, mqtt.Options{URL: broker.URL, Name: "again", ClientID: "citywatch-test"})
	eventually(t, "all kept", func() bool { return in.distinct() == 3000 })
}

func TestBrokerIsKilledAndComesBack(t *testing.T) {
	broker := servertest.Mosquitto(t)
	in := newIntake(t, &disk{})
	s, _ := in.source(t, mqtt.Options{URL: broker.URL})
	connected(t, s)
	device := publisher(t, broker.URL, "device")
	sent := 0
	for range 3 {
		for range 200 {
			publish(t, device, "city/disaster/g1", numbered(sent))
			sent++
		}
		// A broker loses what it has not written yet: it is killed only when
		// nothing waits there.
		eventually(t, "all kept", func() bool { return in.distinct() == sent })
		broker.Kill()
		eventually(t, "noticed", func() bool { return !s.States()[0].Connected })
		broker.Start()
		connected(t, s)
	}
	if state := s.States()[0]; !strings.Contains(state.LastError, "connection") || state.Broker != broker.URL {
		t.Errorf("state %+v", state)
	}
	if n := strings.Count(in.log.String(), "no connection to the broker"); n < 1 || n > 6 {
		t.Errorf("3 faults were reported %d times:\n%s", n, in.log)
	}
}

func TestDiskThatIsFullLosesNothing(t *testing.T) {
	broker := servertest.Mosquitto(t)
	in := newIntake(t, &disk{full: errors.New("no space left on device")})
	s, _ := in.source(t, mqtt.Options{URL: broker.URL, MaxInFlight: 100})
	connected(t, s)
	device := publisher(t, broker.URL, "device")
	for i := range 1000 {
		publish(t, device, "city/disaster/g1", numbered(i))
	}
	eventually(t, "stalled", func() bool { return s.States()[0].Unacknowledged == 100 })
	published := time.Now()
	eventually(t, "written by the broker, which does so now and then", func() bool {
		info, err := os.Stat(filepath.Join(broker.Dir, "mosquitto.db"))
		return err == nil && info.ModTime().After(published)
	})
	broker.Kill()
	broker.Start()
	in.setFull(nil)
	eventually(t, "all kept", func() bool { return in.distinct() == 1000 })
	eventually(t, "all acknowledged", func() bool { return s.States()[0].Unacknowledged == 0 })
}

func TestTwoBrokers(t *testing.T) {
	first, second := servertest.Mosquitto(t), servertest.Mosquitto(t)
	in := newIntake(t, &disk{})
	a, _ := in.source(t, mqtt.Options{Name: "first", URL: first.URL})
	b, _ := in.source(t, mqtt.Options{Name: "second", URL: second.URL})
	connected(t, a)
	connected(t, b)
	first.Kill()
	device := publisher(t, second.URL, "device")
	publish(t, device, "city/disaster/g1", numbered(1))
	eventually(t, "kept, with the other broker down", func() bool { return in.has("g1 n=1") })
	first.Start()
	connected(t, a)
	publish(t, publisher(t, first.URL, "device"), "city/disaster/g2", numbered(2))
	eventually(t, "kept from both", func() bool { return in.has("g2 n=2") })
}

func TestWorkersShareTheFeed(t *testing.T) {
	broker := servertest.Mosquitto(t)
	// Two processes, the second with two connections.
	one, two := newIntake(t, &disk{}), newIntake(t, &disk{})
	a, stop := one.source(t, mqtt.Options{URL: broker.URL, Share: "citywatch", ClientID: "one"})
	b, _ := two.source(t, mqtt.Options{URL: broker.URL, Share: "citywatch", ClientID: "two", Workers: 2})
	connected(t, a)
	connected(t, b)
	device := publisher(t, broker.URL, "device")
	const n = 900
	for i := range n {
		publish(t, device, fmt.Sprintf("city/disaster/g%d", i), numbered(i))
		if i == n/2 {
			stop() // its share waits for it, or goes to the others
		}
	}
	one.source(t, mqtt.Options{Name: "one again", URL: broker.URL, Share: "citywatch", ClientID: "one"})
	eventually(t, "complete", func() bool { return one.distinct()+two.distinct() >= n })
	for i := range n {
		value := fmt.Sprintf("g%d n=%d", i, i)
		if !one.has(value) && !two.has(value) {
			t.Fatalf("%s is lost", value)
		}
	}
	if one.distinct() < n/20 || two.distinct() < n/20 {
		t.Errorf("not shared: %d and %d", one.distinct(), two.distinct())
	}
}

func TestTopicsHaveTheirDecoders(t *testing.T) {
	broker := servertest.Mosquitto(t)
	in := newIntake(t, &disk{})
	s, _ := in.source(t, mqtt.Options{URL: broker.URL, Topics: []mqtt.Topic{
		{Filter: "city/+/special/#", Decode: decode.Options{Device: "special-{3}"}},
		{Filter: "city/#"},
		{Filter: "other/+", Decode: decode.Options{Device: "{1}"}},
	}})
	connected(t, s)
	device := publisher(t, broker.URL, "device")
	publish(t, device, "city/disaster/special/g1", numbered(1))
	publish(t, device, "city/disaster/g2", numbered(2))
	publish(t, device, "other/g3", numbered(3))
	for _, value := range []string{"special-g1 n=1", "g2 n=2", "g3 n=3"} {
		eventually(t, "kept "+value, func() bool { return in.has(value) })
	}
	if n := in.letterCount(); n != 0 {
		t.Errorf("%d dead letters", n)
	}
}

// What one device sends must not hurt the others, nor come back for ever.
func TestBadMessagesAreDeadLetters(t *testing.T) {
	broker := servertest.Mosquitto(t)
	in := newIntake(t, &disk{})
	s, _ := in.source(t, mqtt.Options{URL: broker.URL})
	connected(t, s)
	device := publisher(t, broker.URL, "device")
	bad := []string{"", "not JSON", `{"values":{"n":1e999}}`, `{"values":{}}`,
		`{"values":{"n":1},"x":"` + strings.Repeat("x", 16<<20) + `"}`, "\xff\x00"}
	for _, payload := range bad {
		publish(t, device, "city/disaster/g1", payload)
	}
	publish(t, device, "city/disaster/ghost", numbered(1))
	publish(t, device, "city/disaster/g1", numbered(2))
	eventually(t, "kept the good one", func() bool { return in.has("g1 n=2") })
	eventually(t, "kept the bad ones aside", func() bool { return in.letterCount() == len(bad)+1 })
	eventually(t, "all acknowledged", func() bool { return s.States()[0].Unacknowledged == 0 })
	sizes := 0
	for _, l := range in.letters {
		if l.Source != "test" || l.Topic == "" || l.Decoder != "json" {
			t.Errorf("dead letter %+v", l)
		}
		if l.Refusal == citywatch.RefusedSize {
			sizes++
		}
	}
	if sizes != 1 {
		t.Errorf("%d messages were too large", sizes)
	}
	if err := in.pipeline.Replay(t.Context(), in.letters[1]); err == nil {
		t.Error("what is not JSON was replayed")
	}
}

// The broker's session remembers what an earlier configuration subscribed to.
func TestFilterThatIsGone(t *testing.T) {
	broker := servertest.Mosquitto(t)
	in := newIntake(t, &disk{})
	s, stop := in.source(t, mqtt.Options{URL: broker.URL, Topics: []mqtt.Topic{{Filter: "old/#"}, {Filter: "city/#"}}})
	connected(t, s)
	stop()
	s, _ = in.source(t, mqtt.Options{Name: "new", ClientID: "citywatch-test", URL: broker.URL})
	connected(t, s)
	publish(t, publisher(t, broker.URL, "device"), "old/disaster/g1", numbered(1))
	eventually(t, "a dead letter", func() bool { return in.letterCount() == 1 })
	if l := in.letters[0]; !strings.Contains(l.Detail, "client_id") {
		t.Errorf("says %q", l.Detail)
	}
	eventually(t, "acknowledged", func() bool { return s.States()[0].Unacknowledged == 0 })
}

func TestRetainedMessageOfUnknownAge(t *testing.T) {
	broker := servertest.Mosquitto(t)
	device := publisher(t, broker.URL, "device")
	retain := func(topic, payload string) {
		if token := device.Publish(topic, 1, true, payload); !token.WaitTimeout(10*time.Second) || token.Error() != nil {
			t.Fatal(token.Error())
		}
	}
	retain("city/disaster/dead", numbered(1))
	retain("city/disaster/g1", `{"time":"2026-11-01T00:00:00Z","values":{"n":2}}`)
	in := newIntake(t, &disk{})
	s, _ := in.source(t, mqtt.Options{URL: broker.URL})
	connected(t, s)
	eventually(t, "kept what has a time", func() bool { return in.has("g1 n=2") })
	eventually(t, "acknowledged", func() bool { return s.States()[0].Unacknowledged == 0 })
	retain("city/disaster/live", numbered(3))
	eventually(t, "kept what is published now", func() bool { return in.has("live n=3") })
	if in.has("dead n=1") {
		t.Error("a sensor that may be dead looks alive")
	}
}

func TestAnotherClientWithTheSameName(t *testing.T) {
	broker := servertest.Mosquitto(t)
	in := newIntake(t, &disk{})
	s, _ := in.source(t, mqtt.Options{URL: broker.URL})
	connected(t, s)
	thief := paho.NewClient(paho.NewClientOptions().AddBroker(broker.URL).SetClientID("citywatch-test").SetAutoReconnect(false))
	if token := thief.Connect(); !token.WaitTimeout(10*time.Second) || token.Error() != nil {
		t.Fatal(token.Error())
	}
	defer thief.Disconnect(100)
	eventually(t, "a hint", func() bool { return strings.Contains(in.log.String(), "another client may use the same client_id") })
	connected(t, s)
}

func TestCredentials(t *testing.T) {
	dir := t.TempDir()
	passwords := filepath.Join(dir, "passwords")
	if out, err := exec.Command(servertest.Program(t, "install mosquitto", "mosquitto_passwd"), "-c", "-b", passwords, "centre", "s3cret").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	broker := servertest.Mosquitto(t, "allow_anonymous false", "password_file "+passwords)
	file := filepath.Join(dir, "password")
	write := func(password string) {
		if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("wr0ng")
	in := newIntake(t, &disk{})
	options := mqtt.Options{URL: broker.URL, Username: "centre", PasswordFile: file}
	s, stop := in.source(t, options)
	eventually(t, "a hint", func() bool { return strings.Contains(in.log.String(), "check username and password_file") })
	if state := s.States()[0]; state.Connected || !strings.Contains(state.LastError, "refused") {
		t.Errorf("state %+v", state)
	}
	stop() // it would not try again for a minute
	write("s3cret")
	options.Name = "mended"
	s, _ = in.source(t, options)
	connected(t, s)
	for _, secret := range []string{"wr0ng", "s3cret"} {
		if strings.Contains(in.log.String()+fmt.Sprint(s.States()), secret) {
			t.Errorf("the password %s is told to everybody", secret)
		}
	}
}

func TestNoBroker(t *testing.T) {
	in := newIntake(t, &disk{})
	s, stop := in.source(t, mqtt.Options{URL: "tcp://127.0.0.1:1"})
	eventually(t, "tried", func() bool { return s.States()[0].LastError != "" })
	began := time.Now()
	stop()
	if took := time.Since(began); took > time.Second {
		t.Errorf("stopping took %v", took)
	}
	if n := strings.Count(in.log.String(), "no connection"); n != 1 {
		t.Errorf("reported %d times", n)
	}
}
