package sim

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"citywatch"
)

// A protocol is how a device's messages look on the wire.
type protocol string

// The protocols. Which one a device speaks shows in its aliases: a LoRaWAN
// device is registered by its DevEUI, a Zigbee one by its IEEE address.
const (
	plainJSON protocol = "json"    // our default
	lorawan   protocol = "lorawan" // by way of a ChirpStack v4 server
	zigbee    protocol = "zigbee"  // by way of Zigbee2MQTT
)

// application is the LoRaWAN application's id in ChirpStack.
const application = "3f0b8f6e-6c0f-4c55-9a5e-2a8f5f6f3c10"

// protocolOf returns the device's protocol and the address it has there.
func protocolOf(d *citywatch.Device) (protocol, string) {
	for _, alias := range d.Aliases {
		digits, ieee := strings.CutPrefix(alias, "0x")
		if eui, err := hex.DecodeString(digits); err != nil || len(eui) != 8 {
			continue
		}
		if ieee {
			return zigbee, alias
		}
		return lorawan, alias
	}
	return plainJSON, d.ID
}

// A measurement is what is to be sent: the n-th message of a device.
type measurement struct {
	device *citywatch.Device
	n      uint32
	at     time.Time
	values []citywatch.Value
}

// message returns the topic and payload of a measurement, as its device's
// protocol has them.
func message(m measurement) (topic string, payload []byte, err error) {
	protocol, address := protocolOf(m.device)
	at := m.at.In(indochina()).Format("2006-01-02T15:04:05.000Z07:00")
	var body any
	switch protocol {
	case lorawan:
		topic = fmt.Sprintf("application/%s/device/%s/event/up", application, address)
		body = chirpstack(m, address, at)
	case zigbee:
		topic = "zigbee2mqtt/" + address
		body = zigbee2mqtt(m, at)
	default:
		topic = fmt.Sprintf("city/%s/%s", m.device.Sector, m.device.ID)
		body = map[string]any{"time": at, "values": fields(m.values)}
	}
	payload, err = json.Marshal(body)
	return topic, payload, err
}

// fields returns the values as members of a JSON object.
func fields(values []citywatch.Value) map[string]any {
	members := map[string]any{}
	for _, v := range values {
		if v.IsText() {
			members[v.Name] = v.Text
		} else {
			members[v.Name] = v.Number
		}
	}
	return members
}

// chirpstack returns an uplink event as ChirpStack v4 publishes it, with the
// object that the device profile's codec has made of the bytes.
func chirpstack(m measurement, devEUI, at string) map[string]any {
	id := hash(uint64(m.n), devEUI, m.at.UnixNano())
	return map[string]any{
		"deduplicationId": fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", uint32(id>>32), uint16(id>>16), id&0xfff, id>>12&0xfff, id>>8&0xffffffffffff),
		"time":            at,
		"deviceInfo": map[string]any{
			"tenantName":        "Lào Cai",
			"applicationId":     application,
			"applicationName":   "soil",
			"deviceProfileName": "soil probe",
			"deviceName":        m.device.Name,
			"devEui":            devEUI,
		},
		"devAddr":   "00" + devEUI[10:],
		"adr":       true,
		"dr":        5,
		"fCnt":      m.n,
		"fPort":     2,
		"confirmed": false,
		"data":      base64.StdEncoding.EncodeToString([]byte{byte(id), byte(id >> 8), byte(id >> 16)}),
		"object":    fields(m.values),
		"rxInfo": []map[string]any{{
			"gatewayId": "24e124fffef00001",
			"rssi":      -70 - int(id%40),
			"snr":       float64(id%120) / 10,
		}},
		"txInfo": map[string]any{"frequency": 923_200_000},
	}
}

// zigbee2mqtt returns a device's state as Zigbee2MQTT publishes it.
func zigbee2mqtt(m measurement, at string) map[string]any {
	state := fields(m.values)
	for _, name := range []string{"smoke", "heat"} {
		if v, has := state[name]; has {
			state[name] = v != 0.0
		}
	}
	state["linkquality"] = 60 + hash(0, m.device.ID, m.at.Unix()/60)%120
	state["last_seen"] = at
	return state
}
