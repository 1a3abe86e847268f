//go:build amd64 || arm64 || arm

package impltest

import (
	"encoding/binary"
	"reflect"
	"runtime"
	"testing"
	"unsafe"
)

// Assembly returns the address of an assembly function. The value f has the address of a
// wrapper made by the linker, which moves arguments from registers to the stack and calls that
// function; but on arm, where all arguments are on the stack.
func Assembly(t *testing.T, f any) uintptr {
	t.Helper()
	wrapper := runtime.FuncForPC(reflect.ValueOf(f).Pointer())
	if runtime.GOARCH == "arm" {
		return wrapper.Entry()
	}
	for pc := wrapper.Entry(); runtime.FuncForPC(pc) == wrapper; pc += map[string]uintptr{"amd64": 1, "arm64": 4}[runtime.GOARCH] {
		target := uintptr(0)
		code := (*[5]byte)(unsafe.Add(unsafe.Pointer(nil), pc))
		if runtime.GOARCH == "amd64" && code[0] == 0xe8 { // CALL
			target = pc + 5 + uintptr(int32(binary.LittleEndian.Uint32(code[1:])))
		} else if word := binary.LittleEndian.Uint32(code[:]); runtime.GOARCH == "arm64" && word>>26 == 0x25 { // BL
			target = pc + uintptr(int32(word<<6)>>4)
		}
		if called := runtime.FuncForPC(target); called != nil && called.Entry() == target && called.Name() == wrapper.Name() {
			return target
		}
	}
	t.Fatal(wrapper.Name() + " does not call assembly")
	return 0
}
