package ige

import (
	"testing"

	"github.com/mtcore/mtcore/internal/redact/redacttest"
)

func TestRedacted(t *testing.T) {
	redacttest.Printed(t, Message{})
	redacttest.NotEncoded(t, Message{})
	redacttest.Printed(t, Cipher{})
	redacttest.NotEncoded(t, Cipher{})
	redacttest.Printed(t, Encrypter{})
	redacttest.Printed(t, Decrypter{})
}
