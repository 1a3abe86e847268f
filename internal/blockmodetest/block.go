package blockmodetest

import (
	"bytes"
	"crypto/cipher"
	"testing"
)

// TestBlock checks the contract of cipher.Block on b.
func TestBlock(t *testing.T, b cipher.Block) {
	t.Run("Encrypt", func(t *testing.T) { testBlock(t, b.BlockSize(), b.Encrypt) })
	t.Run("Decrypt", func(t *testing.T) { testBlock(t, b.BlockSize(), b.Decrypt) })
	t.Run("Roundtrip", func(t *testing.T) {
		size := b.BlockSize()
		want := random(size)
		got := make([]byte, size)
		b.Encrypt(got, want)
		if bytes.Equal(got, want) {
			t.Errorf("Encrypt(%x) = the same", want)
		}
		b.Decrypt(got, got)
		if !bytes.Equal(got, want) {
			t.Errorf("Decrypt(Encrypt) = %x, want %x", got, want)
		}
	})
}

func testBlock(t *testing.T, size int, crypt func(dst, src []byte)) {
	src := random(size)
	want := make([]byte, size)
	crypt(want, src)
	if !bytes.Equal(src, random(size)) {
		t.Errorf("src became %x, was %x", src, random(size))
	}

	buf := bytes.Clone(src)
	crypt(buf, buf)
	if !bytes.Equal(buf, want) {
		t.Errorf("in place %x, apart %x", buf, want)
	}

	// Only the first block of longer buffers counts.
	rest := bytes.Repeat([]byte{0xA5}, 2*size+1)
	long := append(bytes.Clone(src), rest...)
	crypt(long, long)
	if want := append(bytes.Clone(want), rest...); !bytes.Equal(long, want) {
		t.Errorf("of a longer buffer in place\n%x, want\n%x", long, want)
	}

	for _, guard := range []byte{0x00, 0xFF} {
		for offset := range size {
			s := newGuarded(guard, append(make([]byte, offset), src...))
			d := newGuarded(guard, make([]byte, offset+size))
			crypt(d.middle[offset:], s.middle[offset:])
			if got := d.middle[offset:]; !bytes.Equal(got, want) {
				t.Errorf("at offset %d between guards %#x: %x, want %x", offset, guard, got, want)
			}
			if !s.intact() || !d.intact() || !bytes.Equal(d.middle[:offset], make([]byte, offset)) {
				t.Errorf("at offset %d: wrote out of bounds", offset)
			}
		}
	}

	for _, tt := range []struct {
		name     string
		dst, src []byte
	}{
		{"nothing", nil, nil},
		{"short src", make([]byte, size), src[:size-1]},
		{"short dst", make([]byte, size-1, size), src},
		{"overlap forwards", long[1:][:size], long[:size]},
		{"overlap backwards", long[:size], long[size-1:][:size]},
	} {
		before := bytes.Clone(tt.dst)
		if !panics(func() { crypt(tt.dst, tt.src) }) {
			t.Errorf("%s: no panic", tt.name)
		} else if !bytes.Equal(tt.dst, before) {
			t.Errorf("%s: written before the panic", tt.name)
		}
	}
}

func panics(f func()) (panicked bool) {
	defer func() { panicked = recover() != nil }()
	f()
	return false
}
