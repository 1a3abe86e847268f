package authkey

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"io"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mtcore/mtcore/bigdh"
	"github.com/mtcore/mtcore/envelope"
	"github.com/mtcore/mtcore/ige"
	"github.com/mtcore/mtcore/internal/redact/redacttest"
	"github.com/mtcore/mtcore/internal/rsapad"
	"github.com/mtcore/mtcore/internal/tl"
	"github.com/mtcore/mtcore/internal/vectortest"
	"github.com/mtcore/mtcore/kdf"
)

// TestFingerprints: the published keys have the fingerprints that official apps list beside
// them.
func TestFingerprints(t *testing.T) {
	for _, tt := range []struct {
		keys []*PublicKey
		want uint64
	}{
		{TelegramKeys(), 0xd09d1d85de64fd85},
		{TelegramTestKeys(), 0xb25898df208d2603},
	} {
		if len(tt.keys) != 1 || uint64(tt.keys[0].Fingerprint()) != tt.want {
			t.Errorf("%d keys, the first %#x, want %#x", len(tt.keys), uint64(tt.keys[0].Fingerprint()), tt.want)
		}
	}
}

// TestParseKeys covers all forms of a key, made by OpenSSL, and some that are not keys.
func TestParseKeys(t *testing.T) {
	read := func(name string) []byte {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	want := serverKey().Fingerprint()
	for _, name := range []string{"server.pem", "server-pkcs8.pem"} {
		k, err := ParsePrivateKey(read(name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if k.Fingerprint() != want || k.PublicKey().Fingerprint() != want {
			t.Errorf("%s: fingerprint %#x, want %#x", name, k.Fingerprint(), want)
		}
		if _, err := ParsePublicKey(read(name)); err == nil {
			t.Errorf("%s: is taken for a public key", name)
		}
	}
	for _, name := range []string{"public.pem", "public-pkix.pem"} {
		k, err := ParsePublicKey(read(name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if k.Fingerprint() != want {
			t.Errorf("%s: fingerprint %#x, want %#x", name, k.Fingerprint(), want)
		}
		if _, err := ParsePrivateKey(read(name)); err == nil {
			t.Errorf("%s: is taken for a private key", name)
		}
	}
	// Of several keys with text around them, the first one counts.
	many := append([]byte("# two keys\n"), read("public-pkix.pem")...)
	if k, err := ParsePublicKey(append(many, telegramPEM...)); err != nil || k.Fingerprint() != want {
		t.Errorf("two keys: %v", err)
	}

	for _, name := range []string{"bad-1024.pem", "bad-4096.pem", "bad-ec.pem", "bad-three-primes.pem"} {
		_, public := ParsePublicKey(read(name))
		_, private := ParsePrivateKey(read(name))
		if public == nil || private == nil {
			t.Errorf("%s: accepted", name)
		} else if !strings.HasPrefix(public.Error(), "authkey: ") || !strings.HasPrefix(private.Error(), "authkey: ") {
			t.Errorf("%s: errors %q and %q", name, public, private)
		}
	}
	for name, text := range map[string][]byte{
		"nothing":        nil,
		"no PEM":         []byte("MIIBCgKCAQEA6LszBcC1LGzyr992NzE0ieY+BSaOW622Aa9Bd4ZHLl+TuFQ4lo4g"),
		"certificate":    pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{1}}),
		"garbage, PKCS1": pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: []byte{1}}),
		"garbage, PKIX":  pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte{1}}),
		"garbage, PKCS8": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1}}),
		"garbage, RSA":   pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: []byte{1}}),
	} {
		if _, err := ParsePublicKey(text); err == nil {
			t.Errorf("%s: is a public key", name)
		}
		if _, err := ParsePrivateKey(text); err == nil {
			t.Errorf("%s: is a private key", name)
		}
	}
}

