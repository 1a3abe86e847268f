package ige

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/fips140"
	"encoding/binary"
	"math/bits"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/mtcore/mtcore/internal/impltest"
)

func TestReadyStdAES(t *testing.T) {
	b := newAES(random(KeySize))
	impltest.Ready(t, backends, "EncryptBlocks", func() { stdLayoutOf(b) })
}

// TestStdSchedules fails, rather than skips, where the expanded key of a crypto/aes
// block should be found and is not. Results are right then, but programs that use
// EncryptBlocks have lost the speed they came for, or their constant time: most likely a
// new Go release has changed crypto/aes, and stdaes.go must learn about it.
func TestStdSchedules(t *testing.T) {
	for _, keySize := range []int{16, 24, 32} {
		key := make([]byte, keySize)
		for i := range key {
			key[i] = byte(11*i + keySize)
		}
		std := newStdBlock(t, key)
		boring := reflect.TypeOf(std).Elem().PkgPath() == "crypto/internal/boring"
		l := stdLayoutOf(std)
		if useStdAES || fips140.Enabled() || boring {
			if l != nil {
				t.Errorf("AES-%d: found the schedules, where crypto/aes is to be used: %v, FIPS 140-3 mode: %v, BoringCrypto: %v",
					8*keySize, useStdAES, fips140.Enabled(), boring)
			}
			continue
		}
		if runtime.GOARCH == "s390x" {
			continue // without instructions, the key is behind a pointer
		}
		if l == nil {
			t.Errorf("AES-%d: %s has a %T whose schedules cannot be found", 8*keySize, runtime.Version(), std)
			continue
		}
		if got, want := isStdAES(std), !l.words; got != want {
			t.Errorf("AES-%d: isStdAES is %v, want %v: EncryptBlocks is slow for short messages", 8*keySize, got, want)
		}
		nr, enc, dec := l.schedules(std)
		var wantEnc, wantDec schedule
		wantRounds := expand(&wantEnc, &wantDec, key)
		if nr != wantRounds {
			t.Errorf("AES-%d: %d rounds, want %d", 8*keySize, nr, wantRounds)
		}
		used := BlockSize * (wantRounds + 1)
		for name, x := range map[string]struct {
			words *stdWords
			want  *schedule
		}{"enc": {enc, &wantEnc}, "dec": {dec, &wantDec}} {
			got := *(*schedule)(unsafe.Pointer(x.words))
			if l.words {
				got.setWords(nr, x.words)
			}
			if !bytes.Equal(got[:used], x.want[:used]) {
				t.Errorf("AES-%d: %s is %x, want %x", 8*keySize, name, got[:used], x.want[:used])
			}
		}
	}
}

// TestStdSchedulesToggle: what crypto/aes does with instructions is not done in software.
func TestStdSchedulesToggle(t *testing.T) {
	std := newStdBlock(t, make([]byte, KeySize))
	stdLayoutOf(std)
	for _, state := range backends.States() {
		leave := state.Enter()
		if l := stdLayoutOf(std); l != nil && !l.words && !useAES() {
			t.Errorf("backend %s: a crypto/aes block is read without kernels to use it", state.Name)
		}
		leave()
	}
}

func TestStdSchedulesOtherBlocks(t *testing.T) {
	std := newStdBlock(t, make([]byte, KeySize))
	ours, err := NewCipher(make([]byte, KeySize))
	if err != nil {
		t.Fatal(err)
	}
	typ := reflect.TypeOf(std)
	buf := make([]byte, BlockSize)
	for name, b := range map[string]cipher.Block{
		"no block":                  nil,
		"a wrapper":                 &wrappedBlock{Block: std},
		"a struct around the block": struct{ cipher.Block }{std},
		"our Cipher":                ours,
		"a nil crypto/aes block":    reflect.Zero(typ).Interface().(cipher.Block),
		"a zero crypto/aes block":   reflect.New(typ.Elem()).Interface().(cipher.Block),
	} {
		l := stdLayoutOf(b)
		if l != nil && (l.encrypt(b, new([IVSize]byte), buf, buf) || l.decrypt(b, new([IVSize]byte), buf, buf)) {
			t.Errorf("found schedules in %s", name)
		}
		if isStdAES(b) {
			if nr, _, _ := stdAES.schedules(b); nr != 0 || name != "a zero crypto/aes block" {
				t.Errorf("%s is taken for a block of crypto/aes with %d rounds", name, nr)
			}
		}
	}
}

