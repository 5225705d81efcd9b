package sim

import (
	"math"
	"time"

	"citywatch"
)

// The classes that can be simulated.
const (
	riverGauge     = "river_gauge"
	rainGauge      = "rain_gauge"
	soilMoisture   = "soil_moisture"
	firePanel      = "fire_panel"
	smokeDetector  = "smoke_detector"
	heatDetector   = "heat_detector"
	airStation     = "air_station"
	trafficCounter = "traffic_counter"
	lodging        = "lodging"
	visitors       = "visitors"
	oneStop        = "one_stop"
	satisfaction   = "satisfaction"
	cashless       = "cashless"
)

// An instrument measures.
type instrument func(moment) []citywatch.Value

// instrumentOf returns how a class measures, nil for one that nobody has taught
// this package.
func instrumentOf(class string) instrument {
	switch class {
	case riverGauge:
		return measureRiver
	case rainGauge:
		return measureRain
	case soilMoisture:
		return measureSoil
	case firePanel:
		return readPanel
	case smokeDetector:
		return readSmoke
	case heatDetector:
		return readHeat
	case airStation:
		return measureAir
	case trafficCounter:
		return countTraffic
	case lodging, visitors, oneStop, satisfaction, cashless:
		return tellFigure
	}
	return nil
}

// number rounds to what the instrument can tell apart.
func number(name string, x float64, decimals int) citywatch.Value {
	p := math.Pow10(decimals)
	return citywatch.Value{Name: name, Number: math.Round(x*p) / p}
}

func measureRiver(m moment) []citywatch.Value {
	q := m.discharge[m.device.ID].at(m.t)
	var level float64
	for _, r := range m.world.rivers {
		if r.gauge == m.device.ID {
			level = r.level(q)
		}
	}
	return []citywatch.Value{
		number("water_level", level+0.01*m.noise("waves", 3*time.Second), 2),
		number("discharge", q, 0),
	}
}

func measureRain(m moment) []citywatch.Value {
	return []citywatch.Value{
		number("rain_1h", m.rainfall(hour), 1),
		number("rain_12h", m.rainfall(halfDay), 1),
		number("rain_24h", m.rainfall(day), 1),
	}
}

func measureSoil(m moment) []citywatch.Value {
	return []citywatch.Value{
		number("soil_moisture", m.soil[m.device.ID].at(m.t)+0.2*m.noise("soil", time.Minute), 1),
		number("soil_temperature", 18+6*m.own("height")+0.5*m.noise("ground", 10*time.Minute), 1),
		number("battery", 70+30*m.own("battery"), 0),
	}
}

func readPanel(m moment) []citywatch.Value {
	state := "normal"
	switch m.event.effect {
	case burns, faulty, tested:
		state = string(m.event.effect)
	}
	return []citywatch.Value{
		{Name: "state", Text: state},
		number("supply", 27.3+0.2*m.noise("supply", time.Minute), 1),
	}
}

func readSmoke(m moment) []citywatch.Value {
	return []citywatch.Value{
		flag("smoke", m.event.effect == smokes),
		number("battery", 60+40*m.own("battery"), 0),
	}
}

func readHeat(m moment) []citywatch.Value {
	temperature := 23 + 4*m.noise("room", 5*time.Minute)
	if m.event.effect == heats {
		// It trips at 58 °C and the fire goes on.
		since := time.Duration(m.t*float64(step)) - m.event.from
		temperature = 58 + 60*(1-math.Exp(-since.Seconds()/20))
	}
	return []citywatch.Value{
		flag("heat", m.event.effect == heats),
		number("temperature", temperature, 1),
	}
}

// flag is true or false; the wire says so, readings have 1 and 0.
func flag(name string, set bool) citywatch.Value {
	v := citywatch.Value{Name: name}
	if set {
		v.Number = 1
	}
	return v
}

func measureAir(m moment) []citywatch.Value {
	clock, _ := m.clock()
	aqi := 38 + 12*m.own("site") + 18*rush(clock) + 8*m.noise("air", 3*time.Minute)
	if m.event.effect == hazy {
		since := time.Duration(m.t*float64(step)) - m.event.from
		left := m.event.to - m.event.from - since
		aqi += 100 * smooth(since.Seconds()/12) * smooth(left.Seconds()/12)
	}
	wet := min(m.raining()/10, 1)
	warm := math.Sin((clock - 9) / 24 * 2 * math.Pi)
	return []citywatch.Value{
		number("aqi", aqi*(1-0.4*wet), 0),
		number("pm2_5", 0.42*aqi*(1-0.4*wet), 0),
		number("temperature", 22-5*m.own("height")+4*warm-2*wet+0.3*m.noise("temperature", time.Minute), 1),
		number("humidity", min(74-10*warm+22*wet+2*m.noise("humidity", time.Minute), 100), 0),
	}
}

// rush is about 1 when people go to work and home again, and near 0 at night.
func rush(hour float64) float64 {
	return 0.08 + 0.85*bump(hour-7.25, 0.9) + 0.95*bump(hour-17.25, 1.2) + 0.45*bump(hour-12, 3)
}

func countTraffic(m moment) []citywatch.Value {
	clock, weekend := m.clock()
	busy := rush(clock)
	switch {
	case !weekend:
	case m.device.Zone == "sa-pa" || m.device.Zone == "ta-van" || m.device.Zone == "bac-ha":
		busy = 0.15 + 1.1*bump(clock-11, 4) // visitors, and the Sunday market
	default:
		busy *= 0.7
	}
	wet := min(m.raining()/20, 1)
	capacity := 20 + 50*m.own("lanes")
	flow := max(capacity*busy*(1+0.15*m.noise("flow", 20*time.Second)), 0)
	speed := (38 + 30*m.own("road")) * (1 - 0.35*min(flow/capacity, 1)) * (1 - 0.25*wet)
	return []citywatch.Value{
		number("flow", flow, 0),
		number("speed", speed+2*m.noise("speed", 15*time.Second), 0),
	}
}
