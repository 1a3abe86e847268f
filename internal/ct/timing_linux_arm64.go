package ct

import (
	"iter"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	bigdh "github.com/mtcore/mtcore/bigdh/asm"
	envelope "github.com/mtcore/mtcore/envelope/asm"
	ige "github.com/mtcore/mtcore/ige/asm"
	kdf "github.com/mtcore/mtcore/kdf/asm"
)

// allowTiming has kernels ask for data-independent timing, in the subject: the CPU max of qemu has it,
// and qemu-user 7.2 does not tell programs so.
func allowTiming() {
	bigdh.DIT, envelope.DIT, ige.DIT, kdf.DIT = true, true, true, true
}

// What sets and clears PSTATE.DIT, in kernels.
const (
	setDIT   = 0xd503415f // MSR DIT, #1
	clearDIT = 0xd51b42bf // MSR DIT, XZR
)

// maxWithout is how many instructions of a call of a kernel may run without data-independent timing:
// those that store the link register, ask whether the CPU has it and set it, and those that return.
const maxWithout = 12

// checkTiming fails the test unless kernels have data-independent timing while they run, and only
// they.
func checkTiming(t *testing.T, steps iter.Seq[step]) {
	t.Helper()
	word := func(pc uint64) uint32 { return *(*uint32)(unsafe.Add(unsafe.Pointer(nil), uintptr(pc))) }
	if problem := timingProblem(steps, kernelAt, word); problem != "" {
		t.Error(problem)
	}
}

// kernelAt returns the name of the kernel that an instruction is in, or "".
func kernelAt(pc uint64) string {
	f := runtime.FuncForPC(uintptr(pc))
	if f == nil || !strings.Contains(f.Name(), "/asm.") {
		return ""
	}
	if file, _ := f.FileLine(uintptr(pc)); !strings.HasSuffix(file, ".s") {
		return "" // what gets it its arguments
	}
	return f.Name()
}

// timingProblem says what is wrong with the steps of a run.
func timingProblem(steps iter.Seq[step], kernelAt func(pc uint64) string, word func(pc uint64) uint32) string {
	on, kernel, without := false, "", 0
	last := uint64(0)
	for s := range steps {
		if s.address != 0 {
			continue // an access
		}
		if s.pc != last+4 {
			next := kernelAt(s.pc)
			if on && next != kernel {
				return kernel + " leaves DIT set"
			}
			if next != kernel {
				kernel, without = next, 0
			}
		}
		last = s.pc
		if kernel == "" {
			continue
		}
		switch word(s.pc) {
		case setDIT:
			on = true
		case clearDIT:
			on = false
		}
		if !on {
			without++
		}
		if without > maxWithout {
			return kernel + " runs without DIT"
		}
	}
	return ""
}
