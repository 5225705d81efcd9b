package decode

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"

	"citywatch"
)

// senML decodes SenML packs (RFC 8428), in JSON or in CBOR.
type senML struct {
	core
	template  bool   // the device is the template's, not the name's
	separator string // "" means that the base name is the device
	unnamed   string
	cbor      cbor.DecMode
	records   []senMLRecord
	gather    gather
}

// A senMLLabel is one field of a record. A record's fields are a set of them.
type senMLLabel uint16

const (
	labelBaseName senMLLabel = 1 << iota
	labelBaseTime
	labelBaseUnit
	labelBaseValue
	labelBaseSum
	labelVersion
	labelName
	labelUnit
	labelValue
	labelText
	labelBool
	labelSum
	labelTime
)

// A senMLRecord is one record as it stands in the pack: nothing resolved.
type senMLRecord struct {
	has senMLLabel
	// fault is why the record, but not the pack, is refused.
	fault *Error

	baseName, baseUnit, name, unit, text  string
	baseTime, baseValue, baseSum, version float64
	value, boolean, sum, time             float64
}

const (
	senMLVersion = 10
	// Times below this are relative to now (RFC 8428 §4.5.3).
	senMLAbsolute = 1 << 28
	senMLUnnamed  = "value"
	senMLBattery  = "battery"
)

func newSenML(o Options, c core) Decoder {
	d := &senML{core: c, template: o.Device != "", separator: o.Split, unnamed: o.Value, cbor: senMLMode()}
	if d.unnamed == "" {
		d.unnamed = senMLUnnamed
	}
	return d
}

func checkSenML(o Options) []citywatch.Problem {
	var problems []citywatch.Problem
	if len(o.Split) > 1 || !strings.Contains(":./_-", o.Split) {
		problems = append(problems, citywatch.Problem{Path: "$.split", Message: "names are cut at one character", Hint: "write one of : . / _ - or leave it out"})
	}
	if o.Value != "" {
		if err := checkName("the value's name", o.Value); err != nil {
			problems = append(problems, citywatch.Problem{Path: "$.value", Message: err.Detail})
		}
	}
	return problems
}

func (d *senML) Decode(dst []citywatch.Reading, m Message) ([]citywatch.Reading, error) {
	d.records = d.records[:0]
	d.gather.reset()
	d.tree.reset()
	var err *Error
	if isCBORArray(m.Payload) {
		err = d.readCBOR(m.Payload)
	} else {
		err = d.readJSON(m.Payload)
	}
	if err != nil {
		return dst, err
	}
	var f faults
	if err := d.resolve(m, &f); err != nil {
		return dst, err
	}
	before := len(dst)
	dst = d.gather.readings(dst, m.Arrived, &f)
	if len(dst) == before && f.count == 0 {
		return dst, refuse(citywatch.RefusedNoValues, "the pack has no values in it")
	}
	return dst, f.err()
}

// resolve applies the base fields to the records and gathers their values. A
// record at fault is left out alone, unless what follows rests on it.
func (d *senML) resolve(m Message, f *faults) *Error {
	var base senMLRecord
	for i := range d.records {
		r := &d.records[i]
		if r.has&labelVersion != 0 && r.version > senMLVersion {
			return refuse(citywatch.RefusedDecode, "/%d: SenML version %v; only versions up to %d are known", i, r.version, senMLVersion)
		}
		base.inherit(r)
		if r.fault != nil {
			f.add(r.fault)
			continue
		}
		if r.has&(labelValue|labelText|labelBool|labelSum) == 0 {
			continue // only base fields, or data that is no value
		}
		if err := d.record(m, &base, r); err != nil {
			err.Detail = fmt.Sprintf("/%d: %s", i, err.Detail)
			f.add(err)
		}
		if f.count > maxFaults {
			break
		}
	}
	return nil
}

