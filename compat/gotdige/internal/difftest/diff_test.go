package difftest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	original "github.com/gotd/ige"
	dropin "gotdige.invalid"
)

// An implementation is what a program can see of one of the two packages.
type implementation struct {
	newEncrypter, newDecrypter   func(b cipher.Block, iv []byte) mode
	encryptBlocks, decryptBlocks func(b cipher.Block, iv, dst, src []byte)
	decryptAES256Blocks          func(key, iv, dst, src []byte)
	errInvalidIV                 error
}

type mode interface {
	BlockSize() int
	CryptBlocks(dst, src []byte)
}

var theirs = implementation{
	func(b cipher.Block, iv []byte) mode { return original.NewIGEEncrypter(b, iv) },
	func(b cipher.Block, iv []byte) mode { return original.NewIGEDecrypter(b, iv) },
	original.EncryptBlocks,
	original.DecryptBlocks,
	original.DecryptAES256Blocks,
	original.ErrInvalidIV,
}

var ours = implementation{
	func(b cipher.Block, iv []byte) mode { return dropin.NewIGEEncrypter(b, iv) },
	func(b cipher.Block, iv []byte) mode { return dropin.NewIGEDecrypter(b, iv) },
	dropin.EncryptBlocks,
	dropin.DecryptBlocks,
	dropin.DecryptAES256Blocks,
	dropin.ErrInvalidIV,
}

// The two interfaces can take each other's place.
var (
	_ original.IGE = dropin.IGE(nil)
	_ dropin.IGE   = original.IGE(nil)
)

// calls are the ways to process buffers.
var calls = []struct {
	name string
	do   func(p implementation, b cipher.Block, key, iv, dst, src []byte)
}{
	{"EncryptBlocks", func(p implementation, b cipher.Block, _, iv, dst, src []byte) { p.encryptBlocks(b, iv, dst, src) }},
	{"DecryptBlocks", func(p implementation, b cipher.Block, _, iv, dst, src []byte) { p.decryptBlocks(b, iv, dst, src) }},
	{"DecryptAES256Blocks", func(p implementation, _ cipher.Block, key, iv, dst, src []byte) {
		p.decryptAES256Blocks(key, iv, dst, src)
	}},
	{"NewIGEEncrypter", func(p implementation, b cipher.Block, _, iv, dst, src []byte) { twice(p.newEncrypter(b, iv), dst, src) }},
	{"NewIGEDecrypter", func(p implementation, b cipher.Block, _, iv, dst, src []byte) { twice(p.newDecrypter(b, iv), dst, src) }},
}

// twice uses a mode for half of src, and again for the rest.
func twice(m mode, dst, src []byte) {
	half := len(src) / 2
	half -= half % m.BlockSize()
	m.CryptBlocks(dst[:min(half, len(dst))], src[:half])
	m.CryptBlocks(dst[min(half, len(dst)):], src[half:])
}

// TestSame calls both with buffers of all kinds of lengths, right and wrong, and
// compares what is in the buffers afterwards and what they panic with.
func TestSame(t *testing.T) {
	random := rand.NewChaCha8([32]byte{1})
	srcSizes := []int{0, 1, 15, 16, 17, 31, 32, 48, 64, 80, 1024, 1040}
	for _, keySize := range []int{0, 16, 24, 31, 32} {
		for _, ivSize := range []int{0, 16, 31, 32, 33, 64} {
			for _, srcSize := range srcSizes {
				for _, dstSize := range []int{0, srcSize - 1, srcSize, srcSize + 1, srcSize + 16} {
					key, iv := make([]byte, keySize), make([]byte, ivSize)
					dst, src := make([]byte, max(0, dstSize)), make([]byte, srcSize)
					for _, b := range [][]byte{key, iv, dst, src} {
						random.Read(b)
					}
					compare(t, key, iv, dst, src)
				}
			}
		}
	}
}

func FuzzSame(f *testing.F) {
	f.Add(make([]byte, 32), make([]byte, 32), uint8(64), make([]byte, 64))
	f.Add(make([]byte, 32), make([]byte, 31), uint8(0), make([]byte, 15))
	f.Add(make([]byte, 16), make([]byte, 32), uint8(255), make([]byte, 160))
	f.Fuzz(func(t *testing.T, key, iv []byte, dstSize uint8, src []byte) {
		compare(t, key, iv, make([]byte, dstSize), src)
	})
}

// compare makes every call with copies of the buffers. The block has key as far as
// AES takes it.
func compare(t *testing.T, key, iv, dst, src []byte) {
	t.Helper()
	blockKey := slices.Concat(key, make([]byte, 32))[:32]
	if len(key) == 16 || len(key) == 24 {
		blockKey = key
	}
	std, err := aes.NewCipher(blockKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []cipher.Block{std, struct{ cipher.Block }{std}} {
		for _, call := range calls {
			run := func(p implementation) (dstAfter []byte, panicked string) {
				ivAfter, srcAfter := slices.Clone(iv), slices.Clone(src)
				dstAfter = slices.Clone(dst)
				panicked = panicText(p, func() { call.do(p, b, key, ivAfter, dstAfter, srcAfter) })
				if !bytes.Equal(ivAfter, iv) || !bytes.Equal(srcAfter, src) {
					t.Errorf("%s wrote to the iv or to src", call.name)
				}
				return dstAfter, panicked
			}
			got, gotPanic := run(ours)
			want, wantPanic := run(theirs)
			where := fmt.Sprintf("%s with %T, lengths: key %d, iv %d, dst %d, src %d", call.name, b, len(key), len(iv), len(dst), len(src))
			if !bytes.Equal(got, want) {
				t.Errorf("%s: dst is %x, want %x", where, got, want)
			}
			if gotPanic != wantPanic {
				t.Errorf("%s: panics with %s, want %s", where, gotPanic, wantPanic)
			}
		}
	}
}

// panicText describes the type and value of a panic. Each package has its own
// ErrInvalidIV, which a program may compare with.
func panicText(p implementation, f func()) (text string) {
	defer func() {
		switch value := recover(); value {
		case nil:
			text = "nothing"
		case p.errInvalidIV:
			text = "ErrInvalidIV: " + p.errInvalidIV.Error()
		default:
			text = fmt.Sprintf("%T: %v", value, value)
		}
	}()
	f()
	return ""
}

// TestKnownDifferences keeps the table of the drop-in's doc comment true where it
// says that the original is wrong: should that get better, the drop-in follows.
func TestKnownDifferences(t *testing.T) {
	key, iv := make([]byte, 32), make([]byte, 32)
	b, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	src := make([]byte, 64)
	want := make([]byte, 64)
	theirs.encryptBlocks(b, iv, want, src)
	for _, tt := range []struct {
		name string
		p    implementation
		want bool // whether the result in place is right
	}{{"original", theirs, false}, {"drop-in", ours, true}} {
		got := slices.Clone(src)
		tt.p.encryptBlocks(b, iv, got, got)
		if got := bytes.Equal(got, want); got != tt.want {
			t.Errorf("%s: encrypts in place: %v, want %v", tt.name, got, tt.want)
		}
		buf := make([]byte, 80)
		panicked := panicText(tt.p, func() { tt.p.encryptBlocks(b, iv, buf[16:], buf[:64]) }) != "nothing"
		if panicked != tt.want {
			t.Errorf("%s: refuses a dst that begins within src: %v, want %v", tt.name, panicked, tt.want)
		}
	}
}
