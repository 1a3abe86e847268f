package ige

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	mtcore "github.com/mtcore/mtcore/ige"
)

// All that v0.3.0 exports, with its types. Package difftest compares the behaviour.
var (
	_ error                                         = ErrInvalidIV
	_ func(b cipher.Block, iv []byte) IGE           = NewIGEEncrypter
	_ func(b cipher.Block, iv []byte) IGE           = NewIGEDecrypter
	_ func(block cipher.Block, iv, dst, src []byte) = EncryptBlocks
	_ func(block cipher.Block, iv, dst, src []byte) = DecryptBlocks
	_ func(key, iv, dst, src []byte)                = DecryptAES256Blocks
	_ interface {
		BlockSize() int
		CryptBlocks(dst, src []byte)
	} = IGE(nil)
)

// naive is IGE in either direction, straight from the definition: each output
// block is crypt(input ⊕ previous output) ⊕ previous input.
func naive(crypt func(dst, src []byte), prevOut, prevIn, src []byte) []byte {
	n := len(prevOut)
	dst := make([]byte, len(src))
	for i := 0; i < len(src); i += n {
		block := make([]byte, n)
		for j := range block {
			block[j] = src[i+j] ^ prevOut[j]
		}
		crypt(block, block)
		for j := range block {
			dst[i+j] = block[j] ^ prevIn[j]
		}
		prevOut, prevIn = dst[i:i+n], src[i:i+n]
	}
	return dst
}

func naiveEncrypt(b cipher.Block, iv, src []byte) []byte {
	n := b.BlockSize()
	return naive(b.Encrypt, iv[:n], iv[n:], src)
}

func naiveDecrypt(b cipher.Block, iv, src []byte) []byte {
	n := b.BlockSize()
	return naive(b.Decrypt, iv[n:], iv[:n], src)
}

// paths are all ways through this package.
var paths = []struct {
	name  string
	naive func(b cipher.Block, iv, src []byte) []byte
	// crypt may use the key instead of the block that has been made from it.
	crypt func(b cipher.Block, key, iv, dst, src []byte)
	// aes256 says that crypt needs a key of 32 bytes.
	aes256 bool
}{
	{"EncryptBlocks", naiveEncrypt, func(b cipher.Block, _, iv, dst, src []byte) { EncryptBlocks(b, iv, dst, src) }, false},
	{"DecryptBlocks", naiveDecrypt, func(b cipher.Block, _, iv, dst, src []byte) { DecryptBlocks(b, iv, dst, src) }, false},
	{"NewIGEEncrypter", naiveEncrypt, func(b cipher.Block, _, iv, dst, src []byte) { NewIGEEncrypter(b, iv).CryptBlocks(dst, src) }, false},
	{"NewIGEDecrypter", naiveDecrypt, func(b cipher.Block, _, iv, dst, src []byte) { NewIGEDecrypter(b, iv).CryptBlocks(dst, src) }, false},
	{"DecryptAES256Blocks", naiveDecrypt, func(_ cipher.Block, key, iv, dst, src []byte) { DecryptAES256Blocks(key, iv, dst, src) }, true},
}

// blocks are the kinds of cipher.Block that a program may bring.
var blocks = []struct {
	name    string
	keySize int
	new     func(key []byte) (cipher.Block, error)
}{
	{"AES-256", 32, aes.NewCipher},
	{"AES-192", 24, aes.NewCipher},
	{"AES-128", 16, aes.NewCipher},
	{"mtcore", 32, func(key []byte) (cipher.Block, error) { return mtcore.NewCipher(key) }},
	{"foreign", 32, func(key []byte) (cipher.Block, error) {
		b, err := aes.NewCipher(key)
		return struct{ cipher.Block }{b}, err
	}},
	{"DES", 8, des.NewCipher},
}

func forAllPaths(t *testing.T, test func(t *testing.T, b cipher.Block, naive func(src []byte) []byte, crypt func(dst, src []byte), iv []byte)) {
	random := rand.NewChaCha8([32]byte{1})
	for _, p := range paths {
		for _, kind := range blocks {
			if p.aes256 && kind.name != "AES-256" {
				continue
			}
			t.Run(p.name+"/"+kind.name, func(t *testing.T) {
				key := make([]byte, kind.keySize)
				random.Read(key)
				b, err := kind.new(key)
				if err != nil {
					t.Fatal(err)
				}
				iv := make([]byte, 2*b.BlockSize())
				random.Read(iv)
				wantIV := slices.Clone(iv)
				test(t, b,
					func(src []byte) []byte { return p.naive(b, wantIV, src) },
					func(dst, src []byte) { p.crypt(b, key, iv, dst, src) },
					iv)
				if !bytes.Equal(iv, wantIV) {
					t.Errorf("wrote to the iv: %x, want %x", iv, wantIV)
				}
			})
		}
	}
}

