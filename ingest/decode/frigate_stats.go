package decode

import (
	"strings"

	"citywatch"
)

// stats reads the topic stats: one reading of each camera, and one of Frigate.
func (d *frigate) stats(dst []citywatch.Reading, m Message) ([]citywatch.Reading, error) {
	if err := d.tree.parse(m.Payload); err != nil {
		return dst, err
	}
	var f faults
	cameras := d.tree.member(root, "cameras")
	if cameras == none {
		cameras = root // where they stood before version 0.13, among the others
	}
	for c := d.tree.nodes[cameras].first; c != none && f.count <= maxFaults; c = d.tree.nodes[c].next {
		if d.tree.member(c, "camera_fps") == none {
			continue
		}
		dst = d.one(dst, c, &f, func() (citywatch.Reading, *Error) { return d.cameraStats(m, c) })
	}
	if d.tree.member(root, "service") == none {
		f.add(refuse(citywatch.RefusedDecode, "the payload has no service: it is no message of frigate/stats"))
		return dst, f.err()
	}
	dst = d.one(dst, root, &f, func() (citywatch.Reading, *Error) { return d.ownStats(m) })
	return dst, f.err()
}

// one appends the reading that read makes of the node, unless nothing is in it.
func (d *frigate) one(dst []citywatch.Reading, at nodeID, f *faults, read func() (citywatch.Reading, *Error)) []citywatch.Reading {
	d.drop()
	r, err := read()
	if err == nil && len(d.values) > 0 {
		err = d.finish(&r, at)
	}
	if err != nil {
		f.add(err)
		return dst
	}
	if len(r.Values) == 0 {
		return dst
	}
	return append(dst, r)
}

func (d *frigate) cameraStats(m Message, at nodeID) (citywatch.Reading, *Error) {
	r, err := d.about(m, d.strings.string(d.tree.nodes[at].key))
	if err != nil {
		return r, err
	}
	return r, d.addSame(at, "camera_fps", "process_fps", "skipped_fps", "detection_fps",
		"connection_quality", "reconnects_last_hour", "stalls_last_hour")
}

// ownStats reads how Frigate itself is: its detectors, and its disks in MB (in
// MiB since version 0.18).
func (d *frigate) ownStats(m Message) (citywatch.Reading, *Error) {
	r, err := d.aboutItself(m)
	if err != nil {
		return r, err
	}
	if err := d.addSame(root, "detection_fps"); err != nil {
		return r, err
	}
	service := d.tree.member(root, "service")
	if err := d.addSame(service, "uptime", "version"); err != nil {
		return r, err
	}
	detectors := d.tree.member(root, "detectors")
	for c := d.tree.nodes[detectors].first; c != none; c = d.tree.nodes[c].next {
		name := d.nameOf("detector", string(d.tree.nodes[c].key), "inference_speed")
		if err := d.add(name, d.tree.member(c, "inference_speed")); err != nil {
			return r, err
		}
	}
	storage := d.tree.member(service, "storage")
	for c := d.tree.nodes[storage].first; c != none; c = d.tree.nodes[c].next {
		path := string(d.tree.nodes[c].key)
		for _, n := range [...]string{"total", "free"} {
			name := d.nameOf("storage", path[strings.LastIndexByte(path, '/')+1:], n)
			if err := d.add(name, d.tree.member(c, n)); err != nil {
				return r, err
			}
		}
	}
	return r, nil
}

// addSame adds the members that are there under their own names.
func (d *frigate) addSame(at nodeID, members ...string) *Error {
	for _, name := range members {
		if err := d.add(name, d.tree.member(at, name)); err != nil {
			return err
		}
	}
	return nil
}
