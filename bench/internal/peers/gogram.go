package peers

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"math/bits"
	"slices"

	"github.com/mtcore/mtcore/bench/internal/suite"
	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/results"
	"github.com/mtcore/mtcore/kdf"
)

const gogramName = "like gogram"

// gogram keeps its cryptography in internal packages, under another licence. What follows is not its
// code, but works in the same way: with a crypto/aes block for each message, xors of single bytes,
// and slices that are concatenated for each hash.
var gogram = &Peer{
	ID:      "gogram",
	Encrypt: []IGE{gogramWay(gogramEncrypt, results.OneShot, results.DropInNew)},
	Decrypt: []IGE{gogramWay(gogramDecrypt, results.OneShot, results.DropInNew, "mtcore.dropin-key")},
	KDF: []KDF{{
		Derive:  suite.Label{Way: "gogram.hash", Who: gogramName, How: "concatenates, crypto/sha256"},
		MsgKey:  suite.Label{Way: "gogram.hash", Who: gogramName, How: "concatenates, crypto/sha256"},
		Prepare: gogramDeriver,
	}},
	Sealers: []Sealer{{Label: suite.Label{Way: results.GogramSeal, Who: gogramName, How: "least padding, three hashes, aes.NewCipher"}, Prepare: gogramSealer}},
	Openers: []Opener{{Label: suite.Label{Way: results.GogramOpen, Who: gogramName, How: "three hashes, aes.NewCipher"}, Prepare: gogramOpener}},
	Factorers: []Factorer{{
		suite.Label{Way: "gogram.pq", Who: gogramName, How: "Brent, division for each product"}, gogramFactor,
	}},
}

func gogramWay(prepare PrepareIGE, against ...results.Way) IGE {
	return IGE{
		suite.Label{Way: results.GogramIGE, Who: gogramName, How: "aes.NewCipher, xors of bytes"}, prepare,
		suite.Column{ID: results.VsGogram, Title: "vs gogram"}, against,
	}
}

func gogramEncrypt(key *[ige.KeySize]byte, iv *[ige.IVSize]byte) func(dst, src []byte) {
	return func(dst, src []byte) {
		b := newBlock(key)
		cryptByBytes(b, b.Encrypt, iv[:ige.BlockSize], iv[ige.BlockSize:], dst, src)
	}
}

func gogramDecrypt(key *[ige.KeySize]byte, iv *[ige.IVSize]byte) func(dst, src []byte) {
	return func(dst, src []byte) {
		b := newBlock(key)
		cryptByBytes(b, b.Decrypt, iv[ige.BlockSize:], iv[:ige.BlockSize], dst, src)
	}
}

// cryptByBytes sets out_i = crypt(in_i ⊕ out_{i-1}) ⊕ in_{i-1}.
func cryptByBytes(b cipher.Block, crypt func(dst, src []byte), prevOut, prevIn, dst, src []byte) {
	n := b.BlockSize()
	x := make([]byte, n)
	for len(src) > 0 {
		in, out := src[:n], dst[:n]
		xorByBytes(x, in, prevOut)
		crypt(x, x)
		xorByBytes(out, x, prevIn)
		prevOut, prevIn = out, in
		dst, src = dst[n:], src[n:]
	}
}

func xorByBytes(dst, x, y []byte) {
	for i := range dst {
		dst[i] = x[i] ^ y[i]
	}
}

func gogramDeriver(k *kdf.AuthKey) (DeriveFunc, MsgKeyFunc) {
	derive := func(key, iv *[32]byte, side kdf.Side, m *kdf.MsgKey) {
		x := sideOffset(side)
		a := sha256.Sum256(slices.Concat(m[:], k[x:x+36]))
		b := sha256.Sum256(slices.Concat(k[40+x:76+x], m[:]))
		copy(key[:], slices.Concat(a[0:8], b[8:24], a[24:32]))
		copy(iv[:], slices.Concat(b[0:8], a[8:24], b[24:32]))
	}
	msgKey := func(side kdf.Side, padded []byte) kdf.MsgKey {
		x := sideOffset(side)
		large := sha256.Sum256(slices.Concat(k[88+x:120+x], padded))
		return kdf.MsgKey(large[8:24])
	}
	return derive, msgKey
}

func sideOffset(side kdf.Side) int { return 8 * int(side) }

func gogramSealer(k *kdf.AuthKey) SealFunc {
	id := k.ID()
	derive, msgKey := gogramDeriver(k)
	return func(plaintext []byte) []byte {
		padding := make([]byte, 12+(16-(len(plaintext)+12)%16)%16)
		rand.Read(padding)
		padded := slices.Concat(plaintext, padding)
		m := msgKey(kdf.Client, padded)
		var key, iv [32]byte
		derive(&key, &iv, kdf.Client, &m)
		encrypted := make([]byte, len(padded))
		gogramEncrypt(&key, &iv)(encrypted, padded)
		return slices.Concat(id[:], m[:], encrypted)
	}
}

func gogramOpener(k *kdf.AuthKey) OpenFunc {
	id := k.ID()
	derive, msgKey := gogramDeriver(k)
	return func(packet []byte) ([]byte, error) {
		body := packet[envelope.HeaderSize:]
		if !bytes.Equal(packet[:8], id[:]) || len(body)%ige.BlockSize != 0 {
			return nil, errors.New("not for this key")
		}
		m := kdf.MsgKey(packet[8:envelope.HeaderSize])
		var key, iv [32]byte
		derive(&key, &iv, kdf.Client, &m)
		padded := make([]byte, len(body))
		gogramDecrypt(&key, &iv)(padded, body)
		if got := msgKey(kdf.Client, padded); !bytes.Equal(got[:], m[:]) {
			return nil, errors.New("wrong msg_key")
		}
		return padded, nil
	}
}

// gogramFactor is Pollard's and Brent's method with one sequence, and without Montgomery form.
func gogramFactor(pq uint64) (p, q uint64) {
	mul := func(x, y uint64) uint64 {
		hi, lo := bits.Mul64(x, y)
		return bits.Rem64(hi, lo, pq)
	}
	step := func(y uint64) uint64 {
		if y = mul(y, y) + 1; y == pq {
			return 0
		}
		return y
	}
	const batch = 128
	y, length, product := uint64(2), 1, uint64(1)
	for {
		x := y
		for range length {
			y = step(y)
		}
		for k := 0; k < length; k += batch {
			for range min(batch, length-k) {
				y = step(y)
				product = mul(product, max(x, y)-min(x, y))
			}
			a, b := product, pq
			for a != 0 {
				a, b = b%a, a
			}
			if b > 1 && b < pq {
				return min(b, pq/b), max(b, pq/b)
			}
		}
		length *= 2
	}
}
