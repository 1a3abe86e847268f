package arm32

import (
	"bytes"
	"encoding/binary"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// tiny emits dst = src ⊕ key, block by block, which uses a bit of everything.
func tiny() *File {
	file := NewFile()
	f := file.Func("XorTiny", "func(key *[16]byte, dst, src []byte)",
		"XorTiny adds key to every block of src.\nIt is an example.")
	key := f.LoadParam("key")
	dst, src := f.LoadBase("dst"), f.LoadBase("src")
	n := f.LoadLen("src")
	k, x := f.Vec(), f.Vec()
	f.VLD1(key, k)
	f.Label("loop")
	f.Comment("One block")
	f.VLD1P(src, x)
	f.VEOR(k, x, x)
	f.VST1P(dst, x)
	f.SUBS(16, n, n)
	f.BNE("loop")
	f.Comment("The S-box, for the sake of two features")
	f.AESE(k, x)
	f.RET()
	f.FreeVec(k, x)
	f.FreeGP(key, dst, src, n)
	return file
}

func TestGolden(t *testing.T) {
	const command = "go run tiny.go -out tiny_arm.s"
	for _, test := range []struct {
		name string
		got  []byte
	}{
		{"testdata/tiny_arm.s.golden", tiny().Assembly(command)},
		{"testdata/tiny_arm.go.golden", tiny().Stubs(command, "tiny")},
	} {
		if *update {
			if err := os.WriteFile(test.name, test.got, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(test.name)
		if err != nil {
			t.Fatal(err)
		}
		if got := test.got; !bytes.Equal(got, want) {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, got, want)
		}
	}
}

// everything emits each vector instruction with registers and immediates that set all bits
// of their fields to 0 and to 1.
func everything() *File {
	file := NewFile()
	f := file.Func("Everything", "func()", "")
	q, r := f.VecN(16), make([]R, 9)
	for i := range r {
		r[i] = f.GP()
	}
	for _, i := range []int{0, 1, 5, 7, 8, 10, 15} {
		d, n, m := q[i], q[(i+3)%16], q[(i+9)%16]
		f.AESE(m, d)
		f.AESD(m, d)
		f.AESMC(m, d)
		f.AESIMC(m, d)
		f.VEOR(m, n, d)
		f.VMOV(n, d)
		f.VEXT(i, m, n, d)
		for word := range 4 {
			f.VDUPWord(n, word, d)
		}
		p := r[i%9]
		for _, list := range [][]Q{{d}, {q[i&^1], q[i|1]}} {
			f.VLD1(p, list...)
			f.VLD1P(p, list...)
			f.VST1(p, list...)
			f.VST1P(p, list...)
		}
	}
	for _, imm := range []int{0, 1, 0x1b, 0x55, 0xaa, 0xff} {
		f.VMOVImm(imm, q[imm%16])
	}
	for _, imm := range []int{1, 8, 21, 31} {
		f.VSHLWords(imm, q[15-imm%16], q[imm%16])
	}
	f.RET()
	f.FreeVec(q...)
	f.FreeGP(r...)
	return file
}

// TestObjdump compares the encodings of the methods, and of the generated kernels, with GNU
// binutils' disassembly.
func TestObjdump(t *testing.T) {
	objdump := findObjdump(t)
	kernels, err := filepath.Glob("../../../*/asm/*_arm.s")
	if err != nil || len(kernels) == 0 {
		t.Fatalf("found no kernels: %v", err)
	}
	checkWords(t, objdump, string(everything().Assembly("")))
	for _, name := range kernels {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		checkWords(t, objdump, string(text))
	}
}

var wordLine = regexp.MustCompile(`WORD +\$(0x[0-9a-f]{8}) // (.*)`)

func checkWords(t *testing.T, objdump, assembly string) {
	t.Helper()
	words := wordLine.FindAllStringSubmatch(assembly, -1)
	if got, want := len(words), strings.Count(assembly, "WORD"); got == 0 || got != want {
		t.Fatalf("got %d words with a comment, want all %d", got, want)
	}
	var code []byte
	for _, w := range words {
		encoding, err := strconv.ParseUint(w[1], 0, 32)
		if err != nil {
			t.Fatal(err)
		}
		code = binary.LittleEndian.AppendUint32(code, uint32(encoding))
	}
	got := disassemble(t, objdump, code)
	if len(got) != len(words) {
		t.Fatalf("objdump found %d instructions, want %d", len(got), len(words))
	}
	for i, w := range words {
		if got, want := got[i], w[2]; got != want {
			t.Errorf("%s is %q, want %q", w[1], got, want)
		}
	}
}

// disassemble returns one instruction per line, with single spaces.
func disassemble(t *testing.T, objdump string, code []byte) []string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "code")
	if err := os.WriteFile(name, code, 0o666); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(objdump, "-D", "-b", "binary", "-m", "arm", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	var instructions []string
	for line := range strings.Lines(string(out)) {
		// "   0:	f3b00300 	aese.8	q0, q0	@ comment"
		fields := strings.SplitN(line, "\t", 3)
		if len(fields) < 3 || !strings.HasSuffix(fields[0], ":") {
			continue
		}
		text, _, _ := strings.Cut(fields[2], "@")
		instructions = append(instructions, strings.Join(strings.Fields(text), " "))
	}
	return instructions
}

// findObjdump returns a GNU objdump for Arm. Without one it skips the test, or fails it if
// MTCORE_MISSING is set and does not list objdump, like package impltest, which this module
// does not depend on.
func findObjdump(t *testing.T) string {
	for _, name := range []string{"arm-linux-gnueabihf-objdump", "arm-none-eabi-objdump"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if missing := os.Getenv("MTCORE_MISSING"); missing != "" && !slices.Contains(strings.Split(missing, ","), "objdump") {
		t.Fatal("not here: objdump, which MTCORE_MISSING does not list: install binutils-arm-linux-gnueabihf")
	}
	t.Skip("not here: objdump")
	return ""
}

func TestMistakesPanic(t *testing.T) {
	for _, test := range []struct {
		name string
		want string // part of the panic's text
		body func(f *Func)
	}{
		{"leaked registers", "leaked registers: R0 Q0 Q1", func(f *Func) { f.LoadParam("p"); f.VecN(2); f.RET() }},
		{"undefined label", "undefined label loop", func(f *Func) { f.BNE("loop"); f.RET() }},
		{"use after free", "Q0 is not allocated here", func(f *Func) {
			q := f.Vec()
			f.FreeVec(q)
			f.VMOV(q, q)
		}},
		{"register of nobody", "R0 is not allocated here", func(f *Func) { f.CMP(1, R{}) }},
		{"scattered list", "two consecutive", func(f *Func) {
			q := f.VecN(3)
			f.VLD1(f.GP(), q[0], q[2])
		}},
		{"two frames", "frames of 16 and 32 bytes", func(f *Func) { f.LoadFrame(16); f.LoadFrame(32) }},
		{"large immediate", "does not fit 8 bits", func(f *Func) { f.VMOVImm(256, f.Vec()) }},
		{"too many vectors", "no 17 consecutive", func(f *Func) { f.VecN(17) }},
		{"unknown parameter", "no parameter q", func(f *Func) { f.LoadParam("q") }},
		{"slice as a whole", "no parameter s", func(f *Func) { f.LoadParam("s") }},
		{"wide parameter", "no parameter w", func(f *Func) { f.LoadParam("w") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			defer func() {
				if got, _ := recover().(string); !strings.Contains(got, test.want) {
					t.Errorf("got panic %q, want %q", got, test.want)
				}
			}()
			file := NewFile()
			test.body(file.Func("Wrong", "func(p *byte, s []byte, w uint64)", ""))
			file.Assembly("")
		})
	}
}
