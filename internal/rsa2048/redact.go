package rsa2048

import (
	"fmt"
	"log/slog"

	"github.com/mtcore/mtcore/internal/redact"
)

// Format implements [fmt.Formatter] to keep keys out of logs. An unexported field must hold
// a pointer to a key: package fmt calls no method of a value there.
func (PrivateKey) Format(s fmt.State, _ rune) { redact.Format(s) }

// LogValue implements [slog.LogValuer] to keep keys out of logs.
func (PrivateKey) LogValue() slog.Value { return redact.Value() }

// MarshalJSON returns an error: to store a key, store the one it was made from.
func (PrivateKey) MarshalJSON() ([]byte, error) { return redact.Marshal("rsa2048: PrivateKey") }

// MarshalText returns an error, as MarshalJSON does.
func (PrivateKey) MarshalText() ([]byte, error) { return redact.Marshal("rsa2048: PrivateKey") }
