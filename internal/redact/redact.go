// Package redact keeps secrets out of logs: what types that hold a key print, and what
// they say to an encoder.
//
// Package fmt asks a method only where it can call it: of a value in an unexported field
// it prints what the value holds. Such a field holds a pointer, of which fmt prints the
// address.
package redact

import (
	"errors"
	"fmt"
	"log/slog"
)

const text = "REDACTED"

// Format is for a method of the same name, see [fmt.Formatter]: every verb prints the same.
func Format(s fmt.State) { fmt.Fprint(s, text) }

// Value is for the method LogValue, see [slog.LogValuer].
func Value() slog.Value { return slog.StringValue(text) }

// Marshal is for the methods MarshalJSON and MarshalText: the error that a type of the
// given name returns. An encoder that got a placeholder would lose the key without a word,
// and one that got the key would put it where nobody looks for keys.
func Marshal(name string) ([]byte, error) {
	return nil, errors.New(name + " is a secret, which is not encoded; convert it to bytes first")
}
