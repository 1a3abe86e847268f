package adapter

import (
	"encoding/binary"
	"math/bits"
)

// Compressible reports whether a message seems to get shorter by compression. Photos, videos,
// and everything else that is compressed or encrypted does not.
//
// It looks at 4 KiB, in 8 pieces from all over the message: how often are two bytes equal that
// are up to 16 apart? In random data they are in 1 of 256 cases, and in text, tables and samples
// of sound in many more. So an answer takes some microseconds, where compression in vain takes
// as long as encryption. It is wrong about what has neither frequent bytes nor a structure that
// short, such as a repeated random block. No address depends on the message, but what is sent
// does.
func Compressible(message []byte) bool {
	pieces := max(1, min(len(message)/pieceSize, maxPieces))
	stride := len(message) / pieces
	compressible := 0
	for i := range pieces {
		// From the middle of a stride: a file begins with a header, which says nothing of the rest.
		if regular(message[i*stride+max(0, stride-pieceSize)/2:]) {
			compressible++
		}
	}
	// One piece in 4,000 of a JPEG looks regular, and that must not decide.
	return 8*compressible > pieces
}

// The sample of a message.
const (
	maxPieces = 8
	pieceSize = 512
)

// lags are those of bytes, samples and numbers, and of records of a few numbers.
var lags = [...]int{1, 2, 3, 4, 8, 12, 16}

// regular reports whether the first bytes of data are equal to those close by 2.5 times as often
// as in random data, as with less than 6.7 bits of entropy in a byte.
func regular(data []byte) bool {
	data = data[:min(pieceSize, len(data))]
	compared, equal := 0, 0
	for _, lag := range lags {
		for at := 0; at+lag+8 <= len(data); at += 8 {
			a, b := binary.LittleEndian.Uint64(data[at:]), binary.LittleEndian.Uint64(data[at+lag:])
			equal += zeroBytes(a ^ b)
			compared += 8
		}
	}
	return equal*256*2 > compared*5
}

// zeroBytes returns how many bytes of x are 0. Adding 127 to the lower seven bits of a byte
// sets the eighth unless they are all 0.
func zeroBytes(x uint64) int {
	const low = 0x7f7f7f7f7f7f7f7f
	return bits.OnesCount64(^(x&low + low | x | low))
}
