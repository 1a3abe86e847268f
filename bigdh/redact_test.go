package bigdh

import (
	"testing"

	"github.com/mtcore/mtcore/internal/redact/redacttest"
)

func TestRedacted(t *testing.T) {
	redacttest.Printed(t, PrivateKey{})
	redacttest.NotEncoded(t, PrivateKey{})
	redacttest.Printed(t, DHJob{})
	redacttest.NotEncoded(t, DHJob{})
}
