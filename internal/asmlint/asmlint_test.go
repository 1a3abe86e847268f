// Package asmlint checks this module's assembly for what constant-time code must not do. It
// has only tests.
package asmlint

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The rules, for every function in every .s file, but those of arm64, whose machine code is checked
// instead, and of internal/registers, which calls kernels and looks at what they leave:
//
//   - only instructions of the lists below, whose time does not depend on values;
//   - no address and no jump depends on a secret.
//
// Arguments are public: pointers, lengths and counters. So are constants, whatever is
// computed from public values, and what is loaded from a table of pointers or of counts, which is
// recognised by an argument's type. Everything else that comes from memory, and from vector
// and mask registers, is secret. A value is tracked through general registers, flags and
// stack slots, along all paths.

// allowed lists the instructions of each architecture. Before adding one, check that its
// latency does not depend on its operands.
var allowed = map[string]string{
	"amd64": `
		MOVQ MOVL MOVB MOVBLZX LEAQ LEAL XORQ XORL ANDQ ORQ ADDQ ADDB ADCQ SUBQ SBBQ NEGL NEGQ SHLQ SHRQ
		SHRDQ SHLDQ ROLQ XCHGQ INCQ DECQ CMPQ TESTQ IMULQ MULXQ ADCXQ ADOXQ ANDNQ RORXQ SHRXQ SHLXQ BZHIQ
		CMOVQEQ CMOVQNE CMOVQCC CMOVQCS CMOVQHI SETCS SETCC
		JMP JZ JNZ JE JEQ JNE JB JA JAE JBE JCC JCS RET CPUID VZEROUPPER
		VMOVQ VMOVDQA VMOVDQU VMOVDQA32 VMOVDQA64 VMOVDQU32 VMOVDQU64
		VAESENC VAESENCLAST VAESDEC VAESDECLAST VAESIMC SHA256RNDS2 SHA256MSG1 SHA256MSG2
		VPXOR VPXORD VPXORQ VPAND VPANDQ VPOR VPORQ VPTERNLOGD VPTERNLOGQ VPADDD VPADDQ VPSUBD VPSUBQ VPCMPEQQ VPCMPEQD
		VPCMPUQ VPCMPEQUQ VPSLLD VPSRLD VPSLLQ VPSRLQ VPSRAQ VPSLLDQ VPSRLDQ VPRORD VPSHUFB VPSHUFD VPALIGNR VALIGNQ VPERMQ
		VPUNPCKLDQ VPUNPCKHDQ VPUNPCKLQDQ VPUNPCKHQDQ VSHUFI64X2 VPBLENDD VPBLENDMQ VPBROADCASTD VPBROADCASTQ
		VBROADCASTI128 VINSERTI128 VEXTRACTF128 VEXTRACTI128 VBROADCASTI32X4 VINSERTI32X4 VEXTRACTI32X4 VPMADD52LUQ VPMADD52HUQ KMOVB KMOVW KMOVQ KANDB KORB`,
	"arm": `
		MOVW ADD ADDNE SUB SUBS CMP BEQ BNE BLT RET
		AESE AESD AESMC AESIMC VEOR VORR VMOV VDUP VEXT VSHL VLD1 VST1`,
}

// words lists the instructions that the Go assembler for 32-bit ARM does not know, in the
// encoding of the Arm Architecture Reference Manual: the bits that matter and their values.
// Registers are vectors, except for the base of VLD1 and VST1.
var words = []struct {
	mask, value uint32
	opcode      string
}{
	{0xffbf0fd1, 0xf3b00300, "AESE"},
	{0xffbf0fd1, 0xf3b00340, "AESD"},
	{0xffbf0fd1, 0xf3b00380, "AESMC"},
	{0xffbf0fd1, 0xf3b003c0, "AESIMC"},
	{0xffb00f51, 0xf3000150, "VEOR"},
	{0xffb00f51, 0xf2200150, "VORR"},
	{0xfeb80fd0, 0xf2800050, "VMOV"}, // of an immediate
	{0xffb70fd0, 0xf3b40c40, "VDUP"},
	{0xffb00050, 0xf2b00040, "VEXT"},
	{0xffa00fd0, 0xf2a00550, "VSHL"},
	{0xffb00fff, 0xf4200a0f, "VLD1"}, // without an index; one register or two
	{0xffb00fff, 0xf420020f, "VLD1"},
	{0xffb00fff, 0xf4200a0d, "VLD1"}, // moving the base by the size
	{0xffb00fff, 0xf420020d, "VLD1"},
	{0xffb00fff, 0xf4000a0f, "VST1"},
	{0xffb00fff, 0xf400020f, "VST1"},
	{0xffb00fff, 0xf4000a0d, "VST1"},
	{0xffb00fff, 0xf400020d, "VST1"},
}

