package registry

import (
	"cmp"

	"citywatch"
)

// indicator checks what is said of a figure of another system.
func (p *parser) indicator(e DeviceEntry, d *citywatch.Device, class citywatch.Class, path string) {
	i := e.Indicator
	d.Indicator = &citywatch.Indicator{
		Target: i.Target, Better: cmp.Or(i.Better, citywatch.Higher), Owner: i.Owner, Source: i.Source,
	}
	if len(class.Quantities) == 0 && class.ID != "" {
		p.report(path, "the figure is the first of the class's quantities", "the class %q of the indicator %q has no quantity", class.ID, e.ID)
	}
	if i.Better != "" && i.Better != citywatch.Higher && i.Better != citywatch.Lower {
		p.report(path+".better", "higher or lower", "indicator %q is better %q", e.ID, i.Better)
	}
	if i.Owner == "" {
		p.report(path+".owner", "who answers for the figure, as in Sở Du lịch", "indicator %q has no owner", e.ID)
	}
	if i.Source == "" {
		p.report(path+".source", "the system that it comes from", "indicator %q has no source", e.ID)
	}
}
