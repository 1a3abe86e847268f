package a64

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/machine"
)

// TestKernels compares the decoder with objdump, on every instruction of every kernel.
func TestKernels(t *testing.T) {
	impltest.SkipShort(t, "links programs")
	kernels, err := machine.Build(t.TempDir(), "arm64")
	if err != nil {
		t.Fatal(err)
	}
	reference := map[*machine.Kernel]map[int]string{}
	for program, of := range byProgram(kernels) {
		text := objdump(t, of[0].Addr, of[len(of)-1].Addr+len(of[len(of)-1].Code), "--disassemble", program.Path)
		for _, k := range of {
			reference[k] = text
		}
	}
	instructions, mnemonics := 0, map[string]bool{}
	for _, k := range kernels {
		list, err := Function(k.Code, k.Addr)
		if err != nil {
			t.Errorf("%v: %v", k, err)
		}
		for _, in := range list {
			if got, want := in.String(), reference[k][in.Addr]; got != want {
				t.Fatalf("%v: %08x is %q, and to objdump %q", k, binary.LittleEndian.Uint32(k.Code[in.Addr-k.Addr:]), got, want)
			}
			instructions++
			mnemonics[in.Op] = true
		}
	}
	if len(kernels) == 0 {
		t.Error("no kernels")
	}
	t.Logf("%d kernels, %d instructions, %d mnemonics", len(kernels), instructions, len(mnemonics))
}

// byProgram returns the kernels of each program in the order of their addresses.
func byProgram(kernels []*machine.Kernel) map[*machine.Program][]*machine.Kernel {
	of := map[*machine.Program][]*machine.Kernel{}
	for _, k := range kernels {
		of[k.Program] = append(of[k.Program], k)
	}
	for _, list := range of {
		slices.SortFunc(list, func(a, b *machine.Kernel) int { return a.Addr - b.Addr })
	}
	return of
}

var (
	// Comments, and the names of the symbols that jumps lead to, are not the instruction's.
	line   = regexp.MustCompile(`^ *([0-9a-f]+):\t([^</]*)`)
	spaces = regexp.MustCompile(`[ \t]+`)
)

// objdump returns the text of the instructions from start to end by their addresses.
func objdump(t *testing.T, start, end int, args ...string) map[int]string {
	t.Helper()
	command := "aarch64-linux-gnu-objdump"
	if _, err := exec.LookPath(command); err != nil && runtime.GOARCH == "arm64" {
		command = "objdump"
	}
	if _, err := exec.LookPath(command); err != nil {
		impltest.SkipWithout(t, "objdump-arm64")
	}
	args = append([]string{"--no-show-raw-insn", fmt.Sprintf("--start-address=%d", start), fmt.Sprintf("--stop-address=%d", end)}, args...)
	out, err := exec.Command(command, args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	text := map[int]string{}
	for l := range strings.Lines(string(out)) {
		if m := line.FindStringSubmatch(l); m != nil {
			var addr int
			fmt.Sscanf(m[1], "%x", &addr)
			text[addr] = strings.TrimSpace(spaces.ReplaceAllString(m[2], " "))
		}
	}
	return text
}

// TestTable compares every row of the table with objdump, on random words that it is for.
func TestTable(t *testing.T) {
	impltest.SkipShort(t, "compares thousands of words")
	rng := rand.New(rand.NewPCG(1, 2))
	var code []byte
	for _, e := range table {
		for range 200 {
			code = binary.LittleEndian.AppendUint32(code, rng.Uint32()&^e.mask|e.value)
		}
	}
	path := filepath.Join(t.TempDir(), "words")
	if err := os.WriteFile(path, code, 0o666); err != nil {
		t.Fatal(err)
	}
	reference := objdump(t, 0, len(code), "--disassemble-all", "--target=binary", "--architecture=aarch64", path)
	seen := map[string]int{}
	for addr := 0; addr < len(code); addr += 4 {
		word := binary.LittleEndian.Uint32(code[addr:])
		in, err := Decode(word, addr)
		if err != nil {
			continue
		}
		// Where there are no symbols, targets are written as 0x.
		if got, want := in.String(), strings.Replace(reference[addr], " 0x", " ", 1); got != want {
			t.Errorf("%08x is %q, and to objdump %q", word, got, want)
		}
		seen[in.Op]++
	}
	for _, e := range table {
		if e.op != "b." && seen[e.op] < 50 {
			t.Errorf("%s was compared %d times", e.op, seen[e.op])
		}
	}
	t.Logf("%d words", len(code)/4)
}

// TestErrors shows that what is not known is refused, with its word, and not guessed at.
func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		name string
		word uint32
	}{
		{"UDF", 0},
		{"ADD with a shift of 12 bits", 0x91400421},
		{"ADD of 32 bits", 0x0b020020},
		{"ADD with LSR", 0x8b420020},
		{"ADD of an extended register", 0x8b226020},
		{"immediate of all ones", 0x92407c00 | 0x3f<<10},
		{"CSINC", 0x9a820420},
		{"bit field", 0xd3441c20},
		{"LDR of a literal", 0x58000040},
		{"LDR with an extended index", 0xf8624820},
		{"LDRSW", 0xb9800020},
		{"LDAR", 0xc8dffc20},
		{"LD1 of words", 0x4c407820},
		{"LD1 of one element", 0x4d408420},
		{"LD1 with an index in a register", 0x4cc27020},
		{"LD4", 0x4c400020},
		{"TBL of two registers", 0x4e022020},
		{"EOR3", 0xce020c20},
		{"ADD of eight bytes", 0x4e228420},
		{"FADD", 0x4e22d420},
		{"MRS", 0xd53b4200},
		{"SVC", 0xd4000001},
		{"RET of another register", 0xd65f0020},
		{"SVE", 0x04200000},
	} {
		in, err := Decode(tt.word, 0x1000)
		if err == nil || !strings.HasPrefix(err.Error(), "0x1000: ") {
			t.Errorf("%s: %08x is %v, error %v", tt.name, tt.word, in, err)
		}
	}
	if _, err := Function([]byte{0xc0, 0x03, 0x5f, 0xd6, 0}, 0); err == nil {
		t.Error("a function that ends within a word")
	}
}
