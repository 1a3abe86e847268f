package a32

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/machine"
)

// TestKernels compares the decoder with objdump, on every instruction of every kernel.
func TestKernels(t *testing.T) {
	impltest.SkipShort(t, "links programs")
	kernels, err := machine.Build(t.TempDir(), "arm")
	if err != nil {
		t.Fatal(err)
	}
	instructions, mnemonics := 0, map[string]bool{}
	for _, k := range kernels {
		reference := objdump(t, k.Addr, k.Addr+len(k.Code), "--disassemble", k.Program.Path)
		list, err := Function(k.Code, k.Addr)
		if err != nil {
			t.Errorf("%v: %v", k, err)
		}
		for _, in := range list {
			if got, want := in.String(), reference[in.Addr]; got != want {
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

var (
	// Comments, and the names of the symbols that jumps lead to, are not the instruction's.
	line   = regexp.MustCompile(`^ *([0-9a-f]+):\t([^<@;]*)`)
	spaces = regexp.MustCompile(`[ \t]+`)
)

// objdump returns the text of the instructions from start to end by their addresses.
func objdump(t *testing.T, start, end int, args ...string) map[int]string {
	t.Helper()
	command := "arm-linux-gnueabihf-objdump"
	if _, err := exec.LookPath(command); err != nil {
		impltest.SkipWithout(t, "objdump-arm")
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
		for i := range 600 {
			w := rng.Uint32()&^e.mask | e.value
			if e.mask>>28 == 0 && i%2 == 0 {
				w = w&^(15<<28) | Always<<28
			}
			code = binary.LittleEndian.AppendUint32(code, w)
		}
	}
	path := filepath.Join(t.TempDir(), "words")
	if err := os.WriteFile(path, code, 0o666); err != nil {
		t.Fatal(err)
	}
	reference := objdump(t, 0, len(code), "--disassemble-all", "--target=binary", "--architecture=arm", path)
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
		if seen[e.op] < 50 {
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
		{"UDF", 0xe7f000f0},
		{"ADD of registers", 0xe0810002},
		{"ADDS", 0xe2910001},
		{"ADD to PC", 0xe28ff001},
		{"ADR", 0xe28f0004},
		{"ADD of an immediate that could be written otherwise", 0xe2810f04},
		{"MOV with a shift", 0xe1a00081},
		{"MOV to PC", 0xe1a0f00e},
		{"LDR of a literal", 0xe59f0004},
		{"LDR with an index", 0xe7910002},
		{"LDRB", 0xe5d10000},
		{"LDR less zero", 0xe5110000},
		{"LDR on top of its base", 0xe4911004},
		{"PUSH", 0xe52d0004},
		{"POP", 0xe49df004},
		{"STR of PC", 0xe58df004},
		{"BL", 0xeb000000},
		{"BLX", 0xfa000000},
		{"BX", 0xe12fff1e},
		{"VEOR of 64 bits", 0xf3010112},
		{"VEOR of odd registers", 0xf3001150},
		{"VORR with N", 0xf2300150},
		{"VEXT of 64 bits", 0xf2b10002},
		{"VDUP of bytes", 0xf3b10c40},
		{"VSHL of 64 bits", 0xf2800590},
		{"VMOV of another form", 0xf2800e50},
		{"SHA256H", 0xf3000c40},
		{"VLD1 with an index", 0xf4222a01},
		{"VLD1 of an aligned address", 0xf4200a1f},
		{"VLD1 beyond the last register", 0xf460f20f},
		{"VLD2", 0xf420080f},
		{"move from a vector", 0xee110b10},
	} {
		in, err := Decode(tt.word, 0x1000)
		if err == nil || !strings.HasPrefix(err.Error(), "0x1000: ") {
			t.Errorf("%s: %08x is %v, error %v", tt.name, tt.word, in, err)
		}
	}
	if _, err := Function([]byte{0x1e, 0xff, 0x2f, 0xe1, 0}, 0); err == nil {
		t.Error("a function that ends within a word")
	}
}
