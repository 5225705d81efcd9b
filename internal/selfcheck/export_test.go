package selfcheck

import "context"

// Beat is one turn of the heart.
func (c *Checker) Beat(ctx context.Context) { c.beats.beat(ctx) }
