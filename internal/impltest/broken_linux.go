//go:build amd64 || arm64

package impltest

import (
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/internal/contract"
	"github.com/mtcore/mtcore/internal/impl"
)

// Broken tests the self-test of p, whose directory is the current one. It makes each kernel
// that p calls return at once, and requires that this switches off the kernel's backend, as
// package contract knows it, and leaves those before it alone, and that the rest still gives right
// answers.
func Broken(t *testing.T, p *impl.Package, selfTest func() bool) {
	t.Helper()
	if runtime.GOARCH == "arm64" && !emulated() {
		return // nothing here clears the instruction cache
	}
	var backends []string
	for _, b := range p.Backends() {
		backends = append(backends, b.Name)
	}
	called := Kernels(t)
	for kernel, entry := range Assembly(t) {
		pkg, name, _ := strings.Cut(kernel, ".")
		k := contract.Find(pkg, name)
		if k == nil || !called[name] {
			continue
		}
		delete(called, name)
		if backend := k.Backend(backends); backend != "" && available(p, backend) {
			t.Run(name, func(t *testing.T) { testBroken(t, p, selfTest, backend, entry) })
		}
	}
	for name := range called {
		t.Errorf("%s is not in this program, or has no contract in internal/contract/kernels.go", name)
	}
}

func testBroken(t *testing.T, p *impl.Package, selfTest func() bool, backend string, entry uintptr) {
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
	defer breakKernel(t, entry)()
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
		t.Errorf("leaves %q on, want %q: the self-test is in selftest.go", after, before)
	}
	if !selfTest() {
		t.Errorf("%s gives wrong answers", p)
	}
}

func available(p *impl.Package, name string) bool {
	return slices.ContainsFunc(p.Backends(), func(b impl.Backend) bool { return b.Name == name && b.Available })
}

// emulated reports whether this is qemu-user, which shows the cpuinfo of another architecture.
func emulated() bool {
	text, err := os.ReadFile("/proc/cpuinfo")
	return err == nil && !strings.Contains(string(text), "CPU implementer")
}

// breakKernel makes the function at entry return at once, and returns a function that restores it.
func breakKernel(t *testing.T, entry uintptr) (restore func()) {
	t.Helper()
	ret := map[string][]byte{"amd64": {0xc3}, "arm64": {0xc0, 0x03, 0x5f, 0xd6}}[runtime.GOARCH]
	return Patch(t, entry, ret)
}
