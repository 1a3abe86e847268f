package secretchat

import (
	"fmt"
	"log/slog"

	"github.com/mtcore/mtcore/internal/redact"
)

// Format implements [fmt.Formatter] to keep keys out of logs.
func (StateKey) Format(s fmt.State, _ rune) { redact.Format(s) }

// LogValue implements [slog.LogValuer], likewise.
func (StateKey) LogValue() slog.Value { return redact.Value() }

// MarshalJSON returns an error. To store the key on purpose, use the bytes k[:].
func (StateKey) MarshalJSON() ([]byte, error) { return redact.Marshal("secretchat: StateKey") }

// MarshalText returns an error, as MarshalJSON does.
func (StateKey) MarshalText() ([]byte, error) { return redact.Marshal("secretchat: StateKey") }

// Format implements [fmt.Formatter] to keep keys out of logs.
func (FileKey) Format(s fmt.State, _ rune) { redact.Format(s) }

// LogValue implements [slog.LogValuer], likewise.
func (FileKey) LogValue() slog.Value { return redact.Value() }

// MarshalJSON returns an error. To store the key on purpose, use [FileKey.Bytes].
func (FileKey) MarshalJSON() ([]byte, error) { return redact.Marshal("secretchat: FileKey") }

// MarshalText returns an error, as MarshalJSON does.
func (FileKey) MarshalText() ([]byte, error) { return redact.Marshal("secretchat: FileKey") }
