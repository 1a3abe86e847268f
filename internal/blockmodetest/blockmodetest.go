// Package blockmodetest checks that a [cipher.BlockMode] or a [cipher.Block] keeps
// the promises of those interfaces: which bytes it reads and writes, which
// overlaps it takes, what it refuses, and what it remembers. Whether it computes
// the right thing is for the caller's vectors to say.
package blockmodetest

import (
	"bytes"
	"crypto/cipher"
	"math/rand/v2"
	"testing"
)

// New returns a mode that starts with iv.
type New func(iv []byte) cipher.BlockMode

// TestMode checks the modes that encrypter and decrypter return for ivs of ivSize bytes:
// each by itself, and that the second undoes the first.
func TestMode(t *testing.T, ivSize int, encrypter, decrypter New) {
	t.Run("Encrypter", func(t *testing.T) { testMode(t, ivSize, encrypter) })
	t.Run("Decrypter", func(t *testing.T) { testMode(t, ivSize, decrypter) })
	t.Run("Roundtrip", func(t *testing.T) {
		iv := random(ivSize)
		enc, dec := encrypter(iv), decrypter(iv)
		if got, want := dec.BlockSize(), enc.BlockSize(); got != want {
			t.Fatalf("BlockSize of the decrypter = %d, of the encrypter = %d", got, want)
		}
		for _, blocks := range lengths {
			src := random(blocks * enc.BlockSize())
			if got := crypt(dec, crypt(enc, src)); !bytes.Equal(got, src) {
				t.Errorf("%d blocks: decrypted to\n%x, want\n%x", blocks, got, src)
			}
		}
	})
}

// lengths are in blocks.
var lengths = []int{0, 1, 2, 3, 4, 7, 8, 9, 16, 33}

