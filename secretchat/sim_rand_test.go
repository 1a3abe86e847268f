//go:build go1.26

package secretchat

import (
	"testing"
	"testing/cryptotest"
)

// seedRandom makes crypto/rand repeat itself, so that a schedule ends the same way
// whenever it is run: whose exchange of keys wins depends on random numbers.
func seedRandom(t *testing.T, seed uint64) { cryptotest.SetGlobalRandom(t, seed) }