// decode returns the instruction that a WORD encodes.
func decode(operand string) (opcode string, operands []string) {
	word, err := strconv.ParseUint(strings.TrimPrefix(operand, "$"), 0, 32)
	if err != nil {
		return "WORD", nil
	}
	for _, w := range words {
		if uint32(word)&w.mask != w.value {
			continue
		}
		switch w.opcode {
		case "VLD1":
			return w.opcode, []string{fmt.Sprintf("(R%d)", word>>16&0xf), "[]"}
		case "VST1":
			return w.opcode, []string{"[]", fmt.Sprintf("(R%d)", word>>16&0xf)}
		}
		return w.opcode, []string{"[]"}
	}
	return "WORD", nil
}

func TestAssembly(t *testing.T) {
	files := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "registers":
			return fs.SkipDir
		}
		if d.IsDir() && filepath.ToSlash(path) == "../../internal/registers" {
			return filepath.SkipDir // It is for tests, and calls kernels and saves what they leave.
		}
		if strings.HasSuffix(path, ".s") && arch(path) != "arm64" {
			files++
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, problem := range lint(arch(path), string(text)) {
				t.Errorf("%s:%s", filepath.ToSlash(path), problem)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files == 0 {
		t.Fatal("found no assembly")
	}
}

func arch(path string) string {
	name := strings.TrimSuffix(filepath.Base(path), ".s")
	return name[strings.LastIndex(name, "_")+1:]
}

// TestPlantedLeaks checks that the lint notices leaks.
func TestPlantedLeaks(t *testing.T) {
	const head = "// func F(p *[32]byte, table *[4]*byte, n int, counts *[4]int)\nTEXT ·F(SB), NOSPLIT, $64-24\n"
	for _, tt := range []struct {
		name, arch, code string
		want             string // part of the problem; "" if there is none
	}{
		{"counter", "amd64", "MOVQ n+16(FP), CX\nloop:\nDECQ CX\nJNZ loop\nRET", ""},
		{"pointer from a table", "amd64", "MOVQ table+8(FP), AX\nMOVQ 8(AX), AX\nMOVQ (AX), BX\nRET", ""},
		{"branch on a count", "amd64", "MOVQ counts+24(FP), AX\nCMPQ 8(AX), $3\nJNE done\ndone:\nRET", ""},
		{"branch on memory", "amd64", "MOVQ p+0(FP), AX\nMOVQ (AX), BX\nTESTQ BX, BX\nJZ done\ndone:\nRET", "jump depends on a secret"},
		{"branch on a carry", "amd64", "MOVQ p+0(FP), AX\nMOVQ (AX), BX\nADDQ $1, BX\nJCS done\ndone:\nRET", "jump depends on a secret"},
		{"comparison with memory", "amd64", "MOVQ p+0(FP), AX\nCMPQ (AX), $3\nJNE done\ndone:\nRET", "jump depends on a secret"},
		{"index from memory", "amd64", "MOVQ p+0(FP), AX\nMOVQ (AX), BX\nMOVQ (AX)(BX*8), CX\nRET", "address depends on a secret"},
		{"index from a vector", "amd64", "MOVQ p+0(FP), AX\nVMOVQ X0, BX\nMOVQ (AX)(BX*1), CX\nRET", "address depends on a secret"},
		{"secret in the second round", "amd64", "MOVQ p+0(FP), AX\nMOVQ n+16(FP), CX\nloop:\nMOVQ (AX)(CX*1), CX\nJMP loop", "address depends on a secret"},
		{"secret through the stack", "amd64", "MOVQ p+0(FP), AX\nMOVQ (AX), BX\nMOVQ BX, 8(SP)\nMOVQ 8(SP), CX\nMOVQ (AX)(CX*1), CX\nRET", "address depends on a secret"},
		{"public through the stack", "amd64", "MOVQ p+0(FP), AX\nMOVQ n+16(FP), CX\nMOVQ CX, 48(SP)\nMOVQ CX, 56(SP)\nMOVQ 48(SP)(CX*8), DX\nMOVQ (AX)(DX*1), BX\nRET", ""},
		{"secret beside a public slot", "amd64", "MOVQ p+0(FP), AX\nMOVQ n+16(FP), CX\nMOVQ CX, 48(SP)\nMOVQ 48(SP)(CX*8), DX\nMOVQ (AX)(DX*1), BX\nRET", "address depends on a secret"},
		{"vector in the stack, then an index", "amd64", "MOVQ p+0(FP), AX\nMOVQ n+16(FP), CX\nVMOVDQU Y0, (SP)\nMOVQ 8(SP)(CX*8), DX\nMOVQ (AX)(DX*1), BX\nRET", "address depends on a secret"},
		{"vector over a public slot", "amd64", "MOVQ p+0(FP), AX\nMOVQ AX, 24(SP)\nVMOVDQU Y0, (SP)\nMOVQ 24(SP), DX\nMOVQ (DX), BX\nRET", "address depends on a secret"},
		{"vector below a public slot", "amd64", "MOVQ p+0(FP), AX\nMOVQ AX, 32(SP)\nVMOVDQU Y0, (SP)\nMOVQ 32(SP), DX\nMOVQ (DX), BX\nRET", ""},
		{"secret with an index over a public slot", "amd64", "MOVQ p+0(FP), AX\nMOVQ n+16(FP), CX\nMOVQ CX, 8(SP)\nMOVQ (AX), BX\nMOVQ BX, (SP)(CX*8)\nMOVQ 8(SP), DX\nMOVQ (AX)(DX*1), BX\nRET", "address depends on a secret"},
		{"public byte over a secret", "amd64", "MOVQ p+0(FP), AX\nMOVQ (AX), BX\nMOVQ BX, (SP)\nMOVB AX, (SP)\nMOVQ (SP), DX\nMOVQ (AX)(DX*1), BX\nRET", "address depends on a secret"},
		{"stack by its address", "amd64", "MOVQ p+0(FP), AX\nMOVQ AX, (SP)\nMOVQ (AX), BX\nLEAQ (SP), CX\nMOVQ BX, (CX)\nMOVQ (SP), DX\nMOVQ (DX), BX\nRET", "address depends on a secret"},
		{"stack by a name", "amd64", "MOVQ BX, x-8(SP)\nRET", "unknown place"},
		{"secret condition", "amd64", "MOVQ p+0(FP), AX\nMOVQ n+16(FP), CX\nCMPQ (AX), $3\nCMOVQEQ AX, CX\nMOVQ (CX), BX\nRET", "address depends on a secret"},
		{"exchange", "amd64", "MOVQ p+0(FP), AX\nMOVQ AX, CX\nMOVQ (AX), BX\nXCHGQ CX, BX\nMOVQ (CX), DX\nRET", "address depends on a secret"},
		{"division", "amd64", "DIVQ BX\nRET", "DIVQ is not allowed"},
		{"counter", "arm", "MOVW n+8(FP), R1\nloop:\nWORD $0xf3b00300\nSUB.S $1, R1, R1\nADD.NE $1, R1\nBNE loop\nRET", ""},
		{"word that moves its base", "arm", "MOVW p+0(FP), R2\nWORD $0xf4222a0d\nWORD $0xf4222a0d\nRET", ""},
		{"branch on memory", "arm", "MOVW p+0(FP), R0\nMOVW (R0), R1\nSUB.S $1, R1, R1\nBNE done\ndone:\nRET", "jump depends on a secret"},
		{"index from memory", "arm", "MOVW p+0(FP), R0\nMOVW (R0), R2\nWORD $0xf4222a0d\nRET", "address depends on a secret"},
		{"conditional index", "arm", "MOVW p+0(FP), R0\nMOVW (R0), R1\nCMP $3, R1\nADD.NE $16, R0\nWORD $0xf4000a0f\nRET", "address depends on a secret"},
		{"word with an index", "arm", "MOVW p+0(FP), R2\nWORD $0xf4222a01\nRET", "WORD is not allowed"},
		{"move from a vector", "arm", "WORD $0xee110b10\nRET", "WORD is not allowed"},
	} {
		got := strings.Join(lint(tt.arch, head+tt.code), "; ")
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s on %s: got %q, want %q", tt.name, tt.arch, got, tt.want)
		}
	}
}

