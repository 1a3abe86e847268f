package prove

import (
	"crypto/aes"
	"crypto/sha256"
	"encoding/binary"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/mtcore/mtcore/internal/prove/term"
)

// The specifications: FIPS 197, FIPS 180-4, and IGE as MTProto defines it.

type block = [16]term.Byte

// encrypt is the Cipher of FIPS 197, with round keys.
func encrypt(p *term.Pool, rk []block, s block) block {
	last := len(rk) - 1
	s = p.XorBlock(s, rk[0])
	for i := 1; i <= last; i++ {
		s = p.XorBlock(p.Round(s, false, i < last), rk[i])
	}
	return s
}

// decrypt is the InvCipher of FIPS 197, with the same round keys. Kernels do the equivalent one.
func decrypt(p *term.Pool, rk []block, s block) block {
	last := len(rk) - 1
	for i := last; i > 0; i-- {
		s = p.XorBlock(s, rk[i])
		if i < last {
			s = p.MixColumns(s, true)
		}
		s = p.Round(s, true, false)
	}
	return p.XorBlock(s, rk[0])
}

// expand is the KeyExpansion of FIPS 197 for keys of 256 bits.
func expand(p *term.Pool, key []term.Byte) []block {
	var w [60]term.Word
	rcon := byte(1)
	for i := range w {
		if i < 8 {
			w[i] = term.Word(key[4*i : 4*i+4])
			continue
		}
		t := w[i-1]
		if i%8 == 0 {
			t = term.Word{t[1], t[2], t[3], t[0]}
		}
		if i%4 == 0 {
			for j := range t {
				t[j] = p.Sbox(t[j], false)
			}
		}
		if i%8 == 0 {
			t[0] = p.Xor(t[0], term.Byte(rcon))
			rcon = term.Mul(rcon, 2)
		}
		w[i] = p.XorWord(w[i-8], t)
	}
	rk := make([]block, 15)
	for i := range w {
		copy(rk[i/4][4*(i%4):], w[i][:])
	}
	return rk
}

// inverseKeys are the round keys of the equivalent inverse cipher.
func inverseKeys(p *term.Pool, rk []block) []block {
	last := len(rk) - 1
	out := make([]block, len(rk))
	for i := range rk {
		if out[i] = rk[last-i]; i > 0 && i < last {
			out[i] = p.MixColumns(out[i], true)
		}
	}
	return out
}

// chain is the state of IGE: the last ciphertext block and the last plaintext block.
type chain struct{ cipher, plain block }

// ige encrypts or decrypts blocks:
//
//	c_i = E(p_i ⊕ c_{i-1}) ⊕ p_{i-1}
func ige(p *term.Pool, encryption bool, rk []block, in []block, iv chain) (out []block, next chain) {
	for _, b := range in {
		if encryption {
			iv = chain{p.XorBlock(encrypt(p, rk, p.XorBlock(b, iv.cipher)), iv.plain), b}
			out = append(out, iv.cipher)
		} else {
			iv = chain{b, p.XorBlock(decrypt(p, rk, p.XorBlock(b, iv.plain)), iv.cipher)}
			out = append(out, iv.plain)
		}
	}
	return out, iv
}

// blocks cuts bytes into blocks.
func blocks(b []term.Byte) (out []block) {
	for ; len(b) > 0; b = b[16:] {
		out = append(out, block(b))
	}
	return out
}

// join is its inverse.
func join(list ...block) (out []term.Byte) {
	for _, b := range list {
		out = append(out, b[:]...)
	}
	return out
}

// roundConstants are the first 32 bits of the fractional parts of the cube roots of the first
// 64 primes.
var roundConstants = func() (k [64]uint32) {
	n := 0
	for c := int64(2); n < 64; c++ {
		if !big.NewInt(c).ProbablyPrime(0) { // which is right below 2^64
			continue
		}
		// ⌊c^(1/3)·2^32⌋ by bisection.
		target := new(big.Int).Lsh(big.NewInt(c), 96)
		low, high := uint64(0), uint64(1)<<36
		for high-low > 1 {
			middle := (low + high) / 2
			if new(big.Int).Exp(new(big.Int).SetUint64(middle), big.NewInt(3), nil).Cmp(target) <= 0 {
				low = middle
			} else {
				high = middle
			}
		}
		k[n] = uint32(low)
		n++
	}
	return k
}()

