// Package csv stands in for Flux's package of that name; see package flux.
package csv

import (
	"errors"
	"io"
)

// errAbsent is what every call answers: there is no Flux here.
var errAbsent = errors.New("flux is not part of this program")

// ResultEncoderConfig has no settings here.
type ResultEncoderConfig struct{}

// DefaultEncoderConfig returns a ResultEncoderConfig.
func DefaultEncoderConfig() ResultEncoderConfig { return ResultEncoderConfig{} }

// A ResultEncoder writes nothing.
type ResultEncoder struct{}

// NewResultEncoder returns a ResultEncoder.
func NewResultEncoder(ResultEncoderConfig) *ResultEncoder { return &ResultEncoder{} }

// EncodeError refuses.
func (*ResultEncoder) EncodeError(io.Writer, error) error { return errAbsent }
