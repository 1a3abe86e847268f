//go:build amd64 && gc && !race && !asan && !msan

package secretchat

import (
	"bytes"
	"crypto/rand"
	"io"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/internal/impl"
	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/wipetest"
	"github.com/mtcore/mtcore/kdf"
)

// drawn is a source of random bytes that knows where they are: package crypto/rand leaves the
// buffer that it reads into, if its source is replaced, and only then.
type drawn struct {
	from    io.Reader
	buffers [][]byte
	keys    [][]byte // those of package bigdh
}

func (d *drawn) Read(b []byte) (int, error) {
	d.buffers = append(d.buffers, b)
	if calledFrom("/bigdh.") {
		d.keys = append(d.keys, b)
	}
	return d.from.Read(b)
}

// calledFrom reports whether a function with this in its name has called the caller.
func calledFrom(name string) bool {
	var callers [16]uintptr
	for frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers[:])]); ; {
		f, more := frames.Next()
		if strings.Contains(f.Function, name) {
			return true
		}
		if !more {
			return false
		}
	}
}

func (d *drawn) during(f func()) {
	rand.Reader = d
	f()
	rand.Reader = d.from
}

// exponents returns those among what was drawn. Padding, of which the peer keeps a copy, may be as long.
func (d *drawn) exponents() (list [][]byte) {
	for _, b := range d.keys {
		if len(b) == bigdh.Size {
			list = append(list, b)
		}
	}
	return list
}

// memory returns the bytes of a value.
func memory[T any](v *T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(v)), unsafe.Sizeof(*v))
}

// places returns where a chat has its secrets.
func (c *Chat) places() (list [][]byte) {
	list = append(list, memory(c))
	for _, k := range []*key{c.key, c.other} {
		if k != nil {
			list = append(list, memory(k))
		}
	}
	if c.exchange.mine != nil {
		list = append(list, memory(c.exchange.mine))
	}
	for _, r := range c.history.records {
		list = append(list, r.object)
	}
	for _, m := range c.queue.waiting {
		list = append(list, m.body)
	}
	for _, e := range c.unhandled.list {
		list = append(list, e.Body)
	}
	return list
}

