package bigdh

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/redact/redacttest"
)

func telegram(t testing.TB, g int) *Group {
	t.Helper()
	group, err := Telegram(g)
	if err != nil {
		t.Fatal(err)
	}
	return group
}

// randomBelow returns a random number below p, which has its topmost bit set.
func randomBelow(r *mathrand.ChaCha8, p *[Size]byte) (b [Size]byte) {
	for b = randomSize(r); bytes.Compare(b[:], p[:]) >= 0; b = randomSize(r) {
	}
	return b
}

func generateKey(t testing.TB, g *Group) *PrivateKey {
	t.Helper()
	k, err := g.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestAgreement(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		for _, g := range []int{3, 4, 7} {
			group := telegram(t, g)
			a, b := generateKey(t, group), generateKey(t, group)
			gA, gB := a.PublicKey().Bytes(), b.PublicKey().Bytes()

			peerA, err := group.NewPublicKey(gA[:])
			if err != nil {
				t.Fatal(err)
			}
			peerB, err := group.NewPublicKey(gB[:])
			if err != nil {
				t.Fatal(err)
			}
			var keyA, keyB [Size]byte
			if err := a.DH(&keyA, peerB); err != nil {
				t.Fatal(err)
			}
			if err := b.DH(&keyB, peerA); err != nil {
				t.Fatal(err)
			}
			if keyA != keyB {
				t.Errorf("g = %d: %x and %x", g, keyA, keyB)
			}

			// g^(ab), by math/big.
			x, y := a.Bytes(), b.Bytes()
			ab := new(big.Int).Mul(new(big.Int).SetBytes(x[:]), new(big.Int).SetBytes(y[:]))
			if want := referenceExp(&group.p.m.n, &nat{uint64(g)}, ab.Bytes()); keyA != sizeOf(&want) {
				t.Errorf("g = %d: %x, want %x", g, keyA, toBig(&want))
			}
		}
	})
}

func sizeOf(x *nat) (b [Size]byte) {
	putBytes(&b, x)
	return b
}

// TestPadding: a public value, or a shared secret, may begin with zeros, and peers may
// leave them out.
func TestPadding(t *testing.T) {
	group := telegram(t, 3)
	short := pow2(1990).Bytes()
	for _, y := range [][]byte{short, append(make([]byte, 3), short...), append(make([]byte, 5000), short...)} {
		k, err := group.NewPublicKey(y)
		if err != nil {
			t.Fatalf("%d bytes: %v", len(y), err)
		}
		if got, want := fmt.Sprintf("%x", k.Bytes()), fmt.Sprintf("%0512x", pow2(1990)); got != want {
			t.Errorf("%d bytes: %s, want %s", len(y), got, want)
		}
	}

	// A group does not depend on how its prime was padded.
	p := group.Prime()
	padded, err := NewGroup(append(make([]byte, 7), p[:]...), 3)
	if err != nil {
		t.Fatal(err)
	}
	if got := padded.Prime(); got != p {
		t.Errorf("%x, want %x", got, p)
	}
}