func TestFactorPQ(t *testing.T) {
	for _, tt := range []struct {
		pq   []byte
		p, q uint64
	}{
		{[]byte{0x17, 0xed, 0x48, 0x94, 0x1a, 0x08, 0xf9, 0x81}, 0x494c553b, 0x53911073},
		{[]byte{15}, 3, 5},
		{[]byte{0, 0, 15}, 3, 5},
	} {
		if p, q, err := FactorPQ(t.Context(), tt.pq); p != tt.p || q != tt.q || err != nil {
			t.Errorf("FactorPQ(%x) = %d, %d, %v, want %d, %d", tt.pq, p, q, err, tt.p, tt.q)
		}
	}
	for _, pq := range [][]byte{
		nil, {}, {0}, {1}, {9}, {14}, {13}, make([]byte, 8), make([]byte, 9), make([]byte, 300),
		{0, 0x17, 0xed, 0x48, 0x94, 0x1a, 0x08, 0xf9, 0x81},  // a valid number in nine bytes
		binary.BigEndian.AppendUint64(nil, math.MaxInt64-24), // prime
		binary.BigEndian.AppendUint64(nil, math.MaxUint64),
	} {
		if p, q, err := FactorPQ(t.Context(), pq); err != ErrPeer || p != 0 || q != 0 {
			t.Errorf("FactorPQ(%x) = %d, %d, %v, want %v", pq, p, q, err, ErrPeer)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := FactorPQ(ctx, []byte{0x17, 0xed, 0x48, 0x94, 0x1a, 0x08, 0xf9, 0x81}); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
}

// TestHostileServer sends pq, keys, groups and public values that are wrong in themselves.
func TestHostileServer(t *testing.T) {
	for name, pq := range map[string][]byte{
		"empty": nil, "zero": {0}, "one": {1}, "even": {16}, "square": {9}, "prime": {0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xe7},
		"nine bytes": {1, 0, 0, 0, 0, 0, 0, 0, 1},
	} {
		c, s := testClient(), testServer()
		_, clientErr, serverErr := run(t, c, s, func(n int, message []byte) []byte {
			if n != 1 {
				return message
			}
			m, _ := tl.ParseResPQ(message)
			m.PQ = pq
			return m.Append(nil)
		})
		if clientErr != ErrPeer || serverErr != nil {
			t.Errorf("pq %s: client: %v, server: %v, want %v", name, clientErr, serverErr, ErrPeer)
		}
	}

	// Leading zeros are allowed in pq. The factors in the answer have none.
	for _, pq := range [][]byte{{15}, {0, 0, 0, 0, 0, 0, 0, 15}, {0x05, 0xc5, 0x6d}} {
		c := testClient()
		c.Start()
		m := tl.ResPQ{Nonce: c.x.nonce, PQ: pq, Fingerprints: []int64{serverKey().Fingerprint()}}
		reply, err := c.Step(t.Context(), m.Append(nil))
		if err != nil {
			t.Fatalf("pq %x: %v", pq, err)
		}
		req, err := tl.ParseReqDHParams(reply)
		if err != nil || len(req.P) == 0 || req.P[0] == 0 || len(req.Q) == 0 || req.Q[0] == 0 {
			t.Errorf("pq %x: p %x, q %x, %v", pq, req.P, req.Q, err)
		}
	}

	p := telegramGroup(t).Prime()
	minus := func(d int64) []byte {
		n := new(big.Int).SetBytes(p[:])
		return n.Sub(n, big.NewInt(d)).FillBytes(make([]byte, 256))
	}
	composite := minus(8) // of the form that is looked at, and divisible by 3
	edge := new(big.Int).Lsh(big.NewInt(1), 1984)
	for name, change := range map[string]func(*tl.ServerDHInnerData){
		"g is 2":         func(m *tl.ServerDHInnerData) { m.G = 2 },
		"g is 1":         func(m *tl.ServerDHInnerData) { m.G = 1 },
		"g is 8":         func(m *tl.ServerDHInnerData) { m.G = 8 },
		"g is negative":  func(m *tl.ServerDHInnerData) { m.G = -3 },
		"no prime":       func(m *tl.ServerDHInnerData) { m.Prime = composite },
		"short prime":    func(m *tl.ServerDHInnerData) { m.Prime = []byte{23} },
		"long prime":     func(m *tl.ServerDHInnerData) { m.Prime = append([]byte{1}, p[:]...) },
		"empty prime":    func(m *tl.ServerDHInnerData) { m.Prime = nil },
		"g_a is 0":       func(m *tl.ServerDHInnerData) { m.GA = nil },
		"g_a is 1":       func(m *tl.ServerDHInnerData) { m.GA = []byte{1} },
		"g_a is p-1":     func(m *tl.ServerDHInnerData) { m.GA = minus(1) },
		"g_a is p":       func(m *tl.ServerDHInnerData) { m.GA = p[:] },
		"g_a is small":   func(m *tl.ServerDHInnerData) { m.GA = new(big.Int).Sub(edge, big.NewInt(1)).Bytes() },
		"g_a is too big": func(m *tl.ServerDHInnerData) { m.GA = new(big.Int).SetBytes(minus(0)).Bytes()[:256] },
		"g_a is long":    func(m *tl.ServerDHInnerData) { m.GA = bytes.Repeat([]byte{1}, 257) },
	} {
		c, s := testClient(), testServer()
		_, clientErr, serverErr := run(t, c, s, func(n int, message []byte) []byte {
			if n != 3 {
				return message
			}
			return inner(t, s, n, message, func(data []byte) []byte {
				m, _, _ := tl.ParseServerDHInnerData(data)
				change(&m)
				return m.Append(nil)
			})
		})
		if clientErr != ErrPeer || serverErr != nil {
			t.Errorf("%s: client: %v, server: %v, want %v", name, clientErr, serverErr, ErrPeer)
		}
	}
}

func telegramGroup(t testing.TB) *bigdh.Group {
	g, err := bigdh.Telegram(3)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestHostileClient sends what only somebody who knows the server's key can send.
func TestHostileClient(t *testing.T) {
	try := func(name string, number int, change func(data []byte) []byte) {
		t.Helper()
		c, s := testClient(temporary), testServer()
		_, clientErr, serverErr := run(t, c, s, func(n int, message []byte) []byte {
			if n != number {
				return message
			}
			return inner(t, s, n, message, change)
		})
		if serverErr != ErrPeer || clientErr != nil {
			t.Errorf("%s: client: %v, server: %v, want %v", name, clientErr, serverErr, ErrPeer)
		}
	}
	for name, change := range map[string]func(*tl.PQInnerData){
		"another DC":           func(m *tl.PQInnerData) { m.DC = -2 },
		"the DC of a test":     func(m *tl.PQInnerData) { m.DC += 10000 },
		"expires at once":      func(m *tl.PQInnerData) { m.ExpiresIn = 0 },
		"expires before":       func(m *tl.PQInnerData) { m.ExpiresIn = -1 },
		"p and q swapped":      func(m *tl.PQInnerData) { m.P, m.Q = m.Q, m.P },
		"a zero before p":      func(m *tl.PQInnerData) { m.P = append([]byte{0}, m.P...) },
		"another pq":           func(m *tl.PQInnerData) { m.PQ = []byte{15} },
		"another server's":     func(m *tl.PQInnerData) { m.ServerNonce[15] ^= 1 },
		"another client's":     func(m *tl.PQInnerData) { m.Nonce[0] ^= 1 },
		"numbers are too long": func(m *tl.PQInnerData) { m.P = make([]byte, 40) },
	} {
		try(name, 2, func(data []byte) []byte {
			m, _, _ := tl.ParsePQInnerData(data)
			change(&m)
			return m.Append(nil)
		})
	}
	try("nothing", 2, func([]byte) []byte { return nil })
	for name, change := range map[string]func(*tl.ClientDHInnerData){
		"g_b is 0":             func(m *tl.ClientDHInnerData) { m.GB = nil },
		"g_b is 1":             func(m *tl.ClientDHInnerData) { m.GB = []byte{1} },
		"g_b is long":          func(m *tl.ClientDHInnerData) { m.GB = bytes.Repeat([]byte{1}, 257) },
		"g_b is p":             func(m *tl.ClientDHInnerData) { p := telegramGroup(t).Prime(); m.GB = p[:] },
		"a retry of nothing":   func(m *tl.ClientDHInnerData) { m.RetryID = 1 },
		"another server's g_b": func(m *tl.ClientDHInnerData) { m.ServerNonce[0] ^= 1 },
	} {
		try(name, 4, func(data []byte) []byte {
			m, _, _ := tl.ParseClientDHInnerData(data)
			change(&m)
			return m.Append(nil)
		})
	}
}

// TestInnerPadding: only 0 to 15 bytes may follow what was hashed.
func TestInnerPadding(t *testing.T) {
	for blocks := range 3 {
		c, s := testClient(), testServer()
		_, clientErr, serverErr := run(t, c, s, func(n int, message []byte) []byte {
			if n != 4 {
				return message
			}
			m, _ := tl.ParseSetClientDHParams(message)
			plaintext, err := s.x.openInner(bytes.Clone(m.Data))
			if err != nil {
				t.Fatal(err)
			}
			long := append(plaintext, make([]byte, 16*blocks)...)
			msg := ige.Message{Dst: long, Src: long}
			kdf.TempKeys(&msg.Key, &msg.IV, &s.x.newNonce, &s.x.serverNonce)
			msg.Encrypt()
			m.Data = long
			return m.AppendSetClientDHParams(nil)
		})
		want := ErrPeer
		if blocks == 0 {
			want = nil
		}
		if clientErr != nil || serverErr != want {
			t.Errorf("%d more blocks: client: %v, server: %v, want %v", blocks, clientErr, serverErr, want)
		}
	}
	for _, n := range []int{0, 1, 15, 16, 17, 31, 33} {
		c, s := testClient(), testServer()
		_, clientErr, serverErr := run(t, c, s, func(number int, message []byte) []byte {
			if number != 4 {
				return message
			}
			m, _ := tl.ParseSetClientDHParams(message)
			m.Data = m.Data[:n]
			return m.AppendSetClientDHParams(nil)
		})
		if clientErr != nil || serverErr != ErrPeer {
			t.Errorf("%d bytes: client: %v, server: %v, want %v", n, clientErr, serverErr, ErrPeer)
		}
	}
}

// TestLeadingZeros puts zeros in front of everything that may be taken for a number. The
// exponents are those of bigdh's vectors.
func TestLeadingZeros(t *testing.T) {
	zero16, zero32 := make([]byte, 16), make([]byte, 32)
	rest16, rest32 := bytes.Repeat([]byte{7}, 16), bytes.Repeat([]byte{9}, 32)
	rest16[0], rest32[0] = 0, 0
	vectors := vectortest.Read[struct {
		Name    string
		G       int
		A, B    vectortest.Hex
		GA      vectortest.Hex `json:"g_a"`
		AuthKey vectortest.Hex `json:"key"`
	}](t, filepath.Join("..", "bigdh", "testdata", "dh.json"))
	keys, publics := 0, 0
	for i, v := range vectors {
		if v.G != 3 {
			continue
		}
		// Swapping the exponents puts the leading zeros into the other side's public value.
		for _, swap := range []bool{false, true} {
			a, b := v.A, v.B
			if swap {
				a, b = b, a
			}
			nonce, newNonce := rest16, rest32
			if i%2 == 1 {
				nonce, newNonce = zero16, zero32
			}
			var c *Client
			withRandom(t, func() { c = testClient() }, nonce)
			s := testServer()
			message := c.Start()
			message = mustStep(t, s, message)
			serverNonce := nonce
			s.x.serverNonce = tl.Int128(serverNonce)
			m, _ := tl.ParseResPQ(message)
			m.ServerNonce = tl.Int128(serverNonce)
			var sent []byte
			withRandom(t, func() { sent = mustStep(t, c, m.Append(nil)) },
				newNonce, zeros(paddedSize-100), goodTempKey(t, c.keys[0], clientData(c, s, newNonce)))
			withRandom(t, func() { message = mustStep(t, s, sent) }, a, zeros(8))
			withRandom(t, func() { message = mustStep(t, c, message) }, b, zeros(12))
			message = mustStep(t, s, message)
			if mustStep(t, c, message) != nil {
				t.Error("the client has an answer to dh_gen_ok")
			}
			got, err := c.Result()
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.AuthKey[:], v.AuthKey) {
				t.Errorf("%s: key %x, want %x", v.Name, got.AuthKey, v.AuthKey)
			}
			if other, err := s.Result(); err != nil || *other != *got {
				t.Errorf("%s: the server has another result: %v", v.Name, err)
			}
			if v.AuthKey[0] == 0 {
				keys++
			}
			if v.GA[0] == 0 {
				publics++
			}
		}
	}
	if keys < 4 || publics < 2 {
		t.Errorf("%d keys and %d public values with leading zeros, want 4 and 2", keys, publics)
	}
}

type stepper interface {
	Step(context.Context, []byte) ([]byte, error)
}

func mustStep(t *testing.T, side stepper, message []byte) []byte {
	t.Helper()
	reply, err := side.Step(t.Context(), message)
	if err != nil {
		t.Fatalf("%T: %v", side, err)
	}
	return reply
}

// clientData returns what a client encrypts, at the step where both sides have to do so.
func clientData(c *Client, s *Server, newNonce []byte) []byte {
	m := tl.PQInnerData{
		PQ: minimal(nil, s.p*s.q), P: minimal(nil, s.p), Q: minimal(nil, s.q),
		Nonce: c.x.nonce, ServerNonce: s.x.serverNonce, NewNonce: newNonce, DC: c.dc,
	}
	return m.Append(nil)
}

// goodTempKey returns a temporary key that RSA_PAD takes at once with padding of zeros.
func goodTempKey(t *testing.T, k *PublicKey, data []byte) []byte {
	t.Helper()
	for i := range 256 {
		key := make([]byte, rsapad.KeySize)
		for j := range key {
			key[j] = byte(5*i + 7*j)
		}
		random := io.MultiReader(bytes.NewReader(zeros(paddedSize-len(data))), bytes.NewReader(key), rand.NewChaCha8([32]byte{}))
		script := &counted{r: random}
		var out [rsaSize]byte
		withReader(script, func() { k.rsaPad(&out, data) })
		if script.n == paddedSize-len(data)+rsapad.KeySize {
			return key
		}
	}
	t.Fatal("no temporary key is small enough")
	return nil
}

// counted counts the bytes that are read.
type counted struct {
	r io.Reader
	n int
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += n
	return n, err
}

// TestRetries: a client's keys are refused until the server gives up.
func TestRetries(t *testing.T) {
	for refuse := range maxAttempts + 1 {
		var refused [][8]byte
		s := testServer(func(o *ServerOptions) {
			o.Exists = func(id [8]byte) bool {
				if len(refused) == refuse {
					return false
				}
				refused = append(refused, id)
				return true
			}
		})
		c := testClient()
		if refuse < maxAttempts {
			r := agree(t, c, s, 6+2*refuse)
			ids := map[[8]byte]bool{r.AuthKey.ID(): true}
			for _, id := range refused {
				ids[id] = true
			}
			if len(refused) != refuse || len(ids) != refuse+1 {
				t.Errorf("%d refused, %d different ids, want %d and %d", len(refused), len(ids), refuse, refuse+1)
			}
			// It is part of a hash of a key.
			if wanted := refuse > 0; (c.x.retryID != 0) != wanted || (s.x.retryID != 0) != wanted {
				t.Errorf("%d refused: the ids of the last attempt are %x and %x", refuse, c.x.retryID, s.x.retryID)
			}
			c.Wipe()
			s.Wipe()
			if c.x.retryID != 0 || s.x.retryID != 0 {
				t.Errorf("after Wipe, the ids of the last attempt are %x and %x", c.x.retryID, s.x.retryID)
			}
			continue
		}
		n, clientErr, serverErr := run(t, c, s, nil)
		if clientErr != ErrPeer || serverErr != ErrPeer || n != 4+2*maxAttempts {
			t.Errorf("after %d messages, client: %v, server: %v, want %v after %d", n, clientErr, serverErr, ErrPeer, 4+2*maxAttempts)
		}
		checkEnded(t, c, s, clientErr, serverErr, ErrPeer)
	}
}

// TestRetryForEver: a client gives up if the server never does.
func TestRetryForEver(t *testing.T) {
	s := testServer(func(o *ServerOptions) { o.Exists = func([8]byte) bool { return true } })
	c := testClient()
	n, clientErr, _ := run(t, c, s, func(_ int, message []byte) []byte {
		s.x.attempts = 0
		return message
	})
	if clientErr != ErrPeer || n != 4+2*maxAttempts {
		t.Errorf("after %d messages: %v, want %v after %d", n, clientErr, ErrPeer, 4+2*maxAttempts)
	}
}

// TestWrongRetryID: the second attempt names the first.
func TestWrongRetryID(t *testing.T) {
	first := true
	s := testServer(func(o *ServerOptions) {
		o.Exists = func([8]byte) bool { defer func() { first = false }(); return first }
	})
	c := testClient()
	_, clientErr, serverErr := run(t, c, s, func(n int, message []byte) []byte {
		if n != 6 {
			return message
		}
		return inner(t, s, 4, message, func(data []byte) []byte {
			m, _, _ := tl.ParseClientDHInnerData(data)
			m.RetryID ^= 1
			return m.Append(nil)
		})
	})
	checkEnded(t, c, s, clientErr, serverErr, ErrPeer)
}

// TestKeys covers servers that the client does not know, and one that it knows by its
// second key.
func TestKeys(t *testing.T) {
	c := testClient(func(o *ClientOptions) { o.Keys = TelegramKeys() })
	s := testServer()
	_, clientErr, serverErr := run(t, c, s, nil)
	checkEnded(t, c, s, clientErr, serverErr, ErrKey)

	c = testClient(func(o *ClientOptions) { o.Keys = append(TelegramKeys(), o.Keys...) })
	agree(t, c, testServer(), 6)

	for _, dc := range []int{2, -2, 10002, -10002} {
		c := testClient(func(o *ClientOptions) { o.DC = dc })
		agree(t, c, testServer(func(o *ServerOptions) { o.DC = dc }), 6)
	}
	for _, g := range []int{3, 4, 7} {
		group, err := bigdh.Telegram(g)
		if err != nil {
			t.Fatal(err)
		}
		agree(t, testClient(), testServer(func(o *ServerOptions) { o.Group = group }), 6)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c, s := testClient(), testServer()
	resPQ := mustStep(t, s, c.Start())
	if reply, err := c.Step(ctx, resPQ); reply != nil || err != context.Canceled {
		t.Errorf("client: %x, %v, want %v", reply, err, context.Canceled)
	}
	checkEnded(t, c, s, context.Canceled, nil, context.Canceled)
	if reply, err := s.Step(ctx, nil); reply != nil || err != context.Canceled {
		t.Errorf("server: %x, %v, want %v", reply, err, context.Canceled)
	}
	checkEnded(t, c, s, nil, context.Canceled, context.Canceled)
}

func TestOptions(t *testing.T) {
	tooLarge := uint(1) << 31 // a variable, since as a constant it does not fit an int everywhere
	for name, f := range map[string]func(){
		"no keys":          func() { NewClient(ClientOptions{}) },
		"client's DC":      func() { testClient(func(o *ClientOptions) { o.DC = int(tooLarge) }) },
		"expired":          func() { testClient(func(o *ClientOptions) { o.ExpiresIn = -1 }) },
		"expires too late": func() { testClient(func(o *ClientOptions) { o.ExpiresIn = 1 << 31 * time.Second }) },
		"no key":           func() { NewServer(ServerOptions{}) },
		"server's DC":      func() { testServer(func(o *ServerOptions) { o.DC = int(tooLarge) }) },
	} {
		if strings.HasSuffix(name, "DC") && math.MaxInt == math.MaxInt32 {
			continue // there are no others
		}
		func() {
			defer func() {
				if r, ok := recover().(string); !ok || !strings.HasPrefix(r, "authkey: ") {
					t.Errorf("%s: panic %v, want one of this package", name, r)
				}
			}()
			f()
		}()
	}
	r := agree(t, testClient(func(o *ClientOptions) { o.ExpiresIn = time.Second + 1 }), testServer(), 6)
	if got := r.ExpiresAt.Sub(r.ServerTime); got != 2*time.Second {
		t.Errorf("expires in %v, want it rounded up to %v", got, 2*time.Second)
	}
}

func TestBind(t *testing.T) {
	perm := agree(t, testClient(), testServer(), 6)
	temp := agree(t, testClient(temporary), testServer(), 6)
	b := Binding{SessionID: 5, MsgID: 7 << 32, ExpiresAt: temp.ExpiresAt}
	message, err := Bind(&perm.AuthKey, &temp.AuthKey, &b)
	if err != nil || len(message) != 104 || b.Nonce == 0 {
		t.Fatalf("Bind = %x, %v, with nonce %d", message, err, b.Nonce)
	}
	if err := OpenBind(&perm.AuthKey, &temp.AuthKey, &b, message); err != nil {
		t.Errorf("OpenBind: %v", err)
	}
	if id := perm.AuthKey.ID(); !bytes.Equal(message[:8], id[:]) {
		t.Errorf("begins with %x, want the permanent key's id %x", message[:8], id)
	}
	for name, f := range map[string]func(perm, temp *kdf.AuthKey, b *Binding){
		"permanent key": func(perm, _ *kdf.AuthKey, _ *Binding) { perm[0] ^= 1 },
		"temporary key": func(_, temp *kdf.AuthKey, _ *Binding) { temp[0] ^= 1 },
		"keys":          func(perm, temp *kdf.AuthKey, _ *Binding) { *perm, *temp = *temp, *perm },
		"nonce":         func(_, _ *kdf.AuthKey, b *Binding) { b.Nonce ^= 1 },
		"session":       func(_, _ *kdf.AuthKey, b *Binding) { b.SessionID ^= 1 },
		"message id":    func(_, _ *kdf.AuthKey, b *Binding) { b.MsgID ^= 1 },
		"end":           func(_, _ *kdf.AuthKey, b *Binding) { b.ExpiresAt = b.ExpiresAt.Add(time.Second) },
	} {
		perm, temp, b := perm.AuthKey, temp.AuthKey, b
		f(&perm, &temp, &b)
		if err := OpenBind(&perm, &temp, &b, message); err != ErrPeer {
			t.Errorf("another %s: %v, want %v", name, err, ErrPeer)
		}
	}
	for i := range 2 * len(message) {
		changed := bytes.Clone(message)
		if i < len(message) {
			changed[i] ^= 1 << (i % 8)
		} else {
			changed = changed[:i-len(message)]
		}
		if err := OpenBind(&perm.AuthKey, &temp.AuthKey, &b, changed); err != ErrPeer {
			t.Errorf("change %d: %v, want %v", i, err, ErrPeer)
		}
	}
	// What only the owner of the permanent key can make.
	for name, change := range map[string]func(plaintext []byte) []byte{
		"nothing":         func(plaintext []byte) []byte { return plaintext },
		"sequence number": func(plaintext []byte) []byte { plaintext[24] = 1; return plaintext },
		"message id":      func(plaintext []byte) []byte { plaintext[16] ^= 1; return plaintext },
		"longer body":     func(plaintext []byte) []byte { plaintext[28] += 4; return append(plaintext, 0, 0, 0, 0) },
		"shorter body":    func(plaintext []byte) []byte { plaintext[28] -= 4; return plaintext[:len(plaintext)-4] },
	} {
		plaintext, err := envelope.OpenV1(nil, &perm.AuthKey, kdf.Client, message, envelope.CloudChat)
		if err != nil {
			t.Fatal(err)
		}
		changed, err := envelope.SealV1(nil, &perm.AuthKey, kdf.Client, change(plaintext))
		if err != nil {
			t.Fatal(err)
		}
		want := ErrPeer
		if name == "nothing" {
			want = nil
		}
		if err := OpenBind(&perm.AuthKey, &temp.AuthKey, &b, changed); err != want {
			t.Errorf("another %s: %v, want %v", name, err, want)
		}
	}
	for _, end := range []time.Time{{}, time.Unix(0, 0), time.Unix(1<<31, 0)} {
		b := Binding{ExpiresAt: end}
		if message, err := Bind(&perm.AuthKey, &temp.AuthKey, &b); err == nil || message != nil {
			t.Errorf("a key that expires at %v is bound", end)
		}
	}
}

// TestPrinted: printing these prints no key and no detail.
func TestPrinted(t *testing.T) {
	c, s := testClient(), testServer()
	r := agree(t, c, s, 6)
	redacttest.Printed(t, *r)
	redacttest.NotEncoded(t, *r)
	redacttest.Printed(t, *serverKey())
	redacttest.NotEncoded(t, *serverKey())
	redacttest.Printed(t, *c)
	redacttest.NotEncoded(t, *c)
	redacttest.Printed(t, *s)
	redacttest.NotEncoded(t, *s)
	for _, err := range []error{ErrPeer, ErrKey, ErrState} {
		if !strings.HasPrefix(err.Error(), "authkey: ") || errors.Unwrap(err) != nil {
			t.Errorf("error %q", err)
		}
	}
}

// TestInnerHash sends messages in which only the hash is wrong, from somebody who has the
// keys.
func TestInnerHash(t *testing.T) {
	for number := 3; number <= 4; number++ {
		for i := range 20 {
			c, s := testClient(), testServer()
			_, clientErr, serverErr := run(t, c, s, func(n int, message []byte) []byte {
				if n != number {
					return message
				}
				parse, write := tl.ParseServerDHParams, (*tl.Encrypted).AppendServerDHParams
				if number == 4 {
					parse, write = tl.ParseSetClientDHParams, (*tl.Encrypted).AppendSetClientDHParams
				}
				m, err := parse(message)
				if err != nil {
					t.Fatal(err)
				}
				plaintext, err := s.x.openInner(bytes.Clone(m.Data))
				if err != nil {
					t.Fatal(err)
				}
				plaintext[i] ^= 1
				msg := ige.Message{Dst: plaintext, Src: plaintext}
				kdf.TempKeys(&msg.Key, &msg.IV, &s.x.newNonce, &s.x.serverNonce)
				msg.Encrypt()
				m.Data = plaintext
				return write(&m, nil)
			})
			checkEnded(t, c, s, clientErr, serverErr, ErrPeer)
		}
	}
}