// kind is what is known about a value. A combination has the lowest kind of its parts.
type kind int

const (
	secret kind = iota
	public
	table // the address of a table of pointers
)

// state has the kinds of the general registers, of the stack slots of eight bytes, and of
// "flags" and "slots". "slots" is secret once the stack's address is in a register, since
// slots may then change unseen. Whatever is absent is secret.
type state map[string]kind

func (s state) clone() state {
	c := state{}
	for name, k := range s {
		c[name] = k
	}
	return c
}

// meet lowers s to what also holds in other, and reports whether that changed s.
func (s state) meet(other state) (changed bool) {
	for name, k := range s {
		if low := min(k, other[name]); low != k {
			s[name], changed = low, true
		}
	}
	return changed
}

type function struct {
	arch, signature string
	frame           int // bytes on the stack
	body            []instruction
}

type instruction struct {
	line     int
	opcode   string // "" for a label
	operands []string
	label    string
}

// lint returns the problems of a file, each with its line number in front.
func lint(arch, text string) []string {
	var problems []string
	f := function{arch: arch}
	flush := func() {
		problems = append(problems, f.lint()...)
		f.body = nil
	}
	for i, line := range strings.Split(text, "\n") {
		if sig, ok := strings.CutPrefix(line, "// func "); ok {
			flush()
			f.signature = sig
		}
		line, _, _ = strings.Cut(line, "//")
		line = strings.TrimSpace(line)
		switch fields := strings.SplitN(line, " ", 2); {
		case line == "", line[0] == '#', strings.HasPrefix(line, "DATA"), strings.HasPrefix(line, "GLOBL"):
		case strings.HasPrefix(line, "TEXT"):
			flush()
			_, sizes, _ := strings.Cut(line, "$")
			sizes, _, _ = strings.Cut(sizes, "-")
			f.frame, _ = strconv.Atoi(sizes)
		case strings.HasSuffix(line, ":"):
			f.body = append(f.body, instruction{line: i + 1, label: strings.TrimSuffix(line, ":")})
		default:
			in := instruction{line: i + 1, opcode: fields[0]}
			if len(fields) == 2 {
				in.operands = splitOperands(fields[1])
			}
			if arch == "arm" {
				in.opcode = strings.Replace(in.opcode, ".", "", 1) // sets flags, or asks for them
				if in.opcode == "WORD" {
					in.opcode, in.operands = decode(in.operands[0])
				}
			}
			f.body = append(f.body, in)
		}
	}
	flush()
	return problems
}