func TestPublicKeyEqual(t *testing.T) {
	three, again, four := telegram(t, 3), telegram(t, 3), telegram(t, 4)
	y := pow2(2000).Bytes()
	key := func(g *Group, y []byte) *PublicKey {
		t.Helper()
		k, err := g.NewPublicKey(y)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	k := key(three, y)
	for _, tt := range []struct {
		name string
		x    *PublicKey
		want bool
	}{
		{"itself", k, true},
		{"the same in the same group", key(again, y), true},
		{"the same with another generator", key(four, y), false},
		{"another", key(three, pow2(2001).Bytes()), false},
	} {
		if got := k.Equal(tt.x); got != tt.want {
			t.Errorf("%s: Equal = %v, want %v", tt.name, got, tt.want)
		}
		if got := tt.x.Equal(k); got != tt.want {
			t.Errorf("%s, the other way: Equal = %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestNewPrivateKey(t *testing.T) {
	group := telegram(t, 3)
	long := bytes.Repeat([]byte{0x5a}, Size)
	for _, tt := range []struct {
		name string
		x    []byte
		want error
	}{
		{"nothing", nil, ErrKeySize},
		{"zero", []byte{0}, ErrKeySize},
		{"one", []byte{1}, ErrKeySize},
		{"one, padded", append(make([]byte, Size-1), 1), ErrKeySize},
		{"zero, padded", make([]byte, Size), ErrKeySize},
		{"257 bytes", make([]byte, Size+1), ErrKeySize},
		{"2, whose public value is 9", []byte{2}, ErrPublicKey},
		{"1251, 3 to which has 1983 bits", []byte{1251 >> 8, 1251 & 255}, ErrPublicKey},
		{"1252, 3 to which has 1985 bits", []byte{1252 >> 8, 1252 & 255}, nil},
		{"32 bytes", long[:32], nil},
		{"256 bytes", long, nil},
	} {
		before := bytes.Clone(tt.x)
		k, err := group.NewPrivateKey(tt.x)
		if err != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if !bytes.Equal(tt.x, before) {
			t.Errorf("%s: the argument changed", tt.name)
		}
		if err != nil {
			continue
		}
		got := k.Bytes()
		if want := append(make([]byte, Size-len(tt.x)), tt.x...); !bytes.Equal(got[:], want) {
			t.Errorf("%s: Bytes = %x, want %x", tt.name, got, want)
		}
		again, err := group.NewPrivateKey(got[:])
		if err != nil {
			t.Fatal(err)
		}
		if !again.PublicKey().Equal(k.PublicKey()) {
			t.Errorf("%s: another public key after Bytes and NewPrivateKey", tt.name)
		}
	}
}

// TestGenerateKey: keys are different and of full size, whatever the server sends.
func TestGenerateKey(t *testing.T) {
	group := telegram(t, 3)
	seen := map[[Size]byte]bool{}
	var or, and [Size]byte
	and = [Size]byte(bytes.Repeat([]byte{0xff}, Size))
	for _, server := range [][]byte{nil, {}, make([]byte, 256), make([]byte, 1), bytes.Repeat([]byte{7}, 100_000)} {
		before := bytes.Clone(server)
		for range 10 {
			k, err := group.GenerateKey(server)
			if err != nil {
				t.Fatal(err)
			}
			x := k.Bytes()
			if seen[x] {
				t.Error("a key came twice")
			}
			seen[x] = true
			for i := range x {
				or[i] |= x[i]
				and[i] &= x[i]
			}
		}
		if !bytes.Equal(server, before) {
			t.Error("the server's bytes changed")
		}
	}
	for i := range or {
		// A bit is the same 50 times with a probability of 2^-49.
		if or[i] != 0xff || and[i] != 0 {
			t.Errorf("byte %d has bits that do not change: %08b, %08b", i, or[i], and[i])
		}
	}
}

func TestDHOtherGroup(t *testing.T) {
	k, peer := generateKey(t, telegram(t, 3)), generateKey(t, telegram(t, 4))
	secret := [Size]byte{1, 2, 3}
	if err := k.DH(&secret, peer.PublicKey()); err != ErrPublicKey {
		t.Errorf("DH with a key of another group: %v, want %v", err, ErrPublicKey)
	}
	if secret != [Size]byte{1, 2, 3} {
		t.Error("DH with a key of another group wrote something")
	}
}

func TestWipe(t *testing.T) {
	k, peer := generateKey(t, telegram(t, 3)), generateKey(t, telegram(t, 3)).PublicKey()
	public := k.PublicKey().Bytes()
	k.Wipe()
	if k.x != [Size]byte{} {
		t.Error("the exponent is still there")
	}
	if got := k.PublicKey().Bytes(); got != public {
		t.Errorf("the public key changed to %x", got)
	}
	const want = "bigdh: PrivateKey was wiped, or not made by a Group"
	for name, f := range map[string]func(k *PrivateKey){
		"DH":    func(k *PrivateKey) { k.DH(new([Size]byte), peer) },
		"Bytes": func(k *PrivateKey) { k.Bytes() },
	} {
		for _, k := range []*PrivateKey{k, new(PrivateKey)} {
			if got := panicText(func() { f(k) }); got != want {
				t.Errorf("%s: panic %q, want %q", name, got, want)
			}
		}
	}
}

func panicText(f func()) (text string) {
	defer func() {
		if r := recover(); r != nil {
			text = fmt.Sprint(r)
		}
	}()
	f()
	return ""
}

// TestOpaque: no verb shows a private key, by its address, as a value, or in a struct.
func TestOpaque(t *testing.T) {
	k := generateKey(t, telegram(t, 3))
	type chat struct{ Key PrivateKey }
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%c"} {
		for _, v := range []any{k, *k, chat{*k}, &chat{*k}} {
			got, want := fmt.Sprintf(verb, v), "REDACTED"
			if !strings.Contains(got, want) || len(got) > len("&bigdh.chat{Key:REDACTED}") {
				t.Errorf("%s of a %T prints %.40s…, want %s", verb, v, got, want)
			}
		}
	}
	redacttest.Printed(t, *k)
	redacttest.NotEncoded(t, *k)
	redacttest.Printed(t, DHJob{Key: k})
	redacttest.NotEncoded(t, DHJob{Key: k})
}

// TestConcurrent is for the race detector: groups, keys and tables are shared.
func TestConcurrent(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		shared := telegram(t, 7)
		key, other := generateKey(t, shared), generateKey(t, shared)
		var want [Size]byte
		if err := key.DH(&want, other.PublicKey()); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				g, err := Telegram(7)
				if err != nil {
					t.Error(err)
					return
				}
				k, err := g.GenerateKey([]byte("server"))
				if err != nil {
					t.Error(err)
					return
				}
				y := other.PublicKey().Bytes()
				peer, err := g.NewPublicKey(y[:])
				if err != nil {
					t.Error(err)
					return
				}
				var got, a, b [Size]byte
				if err := key.DH(&got, peer); err != nil || got != want {
					t.Errorf("DH = %x, %v, want %x", got, err, want)
				}
				key.DH(&a, k.PublicKey())
				k.DH(&b, key.PublicKey())
				if a != b {
					t.Errorf("%x and %x", a, b)
				}
			})
		}
		wg.Wait()
	})
}

func TestBackend(t *testing.T) {
	for _, s := range backends.States() {
		leave := s.Enter()
		// Later backends are added to earlier ones: "best+good".
		if got := Backend(); got != s.Name && !strings.HasPrefix(got, s.Name+"+") {
			t.Errorf("Backend() = %q in state %q", got, s.Name)
		}
		leave()
	}
}

// constantReader is a source of randomness that is broken.
type constantReader byte

func (c constantReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(c)
	}
	return len(p), nil
}

// TestGenerateKeyNotRandom: with zeros for random bytes there is an error, and not a loop
// without end, nor a key.
func TestGenerateKeyNotRandom(t *testing.T) {
	defer func(r io.Reader) { rand.Reader = r }(rand.Reader)
	rand.Reader = constantReader(0)
	if k, err := telegram(t, 3).GenerateKey(nil); k != nil || err != errNotRandom {
		t.Errorf("got %v, %v, want errNotRandom", k, err)
	}
}
