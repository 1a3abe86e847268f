//go:build linux && (amd64 || arm64 || arm) && gc && !purego

package registers

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/mtcore/mtcore/internal/contract"
	"github.com/mtcore/mtcore/internal/impl"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/stack"

	// Their self-tests, and with them all kernels.
	_ "github.com/mtcore/mtcore/envelope"
	_ "github.com/mtcore/mtcore/internal/rsa2048"
)

// A trial calls a kernel on secrets that depend on a seed, at addresses and with public arguments
// that do not.
type trial struct {
	kernel *contract.Kernel
	size   int // of what may have several: blocks, chunks, entries
	memory map[string][]byte
	args   [16]uintptr
}

// number returns a public argument.
func (tr *trial) number(name string) int {
	switch name {
	case "nr":
		return 14
	case "lane":
		return 1
	case "n": // bytes
		return 64 * tr.size
	case "entries":
		return 8
	case "counter":
		return 7
	}
	return tr.size
}

// secret returns a secret number, which may be an index of an entry.
func (tr *trial) secret(name string, seed uint64) uintptr {
	if name == "k0" {
		return uintptr(seed * 0x9e3779b97f4a7c15)
	}
	return uintptr(seed*5+uint64(len(name))) % uintptr(tr.number("entries"))
}

// prepare fills the memory and sets the arguments.
func (tr *trial) prepare(seed uint64) {
	word := 0
	for i := range tr.kernel.Args {
		a := &tr.kernel.Args[i]
		n := a.Bytes
		switch a.Per {
		case "":
		case contract.Blocks:
			n *= tr.size
		default:
			n *= tr.number(a.Per)
		}
		region := func(lane int) uintptr {
			at := fmt.Sprint(a.Name, lane)
			if tr.memory[at] == nil {
				tr.memory[at] = aligned(n)
			}
			b := tr.memory[at]
			clear(b)
			if a.Access != contract.Writes {
				seed = impl.Fill(b, seed)
			}
			return uintptr(unsafe.Pointer(unsafe.SliceData(b)))
		}
		switch a.Kind {
		case contract.Public:
			tr.args[word] = uintptr(tr.number(a.Name))
		case contract.Secret:
			tr.args[word] = tr.secret(a.Name, seed)
		case contract.Pointer:
			tr.args[word] = region(0)
		case contract.Slice:
			tr.args[word], tr.args[word+1], tr.args[word+2] = region(0), uintptr(n), uintptr(n)
		case contract.Table, contract.Counts:
			at := a.Name + " table"
			const pointer = unsafe.Sizeof(uintptr(0))
			if tr.memory[at] == nil {
				tr.memory[at] = aligned(16 * int(pointer))
			}
			table := (*[16]uintptr)(unsafe.Pointer(unsafe.SliceData(tr.memory[at])))
			for l := range table {
				if a.Kind == contract.Counts {
					table[l] = uintptr(tr.number(a.Name))
				} else {
					table[l] = region(l % a.Lanes) // kernels may have tables for more lanes than they use
				}
			}
			tr.args[word] = uintptr(unsafe.Pointer(table))
		}
		word += a.Words()
	}
}

// aligned returns memory that begins where a cache line does, and never moves.
func aligned(n int) []byte {
	b := make([]byte, n+64)
	return b[-uintptr(unsafe.Pointer(unsafe.SliceData(b)))&63:][:n:n]
}

// results are what the kernel has written.
func (tr *trial) results() (all []byte) {
	for i := range tr.kernel.Args {
		a := &tr.kernel.Args[i]
		for l := range max(a.Lanes, 1) {
			if a.Access != contract.Reads {
				all = append(all, tr.memory[fmt.Sprint(a.Name, l)]...)
			}
		}
	}
	return all
}

