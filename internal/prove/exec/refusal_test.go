package exec

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/internal/machine"
	"github.com/mtcore/mtcore/internal/prove/term"
)

// TestRefusals executes small functions, most of which do something that a kernel must not do. RDI
// points to 64 bytes that may be read and written, RSI to 64 that may only be written, and RDX to 64
// that may only be read; all are multiples of 16.
func TestRefusals(t *testing.T) {
	const (
		load   = "\x48\x8b\x07"         // mov rax, [rdi]
		forget = "\x31\xc0"             // xor eax, eax
		spill  = "\x48\x89\x44\x24\xf8" // mov [rsp-8], rax
		ret    = "\xc3"
	)
	for _, tt := range []struct{ name, code, want string }{
		{"nothing", ret, ""},
		{"a copy", load + "\x48\x89\x06" + forget + ret, ""}, // mov [rsi], rax
		{"a frame that is cleared", load + spill + forget + spill + ret, ""},
		{"a read behind", "\x48\x8b\x47\x39" + ret, "read of both, byte 64"},                          // mov rax, [rdi+57]
		{"a read before", "\x48\x8b\x47\xff" + ret, "read of both, byte -1"},                          // mov rax, [rdi-1]
		{"a read of results", "\x48\x8b\x06" + ret, "read of written, byte 0"},                        // mov rax, [rsi]
		{"a write behind", load + "\x48\x89\x46\x39" + forget + ret, "write to written, byte 64"},     // mov [rsi+57], rax
		{"a write to what is read", load + "\x48\x89\x02" + forget + ret, "write to read, byte 0"},    // mov [rdx], rax
		{"a secret in a register", load + ret, "leaves what depends on inputs in register 0"},         //
		{"a secret in a vector", "\xc5\xfa\x6f\x0f" + ret, "leaves what depends on inputs in vector"}, // vmovdqu xmm1, [rdi]
		{"an upper half", "\xc5\xfe\x6f\x0f" + ret, "with the upper half of vector 1 in use"},         // vmovdqu ymm1, [rdi]
		{"a secret in the frame", load + spill + forget + ret, "in its frame"},
		{"an address by a secret", load + "\x48\x8b\x08" + ret, "arithmetic with secrets"},     // mov rcx, [rax]
		{"a comparison of a secret", load + "\x48\x83\xf8\x00" + ret, "difference of secrets"}, // cmp rax, 0
		{"no alignment", "\xc5\xf9\x6f\x4f\x08" + ret, "byte 8, is not known to be aligned"},   // vmovdqa xmm1, [rdi+8]
		{"another stack pointer", "\x50" + ret, "returns with another stack pointer"},          // push rax
		{"another frame pointer", "\x31\xed" + ret, "another value of register 5"},             // xor ebp, ebp
		{"an address in memory", "\x48\x89\x3e" + ret, "an address is written to memory"},      // mov [rsi], rdi
		{"flags of nobody", "\x74\x00" + ret, "condition is not known"},                        // je
		{"no return", forget, "not an instruction of the function"},
	} {
		p := term.New()
		k := &machine.Kernel{Addr: 0x1000, Code: []byte(tt.code)}
		code, err := Code(k)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		m := New(p, k, code, 0)
		all := Range{0, 64}
		for _, r := range []struct {
			name          string
			reg           int
			reads, writes Range
		}{{"both", 7, all, all}, {"written", 6, Range{}, all}, {"read", 2, all, Range{}}} {
			region := NewRegion(p, r.name)
			region.Reads, region.Writes, region.Align = r.reads, r.writes, 16
			m.Regs[r.reg] = Address(region)
		}
		if _, err := m.Run(k.Addr); tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
}

// TestRefusalsARM64 does the same with what is special on arm64. X0 points to 64 bytes that may be read.
func TestRefusalsARM64(t *testing.T) {
	const (
		load  = 0xf9400001 // LDR X1, [X0]
		clear = 0x6e201c00 // EOR V0.16B, V0.16B, V0.16B
		set   = 0xd503415f // MSR DIT, #1
		unset = 0xd503405f // MSR DIT, #0
		zero  = 0xd2800001 // MOV X1, #0
		ret   = 0xd65f03c0
	)
	for _, tt := range []struct {
		name   string
		timing Timing
		code   []uint32
		want   string
	}{
		{"nothing", TimingOff, []uint32{ret}, ""},
		{"no timing", NoTiming, []uint32{load, clear, zero, ret}, ""},
		{"timing was on", TimingOn, []uint32{load, clear, zero, ret}, ""},
		{"timing is on", TimingOff, []uint32{set, load, clear, unset, zero, ret}, ""},
		{"memory without", TimingOff, []uint32{load, zero, ret}, "without data-independent timing"},
		{"vector without", TimingOff, []uint32{clear, ret}, "without data-independent timing"},
		{"timing is left on", TimingOff, []uint32{set, load, zero, ret}, "returns with another PSTATE.DIT"},
		{"timing is left off", TimingOn, []uint32{unset, ret}, "returns with another PSTATE.DIT"},
		{"timing that is not there", NoTiming, []uint32{set, ret}, "no PSTATE.DIT"},
		{"a secret in a register", TimingOn, []uint32{load, ret}, "in register 1"},
	} {
		p := term.New()
		k := &machine.Kernel{Addr: 0x1000}
		for _, word := range tt.code {
			k.Code = binary.LittleEndian.AppendUint32(k.Code, word)
		}
		code, err := CodeARM64(k)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		m := NewARM64(p, k, code, tt.timing)
		region := NewRegion(p, "read")
		region.Reads = Range{0, 64}
		m.Regs[0] = Address(region)
		if _, err := m.Run(k.Addr); tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
}
