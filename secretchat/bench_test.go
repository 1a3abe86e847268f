package secretchat_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"runtime"
	"testing"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/secretchat"
)

// memoryStore is a Store as fast as can be.
type memoryStore struct {
	records map[string]*[]byte
	free    []*[]byte // of records that were removed
	bytes   int       // written
}

func (s *memoryStore) Commit(_ int64, changes []secretchat.Change) error {
	if s.records == nil {
		s.records = map[string]*[]byte{}
	}
	for _, c := range changes {
		s.bytes += len(c.Key) + len(c.Value)
		value := s.records[string(c.Key)]
		switch {
		case c.Value == nil:
			if value != nil {
				s.free = append(s.free, value)
			}
			delete(s.records, string(c.Key))
			continue
		case value != nil:
		case len(s.free) > 0:
			value, s.free = s.free[len(s.free)-1], s.free[:len(s.free)-1]
			s.records[string(c.Key)] = value
		default:
			value = new([]byte)
			s.records[string(c.Key)] = value
		}
		*value = append((*value)[:0], c.Value...)
	}
	return nil
}

func (s *memoryStore) size() (n uint64) {
	for _, value := range s.records {
		n += uint64(cap(*value))
	}
	return n
}

func (s *memoryStore) all(yield func(key, value []byte) bool) {
	for key, value := range s.records {
		if !yield([]byte(key), *value) {
			return
		}
	}
}

// benchPair returns the two sides of a chat.
func benchPair(tb testing.TB, stores ...secretchat.Store) (sides [2]*secretchat.Chat) {
	tb.Helper()
	group := must(bigdh.Telegram(3))
	var opts [2]secretchat.Options
	for i := range opts {
		opts[i] = secretchat.Options{ChatID: 1, PeerID: int64(i), StateKey: secretchat.StateKey{1}}
		if stores != nil {
			opts[i].Store = stores[i]
		}
	}
	o, gA, err := secretchat.Request(group, opts[0])
	if err != nil {
		tb.Fatal(err)
	}
	b, gB, fingerprint, err := secretchat.Accept(group, gA[:], opts[1])
	if err != nil {
		tb.Fatal(err)
	}
	a, err := o.Complete(gB[:], fingerprint)
	if err != nil {
		tb.Fatal(err)
	}
	relay(tb, a, b)
	relay(tb, b, a)
	return [2]*secretchat.Chat{a, b}
}

// relay delivers what from has to send by itself.
func relay(tb testing.TB, from, to *secretchat.Chat) {
	for _, p := range from.Outbox() {
		from.Sent(p)
		if _, err := to.Receive(p.Data); err != nil {
			tb.Fatal(err)
		}
	}
}

// benchMessage is a decryptedMessage#91cc4674 of size bytes.
func benchMessage(size int) []byte {
	m := binary.LittleEndian.AppendUint32(nil, 0x91cc4674)
	m = append(m, make([]byte, 4+8+4)...) // flags, random_id, ttl
	text := size - len(m) - 4
	m = append(m, 0xfe, byte(text), byte(text>>8), 0)
	return append(m, make([]byte, text)...)
}

// BenchmarkMessage has one side encrypt a message and the other receive it, in turns, with
// all that comes with it: a new key after 100 messages, and, with a Store, the sealed
// states of both sides for each message.
func BenchmarkMessage(b *testing.B) {
	for _, store := range []struct {
		name string
		make func() []secretchat.Store
	}{
		{"none", func() []secretchat.Store { return nil }},
		{"memory", func() []secretchat.Store { return []secretchat.Store{&memoryStore{}, &memoryStore{}} }},
	} {
		for _, size := range []struct {
			name  string
			bytes int
		}{{"256", 256}, {"4K", 4 << 10}} {
			b.Run("store="+store.name+"/size="+size.name, func(b *testing.B) {
				sides := benchPair(b, store.make()...)
				message := benchMessage(size.bytes)
				b.SetBytes(int64(size.bytes))
				b.ReportAllocs()
				n := 0
				for b.Loop() {
					from, to := sides[n%2], sides[1-n%2]
					p, err := from.Encrypt(message)
					if err != nil {
						b.Fatal(err)
					}
					from.Sent(p)
					if events, err := to.Receive(p.Data); err != nil || len(events) == 0 {
						b.Fatal(len(events), err)
					}
					relay(b, from, to)
					relay(b, to, from)
					n++
				}
				b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "msgs/s")
			})
		}
	}
}

