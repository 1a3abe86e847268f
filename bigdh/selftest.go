package bigdh

import (
	"encoding/hex"

	"github.com/mtcore/mtcore/internal/impl"
)

func init() { backends.SelfTest(selfTest) }

// testResult is the known answer.
const testResult = 0xfee631278446ea34

// selfTest reports whether the backend that is on computes rightly, modulo Telegram's prime.
func selfTest() bool {
	var b, c [Size]byte
	if _, err := hex.Decode(b[:], []byte(telegramHex)); err != nil {
		panic("bigdh: internal error: " + err.Error())
	}
	var n, x, y nat
	setBytes(&n, &b)
	var m modulus
	m.compute(&n)
	seed := impl.Fill(b[:], 0)
	impl.Fill(c[:], seed)
	setBytes(&x, &b)
	setBytes(&y, &c)

	// (x^4 · y)^2 · y, where all but the first step follow from everything before.
	var table [4]elem
	var z elem
	enter(&m, &table[0], &x)
	enter(&m, &table[1], &y)
	square(&m, &table[2], &table[0], 2)
	mul(&m, &table[3], &table[2], &table[1])
	selectElem(&z, table[:], 3)
	square(&m, &z, &z, 1)
	mul(&m, &z, &z, &table[1])
	base := x
	leave(&m, &x, &z)
	if useIFMA && !selfTest8(&m, &base, &y, &x) {
		return false
	}

	// The answer depends on all words.
	sum := uint64(0)
	for _, word := range x {
		sum = sum*0x9e3779b97f4a7c15 + word
	}
	return sum == testResult
}
