package kdf

import (
	"fmt"
	"log/slog"

	"github.com/mtcore/mtcore/internal/redact"
)

// Format implements [fmt.Formatter] so that logs do not get to see a key.
func (AuthKey) Format(s fmt.State, _ rune) { redact.Format(s) }

// LogValue implements [slog.LogValuer], likewise.
func (AuthKey) LogValue() slog.Value { return redact.Value() }

// MarshalJSON returns an error: a key is stored as the bytes k[:], by those who mean it.
func (AuthKey) MarshalJSON() ([]byte, error) { return redact.Marshal("kdf: AuthKey") }

// MarshalText returns an error, as MarshalJSON does.
func (AuthKey) MarshalText() ([]byte, error) { return redact.Marshal("kdf: AuthKey") }

// Format implements [fmt.Formatter]: a job holds keys.
func (Job) Format(s fmt.State, _ rune) { redact.Format(s) }

// LogValue implements [slog.LogValuer], likewise.
func (Job) LogValue() slog.Value { return redact.Value() }

// MarshalJSON returns an error: a job holds keys.
func (Job) MarshalJSON() ([]byte, error) { return redact.Marshal("kdf: Job") }

// MarshalText returns an error, as MarshalJSON does.
func (Job) MarshalText() ([]byte, error) { return redact.Marshal("kdf: Job") }
