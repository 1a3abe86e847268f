//go:build amd64 && gc && !race && !asan && !msan

package authkey

import (
	"bytes"
	"slices"
	"testing"
	"unsafe"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/wipetest"
	"github.com/mtcore/mtcore/kdf"
)

// memory returns the bytes of a value.
func memory[T any](v *T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(v)), unsafe.Sizeof(*v))
}

// secrets are what an exchange must not leave behind.
type secrets struct {
	newNonce, key, b, tempKey, tempIV []byte
}

func (s *secrets) all() [][]byte { return [][]byte{s.newNonce, s.key, s.b, s.tempKey, s.tempIV} }

// watch returns both sides just before the client's step with the given number, or after
// the end if that is 3, together with the secrets at that point.
func watch(t *testing.T, number int) (c *Client, s *Server, message []byte, found *secrets) {
	t.Helper()
	c, s = testClient(temporary), testServer()
	found = new(secrets)
	message = mustStep(t, s, c.Start())
	for i := range 3 {
		if i == number {
			return c, s, message, found
		}
		message = mustStep(t, c, message)
		if i == 0 {
			found.newNonce = bytes.Clone(c.x.newNonce[:])
			var key, iv [32]byte
			kdf.TempKeys(&key, &iv, &c.x.newNonce, &c.x.serverNonce)
			found.tempKey, found.tempIV = key[:], iv[:28] // the rest comes from the nonce
		}
		if i == 1 {
			found.key = bytes.Clone(c.key[:])
		}
		if i < 2 {
			message = mustStep(t, s, message)
		}
		if i == 0 {
			b := s.private.Bytes()
			found.b = b[:]
		}
	}
	return c, s, nil, found
}

func (s *secrets) in(t *testing.T, name string, want bool, memories ...[]byte) {
	t.Helper()
	got := false
	for _, m := range memories {
		for _, secret := range s.all() {
			for ; len(secret) >= 8; secret = secret[8:] {
				got = got || bytes.Contains(m, secret[:8])
			}
		}
	}
	if got != want {
		t.Errorf("%s: secrets found: %v, want %v", name, got, want)
	}
}

func (s *Server) memories() [][]byte {
	m := [][]byte{memory(s)}
	if s.private != nil {
		m = append(m, memory(s.private))
	}
	return m
}

// TestWiped looks for secrets in a Client and a Server. While they are needed it must find
// them; at the end, after an error and after Wipe it must not.
func TestWiped(t *testing.T) {
	for number := 1; number <= 2; number++ {
		c, s, message, found := watch(t, number)
		found.in(t, "client before", true, memory(c))
		found.in(t, "server before", true, s.memories()...)

		message = bytes.Clone(message)
		message[len(message)-1] ^= 1
		if _, err := c.Step(t.Context(), message); err != ErrPeer {
			t.Fatalf("a wrong message: %v, want %v", err, ErrPeer)
		}
		found.in(t, "client after an error", false, memory(c))
		s.Wipe()
		found.in(t, "server after Wipe", false, s.memories()...)

		c, s, message, found = watch(t, number)
		c.Wipe()
		found.in(t, "client after Wipe", false, memory(c))
		if _, err := c.Step(t.Context(), message); err != ErrState {
			t.Errorf("client after Wipe: %v, want %v", err, ErrState)
		}
		if number == 1 {
			if _, err := s.Step(t.Context(), message); err != ErrPeer {
				t.Fatalf("its own message: %v, want %v", err, ErrPeer)
			}
			found.in(t, "server after an error", false, s.memories()...)
		}
	}

	c, s, _, found := watch(t, 3)
	r, err := c.Result()
	if err != nil {
		t.Fatal(err)
	}
	if c.key != (kdf.AuthKey{}) {
		t.Error("the client has the key twice, in its result and apart from it")
	}
	key := r.AuthKey
	found.key = nil
	found.in(t, "client at the end", false, memory(c))
	found.in(t, "server at the end", false, s.memories()...)
	found.key = key[:]
	c.Wipe()
	s.Wipe()
	if r.AuthKey != key {
		t.Error("Wipe erased a result that was given away")
	}
	found.in(t, "client after the end and Wipe", false, memory(c))
	found.in(t, "server after the end and Wipe", false, s.memories()...)
	for _, side := range []interface{ Result() (*Result, error) }{c, s} {
		if _, err := side.Result(); err != ErrState {
			t.Errorf("%T: Result after Wipe: %v, want %v", side, err, ErrState)
		}
	}
	r.Wipe()
	if r.AuthKey != (kdf.AuthKey{}) || r.Salt != 0 {
		t.Error("Result.Wipe leaves the key or the salt")
	}
}

// TestWipeStack looks for secrets on the stack after each step.
func TestWipeStack(t *testing.T) {
	impltest.SkipShort(t, "emulators are slow, so that the runtime interrupts every call; see package wipetest")
	// The function may be called more than once: there are as many exchanges.
	for number := 1; number <= 2; number++ {
		var cs, ss []func()
		var found []*secrets
		for range wipetest.StackCalls {
			c, s, message, f := watch(t, number)
			cs = append(cs, func() { c.Step(t.Context(), message) })
			if number == 1 {
				// The server's next step needs what a client like this one sends.
				twin := *c
				answer := mustStep(t, &twin, message)
				f.key = bytes.Clone(twin.key[:])
				ss = append(ss, func() { s.Step(t.Context(), answer) })
			}
			found = append(found, f)
		}
		list := func() (all [][]byte) {
			for _, f := range found {
				all = slices.Concat(all, f.all())
			}
			return all
		}
		wipetest.Stack(t, "client", next(cs), list)
		if number == 1 {
			wipetest.Stack(t, "server", next(ss), list)
		}
	}

	key := serverKey()
	data := bytes.Repeat([]byte{1, 2, 3, 4, 5, 6, 7, 8}, 12)
	var encrypted [rsaSize]byte
	tempKey := goodTempKey(t, key.PublicKey(), data)
	wipetest.Stack(t, "rsaPad", func() {
		withRandom(t, func() { key.PublicKey().rsaPad(&encrypted, data) }, zeros(paddedSize-len(data)), tempKey)
	}, func() [][]byte { return [][]byte{tempKey, data[:8]} })
	var padded [paddedSize]byte
	wipetest.Stack(t, "openRSAPad", func() {
		if err := key.openRSAPad(&padded, encrypted[:]); err != nil {
			t.Error(err)
		}
	}, func() [][]byte { return [][]byte{tempKey, data[:8]} })
}

// next returns a function that calls the functions one after the other.
func next(fs []func()) func() {
	i := 0
	return func() {
		fs[i]()
		i++
	}
}
