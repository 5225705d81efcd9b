package decode

// signal adds the strength of the radio link as the best of the receiving
// gateways has it: rssi in dBm, snr in dB. The device's own values of these
// names stand.
func (c *core) signal(gateways nodeID) *Error {
	best, bestRSSI := none, 0.0
	for g := c.tree.nodes[gateways].first; g != none; g = c.tree.nodes[g].next {
		id := c.tree.member(g, "rssi")
		if c.tree.nodes[id].kind != number {
			continue
		}
		rssi, err := c.number(id)
		if err != nil {
			return err
		}
		if best == none || rssi > bestRSSI {
			best, bestRSSI = g, rssi
		}
	}
	if best == none {
		return nil
	}
	for _, name := range [...]string{"rssi", "snr"} {
		id := c.tree.member(best, name)
		if c.tree.nodes[id].kind != number || c.has(name) {
			continue
		}
		if err := c.add(name, id); err != nil {
			return err
		}
	}
	return nil
}