// leftovers says what a function at an address leaves in registers that differs with its secrets, four
// times in a row: a collection may shrink the stack, and then the runtime's registers, as it grows
// again in a kernel with a frame, are among those found.
func leftovers(k *contract.Kernel, entry uintptr, wide bool) (problems []string) {
	problems = leftoversOnce(k, entry, wide)
	for try := 1; try < 4 && len(problems) > 0; try++ {
		again := leftoversOnce(k, entry, wide)
		problems = slices.DeleteFunc(problems, func(p string) bool { return !slices.Contains(again, p) })
	}
	return problems
}

// leftoversOnce is leftovers, once.
func leftoversOnce(k *contract.Kernel, entry uintptr, wide bool) (problems []string) {
	stack.Reserve16K()
	for _, size := range []int{1, 2, 5} {
		tr := &trial{kernel: k, size: size, memory: map[string][]byte{}}
		var dumps [3]*dump
		var results [3][]byte
		for seed := range dumps {
			dumps[seed] = new(dump)
			tr.prepare(uint64(seed + 1))
			call(entry, &tr.args, dumps[seed], wide)
			results[seed] = tr.results()
		}
		if bytes.Equal(results[0], results[1]) && k.Name != nothing {
			problems = append(problems, "results do not depend on secrets")
		}
		problems = append(problems, differences(dumps, results)...)
	}
	slices.Sort(problems)
	return slices.Compact(problems)
}

// differences are the registers that differ between calls. A general register may have a part of the
// result.
func differences(dumps [3]*dump, results [3][]byte) (problems []string) {
	for i := range dumps[0].vectors {
		if differ(dumps, func(d *dump) any { return d.vectors[i] }) {
			problems = append(problems, fmt.Sprintf("vector register %d", i))
		}
	}
	for i := range dumps[0].masks {
		if differ(dumps, func(d *dump) any { return d.masks[i] }) {
			problems = append(problems, fmt.Sprintf("mask register %d", i))
		}
	}
	for i, name := range generalNames {
		isResult := true
		for seed, d := range dumps {
			word := binary.NativeEndian.AppendUint64(nil, uint64(d.general[i]))
			isResult = isResult && bytes.Contains(results[seed], word[:unsafe.Sizeof(d.general[i])])
		}
		if !isResult && differ(dumps, func(d *dump) any { return d.general[i] }) {
			problems = append(problems, name)
		}
	}
	if differ(dumps, func(d *dump) any { return d.flags & arithmetic }) {
		problems = append(problems, "flags")
	}
	return problems
}

// TestDifferences changes one register of one of three dumps, of every kind.
func TestDifferences(t *testing.T) {
	result := []byte{1, 2, 3, 4, 5, 6, 7, 8, 9}
	for _, tt := range []struct {
		name   string
		change func(d *dump)
		want   []string
	}{
		{"nothing", func(d *dump) {}, nil},
		{"vector", func(d *dump) { d.vectors[15][15] = 1 }, []string{"vector register 15"}},
		{"mask", func(d *dump) { d.masks[4] = 1 }, []string{"mask register 4"}},
		{"general", func(d *dump) { d.general[2] = 1 }, []string{generalNames[2]}},
		{"flag", func(d *dump) { d.flags = arithmetic & -arithmetic }, []string{"flags"}},
		{"other flag", func(d *dump) { d.flags = 1 << 9 }, nil}, // of amd64's, whether there may be interrupts
	} {
		for changed := range 3 {
			dumps := [3]*dump{new(dump), new(dump), new(dump)}
			tt.change(dumps[changed])
			if got := differences(dumps, [3][]byte{result, result, result}); !slices.Equal(got, tt.want) {
				t.Errorf("%s, of dump %d: %q, want %q", tt.name, changed, got, tt.want)
			}
		}
	}
}

func differ(dumps [3]*dump, get func(*dump) any) bool {
	return get(dumps[0]) != get(dumps[1]) || get(dumps[0]) != get(dumps[2])
}

