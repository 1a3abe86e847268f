package x86

import (
	"bytes"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/machine"
)

// TestKernels compares the decoder with objdump, on every instruction of every kernel.
func TestKernels(t *testing.T) {
	impltest.SkipShort(t, "links programs")
	kernels, err := machine.Build(t.TempDir(), "amd64")
	if err != nil {
		t.Fatal(err)
	}
	reference := map[*machine.Kernel]map[int]string{}
	for program, of := range byProgram(kernels) {
		text := objdump(t, program.Path, of[0].Addr, of[len(of)-1].Addr+len(of[len(of)-1].Code))
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
				t.Fatalf("%v: % x is %q, and to objdump %q", k, k.Code[in.Addr-k.Addr:][:in.Len], got, want)
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
	line   = regexp.MustCompile(`^ *([0-9a-f]+):\t([^#<]*)`)
	spaces = regexp.MustCompile(` +`)
)

// objdump returns the text of the instructions from start to end by their addresses.
func objdump(t *testing.T, path string, start, end int) map[int]string {
	t.Helper()
	if _, err := exec.LookPath("objdump"); err != nil {
		impltest.SkipWithout(t, "objdump")
	}
	out, err := exec.Command("objdump", "--disassemble", "--disassembler-options=intel", "--no-show-raw-insn",
		fmt.Sprintf("--start-address=%d", start), fmt.Sprintf("--stop-address=%d", end), path).Output()
	if err != nil {
		t.Fatal(err)
	}
	text := map[int]string{}
	for l := range strings.Lines(string(out)) {
		if m := line.FindStringSubmatch(l); m != nil {
			var addr int
			fmt.Sscanf(m[1], "%x", &addr)
			// Newer versions say so if an encoding is not the shortest.
			text[addr] = strings.TrimSpace(spaces.ReplaceAllString(strings.TrimPrefix(m[2], "{evex} "), " "))
		}
	}
	return text
}

// TestErrors shows that what is not known is refused, with its bytes, and not guessed at.
func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		name string
		code []byte
		want string
	}{
		{"x87", []byte{0xd9, 0xe8}, "d9 e8: not an instruction of the table"},
		{"cut off", []byte{0x48, 0x8b}, "cut off"},
		{"cut off in an immediate", []byte{0x48, 0x05, 1, 2, 3}, "cut off"},
		{"longer than fifteen bytes", append(bytes.Repeat([]byte{0x66}, 15), 0x90), "prefix again"},
		{"ADC for ADCX", []byte{0x66, 0xf2, 0x48, 0x0f, 0x38, 0xf6, 0xc1}, "prefix again"},
		{"16 bits", []byte{0x66, 0x01, 0xc8}, "not an instruction"},
		{"LOCK", []byte{0xf0, 0x48, 0x01, 0x08}, "not an instruction"},
		{"GS", []byte{0x65, 0x48, 0x8b, 0x00}, "not an instruction"},
		{"AH", []byte{0x88, 0xe0}, "AH"},
		{"LEA of a register", []byte{0x48, 0x8d, 0xc0}, "memory has to be"},
		{"prefix before VEX", []byte{0x66, 0xc5, 0xf8, 0x77}, "prefix before VEX"},
		{"vvvv of VMOVDQU of registers", []byte{0xc5, 0xf2, 0x6f, 0xc0}, "vvvv"},
		{"vvvv of VMOVDQU", []byte{0xc5, 0xf2, 0x6f, 0x00}, "vvvv"},
		{"vvvv of VPSHUFD", []byte{0xc5, 0xf1, 0x70, 0xc0, 0}, "vvvv"},
		{"length of VAESIMC", []byte{0xc4, 0xe2, 0x7d, 0xdb, 0xc1}, "not an instruction"},
		{"reserved bit of EVEX", []byte{0x62, 0xf9, 0x7d, 0x48, 0xef, 0xc0}, "reserved"},
		{"length of EVEX", []byte{0x62, 0xf1, 0x7d, 0x68, 0xef, 0xc0}, "reserved"},
		{"zeroing without a mask", []byte{0x62, 0xf1, 0x7d, 0xc8, 0xef, 0xc0}, "without a mask"},
		{"zeroing of memory", []byte{0x62, 0xf1, 0x7f, 0xc9, 0x7f, 0x00}, "not an instruction"},
		{"zeroing of a store", []byte{0x62, 0xf1, 0xfe, 0xc9, 0x7f, 0x00}, "no vector"},
		{"rounding", []byte{0x62, 0xf1, 0x7d, 0x58, 0xef, 0xc0}, "rounding"},
		{"broadcast to VAESENC", []byte{0x62, 0xf2, 0x7d, 0x58, 0xdc, 0x00}, "broadcast"},
		{"gather", []byte{0x62, 0xf2, 0xfd, 0x49, 0x91, 0x04, 0x08}, "not an instruction"},
	} {
		in, err := Decode(tt.code, 0x1000)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "0x1000: ") {
			t.Errorf("%s: % x is %v, error %v, want %q", tt.name, tt.code, in, err, tt.want)
		}
	}
}
