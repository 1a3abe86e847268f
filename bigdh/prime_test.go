package bigdh

import (
	"context"
	"errors"
	"math/big"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/vectortest"
)

type primeVector struct {
	Name string
	P    vectortest.Hex
	Safe bool
}

func readPrimes(t testing.TB) []primeVector {
	t.Helper()
	return vectortest.Read[primeVector](t, filepath.Join("testdata", "primes.json"))
}

func nilUnless(failed bool, err error) error {
	if failed {
		return err
	}
	return nil
}

// TestPrimes has other safe primes, and what is close to one: made, as testdata/bigdh.py
// does it, by somebody who wants to get it accepted.
func TestPrimes(t *testing.T) {
	vectors := readPrimes(t)
	impltest.All(t, backends, func(t *testing.T) {
		for _, v := range vectors {
			p := natOf(new(big.Int).SetBytes(v.P))
			got, err := isSafePrimeVarTime(t.Context(), &p)
			if got != v.Safe || err != nil {
				t.Errorf("%s: %v, %v, want %v", v.Name, got, err, v.Safe)
			}
		}
	})
	for _, v := range vectors {
		for range 2 { // the second time it is remembered
			_, err := NewGroup(v.P, 4)
			if want := nilUnless(!v.Safe, ErrPrime); err != want {
				t.Errorf("%s: NewGroup: %v, want %v", v.Name, err, want)
			}
		}
	}
}

// TestPseudoprimes shows that the numbers would pass tests with fixed bases, which makes
// them worth testing with, and that random bases find them out.
func TestPseudoprimes(t *testing.T) {
	tested := 0
	impltest.All(t, backends, func(t *testing.T) {
		for _, v := range readPrimes(t) {
			n := new(big.Int).SetBytes(v.P)
			switch v.Name {
			case "half is strong pseudoprime":
				n.Rsh(n, 1)
			case "strong pseudoprime":
			default:
				continue
			}
			tested++
			limbs := natOf(n)
			test := newMillerRabin(&limbs)
			for _, base := range []uint64{2, 3, 5, 7, 11} {
				if !test.passesVarTime(&nat{base}) {
					t.Errorf("%s does not pass with base %d", v.Name, base)
				}
			}
			passed := 0
			for range 20 {
				if test.round() {
					passed++
				}
			}
			if passed > 15 {
				t.Errorf("%s passes %d of 20 rounds", v.Name, passed)
			}
			if got := isProbablePrimeVarTime(t, &limbs); got {
				t.Errorf("%s is taken for a prime", v.Name)
			}
		}
	})
	if tested < 2 {
		t.Errorf("tested %d pseudoprimes, want 2 at least", tested)
	}
}

// isProbablePrimeVarTime is the part of the check that is for n alone.
func isProbablePrimeVarTime(t *testing.T, n *nat) bool {
	t.Helper()
	test := newMillerRabin(n)
	for range rounds {
		if !test.round() {
			return false
		}
	}
	return true
}

// TestMillerRabin has n = 1 mod 4, which needs squarings after the exponentiation.
func TestMillerRabin(t *testing.T) {
	impltest.All(t, backends, func(t *testing.T) {
		r := newRand(20)
		for shift := uint(1); shift < 40; shift += 3 {
			x := randomNat(r)
			x[31] |= 1 << 63
			n := toBig(&x)
			n.Rsh(n, shift).SetBit(n, 0, 1).Lsh(n, shift).SetBit(n, 0, 1)
			limbs := natOf(n)
			test := newMillerRabin(&limbs)
			if test.s != int(shift) {
				t.Errorf("n-1 divided by 2 %d times, want %d", test.s, shift)
			}
			if got, want := test.passesVarTime(&nat{2}), n.ProbablyPrime(0); got != want {
				t.Errorf("%x: %v, want %v", n, got, want)
			}
		}

		// 2^2047 + 253·2^12 + 1 is a prime, and all bases pass.
		n := pow2(2047)
		n.Add(n, big.NewInt(253<<12+1))
		limbs := natOf(n)
		test := newMillerRabin(&limbs)
		if test.s != 12 {
			t.Fatalf("n-1 divided by 2 %d times, want 12", test.s)
		}
		for base := uint64(2); base < 30; base++ {
			if !test.passesVarTime(&nat{base}) {
				t.Errorf("base %d calls a prime composite", base)
			}
		}
	})
}