// kernels calls f for all kernels of this architecture that this CPU can execute.
func kernels(t *testing.T, f func(k *contract.Kernel, entry uintptr)) {
	t.Helper()
	found := impltest.Assembly(t)
	for _, pkg := range []string{"bigdh", "envelope", "ige", "kdf"} {
		for name, needs := range requirements(t, pkg) {
			k, entry := contract.Find(pkg, name), found[pkg+"."+name]
			switch {
			case k == nil || entry == 0:
				t.Errorf("%s.%s: has a contract %v, is in this program %v", pkg, name, k != nil, entry != 0)
			case !slices.ContainsFunc(needs, lacks):
				f(k, entry)
			default:
				t.Logf("%s.%s needs %v", pkg, name, needs)
			}
		}
	}
}

var header = regexp.MustCompile(`(?m)^(?:// Requires: (.*)\n)?TEXT ·(\w+)\(SB\)`)

// requirements returns the kernels of a package and what each needs, as their generators say.
func requirements(t *testing.T, pkg string) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", pkg, "asm", "*_"+runtime.GOARCH+".s"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range header.FindAllStringSubmatch(string(text), -1) {
			all[m[2]] = strings.Split(m[1], ", ")
		}
	}
	return all
}

// TestRegisters: what kernels leave in registers does not depend on secrets.
func TestRegisters(t *testing.T) {
	n := 0
	kernels(t, func(k *contract.Kernel, entry uintptr) {
		n++
		for _, problem := range leftovers(k, entry, isWide()) {
			t.Errorf("%s leaves a secret: %s", k, problem)
		}
	})
	t.Logf("%d kernels", n)
}

// TestPlanted takes the instructions away that clear registers, kernel by kernel, by writing into
// the running program: those that clear vector registers, then the others. Each time something must
// be found.
func TestPlanted(t *testing.T) {
	kernels(t, func(k *contract.Kernel, entry uintptr) {
		for _, vectors := range []bool{true, false} {
			clearing := slices.DeleteFunc(clearings(t, entry), func(c clearing) bool { return c.vector != vectors })
			if len(clearing) == 0 {
				if vectors && usesVectors(k) {
					t.Errorf("%s clears no vector registers", k)
				}
				continue
			}
			var restore []func()
			for _, c := range clearing {
				restore = append(restore, impltest.Patch(t, c.addr, c.nop))
			}
			problems := leftovers(k, entry, isWide())
			for _, r := range restore {
				r()
			}
			// What general registers of some kernels have is public, or a part of the result.
			if len(problems) == 0 && !(harmless[k.Name] && (!vectors || k.Name == nothing)) {
				t.Errorf("%s without %d instructions that clear: nothing found", k, len(clearing))
			}
		}
		if again := leftovers(k, entry, isWide()); len(again) > 0 {
			t.Errorf("%s restored: %q", k, again)
		}
	})
}

// nothing is the kernel that has no secrets: it makes zeros of them.
const nothing = "WipeAVX512"

// harmless are kernels that have nothing but addresses, counters, zeros and parts of their results in
// general registers and masks.
var harmless = map[string]bool{
	nothing: true, "Reduce": true, "Reduce1024": true, "Select": true, "SelectPair": true, "SelectPairIFMA": true,
	"Square8IFMA": true, "MulAdd8IFMA": true, "MulLow8IFMA": true, "Difference8IFMA": true, "MulAddKaratsuba8IFMA": true,
}

// usesVectors reports whether a kernel is one with vector registers: all but those of numbers in
// general registers.
func usesVectors(k *contract.Kernel) bool {
	return k.Package != "bigdh" || strings.Contains(k.Name, "IFMA") || strings.HasPrefix(k.Name, "Select")
}

// clearing is an instruction that clears a register, where a function is about to return, and what
// to put in its place.
type clearing struct {
	addr   uintptr
	nop    []byte
	vector bool // the register is one
}

// code returns the instructions of a function.
func code(entry uintptr) []byte {
	n := uintptr(0)
	for f := runtime.FuncForPC(entry); runtime.FuncForPC(entry+n) == f; n++ {
	}
	return slices.Clone(unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(nil), entry)), n))
}