// TestWipeMemory looks for keys, exponents and messages in the heap and where the stack was before
// it grew, after whatever a chat does.
func TestWipeMemory(t *testing.T) {
	impltest.SkipShort(t, "searches all memory")
	if kdf.Backend() == "generic" {
		return // what crypto/sha256 leaves is not ours
	}
	group := testGroup(t)
	seed := uint64(1)

	const textStart, textSize = 4 + 4 + 8 + 4 + 1, 120 // in a message
	// subject is a pair of chats, with secrets that only they have.
	type subject struct {
		a, b    *party
		random  drawn
		key     *kdf.AuthKey // a copy of the first one
		message []byte
		packet  Packet
		state   *StateKey

		received *[256]byte
	}
	newSubject := func() *subject {
		s := &subject{random: drawn{from: rand.Reader}, key: new(kdf.AuthKey), state: new(StateKey), received: new([256]byte)}
		seed = impl.Fill(s.state[:], seed)
		s.message = text(1, strings.Repeat(" ", textSize))
		content := s.message[textStart:][:textSize]
		seed = impl.Fill(content, seed)
		for i := range content {
			content[i] = content[i]&0x3f | 0x40 // letters
		}
		return s
	}
	// chats makes the pair.
	chats := func(s *subject) {
		s.random.during(func() { s.a, s.b = newSettledPair(t) })
		for _, p := range []*party{s.a, s.b} {
			copy(p.ledger.key[:], s.state[:])
			if err := p.do(func() (bool, error) { p.touchAll(); return true, nil }); err != nil {
				t.Error(err)
			}
		}
		copy(s.key[:], s.a.key.auth[:])
	}
	check := func(name string, setUp, run func(s *subject), owned func(s *subject) [][]byte, more ...func(s *subject) [][]byte) {
		t.Helper()
		wipetest.Memory(t, name, func() wipetest.Trial {
			s := newSubject()
			setUp(s)
			return wipetest.Trial{
				Run:   func() { s.random.during(func() { run(s) }) },
				Owned: [][]byte{s.key[:], s.message, s.state[:], s.received[:]},
				OwnedLater: func() [][]byte {
					return append(owned(s), s.random.buffers...)
				},
				Secrets: func() [][]byte {
					list := append(s.random.exponents(), s.key[:], s.message[textStart:][:textSize], s.state[:])
					if len(s.packet.Data) > 0 {
						var key, iv [32]byte
						m := kdf.MsgKey(s.packet.Data[8:])
						s.key.Derive(&key, &iv, kdf.Client, &m)
						list = append(list, key[:], iv[:])
					}
					for _, f := range more {
						list = append(list, f(s)...)
					}
					return list
				},
			}
		})
	}
	nothing := func(*subject) [][]byte { return nil }
	both := func(s *subject) [][]byte { return append(s.a.places(), s.b.places()...) }
	encrypt := func(s *subject) {
		var err error
		if s.packet, err = s.a.Encrypt(s.message); err != nil {
			t.Error(err)
		}
	}
	receive := func(s *subject) {
		if _, err := s.b.Receive(s.packet.Data); err != nil {
			t.Error(err)
		}
	}

	check("Request, Accept and Complete", func(s *subject) {}, func(s *subject) {
		out, gA, err := Request(group, Options{ChatID: 1, PeerID: 2})
		if err != nil {
			t.Error(err)
			return
		}
		b, gB, fingerprint, err := Accept(group, gA[:], Options{ChatID: 1, PeerID: 2})
		if err != nil {
			t.Error(err)
			return
		}
		a, err := out.Complete(gB[:], fingerprint)
		if err != nil {
			t.Error(err)
			return
		}
		copy(s.key[:], a.key.auth[:])
		a.Wipe()
		b.Wipe()
	}, nothing)
	check("Request, for a Store", func(s *subject) {}, func(s *subject) {
		opt, _ := testOptions()
		out, _, err := Request(group, opt)
		if err != nil {
			t.Error(err)
			return
		}
		out.Wipe()
	}, nothing)
	check("Encrypt", chats, encrypt, both)
	check("Receive", func(s *subject) { chats(s); encrypt(s) }, receive, both)
	check("Receive of a changed packet", func(s *subject) { chats(s); encrypt(s) }, func(s *subject) {
		changed := bytes.Clone(s.packet.Data)
		changed[len(changed)-1] ^= 1
		if _, err := s.b.Receive(changed); err != ErrDecrypt {
			t.Error(err)
		}
	}, both)
	check("Receive of what has to wait", func(s *subject) {
		chats(s)
		say(t, s.a, 5, "lost")
		encrypt(s)
	}, receive, both)
	requestKey := func(s *subject) {
		if err := s.a.do(func() (bool, error) { return true, s.a.requestKey(1) }); err != nil {
			t.Error(err)
		}
	}
	check("RequestKey", chats, requestKey, both)
	check("renewal", chats, func(s *subject) {
		requestKey(s)
		settle(t, s.a, s.b)
		settle(t, s.a, s.b)
		deliver(t, s.a, say(t, s.b, 3, "so that the old key is not needed"))
		deliver(t, s.b, say(t, s.a, 3, "nor here"))
		if s.a.other != nil || s.b.other != nil || bytes.Equal(s.a.key.auth[:], s.key[:]) {
			t.Error("the key was not renewed")
		}
	}, both, func(s *subject) [][]byte { return [][]byte{s.a.key.auth[:]} })
	check("Wipe", func(s *subject) { chats(s); encrypt(s) }, func(s *subject) {
		s.a.Wipe()
		s.b.Wipe()
	}, nothing)
	check("Discard", func(s *subject) { chats(s); encrypt(s) }, func(s *subject) {
		s.a.Discard()
		s.b.Discard()
	}, nothing)
	check("Withdraw", func(s *subject) { chats(s); encrypt(s) }, func(s *subject) {
		if err := s.a.Withdraw(s.packet.Seq); err != nil {
			t.Error(err)
		}
	}, both)
	check("read", func(s *subject) { chats(s); encrypt(s) }, func(s *subject) {
		c := new(Chat)
		c.maxPacket = 1 << 20
		c.ledger.chat, c.ledger.peer = s.a.ledger.chat, s.a.ledger.peer
		copy(c.ledger.key[:], s.state[:])
		if !c.read(s.a.store.records.all()) {
			t.Error("a state that cannot be read")
		}
		c.Wipe()
	}, both)
	check("a file", func(s *subject) { s.packet.Data = make([]byte, 0, 1024) }, func(s *subject) {
		k := NewFileKey()
		encrypted := bytes.NewBuffer(s.packet.Data)
		w := k.Encrypter(encrypted)
		w.Write(s.message)
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		r := k.Decrypter(encrypted, int64(len(s.message)))
		k.Wipe()
		if n, err := io.ReadFull(r, s.received[:len(s.message)]); err != nil {
			t.Error(n, err)
		}
		if n, err := r.Read(s.received[:]); n != 0 || err != io.EOF {
			t.Error(n, err)
		}
	}, nothing, func(s *subject) [][]byte {
		return [][]byte{s.random.buffers[0], s.random.buffers[1]} // the key and the iv
	})
}
