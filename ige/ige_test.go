package ige

import (
	"bytes"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/sha3"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
)

var (
	_ cipher.Block     = (*Cipher)(nil)
	_ cipher.BlockMode = (*Encrypter)(nil)
	_ cipher.BlockMode = (*Decrypter)(nil)
)

// TestEveryLength is several kernel widths long, in place and apart.
func TestEveryLength(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		for _, p := range paths {
			for _, keySize := range p.keySizes {
				r := newRand(uint64(keySize))
				key, iv := randomFrom(r, keySize), randomFrom(r, IVSize)
				for blocks := range 71 {
					src := randomFrom(r, BlockSize*blocks)
					checkPath(t, p, key, iv, src)
				}
			}
		}
	})
}

// TestLongMessages has the lengths at which work is cut into calls of kernels,
// every 64 KiB, and their neighbours.
func TestLongMessages(t *testing.T) {
	const cut = 64 << 10
	lengths := []int{
		cut - BlockSize, cut, cut + BlockSize,
		2*cut - BlockSize, 2 * cut, 2*cut + BlockSize,
		1 << 20,
	}
	longest := slices.Max(lengths)
	key, iv, src := random(KeySize), random(IVSize), random(longest)

	impltest.All(t, backends, func(t *testing.T) {
		for _, p := range paths {
			if !slices.Contains([]string{"Message.Encrypt", "Message.Decrypt", "Encrypter", "Decrypter"}, p.name) {
				continue // These four reach all the loops there are.
			}
			want := p.want(key, iv, src) // A shorter message is its prefix.
			buf := make([]byte, longest)
			for _, n := range lengths {
				copy(buf, src)
				p.crypt(key, iv, buf[:n], buf[:n])
				if i := firstDifference(buf[:n], want); i < n {
					t.Errorf("%s: %d bytes: first wrong byte is %d", p.name, n, i)
				}
				if !bytes.Equal(buf[n:], src[n:]) {
					t.Errorf("%s: %d bytes: wrote beyond them", p.name, n)
				}
			}
		}
	})
}

// checkPath compares p with the reference, in place and apart, and looks for
// changes where there should be none.
func checkPath(t *testing.T, p path, key, iv, src []byte) {
	t.Helper()
	want := p.want(key, iv, src)
	beforeKey, beforeIV, beforeSrc := bytes.Clone(key), bytes.Clone(iv), bytes.Clone(src)

	dst := make([]byte, len(src))
	p.crypt(key, iv, dst, src)
	if !bytes.Equal(dst, want) {
		t.Errorf("%s, AES-%d, %d bytes: first wrong byte is %d",
			p.name, 8*len(key), len(src), firstDifference(dst, want))
	}
	if !bytes.Equal(src, beforeSrc) {
		t.Errorf("%s, AES-%d, %d bytes: src changed", p.name, 8*len(key), len(src))
	}

	copy(dst, src)
	p.crypt(key, iv, dst, dst)
	if !bytes.Equal(dst, want) {
		t.Errorf("%s, AES-%d, %d bytes, in place: first wrong byte is %d",
			p.name, 8*len(key), len(src), firstDifference(dst, want))
	}

	if !bytes.Equal(key, beforeKey) || !bytes.Equal(iv, beforeIV) {
		t.Errorf("%s, AES-%d, %d bytes: key or iv changed", p.name, 8*len(key), len(src))
	}
}

// firstDifference returns the index of the first byte of got that is not the one
// of want, or len(got).
func firstDifference(got, want []byte) int {
	for i := range got {
		if got[i] != want[i] {
			return i
		}
	}
	return len(got)
}

// accumulatedDigest is the SHA-256 of the results for accumulatedMessages, as
// testdata/ige.py prints it, which has its own IGE and OpenSSL's AES.
const accumulatedDigest = "d48f82a26fe59582341218b6bd70810cc9f77563034aab6ed79bdcdba0771b8e"

// accumulatedMessages returns 10,000 messages of 0 to 15 blocks, with room for
// the results.
func accumulatedMessages() []Message {
	stream := sha3.NewSHAKE128()
	stream.Write([]byte("mtcore ige accumulated"))
	ms := make([]Message, 10_000)
	for i := range ms {
		var length [1]byte
		stream.Read(length[:])
		m := &ms[i]
		m.Src = make([]byte, BlockSize*int(length[0]%16))
		m.Dst = make([]byte, len(m.Src))
		stream.Read(m.Key[:])
		stream.Read(m.IV[:])
		stream.Read(m.Src)
	}
	return ms
}