// BenchmarkHandshake is what both sides do to set up a chat, together: four
// exponentiations.
func BenchmarkHandshake(b *testing.B) {
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		benchPair(b)
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "handshakes/s")
}

// TestMemory: an idle chat, in which the last message of either side is not yet
// acknowledged and the application has not called Handled, takes 2 KiB at most.
func TestMemory(t *testing.T) {
	store := new(memoryStore)
	sides := benchPair(t, store, new(memoryStore))
	for i := range 210 { // some keys later
		from, to := sides[i%2], sides[1-i%2]
		p := must(from.Encrypt(benchMessage(256)))
		must(to.Receive(p.Data))
		for range 4 {
			relay(t, from, to)
			relay(t, to, from)
		}
	}
	const n = 1000
	chats := make([]*secretchat.Chat, n)
	before := heap()
	for i := range chats {
		chats[i] = must(secretchat.Restore(1, store.all, secretchat.Options{ChatID: 1, StateKey: secretchat.StateKey{1}}))
	}
	per := int64(heap()-before) / n
	runtime.KeepAlive(chats)
	t.Logf("%d bytes per idle chat", per)
	if per > 2<<10 || per < 512 {
		t.Errorf("an idle chat takes %d bytes, want 2048 at most, and no miracle", per)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC() // for what finalizers and pools have held
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// benchFileSize is a photo or a short video: 16 parts of the usual size.
const benchFileSize = 8 << 20

// BenchmarkFile encrypts and decrypts a file by each kind of stream, and, for what is
// possible at all, the same bytes in parts by package ige alone.
func BenchmarkFile(b *testing.B) {
	k := secretchat.NewFileKey()
	plain := fileContents(benchFileSize)
	encrypted := must(io.ReadAll(k.EncryptReader(bytes.NewReader(plain))))

	key, iv := k.Bytes()
	c := must(ige.NewCipher(key))
	buf := make([]byte, secretchat.DefaultPartSize)
	enc, dec := ige.NewEncrypter(c, (*[ige.IVSize]byte)(iv)), ige.NewDecrypter(c, (*[ige.IVSize]byte)(iv))
	reader := bytes.NewReader(nil)

	for _, bench := range []struct {
		name string
		f    func() error
	}{
		{"op=encrypt/by=ige", func() error {
			for range benchFileSize / len(buf) {
				enc.CryptBlocks(buf, buf)
			}
			return nil
		}},
		{"op=encrypt/by=Parts", func() error {
			reader.Reset(plain)
			for _, err := range k.Parts(reader, benchFileSize) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
		{"op=encrypt/by=Encrypter", func() error {
			w := k.Encrypter(io.Discard)
			if _, err := w.Write(plain); err != nil {
				return err
			}
			return w.Close()
		}},
		{"op=encrypt/by=EncryptReader", func() error {
			reader.Reset(plain)
			return drain(k.EncryptReader(reader), buf)
		}},
		{"op=decrypt/by=ige", func() error {
			for range benchFileSize / len(buf) {
				dec.CryptBlocks(buf, buf)
			}
			return nil
		}},
		{"op=decrypt/by=Decrypter", func() error {
			reader.Reset(encrypted)
			return drain(k.Decrypter(reader, benchFileSize), buf)
		}},
		{"op=decrypt/by=DecryptWriter", func() error {
			w := k.DecryptWriter(io.Discard, benchFileSize)
			if _, err := w.Write(encrypted); err != nil {
				return err
			}
			return w.Close()
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.SetBytes(benchFileSize)
			b.ReportAllocs()
			for b.Loop() {
				if err := bench.f(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// drain reads r to its end through buf.
func drain(r io.Reader, buf []byte) error {
	_, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, r, buf)
	return err
}
