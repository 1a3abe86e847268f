//go:build (amd64 || arm64) && gc && !purego

package envelope

import (
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
)

// TestBroken shows that the self-test misses no kernel.
func TestBroken(t *testing.T) { impltest.Broken(t, backends, selfTest) }