func TestResults(t *testing.T) {
	random := rand.NewChaCha8([32]byte{2})
	forAllPaths(t, func(t *testing.T, b cipher.Block, naive func([]byte) []byte, crypt func(dst, src []byte), _ []byte) {
		for _, n := range []int{0, 1, 2, 3, 4, 5, 63, 64, 65, 4100} {
			src := make([]byte, n*b.BlockSize())
			random.Read(src)
			before := slices.Clone(src)
			want := append(naive(src), "rest"...)

			got := append(make([]byte, len(src)), "rest"...) // dst may be longer
			crypt(got, src)
			if !bytes.Equal(got, want) {
				t.Errorf("%d blocks: differs from IGE, or wrote past len(src)", n)
			}
			if !bytes.Equal(src, before) {
				t.Errorf("%d blocks: wrote to src", n)
			}

			inPlace := append(src, "rest"...)
			crypt(inPlace, inPlace[:len(src)])
			if !bytes.Equal(inPlace, want) {
				t.Errorf("%d blocks: differs from IGE in place", n)
			}
		}
	})
}

// TestRestarts: every call of CryptBlocks is like the first, and starts from a copy
// of the iv.
func TestRestarts(t *testing.T) {
	b, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	src := bytes.Repeat([]byte{9}, 48)
	for _, tt := range []struct {
		name  string
		new   func(b cipher.Block, iv []byte) IGE
		naive func(b cipher.Block, iv, src []byte) []byte
	}{
		{"encrypter", NewIGEEncrypter, naiveEncrypt},
		{"decrypter", NewIGEDecrypter, naiveDecrypt},
	} {
		iv := bytes.Repeat([]byte{7}, 32)
		mode, want := tt.new(b, iv), tt.naive(b, iv, src)
		clear(iv)
		if got, want := mode.BlockSize(), 16; got != want {
			t.Errorf("%s: BlockSize is %d, want %d", tt.name, got, want)
		}
		for call := range 3 {
			got := make([]byte, len(src))
			mode.CryptBlocks(got, src)
			if !bytes.Equal(got, want) {
				t.Errorf("%s: call %d gives %x, want %x", tt.name, call, got, want)
			}
		}
	}
}

func TestOverlap(t *testing.T) {
	forAllPaths(t, func(t *testing.T, b cipher.Block, _ func([]byte) []byte, crypt func(dst, src []byte), _ []byte) {
		n := b.BlockSize()
		buf := make([]byte, 4*n)
		for _, tt := range []struct{ dst, src int }{{0, 1}, {1, 0}, {0, n}, {n, 0}, {0, 2*n - 1}, {2*n - 1, 0}} {
			dst, src := buf[tt.dst:], buf[tt.src:tt.src+2*n]
			got := panicValue(func() { crypt(dst[:2*n], src) })
			if want := "ige: invalid buffer overlap"; got != want {
				t.Errorf("dst at %d, src at %d: panics with %v, want %v", tt.dst, tt.src, got, want)
			}
		}
		// Only as much of dst counts as is written.
		if got := panicValue(func() { crypt(buf, buf[2*n:]) }); got != nil {
			t.Errorf("src in the part of dst that is not used: panics with %v", got)
		}
	})
}

// TestIVOverlapsDst: the iv is read before anything is written.
func TestIVOverlapsDst(t *testing.T) {
	for _, p := range paths {
		key, src := make([]byte, 32), bytes.Repeat([]byte{3}, 64)
		b, err := aes.NewCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		dst := make([]byte, 64)
		for i := range dst {
			dst[i] = byte(i)
		}
		want := p.naive(b, slices.Clone(dst[8:40]), src)
		p.crypt(b, key, dst[8:40], dst, src)
		if !bytes.Equal(dst, want) {
			t.Errorf("%s: got %x, want %x", p.name, dst, want)
		}
	}
}

// TestPanics has the values of v0.3.0, which difftest compares with the original.
func TestPanics(t *testing.T) {
	b, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	const (
		ivText  = "iv length must be: (block size * 2)"
		srcText = "src not full blocks"
		dstText = "len(dst) < len(src)"
	)
	buf := make([]byte, 64)
	for _, tt := range []struct {
		name              string
		key, iv, dst, src int // lengths
		want, wantAES256  any
	}{
		{"nothing wrong", 32, 32, 32, 32, nil, nil},
		{"empty", 32, 32, 0, 0, nil, nil},
		{"empty src", 32, 32, 1, 0, nil, nil},
		{"no iv", 32, 0, 32, 32, ivText, ErrInvalidIV},
		{"short iv", 32, 16, 32, 32, ivText, ErrInvalidIV},
		{"long iv", 32, 33, 32, 32, ivText, ErrInvalidIV},
		{"partial block", 32, 32, 32, 17, srcText, srcText},
		{"short dst", 32, 32, 31, 32, dstText, dstText},
		{"partial block and short dst", 32, 32, 0, 15, srcText, srcText},
		{"all but the key", 32, 31, 0, 15, ivText, ErrInvalidIV},
		{"short key", 31, 32, 32, 32, nil, aes.KeySizeError(31)},
		{"AES-128 key", 16, 32, 32, 32, nil, aes.KeySizeError(16)},
		{"all", 0, 31, 0, 15, ivText, aes.KeySizeError(0)},
	} {
		key, iv, dst, src := make([]byte, tt.key), buf[:tt.iv], make([]byte, tt.dst), buf[:tt.src]
		for _, p := range paths {
			want := tt.want
			if p.aes256 {
				want = tt.wantAES256
			}
			if got := panicValue(func() { p.crypt(b, key, iv, dst, src) }); got != want {
				t.Errorf("%s, %s: panics with %T(%v), want %T(%v)", p.name, tt.name, got, got, want, want)
			}
		}
	}
	for name, newMode := range map[string]func(cipher.Block, []byte) IGE{"NewIGEEncrypter": NewIGEEncrypter, "NewIGEDecrypter": NewIGEDecrypter} {
		if got, want := panicValue(func() { newMode(b, buf[:31]) }), any(ivText); got != want {
			t.Errorf("%s: panics with %T(%v), want %T(%v)", name, got, got, want, want)
		}
	}
}