func TestGenerators(t *testing.T) {
	// Euler's criterion is slow and has no rules to get wrong.
	for _, v := range append(readPrimes(t), primeVector{"Telegram", telegramPrime().bytes[:], true}) {
		if !v.Safe {
			continue
		}
		p := new(big.Int).SetBytes(v.P)
		half := new(big.Int).Rsh(p, 1)
		for g := -2; g < 12; g++ {
			square := g > 1 && g < 8 && new(big.Int).Exp(big.NewInt(int64(g)), half, p).Cmp(big.NewInt(1)) == 0
			_, err := NewGroup(v.P, g)
			if want := nilUnless(!square, ErrGenerator); err != want {
				t.Errorf("%s, g = %d: %v, want %v", v.Name, g, err, want)
			}
		}
	}
}

// TestUnknownPrime uses a group that is not Telegram's.
func TestUnknownPrime(t *testing.T) {
	v := readPrimes(t)[0]
	impltest.All(t, backends, func(t *testing.T) {
		for _, g := range []int{2, 3, 4, 5, 6, 7} {
			group, err := NewGroup(v.P, g)
			if err == ErrGenerator {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			a, b := generateKey(t, group), generateKey(t, group)
			x := a.Bytes()
			y := a.PublicKey().Bytes()
			if want := referenceExp(&group.p.m.n, &nat{uint64(g)}, x[:]); y != sizeOf(&want) {
				t.Errorf("g = %d: public key %x, want %x", g, y, toBig(&want))
			}
			var keyA, keyB [Size]byte
			a.DH(&keyA, b.PublicKey())
			b.DH(&keyB, a.PublicKey())
			if keyA != keyB {
				t.Errorf("g = %d: %x and %x", g, keyA, keyB)
			}
		}
	})
}

func TestNewGroupForms(t *testing.T) {
	for _, p := range [][]byte{nil, {}, {0}, {1}, {23}, make([]byte, Size), make([]byte, 3*Size), pow2(2047).Bytes()} {
		if _, err := NewGroup(p, 3); err != ErrPrime {
			t.Errorf("p = %x: %v, want %v", p, err, ErrPrime)
		}
	}
}

func TestContext(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()

	// An unknown prime is not decided about.
	p := natOf(new(big.Int).SetBytes(readPrimes(t)[1].P))
	if got, err := isSafePrimeVarTime(canceled, &p); got || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v, want %v", got, err, context.Canceled)
	}
	// Known ones need no time.
	known := telegramPrime().bytes
	if _, err := NewGroupContext(canceled, known[:], 3); err != nil {
		t.Errorf("Telegram's prime: %v", err)
	}

	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	if _, err := isSafePrimeVarTime(ctx, &p); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want %v", err, context.DeadlineExceeded)
	}
}

// counting is a check that counts: numbers with an even byte 100 are primes.
func counting(checks *atomic.Int32) *cache {
	return newCache(func(ctx context.Context, p *nat) (bool, error) {
		checks.Add(1)
		time.Sleep(time.Millisecond)
		if err := ctx.Err(); err != nil {
			return false, err
		}
		b := sizeOf(p)
		return b[100]%2 == 0, nil
	})
}

// candidate returns a number that cannot be told apart from a prime at sight.
func candidate(i int, good bool) *[Size]byte {
	p := &[Size]byte{0: 0x80, 1: byte(i), 2: byte(i >> 8), Size - 1: 3}
	if !good {
		p[100] = 1
	}
	return p
}

