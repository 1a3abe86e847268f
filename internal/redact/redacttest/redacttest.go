// Package redacttest checks that a type keeps its secrets out of logs.
package redacttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// Printed checks what packages fmt and log/slog print for v, for its address, and for both
// in a struct and in a slice. The type of v has the methods of package redact.
func Printed[T any](t *testing.T, v T) {
	t.Helper()
	for _, message := range printed(v) {
		t.Error(message)
	}
}

// printed returns a line for each way of printing v that leaks something.
func printed[T any](v T) (leaks []string) {
	holder := struct {
		V T
		P *T
	}{v, &v}
	for _, x := range []any{v, &v, []T{v}, map[string]T{"k": v}, struct{ V T }{v}, &holder} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%X", "%s", "%q", "%d", "% x"} {
			if text := fmt.Sprintf(verb, x); !strings.Contains(text, redacted) {
				leaks = append(leaks, fmt.Sprintf("%s of %T is %.60q", verb, x, text))
			}
		}
	}
	var b bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		for _, x := range []any{v, &v} {
			b.Reset()
			slog.New(h).Info("m", "key", x)
			if !strings.Contains(b.String(), redacted) {
				leaks = append(leaks, fmt.Sprintf("%T logs %T as %.120q", h, x, b.String()))
			}
		}
	}
	return leaks
}

const redacted = "REDACTED"

// NotEncoded checks that package encoding/json refuses both v and its address.
func NotEncoded[T any](t *testing.T, v T) {
	t.Helper()
	for _, x := range []any{v, &v, []T{v}, map[string]T{"k": v}} {
		if text, err := json.Marshal(x); err == nil {
			t.Errorf("%T is encoded as %.60s", x, text)
		}
	}
}
