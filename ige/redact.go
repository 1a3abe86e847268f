package ige

import (
	"fmt"
	"log/slog"

	"github.com/mtcore/mtcore/internal/redact"
)

// Format implements [fmt.Formatter] so that logs do not get to see a key or a plaintext.
func (Message) Format(s fmt.State, _ rune) { redact.Format(s) }

// LogValue implements [slog.LogValuer], likewise.
func (Message) LogValue() slog.Value { return redact.Value() }

// MarshalJSON returns an error: a message holds its key.
func (Message) MarshalJSON() ([]byte, error) { return redact.Marshal("ige: Message") }

// MarshalText returns an error, as MarshalJSON does.
func (Message) MarshalText() ([]byte, error) { return redact.Marshal("ige: Message") }

// Format implements [fmt.Formatter]: a cipher is a key, expanded.
func (Cipher) Format(s fmt.State, _ rune) { redact.Format(s) }

// LogValue implements [slog.LogValuer], likewise.
func (Cipher) LogValue() slog.Value { return redact.Value() }

// MarshalJSON returns an error: a cipher is a key, expanded.
func (Cipher) MarshalJSON() ([]byte, error) { return redact.Marshal("ige: Cipher") }

// MarshalText returns an error, as MarshalJSON does.
func (Cipher) MarshalText() ([]byte, error) { return redact.Marshal("ige: Cipher") }

// Format implements [fmt.Formatter]: what chains blocks is a block of plaintext, too.
func (Encrypter) Format(s fmt.State, _ rune) { redact.Format(s) }

// LogValue implements [slog.LogValuer], likewise.
func (Encrypter) LogValue() slog.Value { return redact.Value() }

// Format implements [fmt.Formatter]: what chains blocks is a block of plaintext, too.
func (Decrypter) Format(s fmt.State, _ rune) { redact.Format(s) }

// LogValue implements [slog.LogValuer], likewise.
func (Decrypter) LogValue() slog.Value { return redact.Value() }
