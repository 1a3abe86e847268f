package asmlint

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/internal/contract"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/machine"
)

// What TestMachineCodeLeaks plants: functions of a pointer, a table, a public number and a secret
// one, with what the lint has to say about them, or "" where it has to be silent. LOAD puts a secret
// byte for byte from memory into BX, or a secret argument into DX.
const (
	signature = "$64-32"
	pointer   = "MOVQ p+0(FP), AX\n"
	table_    = "MOVQ table+8(FP), SI\n"
	number_   = "MOVQ n+16(FP), CX\n"
	index     = "MOVQ s+24(FP), DX\n"
	loaded    = pointer + "MOVQ (AX), BX\n"
	use       = "\nMOVQ (AX)(R8*1), R9\nRET" // R8 in an address

	anAddress = "address depends on a secret"
	aJump     = "jump depends on a secret"
	aMask     = "which memory is accessed depends on a secret mask"
)

var planted = []struct{ name, code, want string }{
	// What is right.
	{"counter", number_ + "loop:\nDECQ CX\nJNZ loop\nRET", ""},
	{"pointer from a table", table_ + "MOVQ 8(SI), SI\nMOVQ (SI), BX\nRET", ""},
	{"public index", pointer + number_ + "MOVQ (AX)(CX*8), BX\nRET", ""},
	{"public through the frame", pointer + "MOVQ AX, 8(SP)\nMOVQ 8(SP), R8\nMOVQ (R8), BX\nRET", ""},
	{"public mask", pointer + "MOVQ $7, BX\nKMOVW BX, K1\nVMOVDQU32 (AX), K1, Z0\nVZEROUPPER\nRET", ""},
	{"secret mask of a register", index + "KMOVW DX, K1\nVMOVDQA32 Z1, K1, Z0\nVZEROUPPER\nRET", ""},
	{"zero of a secret", loaded + "XORQ BX, BX\nMOVQ (AX)(BX*1), R9\nRET", ""},
	{"flags of a public number after a secret", loaded + number_ + "ADDQ BX, BX\nTESTQ CX, CX\nJZ done\ndone:\nRET", ""},
	{"carry of a public number kept by DEC", loaded + number_ + "ADDQ CX, CX\nDECQ BX\nJCS done\ndone:\nRET", ""},
	{"overflow of ADOX beside a public carry", loaded + "XORQ R10, R10\nADOXQ BX, R11\nJCC done\ndone:\nRET", ""},
	{"constants", "MOVQ ·constant(SB), R8\n" + pointer + "MOVQ (AX)(R8*1), R9\nRET", ""},
	{"public mask after a secret one", index + pointer + "KMOVW DX, K1\nMOVQ $1, BX\nKMOVW BX, K1\nVMOVDQU32 (AX), K1, Z0\nVZEROUPPER\nRET", ""},
	{"secret multiplied", loaded + "MOVQ BX, DX\nMULXQ BX, R8, R9\nMOVQ R8, (AX)\nRET", ""},

	// Jumps.
	{"jump on memory", loaded + "TESTQ BX, BX\nJZ done\ndone:\nRET", aJump},
	{"jump on a comparison with memory", pointer + "CMPQ (AX), $3\nJNE done\ndone:\nRET", aJump},
	{"jump on a secret argument", index + "CMPQ DX, $3\nJNE done\ndone:\nRET", aJump},
	{"jump on a byte", pointer + "MOVBLZX (AX), BX\nCMPL BX, $3\nJHI done\ndone:\nRET", aJump},
	{"jump on a carry", loaded + "ADDQ $1, BX\nJCS done\ndone:\nRET", aJump},
	{"jump on a sign", loaded + "ADDQ $1, BX\nJMI done\ndone:\nRET", aJump},
	{"jump on an overflow", loaded + "ADDQ $1, BX\nJOS done\ndone:\nRET", aJump},
	{"jump on a parity", loaded + "ADDQ $1, BX\nJPS done\ndone:\nRET", aJump},
	{"jump on less, by sign and overflow", loaded + "CMPQ BX, $9\nJLT done\ndone:\nRET", aJump},
	{"jump on greater", loaded + "CMPQ BX, $9\nJGT done\ndone:\nRET", aJump},
	{"jump on zero of DEC", loaded + "DECQ BX\nJNZ done\ndone:\nRET", aJump},
	{"carry of a secret kept by DEC of a public number", loaded + number_ + "ADDQ BX, BX\nDECQ CX\nJCS done\ndone:\nRET", aJump},
	{"carry of a secret kept by INC", loaded + number_ + "ADDQ BX, BX\nINCQ CX\nJCC done\ndone:\nRET", aJump},
	{"carry of ADCX", loaded + "XORQ R10, R10\nADCXQ BX, R11\nJCS done\ndone:\nRET", aJump},
	{"overflow of ADOX", loaded + "XORQ R10, R10\nADOXQ BX, R11\nJOS done\ndone:\nRET", aJump},
	{"flags of a shift", loaded + "SHRQ $1, BX\nJCS done\ndone:\nRET", aJump},
	{"flags of a negation", loaded + "NEGQ BX\nJCS done\ndone:\nRET", aJump},
	{"flags of a product", loaded + "IMULQ BX, BX\nJOS done\ndone:\nRET", aJump},
	{"flags of VPTEST", pointer + "VMOVDQU (AX), X0\nVPTEST X0, X0\nJZ done\ndone:\nRET", aJump},
	{"flags through SBB", loaded + "ADDQ BX, BX\nSBBQ R8, R8\nTESTQ R8, R8\nJZ done\ndone:\nRET", aJump},
	{"flags through SETCC", loaded + "ADDQ BX, BX\nXORL R8, R8\nADDQ BX, BX\nSETCS R8\nCMPB R8, R8\nTESTQ R8, R8\nJZ done\ndone:\nRET", aJump},
	{"flags through ADC", loaded + "ADDQ BX, BX\nMOVQ $0, R8\nADCQ $0, R8\nTESTQ R8, R8\nJZ done\ndone:\nRET", aJump},
	{"loop with a secret bound", loaded + "loop:\nDECQ BX\nJNZ loop\nRET", aJump},
	{"comparison of parts", loaded + number_ + "MOVB BX, CX\nTESTQ CX, CX\nJZ done\ndone:\nRET", aJump},
	{"jump to a register", loaded + "JMP BX", "goes to where a register"},
	{"jump to a table", pointer + "JMP (AX)", "goes to where a register"},
	{"call of a register", pointer + "CALL AX\nRET", "goes to where a register"},
	{"call of a function", "CALL ·other(SB)\nRET", "calls a function"},

	// Addresses.
	{"index from memory", loaded + "MOVQ BX, R8" + use, anAddress},
	{"index that is an argument", pointer + index + "MOVQ DX, R8" + use, anAddress},
	{"base from memory", loaded + "MOVQ (BX), R9\nRET", anAddress},
	{"store at a secret", loaded + "MOVQ AX, (AX)(BX*1)\nRET", anAddress},
	{"secret index of the frame", index + "MOVQ (SP)(DX*8), R9\nRET", anAddress},
	{"secret index of a table of pointers", table_ + index + "MOVQ (SI)(DX*8), R9\nRET", anAddress},
	{"secret index of constants", index + "LEAQ ·constant(SB), R8\nMOVQ (R8)(DX*8), R9\nRET", anAddress},
	{"index computed by LEA", pointer + index + "LEAQ (AX)(DX*8), R8\nMOVQ (R8), R9\nRET", anAddress},
	{"index shifted and masked", loaded + "SHRQ $4, BX\nANDQ $15, BX\nMOVQ BX, R8" + use, anAddress},
	{"index of 32 bits", pointer + "MOVL (AX), R8" + use, anAddress},
	{"index of 8 bits", pointer + "MOVBLZX (AX), R8" + use, anAddress},
	{"index of 8 bits into a public register", pointer + "MOVQ $0, R8\nMOVB (AX), R8" + use, anAddress},
	{"index from a vector", pointer + "VMOVDQU (AX), X0\nVMOVQ X0, R8" + use, anAddress},
	{"index from 32 bits of a vector", pointer + "VMOVDQU (AX), X0\nVMOVD X0, R8" + use, anAddress},
	{"index from a mask of bytes", pointer + "VMOVDQU (AX), X0\nVPMOVMSKB X0, R8" + use, anAddress},
	{"index from a mask register", pointer + "VMOVDQU64 (AX), Z0\nVPCMPEQQ Z0, Z0, K1\nKMOVB K1, R8" + use, anAddress},
	{"index through two mask registers", pointer + index + "KMOVB DX, K1\nKANDB K1, K1, K2\nKMOVB K2, R8" + use, anAddress},
	{"secret broadcast and back", pointer + index + "VPBROADCASTQ DX, Z0\nVMOVQ X0, R8" + use, anAddress},
	{"secret condition", loaded + number_ + "CMPQ BX, $3\nCMOVQEQ CX, R8\nMOVQ (AX)(R8*1), R9\nRET", anAddress},
	{"public numbers by a secret condition", loaded + number_ + "MOVQ $0, R8\nADDQ BX, BX\nCMOVQCS CX, R8" + use, anAddress},
	{"condition of a kept carry", loaded + number_ + "MOVQ $0, R8\nADDQ BX, BX\nDECQ CX\nCMOVQCS CX, R8" + use, anAddress},
	{"SETCC", loaded + "XORL R8, R8\nADDQ BX, BX\nSETCS R8" + use, anAddress},
	{"SBB of a register with itself", loaded + "ADDQ BX, BX\nSBBQ R8, R8" + use, anAddress},
	{"MULX by a secret in DX", pointer + index + number_ + "MULXQ CX, R8, R9\nMOVQ (AX)(R8*1), R9\nRET", anAddress},
	{"high half of MULX", loaded + number_ + "MOVQ CX, DX\nMULXQ BX, R9, R8" + use, anAddress},
	{"ADCX of a secret carry", loaded + "ADDQ BX, BX\nMOVQ $0, R8\nMOVQ $0, R9\nADCXQ R9, R8" + use, anAddress},
	{"ADOX of a secret overflow", loaded + "ADDQ BX, BX\nMOVQ $0, R8\nMOVQ $0, R9\nADOXQ R9, R8" + use, anAddress},
	{"secret in the second turn", pointer + number_ + "loop:\nMOVQ (AX)(CX*1), CX\nJMP loop", anAddress},
	{"secret on one of two ways", loaded + number_ + "MOVQ $0, R8\nTESTQ CX, CX\nJZ done\nMOVQ BX, R8\ndone:" + use, anAddress},

	// Through memory.
	{"through the frame", loaded + "MOVQ BX, 8(SP)\nMOVQ 8(SP), R8" + use, anAddress},
	{"half through the frame", pointer + number_ + "MOVQ CX, 8(SP)\nMOVL (AX), BX\nMOVL BX, 12(SP)\nMOVQ 8(SP), R8" + use, anAddress},
	{"byte through the frame", pointer + number_ + "MOVQ CX, 8(SP)\nMOVB (AX), BX\nMOVB BX, 15(SP)\nMOVQ 8(SP), R8" + use, anAddress},
	{"across two slots", loaded + number_ + "MOVQ CX, 8(SP)\nMOVQ CX, 16(SP)\nMOVQ BX, 12(SP)\nMOVQ 16(SP), R8" + use, anAddress},
	{"beside a slot", pointer + number_ + "MOVQ CX, 8(SP)\nMOVQ 9(SP), R8" + use, anAddress},
	{"vector over a slot", pointer + number_ + "MOVQ CX, 24(SP)\nVMOVDQU (AX), Y0\nVMOVDQU Y0, (SP)\nVZEROUPPER\nMOVQ 24(SP), R8" + use, anAddress},
	{"public number over a slot, byte by byte", loaded + number_ + "MOVQ BX, (SP)\nMOVB CX, (SP)\nMOVQ (SP), R8" + use, anAddress},
	{"slot that was never written", pointer + "MOVQ 40(SP), R8" + use, anAddress},
	{"frame by its address", loaded + number_ + "MOVQ CX, 8(SP)\nLEAQ 8(SP), R10\nMOVQ BX, (R10)\nMOVQ 8(SP), R8" + use, anAddress},
	{"frame by its rounded address", loaded + number_ + "MOVQ CX, 8(SP)\nLEAQ 63(SP), R10\nANDQ $-64, R10\nMOVQ BX, (R10)\nMOVQ 8(SP), R8" + use, anAddress},
	{"frame with an index", loaded + number_ + "MOVQ CX, 8(SP)\nMOVQ BX, (SP)(CX*8)\nMOVQ 8(SP), R8" + use, anAddress},
	{"through an argument", loaded + "MOVQ BX, s+24(FP)\nMOVQ s+24(FP), R8" + use, anAddress},
	{"over a public argument", loaded + "MOVQ BX, n+16(FP)\nMOVQ n+16(FP), R8" + use, anAddress},
	{"through an argument's memory", pointer + number_ + "MOVQ CX, (AX)\nMOVQ (AX), R8" + use, anAddress},
	{"through a global variable", pointer + "MOVQ ·variable(SB), R8" + use, anAddress},
	{"to a global variable", loaded + "MOVQ BX, ·variable(SB)\nRET", "writes to a variable"},
	{"over a table of pointers", loaded + table_ + "MOVQ BX, (SI)\nRET", "writes to a table"},
	{"what a pointer of a table points to", pointer + table_ + "MOVQ (SI), SI\nMOVQ (SI), R8" + use, anAddress},
	{"part of a pointer of a table", pointer + table_ + "MOVBLZX (SI), R8" + use, anAddress},
	{"through PUSH and POP", loaded + "PUSHQ BX\nPOPQ R8" + use, anAddress},

	// Masks.
	{"store by a secret mask", pointer + index + "KMOVW DX, K1\nVMOVDQU32 Z0, K1, (AX)\nVZEROUPPER\nRET", aMask},
	{"load by a secret mask", pointer + index + "KMOVW DX, K1\nVMOVDQU32.Z (AX), K1, Z0\nVZEROUPPER\nRET", aMask},
	{"store by a mask of a comparison", pointer + "VMOVDQU64 (AX), Z0\nVPCMPEQQ Z0, Z1, K1\nVMOVDQU64 Z0, K1, (AX)\nVZEROUPPER\nRET", aMask},
	{"store by a mask that was not set", pointer + "VMOVDQU64 Z0, K3, (AX)\nVZEROUPPER\nRET", aMask},
	{"sum with memory by a secret mask", pointer + index + "KMOVW DX, K1\nVPADDD (AX), Z1, K1, Z0\nVZEROUPPER\nRET", aMask},

	// Instructions.
	{"division", "DIVQ BX\nRET", "refused"},
	{"PDEP", "PDEPQ AX, BX, CX\nRET", "Zen 1 and Zen 2"},
	{"PEXT", "PEXTQ AX, BX, CX\nRET", "Zen 1 and Zen 2"},
	{"scan for a bit", "BSFQ AX, BX\nRET", "refused"},
	{"masked store of AVX", pointer + "VMASKMOVPS X1, X0, (AX)\nRET", "refused"},
	{"exchange", pointer + "XCHGQ BX, (AX)\nRET", "refused"},
	{"gather", pointer + "KXNORB K1, K1, K1\nVPGATHERQQ (AX)(Z1*8), K1, Z0\nRET", "not an instruction of the table"},
	{"string instruction", "MOVSQ\nRET", "not an instruction of the table"},
	{"square root", "VSQRTPD X0, X0\nRET", "not an instruction of the table"},
	{"x87", "FLDPI\nRET", "not an instruction of the table"},
	{"time stamp", "RDTSC\nRET", "not an instruction of the table"},
}

