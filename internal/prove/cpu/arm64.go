package cpu

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/machine/a64"
)

// RegistersARM64 are what an instruction of arm64 can change, and the memory that it can access. They are those of
// testdata/cpu_arm64.
type RegistersARM64 struct {
	General  [28]uint64
	Word     uint64 // its number among the words
	Base     uint64 // a register that gets the address of Memory plus its own value, or NoBase
	MemoryAt uint64 // this address, afterwards
	Taken    uint64 // whether a jump was taken, afterwards
	Flags    uint64 // and, of instructions for data-independent timing, PSTATE.DIT
	Saved    [2]uint64
	WordAt   uint64 // the address of the word, afterwards
	Vectors  [32][16]byte
	Memory   [512]byte
}

// NoBase is the Base of instructions that do not access memory.
const NoBase = 31

// Flags of arm64.
const FlagN, FlagZ, FlagC, FlagV, FlagDIT = 1 << 31, 1 << 30, 1 << 29, 1 << 28, 1 << 24

// Accessed is the offset in Memory of what instructions access, if SetBase has set their base.
const Accessed = 256

// WordARM64 is an instruction, as the program is given it.
type WordARM64 struct {
	Word      uint32
	Jump      int32  // how many words further it jumps to; or 0
	HasTiming uint32 // 1 for instructions with PSTATE.DIT
}

// NewWordARM64 returns an instruction to be executed. Where a return leads to is up to the program.
func NewWordARM64(t testing.TB, word uint32, in *a64.Inst) WordARM64 {
	w := WordARM64{Word: word}
	if in.Op == "ret" {
		w.Jump = 2
		return w
	}
	if a := &in.Args[len(in.Args)-1]; a.Kind == a64.Target && in.Op != "adrp" {
		if w.Jump = int32(a.Disp-int64(in.Addr)) / 4; w.Jump == 0 || w.Jump == 1 {
			t.Fatalf("%v: a jump to itself, or to the next instruction", in)
		}
	}
	for i := range in.Args {
		if in.Op == "mrs" || in.Args[i].Kind == a64.Timing {
			w.HasTiming = 1
		}
	}
	return w
}

// HasTimingARM64 reports whether the CPU that RunARM64 uses has PSTATE.DIT.
func HasTimingARM64() bool { return runtime.GOARCH != "arm64" || cpuid.ARM64HasDIT }

// SetBase sets the base of an instruction, if it accesses memory, and returns its value relative to Memory.
func (r *RegistersARM64) SetBase(in *a64.Inst) (reg int, value int64, ok bool) {
	r.Base = NoBase
	if len(in.Args) == 0 || in.Args[len(in.Args)-1].Kind != a64.Memory {
		return 0, 0, false
	}
	a := &in.Args[len(in.Args)-1]
	value = Accessed
	if a.Mode != a64.Post {
		value -= a.Disp
	}
	r.Base, r.General[a.Base] = uint64(a.Base), uint64(value)
	return a.Base, value, true
}

// WithoutSP returns an instruction whose address is relative to another register, if it was to SP.
func WithoutSP(t testing.TB, word uint32, in *a64.Inst) (uint32, *a64.Inst) {
	if len(in.Args) == 0 || in.Args[len(in.Args)-1].Kind != a64.Memory || in.Args[len(in.Args)-1].Base != a64.SP {
		return word, in
	}
	for base := uint32(0); ; base++ {
		if in.Args[0].Reg == int(base) {
			continue
		}
		word = word&^(31<<5) | base<<5
		other, err := a64.Decode(word, in.Addr)
		if err != nil || other.Op != in.Op {
			t.Fatalf("%v becomes %v, error %v", in, other, err)
		}
		return word, &other
	}
}

// RunARM64 executes words, each as often as there are registers for it, on this CPU or under qemu.
func RunARM64(t testing.TB, words []WordARM64, before []RegistersARM64) (after []RegistersARM64) {
	t.Helper()
	after = make([]RegistersARM64, len(before))
	run(t, "arm64", []string{"qemu-aarch64"}, []any{uint32(len(words)), words, before}, after)
	return after
}

// run gives the program for an architecture what it reads, and gets what it writes. If this is another architecture, an
// emulator runs it.
func run(t testing.TB, arch string, emulator []string, in []any, out any) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "cpu")
	build := exec.Command("go", "build", "-o", program, "github.com/mtcore/mtcore/internal/prove/cpu/testdata/cpu_"+arch)
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build, err, out)
	}
	command := []string{program}
	if runtime.GOARCH != arch {
		if _, err := exec.LookPath(emulator[0]); err != nil {
			impltest.SkipWithout(t, emulator[0])
		}
		command = append(emulator, program)
	}
	var stdin bytes.Buffer
	for _, v := range in {
		if err := binary.Write(&stdin, binary.LittleEndian, v); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stderr = &stdin, os.Stderr
	result, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := binary.Read(bytes.NewReader(result), binary.LittleEndian, out); err != nil {
		t.Fatal(err)
	}
}
