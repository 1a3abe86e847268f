// Package sha1 implements SHA-1 (FIPS 180-4) for secrets, which MTProto 1.0 hashes: it leaves
// nothing behind, and can hash a text whose end is secret. Long texts go through crypto/sha1,
// which is faster.
package sha1

import (
	"crypto/sha1"
	"crypto/subtle"
	"encoding"
	"encoding/binary"
)

//go:generate go run gen.go

// Size is the length in bytes of a digest.
const Size = sha1.Size

const blockSize = sha1.BlockSize

type state [5]uint32

var initial = state{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}

// Sum sets digest to the hash of text.
func Sum(digest *[Size]byte, text []byte) { SumPrefix(digest, text, len(text), len(text)) }

// SumPrefix sets digest to the hash of the first n bytes of text, where least ≤ n ≤ len(text).
// Its time, its branches and its addresses depend on least and len(text), but not on n. The
// hash is that of
//
//	text[:n] || 0x80 || zeros || 8·n in 8 bytes, big-endian
//
// in whole blocks. It hashes the maximum number of blocks, and keeps the state after the block
// that is the last.
func SumPrefix(digest *[Size]byte, text []byte, n, least int) {
	s, result := initial, state{}
	at := least / blockSize * blockSize // up to here, all n have the same blocks
	s.blocks(text[:at])

	var block [blockSize]byte
	last := (n + 8) / blockSize
	for ; at < len(text)+9; at += blockSize {
		clear(block[copy(block[:], text[min(at, len(text)):]):])
		for i := max(least-at, 0); i < min(len(text)+1-at, blockSize); i++ {
			inside := subtle.ConstantTimeLessOrEq(at+i+1, n)
			isEnd := subtle.ConstantTimeEq(int32(at+i), int32(n))
			block[i] = byte(-inside)&block[i] | byte(-isEnd)&0x80
		}
		isLast := subtle.ConstantTimeEq(int32(at/blockSize), int32(last))
		length := block[blockSize-8:]
		binary.BigEndian.PutUint64(length, binary.BigEndian.Uint64(length)|uint64(-isLast)&(8*uint64(n)))
		s.block(&block)
		for i := range result {
			result[i] |= uint32(-isLast) & s[i]
		}
	}
	for i, word := range result {
		binary.BigEndian.PutUint32(digest[4*i:], word)
	}
	clear(block[:])
	clear(s[:])
	clear(result[:])
}

// long is the length from which crypto/sha1 is faster, including the cost of access to its
// state.
const long = 8 * blockSize

// blocks hashes whole blocks.
func (s *state) blocks(p []byte) {
	if len(p) >= long {
		*s = start(p)
		return
	}
	for len(p) > 0 {
		s.block((*[blockSize]byte)(p))
		p = p[blockSize:]
	}
}

// start returns the state after the blocks of p, which are the first of a text. It parses the
// form that crypto/sha1 documents for its marshalled state: four bytes, then the words.
func start(p []byte) (s state) {
	h := sha1.New()
	h.Write(p)
	var saved [128]byte
	text, err := h.(encoding.BinaryAppender).AppendBinary(saved[:0])
	if err != nil {
		panic("sha1: internal error: " + err.Error())
	}
	for i := range s {
		s[i] = binary.BigEndian.Uint32(text[4+4*i:])
	}
	h.Reset()
	h.Write(zeros[:]) // overwrites the last hashed data, wherever that is
	clear(saved[:])
	return s
}

var zeros [blockSize]byte
