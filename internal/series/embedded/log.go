package embedded

import (
	"context"
	"log/slog"

	"go.uber.org/zap/zapcore"
)

// logCore passes the engine's warnings and errors to slog. What it says below
// that, every query and every compaction, is of no use to an operator.
type logCore struct {
	to     *slog.Logger
	fields []zapcore.Field
}

func (c *logCore) Enabled(l zapcore.Level) bool { return l >= zapcore.WarnLevel }

func (c *logCore) With(fields []zapcore.Field) zapcore.Core {
	return &logCore{to: c.to, fields: append(c.fields[:len(c.fields):len(c.fields)], fields...)}
}

func (c *logCore) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if !c.Enabled(e.Level) {
		return ce
	}
	return ce.AddCore(e, c)
}

func (c *logCore) Write(e zapcore.Entry, fields []zapcore.Field) error {
	enc := zapcore.NewMapObjectEncoder()
	for _, f := range c.fields {
		f.AddTo(enc)
	}
	for _, f := range fields {
		f.AddTo(enc)
	}
	level := slog.LevelWarn
	if e.Level >= zapcore.ErrorLevel {
		level = slog.LevelError
	}
	c.to.Log(context.Background(), level, "time series engine: "+e.Message, "engine", enc.Fields)
	return nil
}

func (c *logCore) Sync() error { return nil }