// TestAccumulated condenses many more cases than a file of vectors could hold
// into one digest, the same for every way of computing it.
func TestAccumulated(t *testing.T) {
	ms := accumulatedMessages()

	// digest encrypts each message, and decrypts it as if it were a ciphertext.
	digest := func(encrypt, decrypt func([]Message)) string {
		encrypt(ms)
		encrypted := make([][]byte, len(ms))
		for i := range ms {
			encrypted[i] = bytes.Clone(ms[i].Dst)
		}
		decrypt(ms)
		h := sha256.New()
		for i := range ms {
			h.Write(encrypted[i])
			h.Write(ms[i].Dst)
		}
		return hex.EncodeToString(h.Sum(nil))
	}
	each := func(f func(*Message)) func([]Message) {
		return func(ms []Message) {
			for i := range ms {
				f(&ms[i])
			}
		}
	}
	// batches cuts the messages into batches of 1, 2, 3, … 40, 1, 2, …
	batches := func(f func([]Message)) func([]Message) {
		return func(ms []Message) {
			for n := 1; len(ms) > 0; n = n%40 + 1 {
				n := min(n, len(ms))
				f(ms[:n])
				ms = ms[n:]
			}
		}
	}

	reference := digest(
		each(func(m *Message) { copy(m.Dst, referenceEncrypt(newAES(m.Key[:]), m.IV[:], m.Src)) }),
		each(func(m *Message) { copy(m.Dst, referenceDecrypt(newAES(m.Key[:]), m.IV[:], m.Src)) }))
	if reference != accumulatedDigest {
		t.Errorf("reference: %s, want %s", reference, accumulatedDigest)
	}

	impltest.All(t, backends, func(t *testing.T) {
		for _, tt := range []struct {
			name             string
			encrypt, decrypt func([]Message)
		}{
			{"Message", each((*Message).Encrypt), each(func(m *Message) { m.Decrypt() })},
			{"batches", batches(EncryptBatch), batches(func(ms []Message) { DecryptBatch(ms) })},
			{"Cipher",
				each(func(m *Message) { NewEncrypter(newCipher(m.Key[:]), &m.IV).CryptBlocks(m.Dst, m.Src) }),
				each(func(m *Message) { NewDecrypter(newCipher(m.Key[:]), &m.IV).CryptBlocks(m.Dst, m.Src) })},
		} {
			if got := digest(tt.encrypt, tt.decrypt); got != accumulatedDigest {
				t.Errorf("%s: %s, want %s", tt.name, got, accumulatedDigest)
			}
		}
	})
}

// TestRefuses has the programmer's mistakes that every path must notice before
// it writes.
func TestRefuses(t *testing.T) {
	const n = 4 * BlockSize
	buf := random(3 * n)
	for _, tt := range []struct {
		name     string
		dst, src []byte
		want     string
	}{
		{"partial block", buf[n:], buf[:n-1], "ige: input is not a whole number of blocks"},
		{"partial block in place", buf, buf[:BlockSize+1], "ige: input is not a whole number of blocks"},
		{"less than a block", buf[n:], buf[:1], "ige: input is not a whole number of blocks"},
		{"no dst", nil, buf[:n], "ige: output smaller than input"},
		{"short dst", buf[n:][: n-1 : n], buf[:n], "ige: output smaller than input"},
		{"short dst in place", buf[:n-BlockSize], buf[:n], "ige: output smaller than input"},
		{"dst a byte ahead", buf[1:][:n], buf[:n], "ige: invalid buffer overlap"},
		{"dst a byte behind", buf[:n], buf[1:][:n], "ige: invalid buffer overlap"},
		{"dst a block ahead", buf[BlockSize:][:n], buf[:n], "ige: invalid buffer overlap"},
		{"dst a block behind", buf[:n], buf[BlockSize:][:n], "ige: invalid buffer overlap"},
		{"last byte of src in dst", buf[n-1:][:n], buf[:n], "ige: invalid buffer overlap"},
		{"first byte of src in dst", buf[:n], buf[n-1:][:n], "ige: invalid buffer overlap"},
	} {
		before := bytes.Clone(buf)
		for _, p := range paths {
			got := panicText(func() { p.crypt(random(32), random(IVSize), tt.dst, tt.src) })
			if got != tt.want {
				t.Errorf("%s: %s: panic %q, want %q", p.name, tt.name, got, tt.want)
			}
			if !bytes.Equal(buf, before) {
				t.Fatalf("%s: %s: written before the panic", p.name, tt.name)
			}
		}
	}
}

