// The program runs single instructions on a CPU of arm64, or on what emulates one: cpu.RunARM64 gives it
// words, where they jump to, and the registers before each, and gets those after.
package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"log"
	"os"
	"runtime"
	"syscall"
	"unsafe"
)

// registers are cpu.RegistersARM64. The code below knows their layout.
type registers struct {
	General  [28]uint64
	Word     uint64    // its number among the words
	Base     uint64    // a register that gets the address of Memory plus its own value, or 31
	MemoryAt uint64    // this address, afterwards
	Taken    uint64    // whether a jump was taken, afterwards
	Flags    uint64    // and, of words with hasTiming, PSTATE.DIT
	Saved    [2]uint64 // Go's frame pointer and return address
	WordAt   uint64    // the address of the word, afterwards
	Vectors  [32][16]byte
	Memory   [512]byte
}

// word is an instruction, as cpu.WordARM64 says.
type word struct {
	Word      uint32
	Jump      int32 // how many words further it jumps to; or 0
	HasTiming uint32
}

const (
	takenAt   = 248
	flagsAt   = 256
	savedAt   = 264
	vectorsAt = 288
)

// at emits a load or a store of a register at an offset from a base.
func at(op, reg, base, size, offset int) uint32 {
	return uint32(op | offset/size<<10 | base<<5 | reg)
}

// b emits a jump from a place to another.
func b(from, to int) uint32 { return 0x14000000 | uint32(to-from)&(1<<26-1) }

const (
	loadX, storeX = 0xf9400000, 0xf9000000
	loadQ, storeQ = 0x3dc00000, 0x3d800000
	frame, link   = 29, 30 // registers; the first is the address of registers in between
	trap          = 0xd4200000
)

// all emits loads or stores of all registers.
func all(x, q int) (code []uint32) {
	for i := range 32 {
		code = append(code, at(q, i, frame, 16, vectorsAt+16*i))
	}
	for i := range 28 {
		code = append(code, at(x, i, frame, 8, 8*i))
	}
	return code
}

// load emits what loads all registers from where its argument points to, and saves what Go needs.
func (w word) load() []uint32 {
	code := []uint32{
		at(storeX, frame, 0, 8, savedAt), at(storeX, link, 0, 8, savedAt+8),
		0xaa0003fd,                                  // MOV frame, X0
		at(loadX, 1, frame, 8, flagsAt), 0xd51b4201, // MSR NZCV, X1
	}
	if w.HasTiming != 0 {
		code = append(code, 0xd51b42a1) // MSR DIT, X1
	}
	return append(code, all(loadX, loadQ)...)
}

// store emits what stores all registers, and returns to Go.
func (w word) store(taken uint32) []uint32 {
	code := all(storeX, storeQ)
	code = append(code, 0xd53b4201) // MRS X1, NZCV
	if w.HasTiming != 0 {
		code = append(code, 0xd53b42a2, 0xd503405f, 0xaa020021) // MRS X2, DIT; MSR DIT, #0; ORR X1, X1, X2
	}
	code = append(code, at(storeX, 1, frame, 8, flagsAt), 0xd2800001|taken<<5, at(storeX, 1, frame, 8, takenAt)) // MOV X1, #taken
	return append(code, at(loadX, link, frame, 8, savedAt+8), at(loadX, frame, frame, 8, savedAt), 0xd65f03c0)
}

// stub is code that loads all registers from where its argument points to, executes a word, and stores them. start and
// at are where to call it, and where the word is. A jump that leads to where it should not meets a trap.
func (w word) stub() (code []uint32, start, at int) {
	if w.Jump == 0 {
		code = append(w.load(), w.Word)
		return append(code, w.store(0)...), 0, len(code) - 1
	}
	at = max(0, int(-w.Jump))
	code = make([]uint32, at+max(1, int(w.Jump))+1)
	for i := range code {
		code[i] = trap
	}
	code[at] = w.Word
	notTaken := len(code)
	code = append(code, w.store(0)...)
	taken := len(code)
	code = append(code, w.store(1)...)
	start = len(code)
	code = append(code, w.load()...)
	toTaken := uint32(taken-len(code)) & (1<<19 - 1) << 5
	code = append(code, 0x10000000|toTaken|link, b(len(code)+1, at)) // ADR link, taken, for a return
	code[at+1] = b(at+1, notTaken)
	code[at+int(w.Jump)] = b(at+int(w.Jump), taken)
	return code, start, at
}

var state registers // does not move

func main() {
	in, out := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	var n uint32
	check(binary.Read(in, binary.LittleEndian, &n))
	words := make([]word, n)
	check(binary.Read(in, binary.LittleEndian, words))
	var code []uint32
	var starts, places []int
	for _, w := range words {
		one, start, at := w.stub()
		starts, places = append(starts, 4*(len(code)+start)), append(places, 4*(len(code)+at))
		code = append(code, one...)
	}
	page, err := syscall.Mmap(-1, 0, max(4*len(code), 4), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	check(err)
	for i, w := range code {
		binary.LittleEndian.PutUint32(page[4*i:], w)
	}
	check(syscall.Mprotect(page, syscall.PROT_READ|syscall.PROT_EXEC))
	runtime.LockOSThread()
	for {
		if err := binary.Read(in, binary.LittleEndian, &state); err == io.EOF {
			break
		} else {
			check(err)
		}
		state.MemoryAt = uint64(uintptr(unsafe.Pointer(&state.Memory)))
		if state.Base < 28 {
			state.General[state.Base] += state.MemoryAt
		}
		entry := unsafe.Pointer(&page[starts[state.Word]])
		closure := unsafe.Pointer(&entry)
		(*(*func(*registers))(unsafe.Pointer(&closure)))(&state)
		state.Saved = [2]uint64{}
		state.WordAt = uint64(uintptr(unsafe.Pointer(&page[places[state.Word]])))
		check(binary.Write(out, binary.LittleEndian, &state))
	}
	check(out.Flush())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
