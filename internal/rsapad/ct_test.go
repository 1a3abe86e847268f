//go:build valgrind && linux && (amd64 || arm64) && gc && !purego

package rsapad

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"testing"

	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/ct"
)

// TestTrace covers what a server does with a decrypted X, with the kernels that valgrind does
// not support.
func TestTrace(t *testing.T) {
	for name, c := range map[string]ct.Case{
		"valid":         openCase(validX(), validX()),
		"invalid":       openCase(random(Size), random(Size)),
		"planted index": plantedCase(),
	} {
		t.Run(name, func(t *testing.T) { ct.Trace(t, c) })
	}
}

func openCase(xs ...[]byte) ct.Case {
	x, padded, result := new([Size]byte), new([PaddedSize]byte), make([]byte, PaddedSize)
	return ct.Case{
		Secrets: xs,
		Run: func(secret []byte) []byte {
			copy(x[:], secret)
			open(padded, x)
			copy(result, padded[:])
			return result
		},
		Public: []string{"internal/rsapad.open"}, // whether X is valid
	}
}

func plantedCase() ct.Case {
	c := openCase(validX(), validX())
	for c.Secrets[1][0] == c.Secrets[0][0] {
		c.Secrets[1] = validX()
	}
	plain, table := c.Run, make([]byte, 256)
	c.Run = func(secret []byte) []byte {
		result := plain(secret)
		result[0] ^= table[secret[0]]
		return result
	}
	c.Planted = true
	return c
}

// validX returns an X as a client makes it, of random data.
func validX() []byte {
	d, key := [PaddedSize]byte(random(PaddedSize)), [KeySize]byte(random(KeySize))
	x := make([]byte, Size)
	e := x[KeySize:]
	hash := hashPadded(&key, &d)
	reverse(e[:PaddedSize], d[:])
	copy(e[PaddedSize:], hash[:])
	m := ige.Message{Key: key, Dst: e, Src: e}
	m.Encrypt()
	hash = sha256.Sum256(e)
	subtle.XORBytes(x, key[:], hash[:])
	return x
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}
