//go:build amd64 && gc && !race && !asan && !msan

package wipetest

import (
	"fmt"
	"runtime"
	"slices"

	"github.com/mtcore/mtcore/internal/stack"
)

// reservation is a call of one of the functions of package stack.
type reservation struct {
	callers []uintptr // from the function that reserves outwards
	end     uintptr   // of the reserved bytes: that function's frame begins here
	size    int
}

// outgrown calls f and describes the first reservation inside of another that does not fit into
// that one, if any. When f has secrets on the stack by then, a stack of an unlucky size grows
// too late, and its copy is left behind.
func outgrown(f func()) (what string) {
	var open []reservation // each inside of the one before
	watch := func(at uintptr, size int) {
		callers := make([]uintptr, 64)
		inner := reservation{callers[:runtime.Callers(3, callers)], at + uintptr(size), size}
		open = slices.DeleteFunc(open, func(outer reservation) bool { return !inner.isInside(outer) })
		for _, outer := range open {
			if used := int(outer.end - inner.end); used+inner.size > outer.size && what == "" {
				what = fmt.Sprintf("%s reserves %d bytes, after %d of the %d that %s reserves",
					inner.function(0), inner.size, used, outer.size, outer.function(0))
			}
		}
		open = append(open, inner)
	}
	done := make(chan bool)
	go func() {
		defer close(done)
		growStack(growth) // so that addresses stay
		stack.Watch = watch
		defer func() { stack.Watch = nil }()
		f()
	}()
	<-done
	return what
}

// isInside reports whether r is made by what outer's function has called since.
func (r reservation) isInside(outer reservation) bool {
	depth := len(r.callers) - len(outer.callers)
	return depth > 0 && r.function(depth) == outer.function(0) &&
		slices.Equal(r.callers[depth+1:], outer.callers[1:])
}

// function returns the name of the function that reserves, or of its caller at a depth.
func (r reservation) function(depth int) string {
	frame, _ := runtime.CallersFrames(r.callers[depth:]).Next()
	return frame.Function
}
