package a64

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// tiny emits dst = src ⊕ key, block by block, which uses a bit of everything.
func tiny() *File {
	file := NewFile()
	table := file.Words("tiny", 1, 0xffffffff)
	f := file.Func("XorTiny", "func(key *[16]byte, dst, src []byte)",
		"XorTiny adds key to every block of src.\nIt is an example.")
	key := f.LoadParam("key")
	dst, src := f.LoadBase("dst"), f.LoadBase("src")
	n := f.LoadLen("src")
	regs := f.VecN(2)
	k, x := regs[0], regs[1]
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
	f.Comment("The key is no longer needed: a constant takes its place")
	f.MOVDAddress(table, key)
	f.RET()
	f.FreeVec(regs...)
	f.FreeGP(key, dst, src, n)
	return file
}

func TestGolden(t *testing.T) {
	const command = "go run tiny.go -out tiny_arm64.s"
	for _, test := range []struct {
		name string
		got  []byte
	}{
		{"testdata/tiny_arm64.s.golden", tiny().Assembly(command)},
		{"testdata/tiny_arm64.go.golden", tiny().Stubs(command, "tiny")},
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

func TestMistakesPanic(t *testing.T) {
	for _, test := range []struct {
		name string
		want string // part of the panic's text
		body func(f *Func)
	}{
		{"leaked general register", "leaked registers: R0", func(f *Func) { f.LoadParam("p"); f.RET() }},
		{"leaked vector registers", "leaked registers: V0 V1", func(f *Func) { f.VecN(2); f.RET() }},
		{"duplicate label", "duplicate label loop", func(f *Func) { f.Label("loop"); f.Label("loop") }},
		{"undefined label", "undefined label loop", func(f *Func) { f.BNE("loop"); f.RET() }},
		{"no return", "does not end in RET", func(f *Func) { f.Label("end") }},
		{"use after free", "V0 is not allocated here", func(f *Func) {
			v := f.Vec()
			f.FreeVec(v)
			f.VMOV(v, v)
		}},
		{"double free", "R0 is not allocated here", func(f *Func) {
			r := f.GP()
			f.FreeGP(r, r)
		}},
		{"register of nobody", "R0 is not allocated here", func(f *Func) { f.MOVD(1, R{}) }},
		{"register of another function", "V0 is not allocated here", func(f *Func) {
			other := NewFile().Func("Other", "func()", "")
			v := other.Vec()
			f.Vec()
			f.VMOV(v, v)
		}},
		{"scattered list", "not consecutive", func(f *Func) {
			v := f.VecN(3)
			f.VLD1(f.GP(), v[0], v[2])
		}},
		{"pair of one register", "pair of R0 and itself", func(f *Func) {
			r := f.GP()
			f.LDP(0, f.GP(), r, r)
		}},
		{"long list", "list of 5 registers", func(f *Func) { f.VLD1(f.GP(), f.VecN(5)...) }},
		{"too many vectors", "no 33 consecutive registers V", func(f *Func) { f.VecN(33) }},
		{"unknown parameter", "no parameter q", func(f *Func) { f.LoadParam("q") }},
		{"slice as a whole", "no parameter s", func(f *Func) { f.LoadParam("s") }},
		{"narrow parameter", "no parameter w", func(f *Func) { f.LoadParam("w") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			defer func() {
				if got, _ := recover().(string); !strings.Contains(got, test.want) {
					t.Errorf("got panic %q, want %q", got, test.want)
				}
			}()
			file := NewFile()
			test.body(file.Func("Wrong", "func(p *byte, s []byte, w uint32)", ""))
			file.Assembly("")
		})
	}
}

func TestReservedRegisters(t *testing.T) {
	f := NewFile().Func("All", "func()", "")
	var got []string
	for range 25 {
		got = append(got, f.use(f.GP()))
	}
	const want = "R0 R1 R2 R3 R4 R5 R6 R7 R8 R9 R10 R11 R12 R13 R14 R15 R16 R17 R19 R20 R21 R22 R23 R24 R25"
	if got := strings.Join(got, " "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	defer func() {
		if recover() == nil {
			t.Error("got one more register, want a panic")
		}
	}()
	f.GP()
}
