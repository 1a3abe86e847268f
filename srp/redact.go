package srp

import (
	"fmt"
	"log/slog"

	"github.com/mtcore/mtcore/internal/redact"
)

// Format implements [fmt.Formatter] so that logs do not get to see a verifier.
func (Server) Format(s fmt.State, _ rune) { redact.Format(s) }

// LogValue implements [slog.LogValuer], likewise.
func (Server) LogValue() slog.Value { return redact.Value() }

// MarshalJSON returns an error: a verifier is stored as its bytes, by those who mean it.
func (Server) MarshalJSON() ([]byte, error) { return redact.Marshal("srp: Server") }

// MarshalText returns an error, as MarshalJSON does.
func (Server) MarshalText() ([]byte, error) { return redact.Marshal("srp: Server") }
