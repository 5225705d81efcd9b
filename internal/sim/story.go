package sim

import "time"

// An effect is what an event does to its device.
type effect string

// The effects.
const (
	noEffect effect = ""
	smokes   effect = "smoke"  // a smoke detector trips
	heats    effect = "heat"   // a heat detector trips
	burns    effect = "fire"   // a panel reports fire
	faulty   effect = "fault"  // a panel reports a fault in itself
	tested   effect = "test"   // a panel is being tested
	silent   effect = "silent" // nothing is heard of the device
	hazy     effect = "haze"   // the air around a station is bad
)

// An event happens to one device for part of a cycle.
type event struct {
	device   string
	effect   effect
	from, to time.Duration // since the cycle began
}

// story returns what happens in the n-th cycle, apart from the weather. Odd
// cycles have another hotel and other devices than even ones.
func story(n int) []event {
	s := time.Second
	common := []event{
		{"bao-chay-den-bao-ha", tested, 235 * s, 255 * s},
		{"bao-chay-cho-pom-han", faulty, 395 * s, 440 * s},
		{"khong-khi-lao-cai", hazy, 380 * s, 450 * s},
		{"khong-khi-cam-duong", hazy, 385 * s, 450 * s},
	}
	if n%2 == 0 {
		return append(common,
			event{"mua-ban-ho", silent, 22 * s, 120 * s},
			event{"khoi-may-trang-301", smokes, 26 * s, 85 * s},
			event{"khoi-may-trang-hanh-lang-3", smokes, 31 * s, 80 * s},
			event{"bao-chay-khach-san-may-trang", burns, 35 * s, 90 * s},
		)
	}
	return append(common,
		event{"mua-cao-son", silent, 22 * s, 120 * s},
		event{"nhiet-doi-thong-bep", heats, 26 * s, 85 * s},
		event{"khoi-doi-thong-1", smokes, 31 * s, 80 * s},
		event{"bao-chay-khach-san-doi-thong", burns, 35 * s, 90 * s},
	)
}

// during returns the event among events that is under way.
func during(events []event, t time.Duration) (event, bool) {
	for _, e := range events {
		if e.from <= t && t < e.to {
			return e, true
		}
	}
	return event{}, false
}