func TestMachineCodeLeaks(t *testing.T) {
	impltest.SkipShort(t, "links programs")
	c := &contract.Kernel{Args: []contract.Arg{
		{Name: "p", Kind: contract.Pointer}, {Name: "table", Kind: contract.Table}, {Name: "n", Kind: contract.Public}, {Name: "s", Kind: contract.Secret},
	}}
	kernels := assemble(t)
	leaks := 0
	for i, tt := range planted {
		k := kernels[fmt.Sprint("F", i)]
		if k == nil {
			t.Fatalf("%s was not assembled", tt.name)
		}
		got := strings.Join(lintMachineCode(k, c), "; ")
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
		if tt.want != "" {
			leaks++
		}
	}
	t.Logf("%d leaks", leaks)
}

// assemble links a program of what is planted, F0 and so on.
func assemble(t *testing.T) map[string]*machine.Kernel {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	text := "#include \"textflag.h\"\nDATA ·constant+0(SB)/8, $1\nGLOBL ·constant(SB), RODATA, $8\nGLOBL ·variable(SB), NOPTR, $8\nTEXT ·other(SB), NOSPLIT, $0-0\nRET\n"
	declarations, all := "", ""
	for i, tt := range planted {
		text += fmt.Sprintf("TEXT ·F%d(SB), NOSPLIT, %s\n%s\n", i, signature, tt.code)
		declarations += fmt.Sprintf("func F%d(p, table *byte, n, s int)\n", i)
		all += fmt.Sprintf("F%d, ", i)
	}
	write("go.mod", "module github.com/mtcore/mtcore/leaks\n")
	write("asm/leaks_amd64.s", text)
	write("asm/leaks.go", "package asm\n\n"+declarations+"\nvar All = []func(p, table *byte, n, s int){"+all+"}\n")
	write("main.go", "package main\n\nimport \"github.com/mtcore/mtcore/leaks/asm\"\n\nfunc main() { println(len(asm.All), asm.All[0] == nil) }\n")
	cmd := exec.Command("go", "build", "-o", "leaks", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0", "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	p, err := machine.Open(filepath.Join(dir, "leaks"))
	if err != nil {
		t.Fatal(err)
	}
	list, err := p.Kernels()
	if err != nil {
		t.Fatal(err)
	}
	kernels := map[string]*machine.Kernel{}
	for _, k := range list {
		kernels[k.Name] = k
	}
	return kernels
}
