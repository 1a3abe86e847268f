// Package machine reads kernels, the assembly functions of this module, out of linked
// programs: what the CPU executes, whatever wrote it. It is for tests.
package machine

import (
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const module = "github.com/mtcore/mtcore"

// callers are packages whose tests, between them, call every kernel. The linker leaves out
// what nothing calls.
var callers = []string{"ige", "kdf", "envelope", "bigdh", "internal/rsa2048"}

// Kernel is one assembly function.
type Kernel struct {
	Package string // as in "ige", for what is in ige/asm
	Name    string
	Addr    int
	Code    []byte
	Program *Program
}

func (k *Kernel) String() string { return k.Package + "." + k.Name }

// Program is a linked program.
type Program struct {
	Path     string
	file     *elf.File
	sections map[*elf.Section][]byte
}

// Build links the tests of all packages that call kernels, for Linux on an architecture, and
// returns their kernels, ordered by package and name.
func Build(dir, arch string) ([]*Kernel, error) {
	args := []string{"test", "-c", "-vet=off", "-o", dir + string(filepath.Separator)}
	for _, c := range callers {
		args = append(args, module+"/"+c)
	}
	if err := link(arch, args); err != nil {
		return nil, err
	}
	if err := watch(); err != nil {
		return nil, err
	}
	found := map[string]*Kernel{}
	for _, c := range callers {
		p, err := Open(filepath.Join(dir, filepath.Base(c)+".test"))
		if err != nil {
			return nil, err
		}
		kernels, err := p.Kernels()
		if err != nil {
			return nil, err
		}
		for _, k := range kernels {
			if found[k.String()] == nil {
				found[k.String()] = k
			}
		}
	}
	var all []*Kernel
	for _, k := range found {
		all = append(all, k)
	}
	slices.SortFunc(all, func(a, b *Kernel) int { return strings.Compare(a.String(), b.String()) })
	return all, nil
}

// watch looks at the sources that Build links. So go test, which does not know what the commands of a
// test read, does not take its result from the cache when they have changed. Tests run in
// internal/something.
func watch() error {
	for _, c := range callers {
		for _, pattern := range []string{"*.go", "asm/*.go", "asm/*.s"} {
			names, err := filepath.Glob(filepath.Join("..", "..", c, pattern))
			if err != nil {
				return err
			}
			for _, name := range names {
				if _, err := os.Stat(name); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func link(arch string, args []string) error {
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w\n%s", cmd, err, out)
	}
	return nil
}

// Open reads a program.
func Open(path string) (*Program, error) {
	f, err := elf.Open(path)
	if err != nil {
		return nil, err
	}
	return &Program{Path: path, file: f, sections: map[*elf.Section][]byte{}}, nil
}

// Kernels returns the functions of the module's packages asm.
func (p *Program) Kernels() ([]*Kernel, error) {
	symbols, err := p.file.Symbols()
	if err != nil {
		return nil, err
	}
	var all []*Kernel
	for _, s := range symbols {
		path, ok := strings.CutPrefix(s.Name, module+"/")
		pkg, name, inside := strings.Cut(path, "/asm.")
		if !ok || !inside || elf.ST_TYPE(s.Info) != elf.STT_FUNC {
			continue
		}
		if p.file.Machine != elf.EM_ARM { // which has no other calling convention
			var abi0 bool
			if name, abi0 = strings.CutSuffix(name, ".abi0"); !abi0 {
				continue
			}
		}
		if strings.HasPrefix(name, "init") {
			continue
		}
		code, err := p.Constants(int(s.Value), int(s.Size))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, &Kernel{pkg, name, int(s.Value), code, p})
	}
	return all, nil
}

// Constants returns n bytes that the program cannot change.
func (p *Program) Constants(addr, n int) ([]byte, error) {
	for _, s := range p.file.Sections {
		if s.Type != elf.SHT_PROGBITS || s.Flags&elf.SHF_ALLOC == 0 || s.Flags&elf.SHF_WRITE != 0 ||
			uint64(addr) < s.Addr || uint64(addr+n) > s.Addr+s.Size {
			continue
		}
		data, ok := p.sections[s]
		if !ok {
			var err error
			if data, err = s.Data(); err != nil {
				return nil, err
			}
			p.sections[s] = data
		}
		start := uint64(addr) - s.Addr
		return data[start : start+uint64(n)], nil
	}
	return nil, fmt.Errorf("%d bytes at %#x are in no read-only section", n, addr)
}

// Symbol is the name of the function or of the variable that begins at an address, or "".
func (p *Program) Symbol(addr int) string {
	symbols, err := p.file.Symbols()
	if err != nil {
		return ""
	}
	for _, s := range symbols {
		if int(s.Value) == addr && (elf.ST_TYPE(s.Info) == elf.STT_FUNC || elf.ST_TYPE(s.Info) == elf.STT_OBJECT) {
			return s.Name
		}
	}
	return ""
}
