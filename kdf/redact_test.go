package kdf

import (
	"testing"

	"github.com/mtcore/mtcore/internal/redact/redacttest"
)

func TestRedacted(t *testing.T) {
	redacttest.Printed(t, AuthKey{1})
	redacttest.NotEncoded(t, AuthKey{1})
	redacttest.Printed(t, Job{})
	redacttest.NotEncoded(t, Job{})
}
