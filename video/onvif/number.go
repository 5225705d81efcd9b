package onvif

import (
	"math"
	"strconv"
	"strings"
)

// number reads a number that is no larger than anything that ONVIF counts; 0
// for all else.
func number(text string) int {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32)
	if err != nil || n < 0 {
		return 0
	}
	return int(n)
}

// decimal reads a number such as a frame rate; 0 for what is none.
func decimal(text string) float64 {
	f, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(f) || f < 0 || f > 1000 {
		return 0
	}
	return f
}
