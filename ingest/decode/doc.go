// Package decode turns the payloads of devices and gateways into readings.
//
// # The same in every format
//
// Booleans are the numbers 1 and 0. A text stays a text, even "13.25", unless
// the format json_fields is told otherwise. Null and the empty text are no
// values. NaN, infinities, hexadecimal floats and numbers out of range are
// refused, and so are names that occur twice in one JSON object, times outside
// the years 2000 to 2099, more than 256 values in a reading, and names of more
// than 128 bytes or with control characters. The position 0, 0 is none.
//
// Where the device's id stands is a template: text, {2} for the topic's third
// level, {1+} for the second and all after it, and {payload:/deviceInfo/devEui}
// for what a JSON pointer (RFC 6901) finds in the payload.
//
// # json
//
// The default. Device {2}.
//
//	city/disaster/lao-cai-thao
//	{"time":"2026-11-22T07:00:00+07:00","values":{"water_level":80.12}}
//
// The time is optional, and so is "position":[longitude,latitude]. So is an
// array of such objects, of which a bad one does not spoil the others, and
// ThingsBoard's {"ts":1795302000000,"values":{"water_level":80.12}}.
//
// # thingsboard
//
// The device API of ThingsBoard, device {2}, with values that have no time as
// well, and its gateway API, where the names are the devices:
//
//	{"temperature":22.5,"humidity":61}
//	{"Device A":[{"ts":1795302000000,"values":{"temperature":42}}]}
//
// # json_fields
//
// JSON of any shape, by the pointers of [Fields]. Device {2}.
//
//	{"id":"g7","data":[{"t":1795302000,"level":1012},{"t":1795302600,"level":1015}]}
//
//	device: "{payload:/id}"
//	fields:
//	  records: /data
//	  time: {at: /t, format: unix_s}
//	  values:
//	    - {at: /level, name: water_level, scale: 0.01, offset: 70}
//
// # senml
//
// RFC 8428, in JSON or CBOR. The device is the base name, without the
// separator it ends with, and the value's name the record's; see
// [Options.Split] for names that say both. Values without a name are called
// value, and battery if their unit is %EL or EL; those of the units lon and
// lat are the position. A sum is a value named for it: energy_sum.
//
//	[{"bn":"urn:dev:ow:10e2073a01080063:","bt":1795302000,"n":"voltage","u":"V","v":120.1},
//	 {"n":"current","u":"A","v":1.2}]
//
// # scalar
//
// One value in plain text: a number; true, false, on or off; or a word. Device
// {2}, and the value's name {3}.
//
//	city/disaster/lao-cai-thao/water_level
//	80.12
//
// # chirpstack
//
// The JSON events up and status of ChirpStack v4; its others measure nothing.
// Device {payload:/deviceInfo/devEui}. Names of nested values are joined:
// soil_moisture. With them come rssi and snr, of the gateway that heard best.
//
//	application/17c82e96-be03-4f38-aef3-f83d48582d97/device/24e124136b502123/event/up
//	{"deduplicationId":"3ac7…","time":"2026-11-22T00:00:00.775+00:00",
//	 "deviceInfo":{"devEui":"24e124136b502123",…},"object":{"soil":{"moisture":63.5}},
//	 "rxInfo":[{"gatewayId":"0016c001f153a14c","rssi":-36,"snr":10.5}],…}
//
// # tts
//
// Uplinks of The Things Stack v3, like ChirpStack's. Device
// {payload:/end_device_ids/device_id}. The position is taken from locations,
// but not the one that was registered.
//
//	v3/app1@ttn/devices/dev1/up
//	{"end_device_ids":{"device_id":"dev1","dev_eui":"0004A30B001C0530",…},
//	 "uplink_message":{"decoded_payload":{"temperature":1.0},"received_at":"2026-11-22T00:00:00.79Z",
//	 "rx_metadata":[{"rssi":-35,"snr":5}],…},…}
//
// # sparkplug
//
// Sparkplug B, which is protobuf. Device {4}, which for messages of the edge
// node itself is the node. Births make the value online 1, deaths 0. An
// integer's sign and an alias's name are what the birth said, so data whose
// birth was not heard is refused until the next. A gap in the sequence numbers
// is an error beside the readings. Controls, transient metrics and bdSeq are
// left out; data sets, bytes, files, templates and arrays are no values.
//
//	spBv1.0/lao-cai/DDATA/gateway-1/pump-3
//
// # zigbee2mqtt
//
// The states and availability (the value online) that Zigbee2MQTT publishes.
// Device {1+}. Values that are objects are joined: color_x. The time is
// last_seen, where that is switched on. What the bridge says of itself is
// ignored.
//
//	zigbee2mqtt/kitchen/smoke-1
//	{"smoke":false,"battery":100,"linkquality":120,"last_seen":"2026-11-22T07:00:00+07:00"}
//
// # frigate
//
// What the video recorder Frigate says it sees, from version 0.7 to 0.18; the
// filter is frigate/#. Device {1}, which is Frigate's name of the camera, of
// the zone, or for what it says of itself the prefix (frigate); list them as
// aliases of devices, all of one class with names of your own. Elsewhere than
// in the topic the name of the camera is put in the place of {1}, so for
// another prefix the device says how long it is: {2} for home/frigate/#.
//
// How many are seen now is a value of the object's name, with _active for those
// that move, and all for the sum. A rule about people at a place watches these.
//
//	frigate/cau_coc_leu/person
//	2
//
// An event, which is one object from its first frame to its last, is one
// reading at the time of that first frame, however often Frigate speaks of it:
// each message replaces what the one before said, as do the faces, plates and
// classes found later (tracked_object_update) and the triggers it pulled. To
// keep apart what was first seen in the same frame, the time below the
// millisecond is made of the id, which is the value event. Others are label,
// score, top_score and the same by the label (person_score), sub_label, zones,
// area, stationary, plate, duration, and ended 0 or 1.
//
//	frigate/events
//	{"type":"update","before":{…},"after":{"id":"1795302000.475377-mxklsc","camera":"cau_coc_leu",
//	 "label":"person","top_score":0.96,"start_time":1795302000.475377,"end_time":null,…}}
//
// Review items likewise: review is the id, review_state is alert, detection, or
// ended. From the topics of one camera come motion, audio_scream and audio_dbfs,
// status_detect, review_status, classification_gate, and detect_enabled and the
// like for what is switched on; from stats the frames per second, and of Frigate
// itself its detectors and disks; from available the value online. Pictures,
// orders, masks, transcripts and Frigate's own affairs are ignored, however
// large they are.
package decode
