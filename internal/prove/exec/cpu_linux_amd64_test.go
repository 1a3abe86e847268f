package exec

// Runs single instructions on this CPU: an executable page loads all registers, executes the
// instruction and stores all registers. It is called like a Go function.

import (
	"encoding/binary"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"github.com/mtcore/mtcore/internal/machine/x86"
)

// registers are what an instruction can change. The page knows their layout.
type registers struct {
	general [16]uint64
	flags   uint64
	masks   [8]uint64
	_       [7]uint64 // so that vectors are aligned
	vectors [32][64]byte
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
	carryFlag, zeroFlag = 1 << 0, 1 << 6
	arithmeticFlags     = 0x8d5
)

// cpu is an executable page.
type cpu struct {
	page []byte
	code []byte // that is being written
	base int    // register that holds the address of registers
}

func newCPU(t *testing.T) *cpu {
	page, err := syscall.Mmap(-1, 0, 1<<16, syscall.PROT_READ|syscall.PROT_WRITE|syscall.PROT_EXEC, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(page) })
	return &cpu{page: page}
}

func (c *cpu) emit(b ...byte) { c.code = append(c.code, b...) }

// memory emits ModRM and a displacement from base.
func (c *cpu) memory(reg, disp int) {
	c.emit(byte(0x80 | reg&7<<3 | c.base&7))
	c.code = binary.LittleEndian.AppendUint32(c.code, uint32(disp))
}

// general emits the load or store of a general register.
func (c *cpu) general(store bool, reg, disp int) {
	op := byte(0x8b)
	if store {
		op = 0x89
	}
	c.emit(byte(0x48|reg>>3<<2|c.base>>3), op)
	c.memory(reg, disp)
}

// all emits loads or stores of all registers but the stack pointer, base, and flags.
func (c *cpu) all(store bool) {
	s := byte(0)
	if store {
		s = 1
	}
	for i := 1; i < 8; i++ { // KMOVQ
		c.emit(0xc4, byte(0xc1|(^c.base>>3&1)<<5), 0xf8, 0x90+s)
		c.memory(i, masksAt+8*i)
	}
	for i := range 32 { // VMOVDQU64
		c.emit(0x62, byte((^i>>3&1)<<7|1<<6|(^c.base>>3&1)<<5|(^i>>4&1)<<4|1), 0xfe, 0x48, 0x6f+s<<4)
		c.memory(i, vectorsAt+64*i)
	}
	for i := range 16 {
		if i != x86.RSP && i != c.base {
			c.general(store, i, 8*i)
		}
	}
}

// execute executes an instruction, which must not use the stack, jump, or use all of R9, R13
// and R15.
func (c *cpu) execute(code []byte, in *x86.Inst, r *registers) {
	used := map[int]bool{}
	for _, a := range in.Args {
		used[a.Reg] = used[a.Reg] || a.Kind == x86.Register
		if a.Kind == x86.Memory {
			used[a.Base], used[a.Index] = true, true
		}
	}
	for _, free := range []int{9, 13, 15} {
		if !used[free] {
			c.base = free
		}
	}
	c.code = c.code[:0]
	c.emit(0x49, 0x89, byte(0xc0|c.base&7)) // MOV base, RAX, which is the argument
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

	r.flags = r.flags&arithmeticFlags | 2
	entry := unsafe.Pointer(&c.page[0])
	closure := unsafe.Pointer(&entry)
	call := *(*func(*registers))(unsafe.Pointer(&closure))
	// A signal in between would find another goroutine in R14.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	call(r)
	runtime.KeepAlive(c)
}
