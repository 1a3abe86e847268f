package aes256

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Transpose emits the transposition of a matrix of four by four blocks, a row in each ZMM
// register, into new registers.
func Transpose(m []VecVirtual) []VecVirtual {
	const lowHalves, highHalves, even, odd = 0x44, 0xee, 0x88, 0xdd
	l01, l23 := shuffle(lowHalves, m[0], m[1]), shuffle(lowHalves, m[2], m[3])
	h01, h23 := shuffle(highHalves, m[0], m[1]), shuffle(highHalves, m[2], m[3])
	return []VecVirtual{shuffle(even, l01, l23), shuffle(odd, l01, l23), shuffle(even, h01, h23), shuffle(odd, h01, h23)}
}

// shuffle returns two blocks of a, then two of b, chosen by pairs of bits.
func shuffle(choice uint8, a, b VecVirtual) VecVirtual {
	r := ZMM()
	VSHUFI64X2(U8(choice), b, a, r)
	return r
}