func testMode(t *testing.T, ivSize int, newMode New) {
	iv := random(ivSize)
	size := newMode(iv).BlockSize()

	// eachLength runs f with a fresh mode, a random message and its result.
	eachLength := func(f func(mode cipher.BlockMode, src, want []byte)) {
		for _, blocks := range lengths {
			src := random(blocks * size)
			f(newMode(iv), src, crypt(newMode(iv), src))
		}
	}

	t.Run("KeepsSrc", func(t *testing.T) {
		eachLength(func(mode cipher.BlockMode, src, want []byte) {
			before := bytes.Clone(src)
			mode.CryptBlocks(make([]byte, len(src)), src)
			if !bytes.Equal(src, before) {
				t.Errorf("%d bytes: src became\n%x, was\n%x", len(src), src, before)
			}
		})
	})

	t.Run("InPlace", func(t *testing.T) {
		eachLength(func(mode cipher.BlockMode, src, want []byte) {
			buf := bytes.Clone(src)
			mode.CryptBlocks(buf, buf)
			if !bytes.Equal(buf, want) {
				t.Errorf("%d bytes: in place\n%x, apart\n%x", len(src), buf, want)
			}
		})
	})

	// A dst of more than len(src) bytes, in place or not, keeps the rest.
	t.Run("LongDst", func(t *testing.T) {
		eachLength(func(mode cipher.BlockMode, src, want []byte) {
			rest := random(3*size + 1)
			dst := append(make([]byte, len(src)), rest...)
			mode.CryptBlocks(dst, src)
			if want := append(bytes.Clone(want), rest...); !bytes.Equal(dst, want) {
				t.Errorf("%d bytes, apart: dst is\n%x, want\n%x", len(src), dst, want)
			}
			buf := append(bytes.Clone(src), rest...)
			newMode(iv).CryptBlocks(buf, buf[:len(src)])
			if want := append(bytes.Clone(want), rest...); !bytes.Equal(buf, want) {
				t.Errorf("%d bytes, in place: dst is\n%x, want\n%x", len(src), buf, want)
			}
		})
	})

	// Bytes around src have no influence, and those around dst stay: also between
	// length and capacity.
	t.Run("OutOfBounds", func(t *testing.T) {
		eachLength(func(mode cipher.BlockMode, src, want []byte) {
			for _, guard := range []byte{0x00, 0xFF, 0xA5} {
				s, d := newGuarded(guard, src), newGuarded(guard, make([]byte, len(src)))
				newMode(iv).CryptBlocks(d.middle, s.middle)
				if !bytes.Equal(d.middle, want) {
					t.Errorf("%d bytes between guards %#x:\n%x, want\n%x", len(src), guard, d.middle, want)
				}
				if !s.intact() {
					t.Errorf("%d bytes: wrote around src", len(src))
				}
				if !d.intact() {
					t.Errorf("%d bytes: wrote around dst", len(src))
				}
			}
		})
	})

	t.Run("Unaligned", func(t *testing.T) {
		eachLength(func(mode cipher.BlockMode, src, want []byte) {
			for offset := range size {
				in := append(make([]byte, offset), src...)[offset:]
				out := make([]byte, size+len(src))[size-offset:][:len(src)]
				newMode(iv).CryptBlocks(out, in)
				if !bytes.Equal(out, want) {
					t.Errorf("%d bytes at offset %d:\n%x, want\n%x", len(src), offset, out, want)
				}
			}
		})
	})

	t.Run("KeepsState", func(t *testing.T) {
		src := random(10 * size)
		want := crypt(newMode(iv), src)
		for i := 0; i <= len(src); i += size {
			for j := i; j <= len(src); j += size {
				mode := newMode(iv)
				got := make([]byte, len(src))
				mode.CryptBlocks(got[:i], src[:i])
				mode.CryptBlocks(got[i:j], src[i:j])
				mode.CryptBlocks(got[j:], src[j:])
				if !bytes.Equal(got, want) {
					t.Errorf("split at %d and %d:\n%x, want\n%x", i, j, got, want)
				}
			}
		}
	})

	// The caller may use its slice for something else, and finds it unchanged.
	t.Run("CopiesIV", func(t *testing.T) {
		src := random(5 * size)
		want := crypt(newMode(iv), src)
		own := bytes.Clone(iv)
		mode := newMode(own)
		clear(own)
		if got := crypt(mode, src); !bytes.Equal(got, want) {
			t.Errorf("after the caller's iv changed:\n%x, want\n%x", got, want)
		}
		if !bytes.Equal(own, make([]byte, ivSize)) {
			t.Errorf("the caller's iv became %x", own)
		}
	})

	t.Run("Empty", func(t *testing.T) {
		src := random(2 * size)
		want := crypt(newMode(iv), src)
		mode := newMode(iv)
		mode.CryptBlocks(nil, nil)
		mode.CryptBlocks([]byte{}, []byte{})
		mode.CryptBlocks(src[1:], src[:0])
		if got := crypt(mode, src); !bytes.Equal(got, want) {
			t.Errorf("after calls with nothing:\n%x, want\n%x", got, want)
		}
	})

	t.Run("Overlap", func(t *testing.T) {
		buf := random(8 * size)
		for _, n := range []int{1, 2, 4} {
			for _, shift := range []int{1, size - 1, (n - 1) * size, n*size - 1} {
				if shift == 0 {
					continue
				}
				refuses(t, newMode(iv), buf[shift:][:n*size], buf[:n*size])
				refuses(t, newMode(iv), buf[:n*size], buf[shift:][:n*size])
			}
			// Neighbours do not overlap, and neither does the part of dst which is
			// not written.
			newMode(iv).CryptBlocks(buf[n*size:][:n*size], buf[:n*size])
			newMode(iv).CryptBlocks(buf[:2*n*size], buf[n*size:][:n*size])
		}
	})

	t.Run("ShortDst", func(t *testing.T) {
		src := random(3 * size)
		for _, n := range []int{0, 1, size, 2 * size, len(src) - 1} {
			// Capacity does not help.
			refuses(t, newMode(iv), make([]byte, n, len(src)), src)
			refuses(t, newMode(iv), src[:n], src)
		}
	})

	t.Run("PartialBlock", func(t *testing.T) {
		src := random(3 * size)
		for _, n := range []int{1, size - 1, size + 1, 3*size - 1} {
			refuses(t, newMode(iv), make([]byte, len(src)), src[:n])
			refuses(t, newMode(iv), src, src[:n])
		}
	})

	// What is refused does not move the stream on.
	t.Run("StateAfterPanic", func(t *testing.T) {
		src := random(4 * size)
		want := crypt(newMode(iv), src)
		mode := newMode(iv)
		refuses(t, mode, make([]byte, size), src)
		refuses(t, mode, make([]byte, len(src)), src[1:])
		refuses(t, mode, src[1:], src[:len(src)-size])
		if got := crypt(mode, src); !bytes.Equal(got, want) {
			t.Errorf("after panics:\n%x, want\n%x", got, want)
		}
	})
}

// refuses checks that a call panics without having written anything.
func refuses(t *testing.T, mode cipher.BlockMode, dst, src []byte) {
	t.Helper()
	beforeDst, beforeSrc := bytes.Clone(dst), bytes.Clone(src)
	defer func() {
		t.Helper()
		if recover() == nil {
			t.Errorf("no panic: %d bytes of dst, %d of src", len(dst), len(src))
		} else if !bytes.Equal(dst, beforeDst) || !bytes.Equal(src, beforeSrc) {
			t.Errorf("written before the panic: %d bytes of dst, %d of src", len(dst), len(src))
		}
	}()
	mode.CryptBlocks(dst, src)
}

func crypt(mode cipher.BlockMode, src []byte) []byte {
	dst := make([]byte, len(src))
	mode.CryptBlocks(dst, src)
	return dst
}

// guarded is a buffer with guard bytes on both sides, those after it within the
// capacity of middle.
type guarded struct {
	all, middle []byte
	guard       byte
}

const guardSize = 64

func newGuarded(guard byte, content []byte) guarded {
	all := bytes.Repeat([]byte{guard}, guardSize+len(content)+guardSize)
	middle := all[guardSize:][:len(content)]
	copy(middle, content)
	return guarded{all, middle, guard}
}

// intact reports whether the guard bytes are what they were.
func (g guarded) intact() bool {
	want := bytes.Repeat([]byte{g.guard}, guardSize)
	return bytes.Equal(g.all[:guardSize], want) && bytes.Equal(g.all[guardSize+len(g.middle):], want)
}

// random returns n bytes, the same ones in every run for a given n.
func random(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)}).Read(b)
	return b
}