// hash is SHA-256's state.
type hash = [8]term.Word

// compress is SHA-256's compression function.
func compress(p *term.Pool, h hash, message []term.Byte) hash {
	var w [64]term.Word
	s := h
	for i := range w {
		if i < 16 {
			for j := range 4 {
				w[i][j] = message[4*i+3-j]
			}
		} else {
			w[i] = p.Add(p.Add(w[i-16], p.LowerSigma(w[i-15], 7, 18, 3), 1), p.Add(w[i-7], p.LowerSigma(w[i-2], 17, 19, 10), 1), 1)
		}
		s = p.Round256(s, p.Add(w[i], term.Const(roundConstants[i]), 1))
	}
	for i := range s {
		s[i] = p.Add(h[i], s[i], 1)
	}
	return s
}

// initialHash is SHA-256's H(0).
var initialHash = hash{
	term.Const(0x6a09e667), term.Const(0xbb67ae85), term.Const(0x3c6ef372), term.Const(0xa54ff53a),
	term.Const(0x510e527f), term.Const(0x9b05688c), term.Const(0x1f83d9ab), term.Const(0x5be0cd19),
}

// sum256 is SHA-256 of a message.
func sum256(p *term.Pool, message []term.Byte) (out []term.Byte) {
	n := 8 * len(message)
	message = append(append([]term.Byte{}, message...), 0x80)
	for len(message)%64 != 56 {
		message = append(message, 0)
	}
	for i := range 8 {
		message = append(message, term.Byte(n>>(56-8*i)&255))
	}
	h := initialHash
	for ; len(message) > 0; message = message[64:] {
		h = compress(p, h, message[:64])
	}
	for _, w := range h {
		out = append(out, w[3], w[2], w[1], w[0])
	}
	return out
}

// words makes words of little-endian bytes.
func words(b []term.Byte) (h hash) {
	for i := range h {
		h[i] = term.Word(b[4*i : 4*i+4])
	}
	return h
}

// unwords is its inverse.
func unwords(h hash) (out []term.Byte) {
	for _, w := range h {
		out = append(out, w[:]...)
	}
	return out
}

// TestSpecifications compares the specifications, on constants, with the standard library.
func TestSpecifications(t *testing.T) {
	p := term.New()
	rng := rand.New(rand.NewPCG(1, 2))
	constants := func(b []byte) (out []term.Byte) {
		for _, x := range b {
			out = append(out, term.Byte(x))
		}
		return out
	}
	random := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		return b
	}
	equal := func(name string, got []term.Byte, want []byte) {
		for i := range want {
			if got[i] != term.Byte(want[i]) {
				t.Fatalf("%s: byte %d is %v, want %02x", name, i, got[i], want[i])
			}
		}
	}
	for range 20 {
		key, text := random(32), random(16)
		std, _ := aes.NewCipher(key)
		want := make([]byte, 16)
		rk := expand(p, constants(key))
		std.Encrypt(want, text)
		equal("encrypt", join(encrypt(p, rk, block(constants(text)))), want)
		std.Decrypt(want, text)
		equal("decrypt", join(decrypt(p, rk, block(constants(text)))), want)
	}
	for n := range 130 {
		message := random(n)
		want := sha256.Sum256(message)
		equal("sum256", sum256(p, constants(message)), want[:])
	}
	if binary.BigEndian.Uint32([]byte{0x42, 0x8a, 0x2f, 0x98}) != roundConstants[0] {
		t.Errorf("the first constant of SHA-256 is %08x", roundConstants[0])
	}
}
