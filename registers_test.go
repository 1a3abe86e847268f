package mtcore

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestRegisters: kernels clear the vector registers that they have used wherever they return,
// since whoever is interrupted later has all registers stored somewhere. On 32-bit ARM, those that
// belong to C callers are kept instead.
func TestRegisters(t *testing.T) {
	files, err := filepath.Glob("*/asm/*.s")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, problem := range dirtyRegisters(file, string(text)) {
			t.Error(problem)
		}
	}
}

var (
	textLine = regexp.MustCompile(`^TEXT ·(\w+)\(SB\)`)
	// X, Y and Z of one number are one register; V and q have no other names here.
	vectorName = regexp.MustCompile(`\b(?:[XYZV]|q)(\d+)\b`)
	doubleName = regexp.MustCompile(`\bd(\d+)-d(\d+)\b`)
	clearing   = regexp.MustCompile(`^\t(?:VPXORD?\s+X(\d+), X(\d+), X(\d+)|VEOR\s+V(\d+)\.B16, V(\d+)\.B16, V(\d+)\.B16|WORD\s+\S+ // veor q(\d+), q(\d+), q(\d+))$`)
	clearingR  = regexp.MustCompile(`^\t(?:XORL|KMOVQ|MOVD|CMP)\s`)
	leavingDIT = regexp.MustCompile(`^(?:\tCBZ\s+R26, untimed\d+|\tMSR\s+\$0, DIT|untimed\d+:)$`)
	kept       = regexp.MustCompile(`// v(st|ld)1\.8 \{d(8-d11|12-d15)\}, \[r0\]!$`)
)

// dirtyRegisters returns the returns of each function before which something is not cleared.
func dirtyRegisters(file, text string) (problems []string) {
	var function string
	used, cleared := map[string]bool{}, map[string]bool{}
	var saved, restored int
	arm := strings.HasSuffix(file, "_arm.s")
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if m := textLine.FindStringSubmatch(line); m != nil {
			function = m[1]
			clear(used)
			saved = 0
			// A function may jump back, so that all of its registers count for each return.
			for _, l := range lines[i+1:] {
				if strings.HasPrefix(l, "TEXT") {
					break
				}
				if kept.MatchString(l) {
					continue
				}
				for _, v := range vectorName.FindAllStringSubmatch(l, -1) {
					used[v[1]] = true
				}
				for _, d := range doubleName.FindAllStringSubmatch(l, -1) {
					var from, to int
					fmt.Sscan(d[1], &from)
					fmt.Sscan(d[2], &to)
					for n := from / 2; n <= to/2; n++ {
						used[fmt.Sprint(n)] = true
					}
				}
			}
			continue
		}
		c := clearing.FindStringSubmatch(line)
		switch k := kept.FindStringSubmatch(line); {
		case k != nil && k[1] == "st":
			saved++
		case k != nil:
			restored++
		case c != nil:
			numbers := slices.DeleteFunc(c[1:], func(s string) bool { return s == "" })
			if numbers[0] == numbers[1] && numbers[1] == numbers[2] {
				cleared[numbers[0]] = true
			}
		case line == "\tRET":
			for n := range used {
				belongs := arm && slices.Contains([]string{"4", "5", "6", "7"}, n)
				if belongs && (saved != 2 || restored != 2) {
					problems = append(problems, fmt.Sprintf("%s:%d: %s returns without q%s of a C caller", file, i+1, function, n))
				}
				if !belongs && !cleared[n] {
					problems = append(problems, fmt.Sprintf("%s:%d: %s returns with something in vector register %s", file, i+1, function, n))
				}
			}
			clear(cleared)
			restored = 0
		case line == "" || strings.HasPrefix(line, "\t//") || strings.HasPrefix(line, "\tMOVW $frame") || clearingR.MatchString(line) || leavingDIT.MatchString(line):
		default:
			clear(cleared) // what was cleared before this does not count
			restored = 0
		}
	}
	return problems
}

