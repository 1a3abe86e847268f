package bigdh

import (
	"unsafe"

	"github.com/mtcore/mtcore/internal/limbs"
)

// windowBits is how many bits of the exponent cost one lookup and one multiplication. With
// 2048 bits, 5 means a table of 32 powers, 410 lookups and, as the first needs none, 409
// multiplications; 4 would mean 512 lookups, and 6 only 342, but in a table that takes
// longer to make and to read.
const windowBits = 5

// exp sets z = x^e mod n, where e is big-endian. The time depends on the length of e
// only. z may be x.
//
// The exponent goes from left to right in windows of fixed length, each adding its
// multiplication whether its bits are zeros or not:
//
//	z = z^32 · x^window
func (m *modulus) exp(z, x *nat, e []byte) {
	var room [1<<windowBits + 1]elem
	table := aligned(&room) // x^0, x^1, …
	enter(m, &table[0], &nat{1})
	enter(m, &table[1], x)
	for i := 2; i < len(table); i += 2 {
		square(m, &table[i], &table[i/2], 1)
		mul(m, &table[i+1], &table[i], &table[1])
	}

	i := (8*len(e)+windowBits-1)/windowBits - 1 // the topmost window
	var acc, factor elem
	if i < 0 {
		acc = table[0]
	} else {
		selectElem(&acc, table[:], limbs.Window(e, windowBits*i, windowBits))
	}
	for i--; i >= 0; i-- {
		square(m, &acc, &acc, windowBits)
		selectElem(&factor, table[:], limbs.Window(e, windowBits*i, windowBits))
		mul(m, &acc, &acc, &factor)
	}
	leave(m, z, &acc)

	for i := range room {
		clear(room[i][:])
	}
	clear(acc[:])
	clear(factor[:])
}

// aligned returns the table in room that begins at a multiple of 64 bytes. Lookups read
// all of it, with IFMA 64 bytes at a time, which takes twice as long where these belong
// to two lines of the cache (2.6 % of an exponentiation).
func aligned(room *[1<<windowBits + 1]elem) *[1 << windowBits]elem {
	words := unsafe.Slice(&room[0][0], len(room)*len(room[0]))
	skip := -uintptr(unsafe.Pointer(room)) % 64 / unsafe.Sizeof(words[0])
	return (*[1 << windowBits]elem)(unsafe.Pointer(&words[skip]))
}
