package authkey

import (
	"bytes"
	"context"
	"crypto/sha1"
	"testing"

	"github.com/mtcore/mtcore/internal/tl"
)

// canonical returns a message of an exchange as this package would write it: TL lets
// the padding of strings be anything.
func canonical(number int, message []byte) []byte {
	switch number {
	case 0:
		if m, err := tl.ParseReqPQMulti(message); err == nil {
			return m.Append(nil)
		}
	case 1:
		if m, err := tl.ParseResPQ(message); err == nil {
			return m.Append(nil)
		}
	case 2:
		if m, err := tl.ParseReqDHParams(message); err == nil {
			return m.Append(nil)
		}
	case 3:
		if m, err := tl.ParseServerDHParams(message); err == nil {
			return m.AppendServerDHParams(nil)
		}
	case 4:
		if m, err := tl.ParseSetClientDHParams(message); err == nil {
			return m.AppendSetClientDHParams(nil)
		}
	case 5:
		if m, err := tl.ParseDHGen(message); err == nil {
			return m.Append(nil)
		}
	}
	return nil
}

// checkEnded fails the test unless the exchange has failed and nothing is left of it.
func checkEnded(t *testing.T, c *Client, s *Server, clientErr, serverErr error, want ...error) {
	t.Helper()
	err := clientErr
	if err == nil {
		err = serverErr
	}
	good := false
	for _, w := range want {
		good = good || err == w
	}
	if !good {
		t.Errorf("client: %v, server: %v, want one of %v", clientErr, serverErr, want)
	}
	if clientErr != nil {
		if _, err := c.Step(t.Context(), nil); err != ErrState {
			t.Errorf("client after an error: %v, want %v", err, ErrState)
		}
		if _, err := c.Result(); err != ErrState {
			t.Errorf("client's result after an error: %v, want %v", err, ErrState)
		}
		if c.x.newNonce != (tl.Int256{}) || c.key != [256]byte{} || c.x.result != (Result{}) {
			t.Error("client has secrets after an error")
		}
	}
	if serverErr != nil {
		if _, err := s.Step(t.Context(), nil); err != ErrState {
			t.Errorf("server after an error: %v, want %v", err, ErrState)
		}
		if _, err := s.Result(); err != ErrState {
			t.Errorf("server's result after an error: %v, want %v", err, ErrState)
		}
		if s.x.newNonce != (tl.Int256{}) || s.x.result != (Result{}) {
			t.Error("server has secrets after an error")
		}
	}
}

// TestMutatedBytes changes each byte of each message, and cuts the message off at many
// places.
func TestMutatedBytes(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 13
	}
	sizes := make([]int, 6)
	run(t, testClient(), testServer(), func(number int, message []byte) []byte {
		sizes[number] = len(message)
		return message
	})
	harmless := 0
	for number, size := range sizes {
		for i := 0; i < 2*size; i += step {
			if i > size && i%8 != 0 {
				continue
			}
			c, s := testClient(), testServer()
			changed := true
			_, clientErr, serverErr := run(t, c, s, func(n int, message []byte) []byte {
				if n != number {
					return message
				}
				mutated := bytes.Clone(message)
				if i < size {
					mutated[i] ^= 1 << (i % 8)
				} else {
					mutated = mutated[:i-size]
				}
				changed = !bytes.Equal(canonical(n, mutated), message)
				return mutated
			})
			if !changed {
				harmless++
				if clientErr != nil || serverErr != nil {
					t.Errorf("padding of message %d changed: %v, %v", number, clientErr, serverErr)
				}
				continue
			}
			want := []error{ErrPeer}
			if number == 1 && i < size && i >= size-8 {
				want = []error{ErrKey} // the fingerprint
			}
			checkEnded(t, c, s, clientErr, serverErr, want...)
			if t.Failed() {
				t.Fatalf("message %d of %d bytes, change %d", number, size, i)
			}
		}
	}
	if step == 1 && harmless == 0 {
		t.Error("no change was harmless, not even of padding")
	}
}

// inner changes the encrypted part of a message, with the keys that only the two sides
// have.
func inner(t *testing.T, s *Server, number int, message []byte, change func(data []byte) []byte) []byte {
	t.Helper()
	fail := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	reseal := func(b []byte) []byte {
		plaintext, err := s.x.openInner(bytes.Clone(b))
		fail(err)
		var n int
		if number == 3 {
			_, n, err = tl.ParseServerDHInnerData(plaintext[sha1.Size:])
		} else {
			_, n, err = tl.ParseClientDHInnerData(plaintext[sha1.Size:])
		}
		fail(err)
		data := change(plaintext[sha1.Size:][:n])
		return s.x.sealInner(append(make([]byte, sha1.Size, sha1.Size+len(data)+maxInnerPadding), data...))
	}
	switch number {
	case 2:
		m, err := tl.ParseReqDHParams(message)
		fail(err)
		var padded [paddedSize]byte
		fail(s.opt.Key.openRSAPad(&padded, m.EncryptedData))
		_, n, err := tl.ParsePQInnerData(padded[:])
		fail(err)
		var encrypted [rsaSize]byte
		s.opt.Key.PublicKey().rsaPad(&encrypted, change(padded[:n]))
		m.EncryptedData = encrypted[:]
		return m.Append(nil)
	case 3:
		m, err := tl.ParseServerDHParams(message)
		fail(err)
		m.Data = reseal(m.Data)
		return m.AppendServerDHParams(nil)
	case 4:
		m, err := tl.ParseSetClientDHParams(message)
		fail(err)
		m.Data = reseal(m.Data)
		return m.AppendSetClientDHParams(nil)
	}
	return message
}

