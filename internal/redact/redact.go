// Package redact keeps secrets out of logs: types that hold a key use it to answer package
// fmt, package slog and encoders.
//
// Package fmt can only call the methods of a value that it can access: of a value in an
// unexported field it prints the contents. Such a field must hold a pointer instead, of
// which fmt prints the address.
package redact

import (
	"errors"
	"fmt"
	"log/slog"
)

const text = "REDACTED"

// Format is for the method of the same name, see [fmt.Formatter]: every verb prints the
// same.
func Format(s fmt.State) { fmt.Fprint(s, text) }

// Value is for the method LogValue, see [slog.LogValuer].
func Value() slog.Value { return slog.StringValue(text) }

// Marshal is for the methods MarshalJSON and MarshalText. It returns the error of the type
// with the given name. An encoder that got a placeholder would lose the key silently, and
// one that got the key would put it where nobody looks for keys.
func Marshal(name string) ([]byte, error) {
	return nil, errors.New(name + " is a secret, which is not encoded; convert it to bytes first")
}