// splitOperands splits at the commas outside brackets.
func splitOperands(s string) []string {
	depth := 0
	operands := strings.FieldsFunc(s, func(r rune) bool {
		switch r {
		case '(', '[':
			depth++
		case ')', ']':
			depth--
		}
		return r == ',' && depth == 0
	})
	for i := range operands {
		operands[i] = strings.TrimSpace(operands[i])
	}
	return operands
}

// lint propagates the kinds through a function until they no longer change.
func (f *function) lint() []string {
	at := map[string]state{} // by label
	for changed := true; changed; {
		_, changed = f.pass(at)
	}
	problems, _ := f.pass(at)
	return problems
}

// pass goes through the instructions once, and lowers the states at labels to those that
// arrive there.
func (f *function) pass(at map[string]state) (problems []string, changed bool) {
	arrive := func(label string, s state) {
		if at[label] == nil {
			at[label], changed = s.clone(), true
		} else if at[label].meet(s) {
			changed = true
		}
	}
	s := state{"SP": public, "FP": public, "SB": public, "flags": public, "slots": public}
	reachable := true
	for _, in := range f.body {
		if in.label != "" {
			if reachable {
				arrive(in.label, s)
			}
			if at[in.label] != nil {
				s, reachable = at[in.label].clone(), true
			}
			continue
		}
		report := func(format string, args ...any) {
			problems = append(problems, fmt.Sprintf("%d: %s %s: %s", in.line, in.opcode,
				strings.Join(in.operands, ", "), fmt.Sprintf(format, args...)))
		}
		opcode, _, _ := strings.Cut(in.opcode, ".")
		if !slices.Contains(strings.Fields(allowed[f.arch]), opcode) {
			report("%s is not allowed", opcode)
		}
		if !reachable {
			continue
		}
		for _, operand := range in.operands {
			if strings.Contains(operand, "SP)") && !isSlot(operand) && !frameAddress.MatchString(operand) {
				report("unknown place on the stack")
			}
			if strings.HasPrefix(opcode, "LEA") {
				break // is arithmetic
			}
			for _, r := range addressRegisters(operand) {
				if s[r] == secret {
					report("address depends on a secret")
				}
			}
		}
		switch {
		case opcode == "RET":
			reachable = false
		case opcode == "JMP":
			arrive(in.operands[0], s)
			reachable = false
		case isJump(opcode):
			if s["flags"] == secret {
				report("jump depends on a secret")
			}
			arrive(in.operands[0], s)
		default:
			s.execute(f, opcode, in.operands)
		}
	}
	return problems, changed
}

