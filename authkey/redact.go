package authkey

import (
	"fmt"
	"log/slog"

	"github.com/mtcore/mtcore/internal/redact"
)

// Format implements [fmt.Formatter] to keep keys out of logs.
func (Result) Format(s fmt.State, _ rune) { redact.Format(s) }

// LogValue implements [slog.LogValuer] to keep keys out of logs.
func (Result) LogValue() slog.Value { return redact.Value() }

// MarshalJSON returns an error: to store a key on purpose, store its bytes.
func (Result) MarshalJSON() ([]byte, error) { return redact.Marshal("authkey: Result") }

// MarshalText returns an error, as MarshalJSON does.
func (Result) MarshalText() ([]byte, error) { return redact.Marshal("authkey: Result") }

// Format implements [fmt.Formatter], as Result's does.
func (PrivateKey) Format(s fmt.State, _ rune) { redact.Format(s) }

// LogValue implements [slog.LogValuer], as Result's does.
func (PrivateKey) LogValue() slog.Value { return redact.Value() }

// MarshalJSON returns an error, as Result's does.
func (PrivateKey) MarshalJSON() ([]byte, error) { return redact.Marshal("authkey: PrivateKey") }

// MarshalText returns an error, as MarshalJSON does.
func (PrivateKey) MarshalText() ([]byte, error) { return redact.Marshal("authkey: PrivateKey") }

// Format implements [fmt.Formatter], as Result's does.
func (Client) Format(s fmt.State, _ rune) { redact.Format(s) }

// LogValue implements [slog.LogValuer], as Result's does.
func (Client) LogValue() slog.Value { return redact.Value() }

// MarshalJSON returns an error, as Result's does.
func (Client) MarshalJSON() ([]byte, error) { return redact.Marshal("authkey: Client") }

// MarshalText returns an error, as MarshalJSON does.
func (Client) MarshalText() ([]byte, error) { return redact.Marshal("authkey: Client") }

// Format implements [fmt.Formatter], as Result's does.
func (Server) Format(s fmt.State, _ rune) { redact.Format(s) }

// LogValue implements [slog.LogValuer], as Result's does.
func (Server) LogValue() slog.Value { return redact.Value() }

// MarshalJSON returns an error, as Result's does.
func (Server) MarshalJSON() ([]byte, error) { return redact.Marshal("authkey: Server") }

// MarshalText returns an error, as MarshalJSON does.
func (Server) MarshalText() ([]byte, error) { return redact.Marshal("authkey: Server") }