func TestAllocs(t *testing.T) {
	key, iv, dst, src := make([]byte, 32), make([]byte, 32), make([]byte, 256), make([]byte, 256)
	b, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	encrypter, decrypter := NewIGEEncrypter(b, iv), NewIGEDecrypter(b, iv)
	got := testing.AllocsPerRun(100, func() {
		EncryptBlocks(b, iv, dst, src)
		DecryptBlocks(b, iv, dst, src)
		encrypter.CryptBlocks(dst, src)
		decrypter.CryptBlocks(dst, src)
		DecryptAES256Blocks(key, iv, dst, src)
	})
	if got != 0 {
		t.Errorf("%v allocations, want 0", got)
	}
}

// TestPublishedVectors uses vectors out of the tests of OpenSSL and others, which
// are not part of this repository. The tests above do not need them. Without them it is
// skipped, or fails where MTCORE_MISSING is set and does not list "vectors", as in package
// impltest, which this module may not import.
func TestPublishedVectors(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "vectors", "published", "aes_ige.json"))
	missing := os.Getenv("MTCORE_MISSING")
	if errors.Is(err, fs.ErrNotExist) && (missing == "" || slices.Contains(strings.Split(missing, ","), "vectors")) {
		t.Skip("not here: vectors")
	}
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Count   int
		Vectors []struct{ Name, Key, IV, Plaintext, Ciphertext string }
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if got, want := len(file.Vectors), file.Count; got != want || got == 0 {
		t.Fatalf("%d vectors, want %d", got, want)
	}
	for _, v := range file.Vectors {
		key, iv := fromHex(t, v.Key), fromHex(t, v.IV)
		plaintext, ciphertext := fromHex(t, v.Plaintext), fromHex(t, v.Ciphertext)
		b, err := aes.NewCipher(key)
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		got := make([]byte, len(plaintext))
		if EncryptBlocks(b, iv, got, plaintext); !bytes.Equal(got, ciphertext) {
			t.Errorf("%s: encrypts to %x, want %x", v.Name, got, ciphertext)
		}
		if DecryptBlocks(b, iv, got, ciphertext); !bytes.Equal(got, plaintext) {
			t.Errorf("%s: decrypts to %x, want %x", v.Name, got, plaintext)
		}
		if len(key) != 32 {
			continue
		}
		if DecryptAES256Blocks(key, iv, got, ciphertext); !bytes.Equal(got, plaintext) {
			t.Errorf("%s: DecryptAES256Blocks gives %x, want %x", v.Name, got, plaintext)
		}
	}
}

func fromHex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// FuzzBlocks compares every path with the definition, from buffer to buffer and in
// place.
func FuzzBlocks(f *testing.F) {
	for _, n := range []int{0, 1, 15, 16, 17, 64, 1000} {
		f.Add([]byte("seed key"), []byte("seed iv"), bytes.Repeat([]byte{byte(n)}, n), n%2 == 0)
	}
	f.Fuzz(func(t *testing.T, key, iv, src []byte, wrap bool) {
		key = slices.Concat(key, make([]byte, 32))[:32]
		iv = slices.Concat(iv, make([]byte, 32))[:32]
		src = src[:len(src)-len(src)%16]
		b, err := aes.NewCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		if wrap {
			b = struct{ cipher.Block }{b}
		}
		for _, p := range paths {
			want := p.naive(b, iv, src)
			got := make([]byte, len(src))
			p.crypt(b, key, iv, got, src)
			if !bytes.Equal(got, want) {
				t.Errorf("%s: got %x, want %x", p.name, got, want)
			}
			inPlace := slices.Clone(src)
			p.crypt(b, key, iv, inPlace, inPlace)
			if !bytes.Equal(inPlace, want) {
				t.Errorf("%s, in place: got %x, want %x", p.name, inPlace, want)
			}
		}
	})
}

func panicValue(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}