func isJump(opcode string) bool {
	return opcode[0] == 'J' || slices.Contains([]string{"BEQ", "BNE", "BLT"}, opcode)
}

// noFlags matches the instructions that leave the flags alone, on any architecture.
var noFlags = regexp.MustCompile(`^(MOV.*|LEA.|MULXQ|RORXQ|SH[LR]XQ|P(DEP|EXT)Q|CMOV.*|SET..|V.*|K.*|SHA.*|AES.*|ADD|ADDNE|SUB)$`)

// readsFlags matches those whose result depends on the flags.
var readsFlags = regexp.MustCompile(`^(AD.XQ|ADCQ|SBBQ|CMOV.*|SET..|ADDNE)$`)

// execute changes s as an instruction does. The destination is the last operand, or the
// last two for MULX and XCHG.
func (s state) execute(f *function, opcode string, operands []string) {
	k, size := public, memorySize(opcode, operands)
	for i, operand := range operands {
		if i == len(operands)-1 && onlyWrites(opcode, len(operands)) {
			break
		}
		k = min(k, s.value(f, opcode, operand, size))
	}
	if len(operands) == 2 && opcode[0] == 'X' && operands[0] == operands[1] {
		k = public // zero
	}
	if opcode == "MULXQ" {
		k = min(k, s["DX"])
	}
	if opcode == "MOVQ" || opcode == "MOVW" {
		k = s.value(f, opcode, operands[0], size)
	}
	if readsFlags.MatchString(opcode) {
		k = min(k, s["flags"])
	}
	if strings.HasPrefix(opcode, "V") || strings.HasPrefix(opcode, "K") || strings.HasPrefix(opcode, "SHA") || strings.HasPrefix(opcode, "AES") {
		k = secret
	}
	if strings.HasPrefix(opcode, "LEA") && isSlot(operands[0]) || len(operands) > 0 && frameAddress.MatchString(operands[0]) {
		s["slots"] = secret
	}
	if !noFlags.MatchString(opcode) {
		s["flags"] = min(k, public)
	}
	if opcode == "CMPQ" || opcode == "TESTQ" || opcode == "CMP" || opcode == "TST" || len(operands) == 0 {
		return
	}
	destinations := operands[len(operands)-1:]
	switch opcode {
	case "MULXQ":
		destinations = operands[1:]
	case "XCHGQ":
		destinations = operands
	}
	for _, d := range destinations {
		d = strings.TrimSpace(d)
		if generalRegister.MatchString(d) {
			s[d] = k
		}
		names, whole := f.slots(d, size)
		for _, name := range names {
			if whole {
				s[name] = k
			} else {
				s[name] = min(s[name], k)
			}
		}
	}
}