func TestCache(t *testing.T) {
	var checks atomic.Int32
	c := counting(&checks)
	ask := func(i int, good bool) {
		t.Helper()
		p, err := c.prime(t.Context(), candidate(i, good))
		if want := nilUnless(!good, ErrPrime); err != want {
			t.Errorf("%d: %v, want %v", i, err, want)
		}
		if good && p.bytes != *candidate(i, good) {
			t.Errorf("%d: another prime", i)
		}
	}
	for range 3 {
		for i := range cacheSize {
			ask(i, true)
			ask(i, false)
		}
	}
	if got, want := checks.Load(), int32(2*cacheSize); got != want {
		t.Errorf("%d checks, want %d", got, want)
	}

	// One more bad one: the oldest bad one is forgotten, no good one is.
	ask(cacheSize, false)
	checks.Store(0)
	for i := range cacheSize {
		ask(i, true)
		ask(i+1, false)
	}
	if got := checks.Load(); got != 0 {
		t.Errorf("%d checks of what should be known", got)
	}
	ask(0, false)
	if got := checks.Load(); got != 1 {
		t.Errorf("%d checks of what should be forgotten, want 1", got)
	}
	if got := len(c.bad.values); got != cacheSize {
		t.Errorf("%d bad numbers kept, want %d", got, cacheSize)
	}
}

// TestCacheConcurrent: who comes while a number is being checked waits.
func TestCacheConcurrent(t *testing.T) {
	var checks atomic.Int32
	c := counting(&checks)
	var wg sync.WaitGroup
	for i := range 80 {
		wg.Go(func() {
			good := i%2 == 0
			p, err := c.prime(t.Context(), candidate(i%8, good))
			if want := nilUnless(!good, ErrPrime); err != want || good != (p != nil) {
				t.Errorf("%d: %v, want %v", i, err, want)
			}
		})
	}
	wg.Wait()
	if got, want := checks.Load(), int32(8); got != want {
		t.Errorf("%d checks, want %d", got, want)
	}
	if len(c.pending) != 0 {
		t.Errorf("%d checks still pending", len(c.pending))
	}
}

// TestCacheCanceled: who gives up leaves no verdict, and those who wait take over.
func TestCacheCanceled(t *testing.T) {
	begun := make(chan struct{}, 2)
	c := newCache(func(ctx context.Context, p *nat) (bool, error) {
		begun <- struct{}{}
		if ctx.Value(t) == "gives up" {
			<-ctx.Done()
			return false, ctx.Err()
		}
		return true, nil
	})
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), t, "gives up"))
	p := candidate(1, true)
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := c.prime(ctx, p); !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want %v", err, context.Canceled)
		}
	})
	<-begun

	// This one waits, and gives up before the other does.
	short, cancelShort := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancelShort()
	if _, err := c.prime(short, p); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want %v", err, context.DeadlineExceeded)
	}
	// This one waits and then takes over.
	wg.Go(func() {
		if _, err := c.prime(t.Context(), p); err != nil {
			t.Error(err)
		}
	})
	cancel()
	wg.Wait()
}

// TestCheckThatDoesNotReturn: where a check panics or ends its goroutine, whoever waits for
// the verdict takes over.
func TestCheckThatDoesNotReturn(t *testing.T) {
	for name, leave := range map[string]func(){
		"panic": func() { panic("broken") },
		"exit":  runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			checks := 0
			inFirst, waiting := make(chan struct{}), make(chan struct{})
			c := newCache(func(context.Context, *nat) (bool, error) {
				if checks++; checks == 1 { // the second begins after the first has ended
					close(inFirst)
					<-waiting
					leave()
				}
				return true, nil
			})
			p := telegramPrime().bytes
			go func() {
				defer func() { recover() }()
				c.prime(context.Background(), &p)
			}()
			<-inFirst
			// One who would wait for ever is ended by the deadline of the test, with a trace.
			verdict := make(chan error)
			go func() {
				_, err := c.prime(context.Background(), &p)
				verdict <- err
			}()
			close(waiting)
			if err := <-verdict; err != nil {
				t.Error(err)
			}
			if checks != 2 || len(c.pending) != 0 {
				t.Errorf("%d checks, of which %d pending", checks, len(c.pending))
			}
		})
	}
}
