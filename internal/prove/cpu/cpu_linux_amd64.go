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
	_       uint64 // Go's frame pointer, at savedAt
	// Goroutine is where Go's is, and At where the instruction was.
	Goroutine uint64
	_         uint64 // Go's stack pointer
	At        uint64
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

const pageSize = 1 << 17

// New returns what executes instructions until the end of a test.
func New(t testing.TB) *CPU {
	page, err := syscall.Mmap(-1, 0, pageSize, syscall.PROT_READ|syscall.PROT_WRITE|syscall.PROT_EXEC, syscall.MAP_ANON|syscall.MAP_PRIVATE)
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

// UsesStack reports whether an instruction uses the stack pointer. Then Execute loads and stores that, too.
func UsesStack(in *x86.Inst) bool {
	return in.Op == "push" || in.Op == "pop" || slices.ContainsFunc(in.Args, func(a x86.Operand) bool {
		return a.Kind == x86.Register && a.Reg == x86.RSP
	})
}

// Execute executes an instruction, which must not jump, or use all of R9, R13 and R15.
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
	if UsesStack(in) {
		c.general(true, x86.RSP, savedAt+16)
		c.general(false, x86.RSP, 8*x86.RSP)
	}
	at := len(c.code)
	c.emit(code...)
	if UsesStack(in) {
		c.general(true, x86.RSP, 8*x86.RSP)
		c.general(false, x86.RSP, savedAt+16)
	}
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
	r.At = uint64(uintptr(unsafe.Pointer(&c.page[at])))
	entry := unsafe.Pointer(&c.page[0])
	closure := unsafe.Pointer(&entry)
	call := *(*func(*Registers))(unsafe.Pointer(&closure))
	// A signal in between would find another goroutine in R14.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	call(r)
	runtime.KeepAlive(c)
}

// jumpAt is where in the page Jump puts a jump.
const jumpAt = pageSize / 2

// Jump executes a jump that leads to so many bytes after its end, or before if they are negative, or a return,
// with flags. It reports whether it was taken; where else it may lead, a trap waits.
func (c *CPU) Jump(t testing.TB, code []byte, displacement int, flags uint64) (taken bool, flagsAfter uint64) {
	end := jumpAt + len(code)
	target := end + displacement
	const size = 5 // of a jump of 32 bits
	if target > jumpAt-size && target < end+size || target < 1<<10 || target+size > pageSize {
		t.Fatalf("% x: a jump by %d bytes", code, displacement)
	}
	for i := range c.page {
		c.page[i] = 0xcc
	}
	to := func(at, target int) { // JMP
		copy(c.page[at:], binary.LittleEndian.AppendUint32([]byte{0xe9}, uint32(target-at-size)))
	}
	c.code = c.code[:0]
	c.emit(0x49, 0x89, 0xe0)             // MOV R8, RSP
	c.emit(0x50, 0x9d)                   // PUSH RAX, which is the argument, POPF
	c.emit(0x48, 0x8d, 0x0d, 6, 0, 0, 0) // LEA RCX, [RIP + 6], where a return leads to
	c.emit(0x51)                         // PUSH RCX
	toJump := len(c.code)
	c.emit(make([]byte, size)...)
	whereTaken := len(c.code)
	c.emit(0xb8, 1, 0, 0, 0, 0xeb, 5) // MOV EAX, 1, JMP over the next instruction
	whereNot := len(c.code)
	c.emit(0xb8, 0, 0, 0, 0)                         // MOV EAX, 0
	c.emit(0x4c, 0x89, 0xc4, 0x9c, 0x5b, 0xfc, 0xc3) // MOV RSP, R8, PUSHF, POP RBX, CLD, RET
	copy(c.page, c.code)
	copy(c.page[jumpAt:], code)
	to(toJump, jumpAt)
	to(end, whereNot)
	to(target, whereTaken)

	entry := unsafe.Pointer(&c.page[0])
	closure := unsafe.Pointer(&entry)
	result, flagsAfter := (*(*func(uint64) (uint64, uint64))(unsafe.Pointer(&closure)))(flags&arithmeticFlags | 2)
	runtime.KeepAlive(c)
	return result == 1, flagsAfter & arithmeticFlags
}

// InPlaceOnly reports whether an instruction has to be where it is, or accesses the stack.
func InPlaceOnly(in *x86.Inst) bool {
	return slices.ContainsFunc(in.Args, func(a x86.Operand) bool {
		return a.Kind == x86.Memory && (a.Base == x86.RIP || a.Base == x86.RSP || a.FS)
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
