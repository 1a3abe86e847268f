//go:build amd64 || arm64 || arm

package impltest

import (
	"reflect"
	"runtime"
	"sort"
	"strings"
	"testing"
)

// Assembly returns the addresses of the functions in assembly that are linked into this program,
// by package and name, as in "ige.Encrypt" for Encrypt of ige/asm. It finds them in the table of
// functions that the runtime has, so that nobody has to list them.
func Assembly(t *testing.T) map[string]uintptr {
	t.Helper()
	all := map[string]uintptr{}
	for pc := endOfCode(); ; {
		f := runtime.FuncForPC(pc - 1)
		if f == nil {
			return all
		}
		pc = f.Entry()
		f = runtime.FuncForPC(pc) // without what is inlined
		pkg, name, ok := strings.Cut(f.Name(), "/asm.")
		if !ok {
			continue
		}
		// The linker makes functions of the same name, which move arguments from registers to the stack.
		if file, _ := f.FileLine(pc); strings.HasSuffix(file, ".s") {
			all[pkg[strings.LastIndexByte(pkg, '/')+1:]+"."+name] = pc
		}
	}
}

// endOfCode is the address behind the last function.
func endOfCode() uintptr {
	here := reflect.ValueOf(Assembly).Pointer()
	is := func(n int) bool { return runtime.FuncForPC(here+uintptr(n)) != nil }
	n := 1
	for is(n) {
		n *= 2
	}
	return here + uintptr(sort.Search(n, func(i int) bool { return !is(i) }))
}
