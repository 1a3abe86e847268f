package rsa2048

import (
	"fmt"
	"log/slog"

	"github.com/mtcore/mtcore/internal/redact"
)

// Format implements [fmt.Formatter] so that logs do not get to see a key. In an unexported
// field have a pointer to a key: package fmt asks no method about the value there.
func (PrivateKey) Format(s fmt.State, _ rune) { redact.Format(s) }

// LogValue implements [slog.LogValuer], likewise.
func (PrivateKey) LogValue() slog.Value { return redact.Value() }

// MarshalJSON returns an error: a key is stored as the one it was made of.
func (PrivateKey) MarshalJSON() ([]byte, error) { return redact.Marshal("rsa2048: PrivateKey") }

// MarshalText returns an error, as MarshalJSON does.
func (PrivateKey) MarshalText() ([]byte, error) { return redact.Marshal("rsa2048: PrivateKey") }
