package cpu

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

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
	_        uint64
	Flags    uint64
	Saved    [3]uint64
	Vectors  [32][16]byte
	Memory   [512]byte
}

// NoBase is the Base of instructions that do not access memory.
const NoBase = 31

// Flags of arm64.
const FlagN, FlagZ, FlagC, FlagV = 1 << 31, 1 << 30, 1 << 29, 1 << 28

// Accessed is the offset in Memory of what instructions access, if SetBase has set their base.
const Accessed = 256

// SetBase sets the base of an instruction, if it accesses memory, and returns its value relative to Memory.
func (r *RegistersARM64) SetBase(in *a64.Inst) (reg int, value int64, ok bool) {
	r.Base = NoBase
	a := &in.Args[len(in.Args)-1]
	if a.Kind != a64.Memory {
		return 0, 0, false
	}
	value = Accessed
	if a.Mode != a64.Post {
		value -= a.Disp
	}
	r.Base, r.General[a.Base] = uint64(a.Base), uint64(value)
	return a.Base, value, true
}

// WithoutSP returns an instruction whose address is relative to another register, if it was to SP.
func WithoutSP(t testing.TB, word uint32, in *a64.Inst) (uint32, *a64.Inst) {
	if m := &in.Args[len(in.Args)-1]; m.Kind != a64.Memory || m.Base != a64.SP {
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
func RunARM64(t testing.TB, words []uint32, before []RegistersARM64) (after []RegistersARM64) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "cpu")
	build := exec.Command("go", "build", "-o", program, "github.com/mtcore/mtcore/internal/prove/cpu/testdata/cpu_arm64")
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build, err, out)
	}
	run := exec.Command(program)
	if runtime.GOARCH != "arm64" {
		if _, err := exec.LookPath("qemu-aarch64"); err != nil {
			impltest.SkipWithout(t, "qemu-aarch64")
		}
		run = exec.Command("qemu-aarch64", program)
	}
	var in bytes.Buffer
	for _, v := range []any{uint32(len(words)), words, before} {
		if err := binary.Write(&in, binary.LittleEndian, v); err != nil {
			t.Fatal(err)
		}
	}
	run.Stdin, run.Stderr = &in, os.Stderr
	out, err := run.Output()
	if err != nil {
		t.Fatal(err)
	}
	after = make([]RegistersARM64, len(before))
	if err := binary.Read(bytes.NewReader(out), binary.LittleEndian, after); err != nil {
		t.Fatal(err)
	}
	return after
}
