//go:build amd64 || arm64

package impltest

import (
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/mtcore/mtcore/internal/impl"
)

// Broken tests the self-test of p, whose directory is the current one. It makes each kernel
// that p calls return at once, and requires that this switches off the backend and leaves
// those before it alone, and that the rest still gives right answers. kernels lists the
// kernels by the backend without which none of them is called, and under the name "" those
// whose absence changes nothing.
func Broken(t *testing.T, p *impl.Package, selfTest func() bool, kernels map[string][]any) {
	t.Helper()
	if runtime.GOARCH == "arm64" && !emulated() {
		return // nothing here clears the instruction cache
	}
	missing := Kernels(t)
	for backend, list := range kernels {
		for _, kernel := range list {
			name := kernelName(kernel)
			if !missing[name] {
				t.Errorf("nothing calls %s", name)
			}
			delete(missing, name)
			if backend != "" && available(p, backend) {
				t.Run(name, func(t *testing.T) { testBroken(t, p, selfTest, backend, kernel) })
			}
		}
	}
	for name := range missing {
		t.Errorf("%s is in no list", name)
	}
}

func testBroken(t *testing.T, p *impl.Package, selfTest func() bool, backend string, kernel any) {
	var before []string
	for _, b := range p.Backends() {
		if b.Name == backend {
			break
		}
		if b.Available {
			before = append(before, b.Name)
		}
	}
	defer p.Again()()
	defer breakKernel(t, kernel)()
	var after []string
	for _, b := range p.Backends() { // after the test
		if b.Available != *b.Toggle {
			t.Errorf("%s: available is %v, and the toggle %v", b.Name, b.Available, *b.Toggle)
		}
		if b.Available {
			after = append(after, b.Name)
		}
	}
	if !slices.Equal(before, after) {
		t.Errorf("leaves %q on, want %q", after, before)
	}
	if !selfTest() {
		t.Errorf("%s gives wrong answers", p)
	}
}

// emulated reports whether this is qemu-user, which shows the cpuinfo of another architecture.
func emulated() bool {
	text, err := os.ReadFile("/proc/cpuinfo")
	return err == nil && !strings.Contains(string(text), "CPU implementer")
}

func available(p *impl.Package, name string) bool {
	return slices.ContainsFunc(p.Backends(), func(b impl.Backend) bool { return b.Name == name && b.Available })
}

// breakKernel makes a function return at once, and returns a function that restores it.
func breakKernel(t *testing.T, f any) (restore func()) {
	t.Helper()
	ret := map[string][]byte{"amd64": {0xc3}, "arm64": {0xc0, 0x03, 0x5f, 0xd6}}[runtime.GOARCH]
	entry := Assembly(t, f)
	page := uintptr(syscall.Getpagesize())
	from := entry &^ (page - 1)
	write := func(b []byte) {
		t.Helper()
		pages := unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(nil), from)), page*2)
		if err := syscall.Mprotect(pages, syscall.PROT_READ|syscall.PROT_WRITE|syscall.PROT_EXEC); err != nil {
			t.Fatal(err)
		}
		copy(pages[entry-from:], b)
		if err := syscall.Mprotect(pages, syscall.PROT_READ|syscall.PROT_EXEC); err != nil {
			t.Fatal(err)
		}
	}
	old := slices.Clone(unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(nil), entry)), len(ret)))
	write(ret)
	return func() { write(old) }
}

// kernelName is the name of a function of a package asm, without the package.
func kernelName(f any) string {
	name := runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name()
	return name[strings.LastIndexByte(name, '.')+1:]
}
