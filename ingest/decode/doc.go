// Package decode turns the payloads of devices and gateways into readings.
//
// # json
//
// The default. Device: the topic's third level, {2}.
//
//	city/disaster/lao-cai-thao
//	{"time":"2026-11-22T07:00:00+07:00","values":{"water_level":80.12}}
//
// The time is optional, and so is "position":[longitude,latitude]. ThingsBoard's
// {"ts":1795302000000,"values":{"water_level":80.12}} is understood as well, and
// arrays of both.
package decode