// TestPlantedRegisters shows that dirtyRegisters would notice.
func TestPlantedRegisters(t *testing.T) {
	for _, tt := range []struct{ name, file, code, want string }{
		{"cleared", "a_amd64.s", "\tVPXOR X1, Y2, Y3\n\tVPXOR X1, X1, X1\n\tVPXOR X2, X2, X2\n\tVPXOR X3, X3, X3\n\tXORL AX, AX\n\tRET", ""},
		{"one is not", "a_amd64.s", "\tVPXOR X1, Y2, Y3\n\tVPXOR X1, X1, X1\n\tVPXOR X3, X3, X3\n\tRET", "vector register 2"},
		{"above 15", "a_amd64.s", "\tVPXORD Z1, Z1, Z17\n\tVPXOR X1, X1, X1\n\tRET", "vector register 17"},
		{"used after", "a_amd64.s", "\tVPXOR X1, X1, X1\n\tVMOVDQU (AX), X1\n\tRET", "vector register 1"},
		{"not with itself", "a_amd64.s", "\tVPXOR X1, X2, X1\n\tVPXOR X2, X2, X2\n\tRET", "vector register 1"},
		{"one of two returns", "a_amd64.s", "\tVPXOR X1, X1, X1\n\tRET\nl:\n\tVMOVDQU (AX), X1\n\tRET", ":6: F returns"},
		{"register of later", "a_amd64.s", "\tRET\nl:\n\tVMOVDQU (AX), X1\n\tVPXOR X1, X1, X1\n\tRET", ":2: F returns"},
		{"arm64", "a_arm64.s", "\tVLD1 (R0), [V1.B16, V2.B16]\n\tVEOR V2.B16, V2.B16, V2.B16\n\tRET", "vector register 1"},
		{"arm", "a_arm.s", "\tWORD $1 // vld1.8 {d0-d3}, [r0]\n\tWORD $1 // veor q1, q1, q1\n\tRET", "vector register 0"},
		{"arm, not kept", "a_arm.s", "\tWORD $1 // veor q4, q4, q4\n\tRET", "q4 of a C caller"},
		{"arm, kept", "a_arm.s", "\tWORD $1 // vst1.8 {d8-d11}, [r0]!\n\tWORD $1 // vst1.8 {d12-d15}, [r0]!\n\tWORD $1 // aesmc.8 q4, q4\n" +
			"\tMOVW $frame-64(SP), R0\n\tWORD $1 // vld1.8 {d8-d11}, [r0]!\n\tWORD $1 // vld1.8 {d12-d15}, [r0]!\n\tRET", ""},
		{"arm, half restored", "a_arm.s", "\tWORD $1 // vst1.8 {d8-d11}, [r0]!\n\tWORD $1 // vst1.8 {d12-d15}, [r0]!\n\tWORD $1 // aesmc.8 q7, q7\n" +
			"\tMOVW $frame-64(SP), R0\n\tWORD $1 // vld1.8 {d8-d11}, [r0]!\n\tRET", "q7 of a C caller"},
	} {
		got := strings.Join(dirtyRegisters(tt.file, "TEXT ·F(SB), NOSPLIT, $0-0\n"+tt.code+"\n"), "; ")
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestDIT: the packages above kernels for arm64 tell them whether the CPU has data-independent timing.
// No emulator says so to programs, so that no other test would miss it.
func TestDIT(t *testing.T) {
	kernels, err := filepath.Glob("*/asm/*_arm64.s")
	if err != nil || len(kernels) == 0 {
		t.Fatal(kernels, err)
	}
	for _, file := range kernels {
		dir := filepath.Dir(filepath.Dir(file))
		sources, err := filepath.Glob(dir + "/*_arm64.go")
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(sources, func(name string) bool {
			return strings.Contains(readFile(t, name), "\nfunc init() { asm.DIT = cpuid.ARM64HasDIT }\n")
		}) {
			t.Errorf("%s: no init sets asm.DIT", dir)
		}
	}
}
