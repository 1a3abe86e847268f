// The program runs single instructions on a CPU of 32-bit arm, or on what emulates one: cpu.RunARM gives it
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

// registers are cpu.RegistersARM. The code below knows their layout.
type registers struct {
	General  [16]uint32 // of which the program takes 0 to 8, 12, the stack pointer and 14
	Word     uint32     // its number among the words
	Base     uint32     // a register that gets the address of Memory plus its own value, as the stack pointer does, or 15
	MemoryAt uint32     // this address, afterwards
	Taken    uint32     // whether a jump was taken, afterwards
	Flags    uint32
	Saved    [7]uint32 // Go's return address and stack pointer
	Vectors  [16][16]byte
	Memory   [512]byte
}

// word is an instruction, as cpu.WordARM says.
type word struct {
	Word    uint32
	Jump    int32  // how many words further it jumps to; or 0
	Returns uint32 // 1 if it jumps to what is at accessed in Memory
}

const (
	takenAt   = 76
	flagsAt   = 80
	savedAt   = 84
	vectorsAt = 112
	accessed  = 256
)

const (
	load, store = 0xe5900000, 0xe5800000
	frame, sp   = 11, 13 // registers; the first is the address of registers in between
	trap        = 0xe7f000f0
)

// at emits a load or a store of a register at an offset from a base.
func at(op uint32, reg, base, offset int) uint32 {
	return op | uint32(base<<16|reg<<12|offset)
}

// b emits a jump from a place to another.
func b(from, to int) uint32 { return 0xea000000 | uint32(to-from-2)&(1<<24-1) }

// vectors emits loads or stores of all vectors, four doubles at a time, for which it takes R1.
func vectors(op uint32) []uint32 {
	code := []uint32{0xe28b1000 | vectorsAt} // ADD R1, frame, #vectorsAt
	for d := uint32(0); d < 32; d += 4 {
		code = append(code, op|1<<16|d&15<<12|d>>4<<22)
	}
	return code
}

// general emits loads or stores of the general registers.
func general(op uint32) (code []uint32) {
	for _, r := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 14, sp} {
		code = append(code, at(op, r, frame, 4*r))
	}
	return code
}

// before emits what loads all registers from where its argument points to, and saves what Go needs.
func before() []uint32 {
	code := []uint32{
		at(load, frame, sp, 4), at(store, 14, frame, savedAt), at(store, sp, frame, savedAt+4),
		at(load, 1, frame, flagsAt), 0xe128f001, // MSR CPSR_f, R1
	}
	return append(append(code, vectors(0xf420020d)...), general(load)...) // VLD1
}

// after emits what stores all registers, and returns to Go.
func after(taken uint32) []uint32 {
	code := append(general(store), at(load, sp, frame, savedAt+4))
	code = append(code, vectors(0xf400020d)...)                         // VST1
	code = append(code, 0xe10f1000, at(store, 1, frame, flagsAt))       // MRS R1, CPSR
	code = append(code, 0xe3a01000|taken, at(store, 1, frame, takenAt)) // MOV R1, #taken
	return append(code, at(load, 14, frame, savedAt), 0xe12fff1e)       // BX R14
}

// stub is code that loads all registers from where its argument points to, executes a word, and stores them. start and
// taken are where to call it, and where it comes to if it jumps. A jump that leads to where it should not meets a trap.
func (w word) stub() (code []uint32, start, taken int) {
	if w.Jump == 0 {
		return append(append(before(), w.Word), after(0)...), 0, 0
	}
	place := max(0, int(-w.Jump))
	code = make([]uint32, place+max(1, int(w.Jump))+1)
	for i := range code {
		code[i] = trap
	}
	code[place] = w.Word
	notTaken := len(code)
	code = append(code, after(0)...)
	taken = len(code)
	code = append(code, after(1)...)
	start = len(code)
	code = append(code, before()...)
	code = append(code, b(len(code), place))
	code[place+1] = b(place+1, notTaken)
	code[place+int(w.Jump)] = b(place+int(w.Jump), taken)
	return code, start, taken
}

var state registers // does not move

func main() {
	in, out := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	var n uint32
	check(binary.Read(in, binary.LittleEndian, &n))
	words := make([]word, n)
	check(binary.Read(in, binary.LittleEndian, words))
	var code []uint32
	var starts, taken []int
	for _, w := range words {
		one, start, jumped := w.stub()
		starts, taken = append(starts, 4*(len(code)+start)), append(taken, 4*(len(code)+jumped))
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
		state.MemoryAt = uint32(uintptr(unsafe.Pointer(&state.Memory)))
		state.General[sp] += state.MemoryAt
		if state.Base < sp {
			state.General[state.Base] += state.MemoryAt
		}
		// A return finds where to go to in memory, which is put back afterwards.
		var was [4]byte
		link := state.Memory[accessed:][:4]
		if copy(was[:], link); words[state.Word].Returns != 0 {
			binary.LittleEndian.PutUint32(link, uint32(uintptr(unsafe.Pointer(&page[taken[state.Word]]))))
		}
		entry := unsafe.Pointer(&page[starts[state.Word]])
		closure := unsafe.Pointer(&entry)
		(*(*func(*registers))(unsafe.Pointer(&closure)))(&state)
		if words[state.Word].Returns != 0 {
			copy(link, was[:])
		}
		state.Saved = [7]uint32{}
		check(binary.Write(out, binary.LittleEndian, &state))
	}
	check(out.Flush())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