// onlyWrites reports whether the destination is not read. With three operands it is not,
// except by the double shifts of amd64.
func onlyWrites(opcode string, operands int) bool {
	switch opcode {
	case "SHLQ", "SHRQ", "SHLDQ", "SHRDQ":
		return false
	}
	return operands >= 3 || strings.HasPrefix(opcode, "MOV") || strings.HasPrefix(opcode, "LEA") || strings.HasPrefix(opcode, "SET")
}

var generalRegister = regexp.MustCompile(`^([A-D]X|[SD]I|BP|R[0-9]+)$`)

// value returns the kind of an operand that is read; size is its length if it is in memory.
func (s state) value(f *function, opcode, operand string, size int) kind {
	registers := addressRegisters(operand)
	if strings.HasPrefix(opcode, "LEA") {
		k := public
		for _, r := range registers {
			k = min(k, s[r])
		}
		return k
	}
	switch {
	case operand[0] == '$':
		return public
	case isSlot(operand):
		k := s["slots"]
		names, _ := f.slots(operand, size)
		for _, name := range names {
			k = min(k, s[name])
		}
		return k
	case generalRegister.MatchString(operand):
		return s[operand]
	case strings.HasSuffix(operand, "(FP)"):
		return parameter(f.signature, operand)
	case strings.HasSuffix(operand, "(SB)"):
		return public
	}
	if len(registers) > 0 && s[registers[0]] == table {
		return public
	}
	return secret
}

var slot = regexp.MustCompile(`^(\d*)\(SP\)(\(.*\))?$`)

// frameAddress matches the address of the whole frame, as goasm writes it.
var frameAddress = regexp.MustCompile(`^\$frame-\d+\(SP\)$`)

func isSlot(operand string) bool { return slot.MatchString(operand) }

// slots returns the stack slots that an operand of size bytes may touch, and whether it
// covers each of them completely. An index is assumed to lead upwards, and not out of the
// frame.
func (f *function) slots(operand string, size int) (names []string, whole bool) {
	m := slot.FindStringSubmatch(operand)
	if m == nil {
		return nil, false
	}
	start, _ := strconv.Atoi(m[1])
	end, indexed := start+size, m[2] != ""
	if indexed {
		end = max(end, f.frame)
	}
	for i := start / 8; 8*i < end; i++ {
		names = append(names, fmt.Sprintf("%d(SP)", 8*i))
	}
	return names, !indexed && start%8 == 0 && size%8 == 0
}

// memorySize returns the maximum number of bytes of memory that an instruction accesses.
func memorySize(opcode string, operands []string) int {
	switch {
	case opcode == "MOVB", opcode == "MOVBLZX", strings.HasPrefix(opcode, "SET"):
		return 1
	case opcode == "MOVL", opcode == "MOVW":
		return 4
	case strings.HasPrefix(opcode, "VEXTRACT"):
		return 16
	case opcode[0] != 'V':
		return 8
	}
	size := 16
	for _, operand := range operands {
		switch operand[0] {
		case 'Y':
			size = max(size, 32)
		case 'Z', '[':
			size = 64
		}
	}
	return size
}

// parameter returns the kind of an argument: table if its type is a pointer to an array of
// pointers, or of counts.
func parameter(signature, operand string) kind {
	name, _, _ := strings.Cut(operand, "+")
	if regexp.MustCompile(`\b` + name + ` \*\[\d+\](\*|int)`).MatchString(signature) {
		return table
	}
	return public
}

var parenthesized = regexp.MustCompile(`\(([A-Z][A-Z0-9]*)(?:\*\d)?\)`)

// addressRegisters returns the registers that make up an address.
func addressRegisters(operand string) []string {
	var registers []string
	for _, m := range parenthesized.FindAllStringSubmatch(operand, -1) {
		registers = append(registers, m[1])
	}
	return registers
}
