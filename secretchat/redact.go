package secretchat

import (
	"fmt"
	"log/slog"

	"github.com/mtcore/mtcore/internal/redact"
)

// Format implements [fmt.Formatter] so that logs do not get to see a key.
func (StateKey) Format(s fmt.State, _ rune) { redact.Format(s) }

// LogValue implements [slog.LogValuer], likewise.
func (StateKey) LogValue() slog.Value { return redact.Value() }

// MarshalJSON returns an error: the key is stored as the bytes k[:], by those who mean it.
func (StateKey) MarshalJSON() ([]byte, error) { return redact.Marshal("secretchat: StateKey") }

// MarshalText returns an error, as MarshalJSON does.
func (StateKey) MarshalText() ([]byte, error) { return redact.Marshal("secretchat: StateKey") }

// Format implements [fmt.Formatter] so that logs do not get to see a key.
func (FileKey) Format(s fmt.State, _ rune) { redact.Format(s) }

// LogValue implements [slog.LogValuer], likewise.
func (FileKey) LogValue() slog.Value { return redact.Value() }

// MarshalJSON returns an error: [FileKey.Bytes] is for those who mean to store a key.
func (FileKey) MarshalJSON() ([]byte, error) { return redact.Marshal("secretchat: FileKey") }

// MarshalText returns an error, as MarshalJSON does.
func (FileKey) MarshalText() ([]byte, error) { return redact.Marshal("secretchat: FileKey") }
