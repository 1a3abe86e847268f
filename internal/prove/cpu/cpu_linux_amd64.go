package cpu

import (
	"encoding/binary"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"unsafe"

	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/machine/x86"
)

// Registers are what an instruction can change. The page knows their layout.
type Registers struct {
	General [16]uint64
	Flags   uint64
	Masks   [8]uint64
	_       [7]uint64 // so that vectors are aligned
	Vectors [32][64]byte
	_       [2]uint64 // Go's frame pointer and goroutine, at savedAt
}

const (
	flagsAt   = 8 * 16
	masksAt   = flagsAt + 8
	vectorsAt = 256
	savedAt   = vectorsAt + 32*64
)

// Flags that instructions set: CF, PF, AF, ZF, SF, OF.
const (
	Carry, Zero, Overflow = 1 << 0, 1 << 6, 1 << 11
	arithmeticFlags       = 0x8d5
)

// CPU executes instructions, in a page that loads all registers, executes one and stores all registers. It is
// called like a Go function.
type CPU struct {
	page []byte
	code []byte // that is being written
	Base int    // register that holds the address of Registers
}

// New returns what executes instructions until the end of a test.
func New(t testing.TB) *CPU {
	page, err := syscall.Mmap(-1, 0, 1<<16, syscall.PROT_READ|syscall.PROT_WRITE|syscall.PROT_EXEC, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(page) })
	return &CPU{page: page}
}

func (c *CPU) emit(b ...byte) { c.code = append(c.code, b...) }

// memory emits ModRM and a displacement from base.
func (c *CPU) memory(reg, disp int) {
	c.emit(byte(0x80 | reg&7<<3 | c.Base&7))
	c.code = binary.LittleEndian.AppendUint32(c.code, uint32(disp))
}

// general emits the load or store of a general register.
func (c *CPU) general(store bool, reg, disp int) {
	op := byte(0x8b)
	if store {
		op = 0x89
	}
	c.emit(byte(0x48|reg>>3<<2|c.Base>>3), op)
	c.memory(reg, disp)
}

// all emits loads or stores of all registers but the stack pointer, base, and flags.
func (c *CPU) all(store bool) {
	s := byte(0)
	if store {
		s = 1
	}
	for i := 1; i < 8; i++ { // KMOVQ
		c.emit(0xc4, byte(0xc1|(^c.Base>>3&1)<<5), 0xf8, 0x90+s)
		c.memory(i, masksAt+8*i)
	}
	for i := range 32 { // VMOVDQU64
		c.emit(0x62, byte((^i>>3&1)<<7|1<<6|(^c.Base>>3&1)<<5|(^i>>4&1)<<4|1), 0xfe, 0x48, 0x6f+s<<4)
		c.memory(i, vectorsAt+64*i)
	}
	for i := range 16 {
		if i != x86.RSP && i != c.Base {
			c.general(store, i, 8*i)
		}
	}
}

// Execute executes an instruction, which must not use the stack, jump, or use all of R9, R13
// and R15.
func (c *CPU) Execute(code []byte, in *x86.Inst, r *Registers) {
	used := map[int]bool{}
	for _, a := range in.Args {
		used[a.Reg] = used[a.Reg] || a.Kind == x86.Register
		if a.Kind == x86.Memory {
			used[a.Base], used[a.Index] = true, true
		}
	}
	for _, free := range []int{9, 13, 15} {
		if !used[free] {
			c.Base = free
		}
	}
	c.code = c.code[:0]
	c.emit(0x49, 0x89, byte(0xc0|c.Base&7)) // MOV base, RAX, which is the argument
	c.general(true, x86.RBP, savedAt)
	c.general(true, 14, savedAt+8)
	c.emit(0x41, 0xff) // PUSH flags
	c.memory(6, flagsAt)
	c.all(false)
	c.emit(0x9d) // POPF
	c.emit(code...)
	c.emit(0x9c) // PUSHF
	c.all(true)
	c.emit(0x41, 0x8f) // POP flags
	c.memory(0, flagsAt)
	c.general(false, x86.RBP, savedAt)
	c.general(false, 14, savedAt+8)
	c.emit(0xc5, 0xf8, 0x77)             // VZEROUPPER
	c.emit(0xc4, 0x41, 0x01, 0xef, 0xff) // VPXOR X15, X15, X15
	c.emit(0xfc, 0xc3)                   // CLD, RET
	copy(c.page, c.code)

	r.Flags = r.Flags&arithmeticFlags | 2
	entry := unsafe.Pointer(&c.page[0])
	closure := unsafe.Pointer(&entry)
	call := *(*func(*Registers))(unsafe.Pointer(&closure))
	// A signal in between would find another goroutine in R14.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	call(r)
	runtime.KeepAlive(c)
}

// InPlaceOnly reports whether an instruction has to be where it is, or uses the stack.
func InPlaceOnly(in *x86.Inst) bool {
	return slices.ContainsFunc(in.Args, func(a x86.Operand) bool {
		return a.Kind == x86.Memory && (a.Base == x86.RIP || a.Base == x86.RSP || a.FS) || a.Kind == x86.Register && a.Reg == x86.RSP
	})
}

// WithRCX returns an instruction whose operand in memory is relative to RCX, instead of RIP or RSP, or nil
// if it has no such operand.
func WithRCX(code []byte, in *x86.Inst) ([]byte, *x86.Inst) {
	want := slices.Clone(in.Args)
	for i := range want {
		if a := &want[i]; a.Kind == x86.Memory && !a.FS {
			a.Base, a.Disp = x86.RCX, 0
		}
	}
	for i, b := range code {
		for _, changed := range []byte{b&^7 | x86.RCX, b&0x38 | 0x80 | x86.RCX} { // SIB, ModRM
			code := slices.Clone(code)
			code[i] = changed
			got, err := x86.Decode(code, 0)
			if err != nil || got.Op != in.Op || got.Len != in.Len || got.Mask != in.Mask || got.Zero != in.Zero {
				continue
			}
			args := slices.Clone(got.Args)
			for i := range args {
				if args[i].Kind == x86.Memory {
					args[i].Disp = 0
				}
			}
			if slices.Equal(args, want) && !InPlaceOnly(&got) {
				return code, &got
			}
		}
	}
	return nil, nil
}

// Need skips a test on CPUs that lack instructions of kernels.
func Need(t *testing.T) {
	if !cpuid.X86HasAVX512VL || !cpuid.X86HasVAES || !cpuid.X86HasSHA || !cpuid.X86HasADX {
		impltest.SkipWithout(t, "ige:VAES-512")
	}
}
