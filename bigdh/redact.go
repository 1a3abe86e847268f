package bigdh

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

// MarshalJSON returns an error: [PrivateKey.Bytes] is for those who mean to store a key.
func (PrivateKey) MarshalJSON() ([]byte, error) { return redact.Marshal("bigdh: PrivateKey") }

// MarshalText returns an error, as MarshalJSON does.
func (PrivateKey) MarshalText() ([]byte, error) { return redact.Marshal("bigdh: PrivateKey") }

// Format implements [fmt.Formatter]: a job holds a shared secret.
func (DHJob) Format(s fmt.State, _ rune) { redact.Format(s) }

// LogValue implements [slog.LogValuer], likewise.
func (DHJob) LogValue() slog.Value { return redact.Value() }

// MarshalJSON returns an error: a job holds a shared secret.
func (DHJob) MarshalJSON() ([]byte, error) { return redact.Marshal("bigdh: DHJob") }

// MarshalText returns an error, as MarshalJSON does.
func (DHJob) MarshalText() ([]byte, error) { return redact.Marshal("bigdh: DHJob") }
