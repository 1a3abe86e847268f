package ige

import (
	"bytes"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
)

// newMessage returns a message of n bytes with a dst that is longer by a block.
func newMessage(seed uint64, n int) Message {
	r := newRand(seed)
	m := Message{Src: make([]byte, n), Dst: make([]byte, n+BlockSize)}
	r.Read(m.Key[:])
	r.Read(m.IV[:])
	r.Read(m.Src)
	r.Read(m.Dst)
	return m
}

func TestMessageDecryptPartialBlock(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		for n := range 5 * BlockSize {
			m := newMessage(uint64(n), n)
			dst := bytes.Clone(m.Dst)
			err := m.Decrypt()
			if n%BlockSize == 0 {
				if err != nil {
					t.Errorf("%d bytes: %v", n, err)
				}
				continue
			}
			if err != ErrPartialBlock {
				t.Errorf("%d bytes: err = %v, want %v", n, err, ErrPartialBlock)
			}
			if !bytes.Equal(m.Dst, dst) {
				t.Errorf("%d bytes: dst was written", n)
			}
			if m.Err != nil {
				t.Errorf("%d bytes: Err = %v, but only DecryptBatch sets it", n, m.Err)
			}
		}
	})
}

// TestMessageReuse: a Message is good for any number of calls.
func TestMessageReuse(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		m := newMessage(1, 9*BlockSize)
		want := referenceEncrypt(newAES(m.Key[:]), m.IV[:], m.Src)
		before := m
		for range 3 {
			clear(m.Dst)
			m.Encrypt()
			if got := m.Dst[:len(m.Src)]; !bytes.Equal(got, want) {
				t.Errorf("Encrypt:\n%x, want\n%x", got, want)
			}
			back := m
			back.Dst, back.Src = make([]byte, len(want)), want
			if err := back.Decrypt(); err != nil {
				t.Error(err)
			}
			if got, want := back.Dst, m.Src; !bytes.Equal(got, want) {
				t.Errorf("Decrypt:\n%x, want\n%x", got, want)
			}
			if back.Key != m.Key || back.IV != m.IV {
				t.Error("Decrypt changed the key or the iv")
			}
		}
		if m.Key != before.Key || m.IV != before.IV {
			t.Error("Encrypt changed the key or the iv")
		}
		if len(m.Dst) != len(before.Dst) || len(m.Src) != len(before.Src) {
			t.Error("Encrypt changed the buffers' lengths")
		}
	})
}

// TestMessageContinues: the last blocks of a message are the iv that goes on.
func TestMessageContinues(t *testing.T) {
	whole := newMessage(2, 12*BlockSize)
	whole.Encrypt()
	for at := BlockSize; at < len(whole.Src); at += BlockSize {
		rest := whole
		rest.Src, rest.Dst = whole.Src[at:], make([]byte, len(whole.Src)-at)
		copy(rest.IV[:BlockSize], whole.Dst[at-BlockSize:at])
		copy(rest.IV[BlockSize:], whole.Src[at-BlockSize:at])
		rest.Encrypt()
		if got, want := rest.Dst, whole.Dst[at:len(whole.Src)]; !bytes.Equal(got, want) {
			t.Errorf("from byte %d:\n%x, want\n%x", at, got, want)
		}
	}
}

func TestMessageWipe(t *testing.T) {
	m := newMessage(3, 2*BlockSize)
	dst, src := bytes.Clone(m.Dst), bytes.Clone(m.Src)
	m.Wipe()
	if m.Key != [KeySize]byte{} {
		t.Errorf("Key = %x after Wipe", m.Key)
	}
	if m.IV != [IVSize]byte{} {
		t.Errorf("IV = %x after Wipe", m.IV)
	}
	if !bytes.Equal(m.Dst, dst) || !bytes.Equal(m.Src, src) {
		t.Error("Wipe changed a buffer")
	}
}