// TestMutatedInside changes each byte of what is encrypted, which only a peer can do.
func TestMutatedInside(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 13
	}
	// These bytes are neither checked nor agreed on: a lifetime, the last four bytes of the
	// first message, and the server's clock, the last four of the second. The highest bit of
	// a byte stays, since a negative lifetime is refused.
	free := map[int]int{2: 4, 3: 4}
	for _, number := range []int{2, 3, 4} {
		size := 0
		for i := 0; i == 0 || i < size; i += step {
			c, s := testClient(temporary), testServer()
			var before, after []byte
			_, clientErr, serverErr := run(t, c, s, func(n int, message []byte) []byte {
				if n != number {
					return message
				}
				return inner(t, s, number, message, func(data []byte) []byte {
					size = len(data)
					before, after = bytes.Clone(data), bytes.Clone(data)
					after[i] ^= 1 << (i % 7)
					return after
				})
			})
			if i >= size-free[number] || sameInner(number, before, after) {
				if serverErr != nil || clientErr != nil {
					t.Fatalf("inside of message %d, byte %d: %v, %v", number, i, clientErr, serverErr)
				}
				continue
			}
			checkEnded(t, c, s, clientErr, serverErr, ErrPeer)
			if t.Failed() {
				t.Fatalf("inside of message %d, of %d bytes, byte %d", number, size, i)
			}
		}
	}
}

func sameInner(number int, a, b []byte) bool {
	write := func(data []byte) []byte {
		switch number {
		case 2:
			if m, _, err := tl.ParsePQInnerData(data); err == nil {
				return m.Append(nil)
			}
		case 3:
			if m, _, err := tl.ParseServerDHInnerData(data); err == nil {
				return m.Append(nil)
			}
		case 4:
			if m, _, err := tl.ParseClientDHInnerData(data); err == nil {
				return m.Append(nil)
			}
		}
		return nil
	}
	return bytes.Equal(write(a), write(b))
}

// TestOutOfStep gives each side the messages of all other steps, from this exchange and from
// another one, and the right one twice.
func TestOutOfStep(t *testing.T) {
	record := func(c *Client, s *Server) (messages [][]byte) {
		run(t, c, s, func(_ int, message []byte) []byte {
			messages = append(messages, message)
			return message
		})
		return messages
	}
	other := record(testClient(), testServer())
	if len(other) != 6 {
		t.Fatalf("%d messages, want 6", len(other))
	}
	for at := range other {
		for wrong := range 12 {
			if wrong == 6 && at == 0 {
				continue // which begins another exchange, as it should
			}
			c, s := testClient(), testServer()
			var own [][]byte
			_, clientErr, serverErr := run(t, c, s, func(n int, message []byte) []byte {
				own = append(own, message)
				switch {
				case n != at:
					return message
				case wrong >= 6:
					return other[wrong-6]
				case wrong < n:
					return own[wrong]
				}
				return nil // this exchange has no such message yet
			})
			checkEnded(t, c, s, clientErr, serverErr, ErrPeer)
			if t.Failed() {
				t.Fatalf("message %d in place of %d", wrong, at)
			}
		}
	}

	c, s := testClient(), testServer()
	messages := record(c, s)
	want, err := c.Result()
	if err != nil {
		t.Fatal(err)
	}
	for i, message := range messages {
		if _, err := c.Step(t.Context(), message); err != ErrState {
			t.Errorf("client, message %d after the end: %v, want %v", i, err, ErrState)
		}
		if _, err := s.Step(t.Context(), message); err != ErrState {
			t.Errorf("server, message %d after the end: %v, want %v", i, err, ErrState)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, side := range []interface {
		Step(context.Context, []byte) ([]byte, error)
	}{c, s} {
		if _, err := side.Step(ended, messages[0]); err != ErrState {
			t.Errorf("%T, after the end and that of the context: %v, want %v", side, err, ErrState)
		}
	}
	for _, side := range []interface{ Result() (*Result, error) }{c, s} {
		if got, err := side.Result(); err != nil || *got != *want {
			t.Errorf("%T: the result is another after the end: %v", side, err)
		}
	}
}

// TestStart: a client may be started twice, and takes no message before it was started.
func TestStart(t *testing.T) {
	c := testClient()
	if _, err := c.Step(t.Context(), make([]byte, 64)); err != ErrState {
		t.Errorf("Step before Start: %v, want %v", err, ErrState)
	}
	if _, err := c.Result(); err != ErrState {
		t.Errorf("Result before Start: %v, want %v", err, ErrState)
	}
	first := c.Start()
	if again := c.Start(); !bytes.Equal(first, again) {
		t.Errorf("Start = %x, then %x", first, again)
	}
	agree(t, c, testServer(), 6)
	if again := c.Start(); !bytes.Equal(first, again) || c.x.state != stateDone {
		t.Errorf("Start = %x, after the end %x", first, again)
	}
	if other := testClient().Start(); bytes.Equal(first, other) {
		t.Error("two clients have the same nonce")
	}
}