// TestStdSchedulesModes runs the tests above in processes with other settings,
// which they know from the backends and from package fips140.
func TestStdSchedulesModes(t *testing.T) {
	if runtime.GOOS == "js" {
		impltest.SkipWithout(t, "a system that can start this program")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	modes := []string{"fips140=on", "fips140=only", "cpu.aes=off", "cpu.all=off"}
	if runtime.GOOS == "windows" {
		// There Go's runtime reads the environment too late for the others, so that crypto/aes has AES
		// and this package has not. Then the block is called, see TestStdSchedulesOtherBlocks.
		modes = modes[:2]
	}
	for _, godebug := range modes {
		tests := "TestStdSchedules|TestStdSchedulesToggle|TestStdSchedulesOtherBlocks|TestStdBlock"
		if strings.HasPrefix(godebug, "cpu.") && !testing.Short() {
			tests += "|TestWipe" // of copies of schedules, which are only made without AES instructions
		}
		cmd := exec.Command(exe, "-test.run=^("+tests+")$", "-test.v")
		cmd.Env = append(os.Environ(), "GODEBUG="+godebug, impltest.RequireEnv+"=", impltest.MissingEnv+"=")
		out, err := cmd.CombinedOutput()
		switch {
		case err != nil && strings.Contains(err.Error(), "exec format error"):
			// Only under user-mode emulation, which a run on real hardware makes up for.
			impltest.SkipWithout(t, "a system that can start this program")
		case strings.Contains(string(out), "FIPS 140-3 mode is incompatible with"):
			t.Logf("GODEBUG=%s: %s", godebug, out) // -asan, BoringCrypto
		case err != nil:
			t.Errorf("GODEBUG=%s: %v\n%s", godebug, err, out)
		case !strings.Contains(string(out), "--- PASS: TestStdSchedules "):
			t.Errorf("GODEBUG=%s: the test did not run\n%s", godebug, out)
		}
	}
}

// The types from here on are crypto/aes as it might become, all with the right
// schedules somewhere unless said otherwise.

type fakeExpanded struct {
	rounds   int
	enc, dec [60]uint32
}

type fakeBlock struct{} // what embeds it need not be a working cipher

func (fakeBlock) BlockSize() int          { return BlockSize }
func (fakeBlock) Encrypt(dst, src []byte) { panic("unreachable") }
func (fakeBlock) Decrypt(dst, src []byte) { panic("unreachable") }

type (
	fakeFlat struct {
		fakeBlock
		fakeExpanded
	}
	fakeTwin struct{ fakeFlat } // another type, and all at the same offsets
	fakeDeep struct {           // other offsets, order and depth than today's
		fakeBlock
		_   string
		dec [60]uint32
		_   [3]byte
		fakeDeep1
	}
	fakeDeep1 struct {
		_ uint16
		fakeDeep2
	}
	fakeDeep2 struct {
		enc    [60]uint32
		_      byte
		rounds int
	}
	fakeRenamed struct {
		fakeBlock
		nr       int
		enc, dec [60]uint32
	}
	fakeNoDec struct {
		fakeBlock
		rounds int
		enc    [60]uint32
	}
	fakeRoundsUint struct {
		fakeBlock
		rounds   uint
		enc, dec [60]uint32
	}
	fakeLonger struct {
		fakeBlock
		rounds   int
		enc, dec [64]uint32
	}
	fakeBytes struct {
		fakeBlock
		rounds   int
		enc, dec [240]byte
	}
	fakeSlices struct {
		fakeBlock
		rounds   int
		enc, dec []uint32
	}
	fakePointer struct {
		fakeBlock
		*fakeExpanded
	}
	fakeAmbiguous struct {
		fakeBlock
		fakeExpanded
		fakeAmbiguous1
	}
	fakeAmbiguous1 struct{ enc [60]uint32 }
	fakeInt        int
	fakeValue      struct{ fakeFlat }
)

func (*fakeInt) BlockSize() int          { return BlockSize }
func (*fakeInt) Encrypt(dst, src []byte) {}
func (*fakeInt) Decrypt(dst, src []byte) {}

// numbers are the words of which x has the bytes.
func numbers(x stdWords) (w stdWords) {
	for i, b := range *(*[60][4]byte)(unsafe.Pointer(&x)) {
		w[i] = binary.BigEndian.Uint32(b[:])
	}
	return w
}

func swapped(x stdWords) (w stdWords) {
	for i := range x {
		w[i] = bits.ReverseBytes32(x[i])
	}
	return w
}

func rotated(x stdWords) (w stdWords) {
	for i := range x {
		w[i] = bits.RotateLeft32(x[i], 16)
	}
	return w
}

func TestProveLayout(t *testing.T) {
	flat := func(change func(b *fakeFlat)) func(*fakeExpanded) cipher.Block {
		return func(x *fakeExpanded) cipher.Block {
			b := &fakeFlat{fakeExpanded: *x}
			change(b)
			return b
		}
	}
	calls := 0
	for _, tt := range []struct {
		name string
		// block makes the fake for a key whose expansion is x.
		block func(x *fakeExpanded) cipher.Block
		want  bool
	}{
		{"as it is", flat(func(*fakeFlat) {}), true},
		{"moved", func(x *fakeExpanded) cipher.Block {
			b := &fakeDeep{dec: x.dec}
			b.enc, b.rounds = x.enc, x.rounds
			return b
		}, true},

		{"rounds renamed", func(x *fakeExpanded) cipher.Block { return &fakeRenamed{nr: x.rounds, enc: x.enc, dec: x.dec} }, false},
		{"no dec", func(x *fakeExpanded) cipher.Block { return &fakeNoDec{rounds: x.rounds, enc: x.enc} }, false},
		{"rounds of type uint", func(x *fakeExpanded) cipher.Block {
			return &fakeRoundsUint{rounds: uint(x.rounds), enc: x.enc, dec: x.dec}
		}, false},
		{"longer arrays", func(x *fakeExpanded) cipher.Block {
			b := &fakeLonger{rounds: x.rounds}
			copy(b.enc[:], x.enc[:])
			copy(b.dec[:], x.dec[:])
			return b
		}, false},
		{"arrays of bytes", func(x *fakeExpanded) cipher.Block {
			return &fakeBytes{rounds: x.rounds, enc: *(*[240]byte)(unsafe.Pointer(&x.enc)), dec: *(*[240]byte)(unsafe.Pointer(&x.dec))}
		}, false},
		{"slices", func(x *fakeExpanded) cipher.Block {
			return &fakeSlices{rounds: x.rounds, enc: x.enc[:], dec: x.dec[:]}
		}, false},
		{"behind an embedded pointer", func(x *fakeExpanded) cipher.Block { return &fakePointer{fakeExpanded: x} }, false},
		{"two candidates for enc", func(x *fakeExpanded) cipher.Block {
			return &fakeAmbiguous{fakeExpanded: *x, fakeAmbiguous1: fakeAmbiguous1{enc: x.enc}}
		}, false},
		{"a struct, not a pointer to it", func(x *fakeExpanded) cipher.Block { return fakeValue{fakeFlat{fakeExpanded: *x}} }, false},
		{"a pointer to something else", func(*fakeExpanded) cipher.Block { return new(fakeInt) }, false},
		{"no block", func(*fakeExpanded) cipher.Block { return nil }, false},
		{"a nil block", func(*fakeExpanded) cipher.Block { return (*fakeFlat)(nil) }, false},

		{"no rounds", flat(func(b *fakeFlat) { b.rounds = 0 }), false},
		{"always 14 rounds", flat(func(b *fakeFlat) { b.rounds = 14 }), false},
		{"rounds counted from the last", flat(func(b *fakeFlat) { b.rounds-- }), false},
		{"enc and dec exchanged", flat(func(b *fakeFlat) { b.enc, b.dec = b.dec, b.enc }), false},
		{"dec not made yet", flat(func(b *fakeFlat) { b.dec = [60]uint32{} }), false},
		{"numbers", flat(func(b *fakeFlat) {
			b.enc, b.dec = numbers(b.enc), numbers(b.dec)
		}), true},
		{"enc numbers, dec bytes", flat(func(b *fakeFlat) { b.enc = swapped(b.enc) }), false},
		{"the other numbers", flat(func(b *fakeFlat) {
			b.enc, b.dec = rotated(b.enc), rotated(b.dec)
		}), false},
		{"numbers for AES-256 alone", flat(func(b *fakeFlat) {
			if b.rounds == 14 {
				b.enc, b.dec = swapped(b.enc), swapped(b.dec)
			}
		}), false},
		{"one bit of the last round key", flat(func(b *fakeFlat) { b.dec[4*b.rounds+3] ^= 1 << 31 }), false},
		{"wrong for the second key of AES-256", flat(func(b *fakeFlat) {
			if b.rounds == 14 {
				if calls++; calls > 2 { // the first one only tells the type
					b.enc[59]++
				}
			}
		}), false},
		{"another type for AES-128", func(x *fakeExpanded) cipher.Block {
			if x.rounds == 10 {
				return &fakeTwin{fakeFlat{fakeExpanded: *x}}
			}
			return &fakeFlat{fakeExpanded: *x}
		}, false},
		{"a panic", func(*fakeExpanded) cipher.Block { panic("fake") }, false},
	} {
		calls = 0
		l := proveLayout(func(key []byte) (cipher.Block, error) {
			var x fakeExpanded
			x.rounds = expandGeneric((*schedule)(unsafe.Pointer(&x.enc)), (*schedule)(unsafe.Pointer(&x.dec)), key)
			return tt.block(&x), nil
		})
		if got := l.block != nil; got != tt.want {
			t.Errorf("%s: proven is %v, want %v", tt.name, got, tt.want)
		}
		if !tt.want && l != (stdLayout{}) {
			t.Errorf("%s: refused, but left %+v", tt.name, l)
		}
	}

	l := proveLayout(func(key []byte) (cipher.Block, error) { return nil, aes.KeySizeError(len(key)) })
	if l != (stdLayout{}) {
		t.Errorf("constructor that fails: got %+v, want no layout", l)
	}
}

// TestStdRounds: a number of rounds that AES does not have is taken for no key.
func TestStdRounds(t *testing.T) {
	l, ok := findLayout(reflect.TypeFor[*fakeFlat]())
	if !ok {
		t.Fatal("no layout")
	}
	for rounds := -1; rounds < 100; rounds++ {
		b := &fakeFlat{fakeExpanded: fakeExpanded{rounds: rounds}}
		nr, enc, dec := l.schedules(b)
		switch rounds {
		case 10, 12, 14:
			if nr != rounds || enc != (*stdWords)(&b.enc) || dec != (*stdWords)(&b.dec) {
				t.Errorf("%d rounds: got %d, %p, %p, want %p, %p", rounds, nr, enc, dec, &b.enc, &b.dec)
			}
		default:
			if nr != 0 || enc != nil || dec != nil {
				t.Errorf("%d rounds are taken for %d", rounds, nr)
			}
		}
	}
}

func BenchmarkProveLayout(b *testing.B) {
	for b.Loop() {
		proveLayout(aes.NewCipher)
	}
}