// TestAccepts has what looks like a mistake and is none.
func TestAccepts(t *testing.T) {
	const n = 4 * BlockSize
	for _, p := range paths {
		key, iv, buf := random(32), random(IVSize), random(3*n)
		want := p.want(key, iv, buf[:n])

		p.crypt(key, iv, nil, nil)
		p.crypt(key, iv, buf[:0], buf[:0])
		p.crypt(key, iv, buf[1:], buf[:0])
		if !bytes.Equal(buf, random(3*n)) {
			t.Errorf("%s: empty messages: something was written", p.name)
		}

		p.crypt(key, iv, buf[n:], buf[:n])
		if !bytes.Equal(buf[n:][:n], want) {
			t.Errorf("%s: dst right after src: wrong result", p.name)
		}
		if !bytes.Equal(buf[2*n:], random(3 * n)[2*n:]) {
			t.Errorf("%s: long dst: wrote beyond the result", p.name)
		}
	}
}

// TestAES256BlocksSizes has the lengths of slices that are arrays elsewhere.
func TestAES256BlocksSizes(t *testing.T) {
	buf := random(2 * BlockSize)
	for _, f := range []func(key, iv, dst, src []byte){EncryptAES256Blocks, DecryptAES256Blocks} {
		for _, n := range []int{0, 1, 16, 24, 31, 33, 64} {
			want := fmt.Sprintf("ige: crypto/aes: invalid key size %d", n)
			if got := panicText(func() { f(random(n), random(IVSize), buf, buf) }); got != want {
				t.Errorf("key of %d bytes: panic %q, want %q", n, got, want)
			}
			want = ErrInvalidIV.Error()
			if got := panicText(func() { f(random(KeySize), random(n), buf, buf) }); n != IVSize && got != want {
				t.Errorf("iv of %d bytes: panic %q, want %q", n, got, want)
			}
		}
	}
	if !bytes.Equal(buf, random(len(buf))) {
		t.Error("written before a panic")
	}
}

func TestErrorTexts(t *testing.T) {
	for _, err := range []error{ErrPartialBlock, ErrInvalidIV} {
		if !strings.HasPrefix(err.Error(), "ige: ") {
			t.Errorf("%q does not start with the package", err)
		}
	}
}

func TestBackend(t *testing.T) {
	if got, want := Backend(), backends.String(); got != want {
		t.Errorf("Backend() = %q, want %q", got, want)
	}
	for _, s := range backends.States() {
		leave := s.Enter()
		// Later backends are added to earlier ones: "best+good".
		if got := Backend(); got != s.Name && !strings.HasPrefix(got, s.Name+"+") {
			t.Errorf("Backend() = %q in state %q", got, s.Name)
		}
		leave()
	}
}

// TestConcurrent is for the race detector: a Cipher, and a standard block whose
// key may be read where it lies, used by many goroutines.
func TestConcurrent(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		key := random(KeySize)
		c, std := newCipher(key), newAES(key)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				r := newRand(uint64(i))
				for range 20 {
					iv, src := [IVSize]byte(randomFrom(r, IVSize)), randomFrom(r, 20*BlockSize)
					want := referenceEncrypt(std, iv[:], src)

					got := make([]byte, len(src))
					NewEncrypter(c, &iv).CryptBlocks(got, src)
					if !bytes.Equal(got, want) {
						t.Error("Encrypter: wrong result")
					}
					NewDecrypter(c, &iv).CryptBlocks(got, got)
					if !bytes.Equal(got, src) {
						t.Error("Decrypter: wrong result")
					}
					EncryptBlocks(std, iv[:], got, src)
					if !bytes.Equal(got, want) {
						t.Error("EncryptBlocks: wrong result")
					}
					DecryptBlocks(std, iv[:], got, got)
					if !bytes.Equal(got, src) {
						t.Error("DecryptBlocks: wrong result")
					}
					c.Encrypt(got, src)
					c.Decrypt(got, got)
					if !bytes.Equal(got, src) {
						t.Error("Cipher: wrong result")
					}
				}
			})
		}
		wg.Wait()
	})
}
