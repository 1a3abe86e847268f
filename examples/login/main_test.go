package main

import (
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	const want = `A permanent key, for as long as the client is logged in:
  client → server: 20 bytes
  server → client: 64 bytes
  client → server: 320 bytes
  server → client: 632 bytes
  client → server: 376 bytes
  server → client: 52 bytes
  both have the same key: true
A temporary key, with which all messages are encrypted for a day:
  client → server: 20 bytes
  server → client: 64 bytes
  client → server: 320 bytes
  server → client: 632 bytes
  client → server: 376 bytes
  server → client: 52 bytes
  both have the same key: true
The server knows that both are of one client.
The first encrypted message has arrived.
The password "correct hors" is right: false
The password "correct horse" is right: true
`
	var out strings.Builder
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != want {
		t.Errorf("output:\n%s\nwant:\n%s", got, want)
	}
}
