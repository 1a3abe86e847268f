//go:build amd64 && gc && !race && !asan && !msan

package wipetest

import (
	"testing"

	"github.com/mtcore/mtcore/internal/stack"
)

// TestOutgrown: only what does not fit into a reservation around it is found.
func TestOutgrown(t *testing.T) {
	for _, tt := range []struct {
		name  string
		run   func()
		found bool
	}{
		{"none", func() {}, false},
		{"fits", func() { around(stack.Reserve8K, func() { around(stack.Reserve4K, nil) }) }, false},
		{"as large", func() { around(stack.Reserve4K, func() { around(stack.Reserve4K, nil) }) }, true},
		{"larger, two calls below", func() {
			around(stack.Reserve8K, func() { around(func() {}, func() { around(stack.Reserve16K, nil) }) })
		}, true},
		{"too large for the outermost", func() {
			around(stack.Reserve8K, func() {
				around(stack.Reserve4K, func() { descend(40, func() { around(stack.Reserve4K, nil) }) })
			})
		}, true},
		{"after the other has returned", func() { around(stack.Reserve4K, nil); deeper(func() { around(stack.Reserve4K, nil) }) }, false},
	} {
		if what := outgrown(tt.run); what != "" != tt.found {
			t.Errorf("%s: found %q, want something: %v", tt.name, what, tt.found)
		}
	}
}

// around reserves, and calls f, unless it is nil.
//
//go:noinline
func around(reserve, f func()) {
	reserve()
	if f != nil {
		f()
	}
}

//go:noinline
func deeper(f func()) { f() }
