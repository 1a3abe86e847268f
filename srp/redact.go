package srp

import (
	"fmt"
	"log/slog"

	"github.com/mtcore/mtcore/internal/redact"
)

// Format implements [fmt.Formatter] to keep verifiers out of logs.
func (Server) Format(s fmt.State, _ rune) { redact.Format(s) }

// LogValue implements [slog.LogValuer] to keep verifiers out of logs.
func (Server) LogValue() slog.Value { return redact.Value() }

// MarshalJSON returns an error: to store a verifier on purpose, store its bytes.
func (Server) MarshalJSON() ([]byte, error) { return redact.Marshal("srp: Server") }

// MarshalText returns an error, as MarshalJSON does.
func (Server) MarshalText() ([]byte, error) { return redact.Marshal("srp: Server") }