// inherit makes r hold the base fields that apply from next on.
func (r *senMLRecord) inherit(next *senMLRecord) {
	if next.has&labelBaseName != 0 {
		r.baseName = next.baseName
	}
	if next.has&labelBaseUnit != 0 {
		r.baseUnit = next.baseUnit
	}
	if next.has&labelBaseTime != 0 {
		r.baseTime = next.baseTime
	}
	if next.has&labelBaseValue != 0 {
		r.baseValue = next.baseValue
	}
	if next.has&labelBaseSum != 0 {
		r.baseSum = next.baseSum
	}
	r.has |= next.has
}

// record gathers the values of one record.
func (d *senML) record(m Message, base, r *senMLRecord) *Error {
	unit := r.unit
	if r.has&labelUnit == 0 {
		unit = base.baseUnit
	}
	device, name, err := d.split(m, base.baseName, r.name, unit)
	if err != nil {
		return err
	}
	if err := checkName("the value's name", name); err != nil {
		return err
	}
	s := sample{device: device, part: partValue}
	if s.time, s.assumed, err = senMLTime(base.baseTime+r.time, m.Arrived); err != nil {
		return err
	}
	if r.has&labelSum != 0 || base.has&labelBaseSum != 0 && r.has&labelValue != 0 {
		sum := d.strings.clone(name + "_sum")
		if err := checkName("the value's name", sum); err != nil {
			return err
		}
		if err := d.number(s, sum, base.baseSum+r.sum); err != nil {
			return err
		}
	}
	switch {
	case r.has&labelValue != 0:
		switch unit {
		case "lon":
			s.part = partLongitude
		case "lat":
			s.part = partLatitude
		}
		return d.number(s, name, base.baseValue+r.value)
	case r.has&labelBool != 0:
		return d.number(s, name, r.boolean)
	case r.text != "":
		s.value = citywatch.Value{Name: name, Text: r.text}
		d.gather.add(s)
	}
	return nil
}

// senMLTime returns the time that a base time and a time add up to, and
// whether it is the time of arrival because the record says none.
func senMLTime(sum float64, arrived time.Time) (at time.Time, assumed bool, err *Error) {
	if sum >= senMLAbsolute {
		t, ok := fromUnix(sum, time.Second)
		if !ok {
			return t, false, refuse(citywatch.RefusedDecode, "the time %v lies outside the years 2000 to 2099; %s", sum, clockHint)
		}
		return t, false, nil
	}
	if !(sum >= -senMLAbsolute) {
		return at, false, refuse(citywatch.RefusedDecode, "the time %v lies years before now", sum)
	}
	return arrived.Add(time.Duration(sum * float64(time.Second))), sum == 0, nil
}

// split returns the device and the name of a value from the record's names.
func (d *senML) split(m Message, baseName, name, unit string) (device, value string, err *Error) {
	full := baseName + name
	switch cut := strings.LastIndex(full, d.separator); {
	case d.separator != "" && cut < 0:
		return "", "", refuse(citywatch.RefusedDecode, "the name %s has no %q to be cut at", clip(full), d.separator)
	case d.separator != "":
		device, value = full[:cut], full[cut+1:]
	case d.template:
		value = name
	case baseName == "":
		device = name
	default:
		device, value = strings.TrimRight(baseName, ":/._-"), name
	}
	if value == "" {
		value = d.unnamed
		if unit == "%EL" || unit == "EL" {
			// A device that tells its battery beside its only measurement
			// gives both the same name and another unit.
			value = senMLBattery
		}
	}
	if d.template {
		device, err = d.deviceOf(m, root)
		return device, d.strings.clone(value), err
	}
	if err := checkName("the device's id", device); err != nil {
		return "", "", err
	}
	return d.strings.clone(device), d.strings.clone(value), nil
}

// number gathers a numeric value of the sample's device and time.
func (d *senML) number(s sample, name string, x float64) *Error {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return refuse(citywatch.RefusedNumber, "%v is not a finite number; leave the record out instead", x)
	}
	s.value = citywatch.Value{Name: name, Number: x}
	d.gather.add(s)
	return nil
}
