// The program runs single instructions on a CPU of arm64, or on what emulates one: cpu.RunARM64 gives it
// words and the registers before each, and gets those after.
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
	Word     uint64 // its number among the words
	Base     uint64 // a register that gets the address of Memory plus its own value, or 31
	MemoryAt uint64 // this address, afterwards
	_        uint64
	Flags    uint64
	Saved    [3]uint64 // Go's frame pointer and return address
	Vectors  [32][16]byte
	Memory   [512]byte
}

const (
	flagsAt   = 256
	savedAt   = 264
	vectorsAt = 288
)

// at emits a load or a store of a register at an offset from a base.
func at(op, reg, base, size, offset int) uint32 {
	return uint32(op | offset/size<<10 | base<<5 | reg)
}

const (
	loadX, storeX = 0xf9400000, 0xf9000000
	loadQ, storeQ = 0x3dc00000, 0x3d800000
	frame, link   = 29, 30 // registers; the first is the address of registers in between
)

// stub is code that loads all registers from where its argument points to, executes a word, and stores
// them.
func stub(word uint32) []uint32 {
	code := []uint32{
		at(storeX, frame, 0, 8, savedAt), at(storeX, link, 0, 8, savedAt+8),
		0xaa0003fd, // MOV frame, X0
	}
	all := func(x, q int) {
		for i := range 32 {
			code = append(code, at(q, i, frame, 16, vectorsAt+16*i))
		}
		for i := range 28 {
			code = append(code, at(x, i, frame, 8, 8*i))
		}
	}
	code = append(code, at(loadX, 1, frame, 8, flagsAt), 0xd51b4201) // MSR NZCV, X1
	all(loadX, loadQ)
	code = append(code, word)
	all(storeX, storeQ)
	code = append(code, 0xd53b4201, at(storeX, 1, frame, 8, flagsAt)) // MRS X1, NZCV
	return append(code, at(loadX, link, frame, 8, savedAt+8), at(loadX, frame, frame, 8, savedAt), 0xd65f03c0)
}

var state registers // does not move

func main() {
	in, out := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	var n uint32
	check(binary.Read(in, binary.LittleEndian, &n))
	words := make([]uint32, n)
	check(binary.Read(in, binary.LittleEndian, words))
	var code []uint32
	var starts []int
	for _, w := range words {
		starts = append(starts, 4*len(code))
		code = append(code, stub(w)...)
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
		state.Saved = [3]uint64{}
		check(binary.Write(out, binary.LittleEndian, &state))
	}
	check(out.Flush())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
