package ige

import (
	"bytes"
	"hash/crc32"
	"path/filepath"
	"slices"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/vectortest"
)

type igeVector struct {
	Name                           string
	Key, IV, Plaintext, Ciphertext vectortest.Hex
}

// check computes v on every path that can, and returns on how many.
func (v *igeVector) check(t *testing.T) (checked int) {
	t.Helper()
	for _, p := range paths {
		if !slices.Contains(p.keySizes, len(v.Key)) {
			continue
		}
		src, want := v.Plaintext, v.Ciphertext
		if p.decrypts {
			src, want = want, src
		}
		dst := make([]byte, len(src))
		p.crypt(v.Key, v.IV, dst, src)
		if !bytes.Equal(dst, want) {
			t.Errorf("%s: %s:\n%x, want\n%x", v.Name, p.name, dst, want)
		}
		checked++
	}
	return checked
}

// TestVectors has our own vectors; testdata/ige.py says how they came about.
func TestVectors(t *testing.T) {
	vectors := vectortest.Read[igeVector](t, filepath.Join("testdata", "ige.json"))
	impltest.All(t, backends, func(t *testing.T) {
		for _, v := range vectors {
			if v.check(t) == 0 {
				t.Errorf("%s: no path takes a key of %d bytes", v.Name, len(v.Key))
			}
		}
	})
}

// publishedDir is not part of this repository: see impltest.NeedPublished.
var publishedDir = filepath.Join("..", "..", "shared", "vectors", "published")

// TestPublishedVectors checks against OpenSSL, TDLib and others.
func TestPublishedVectors(t *testing.T) {
	impltest.NeedPublished(t, publishedDir)
	impltest.All(t, backends, func(t *testing.T) {
		t.Run("IGE", testPublishedIGE)
		t.Run("biIGE", testOpenSSLBiIGE)
		t.Run("TDLib", testTDLib)
	})
}

func testPublishedIGE(t *testing.T) {
	for _, v := range vectortest.Read[igeVector](t, filepath.Join(publishedDir, "aes_ige.json")) {
		if v.check(t) == 0 {
			t.Errorf("%s: no path takes a key of %d bytes", v.Name, len(v.Key))
		}
	}
}

// testOpenSSLBiIGE uses the vectors of OpenSSL's bidirectional IGE: IGE with the
// first half of the iv over the message, then IGE with the second half over the
// blocks of the result in reverse order. OpenSSL takes the first key for both.
func testOpenSSLBiIGE(t *testing.T) {
	type biVector struct {
		Name                  string
		Key1, IV              vectortest.Hex
		Plaintext, Ciphertext vectortest.Hex
		Forward               vectortest.Hex `json:"intermediate_forward_pass"`
	}
	for _, v := range vectortest.Read[biVector](t, filepath.Join(publishedDir, "aes_bi_ige.json")) {
		forward := igeVector{v.Name + " forward", v.Key1, v.IV[:IVSize], v.Plaintext, v.Forward}
		backward := igeVector{v.Name + " backward", v.Key1, v.IV[IVSize:],
			reverseBlocks(v.Forward), reverseBlocks(v.Ciphertext)}
		if forward.check(t) == 0 || backward.check(t) == 0 {
			t.Errorf("%s: no path takes a key of %d bytes", v.Name, len(v.Key1))
		}
	}
}

func reverseBlocks(b []byte) []byte {
	var reversed []byte
	for n := len(b); n > 0; n -= BlockSize {
		reversed = append(reversed, b[n-BlockSize:n]...)
	}
	return reversed
}

// testTDLib computes what TDLib pins by a checksum of the ciphertext: messages of
// up to 64 KiB out of a linear congruential generator.
func testTDLib(t *testing.T) {
	type tdlibVector struct {
		Name, Mode string
		Length     int
		Checksum   uint32 `json:"crc32_ciphertext"`
	}
	checked := 0
	for _, v := range vectortest.Read[tdlibVector](t, filepath.Join(publishedDir, "tdlib_generated_modes.json")) {
		if v.Mode != "AES-256-IGE encrypt" {
			continue
		}
		seed := uint32(v.Length)
		next := func(n int) []byte {
			b := make([]byte, n)
			for i := range b {
				seed = seed*123457567 + 987651241
				b[i] = byte(seed >> 23)
			}
			return b
		}
		plaintext, key, iv := next(v.Length), next(KeySize), next(IVSize)
		for _, p := range paths {
			if p.decrypts {
				continue
			}
			ciphertext := make([]byte, len(plaintext))
			p.crypt(key, iv, ciphertext, plaintext)
			if got := crc32.ChecksumIEEE(ciphertext); got != v.Checksum {
				t.Errorf("%s: %s: checksum %d, want %d", v.Name, p.name, got, v.Checksum)
			}
		}
		checked++
	}
	if checked == 0 {
		t.Error("no vectors of TDLib's IGE")
	}
}
