package ige

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/mtcore/mtcore/internal/alloctest"
)

// newGenericRand returns a source of inputs that is the same in every run.
func newGenericRand(seed byte) *rand.ChaCha8 {
	return rand.NewChaCha8([32]byte{seed})
}

func randomBytes(r *rand.ChaCha8, n int) []byte {
	b := make([]byte, n)
	r.Read(b)
	return b
}

// fipsSBox is FIPS 197, section 5.1.1, from the definition: the inverse in
// GF(2⁸) followed by the affine map.
func fipsSBox(x byte) byte {
	var inverse byte
	for y := 1; y < 256; y++ {
		if fieldMul(x, byte(y)) == 1 {
			inverse = byte(y)
		}
	}
	s := byte(0x63)
	for n := range 5 {
		s ^= bits.RotateLeft8(inverse, n)
	}
	return s
}

// fieldMul multiplies modulo x⁸ + x⁴ + x³ + x + 1.
func fieldMul(a, b byte) byte {
	var p byte
	for ; b != 0; b >>= 1 {
		if b&1 != 0 {
			p ^= a
		}
		carry := a >> 7
		a = a<<1 ^ carry*0x1b
	}
	return p
}

func TestSubBytes(t *testing.T) {
	for first := range 256 {
		// Every byte of the four blocks takes all 256 values, no two at once.
		var in, x [slicedLanes][BlockSize]byte
		for lane := range in {
			for i := range in[lane] {
				in[lane][i] = byte(first + BlockSize*lane + i)
			}
		}
		var s sliced
		s.pack(&in)
		s.subBytes()
		forward := s
		forward.unpack(&x)
		for lane := range in {
			for i := range in[lane] {
				if got, want := x[lane][i], fipsSBox(in[lane][i]); got != want {
					t.Fatalf("SubBytes(%#02x) in lane %d, byte %d: got %#02x, want %#02x", in[lane][i], lane, i, got, want)
				}
			}
		}
		s.invSubBytes()
		s.unpack(&x)
		if x != in {
			t.Fatalf("InvSubBytes of SubBytes: got %x, want %x", x, in)
		}
	}
}

func TestPack(t *testing.T) {
	for lane := range slicedLanes {
		for i := range BlockSize {
			for b := range 8 {
				var x [slicedLanes][BlockSize]byte
				x[lane][i] = 1 << b
				var got, want sliced
				got.pack(&x)
				row, column := i%4, i/4
				want[b] = 1 << (16*row + 4*column + lane)
				if got != want {
					t.Errorf("pack of bit %d of byte %d in lane %d: got %x, want %x", b, i, lane, got, want)
				}
				var back [slicedLanes][BlockSize]byte
				got.unpack(&back)
				if back != x {
					t.Errorf("unpack of bit %d of byte %d in lane %d: got %x, want %x", b, i, lane, back, x)
				}
			}
		}
	}
}

// TestMixColumns compares with the matrices of FIPS 197, sections 5.1.3 and 5.3.3,
// in both of the forms that this package has.
func TestMixColumns(t *testing.T) {
	r := newGenericRand(1)
	product := func(matrix [4]byte, block [BlockSize]byte) (out [BlockSize]byte) {
		for i := range out {
			row, column := i%4, i/4
			for j := range 4 {
				out[i] ^= fieldMul(matrix[(j-row+4)%4], block[4*column+j])
			}
		}
		return out
	}
	for range 100 {
		var in, got [slicedLanes][BlockSize]byte
		for lane := range in {
			r.Read(in[lane][:])
		}
		var s sliced
		s.pack(&in)
		s.mixColumns()
		s.unpack(&got)
		for lane := range in {
			if want := product([4]byte{2, 3, 1, 1}, in[lane]); got[lane] != want {
				t.Fatalf("MixColumns(%x): got %x, want %x", in[lane], got[lane], want)
			}
		}
		s.pack(&in)
		s.invMixColumns()
		s.unpack(&got)
		for lane := range in {
			if want := product([4]byte{14, 11, 13, 9}, in[lane]); got[lane] != want {
				t.Fatalf("InvMixColumns(%x): got %x, want %x", in[lane], got[lane], want)
			}
		}
	}
}

// TestShiftRows marks each byte by its position.
func TestShiftRows(t *testing.T) {
	var in, want, got [slicedLanes][BlockSize]byte
	for lane := range in {
		for i := range BlockSize {
			row, column := i%4, i/4
			in[lane][i] = byte(BlockSize*lane + i)
			want[lane][i] = byte(BlockSize*lane + 4*((column+row)%4) + row)
		}
	}
	var s sliced
	s.pack(&in)
	s.shiftRows()
	forward := s
	forward.unpack(&got)
	if got != want {
		t.Errorf("ShiftRows: got %x, want %x", got, want)
	}
	s.invShiftRows()
	s.unpack(&got)
	if got != in {
		t.Errorf("InvShiftRows of ShiftRows: got %x, want %x", got, in)
	}
}

// TestFIPS197 has the vectors of FIPS 197, appendices B and C, and the last round
// keys of the key expansions in appendix A.
func TestFIPS197(t *testing.T) {
	tests := []struct {
		name, key, plaintext, ciphertext, lastRoundKey string
	}{
		{
			"B", "2b7e151628aed2a6abf7158809cf4f3c",
			"3243f6a8885a308d313198a2e0370734", "3925841d02dc09fbdc118597196a0b32",
			"d014f9a8c9ee2589e13f0cc8b6630ca6",
		},
		{
			"C.1", "000102030405060708090a0b0c0d0e0f",
			"00112233445566778899aabbccddeeff", "69c4e0d86a7b0430d8cdb78070b4c55a",
			"13111d7fe3944a17f307a78b4d2b30c5",
		},
		{
			"C.2", "000102030405060708090a0b0c0d0e0f1011121314151617",
			"00112233445566778899aabbccddeeff", "dda97ca4864cdfe06eaf70a0ec0d7191",
			"a4970a331a78dc09c418c271e3a41d5d",
		},
		{
			"C.3", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
			"00112233445566778899aabbccddeeff", "8ea2b7ca516745bfeafc49904b496089",
			"24fc79ccbf0979e9371ac23c6d68de36",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var enc, dec schedule
			nr := expandGeneric(&enc, &dec, fromHex(t, tt.key))
			if got, want := nr, len(tt.key)/8+6; got != want {
				t.Fatalf("rounds: got %d, want %d", got, want)
			}
			if got, want := enc[BlockSize*nr:][:BlockSize], fromHex(t, tt.lastRoundKey); !bytes.Equal(got, want) {
				t.Errorf("last round key: got %x, want %x", got, want)
			}
			plaintext := [BlockSize]byte(fromHex(t, tt.plaintext))
			ciphertext := [BlockSize]byte(fromHex(t, tt.ciphertext))
			if got, want := encryptOne(nr, &enc, plaintext), ciphertext; got != want {
				t.Errorf("encrypt: got %x, want %x", got, want)
			}
			if got, want := decryptOne(nr, &dec, ciphertext), plaintext; got != want {
				t.Errorf("decrypt: got %x, want %x", got, want)
			}
		})
	}
}

func TestAESGenericAgainstStandardLibrary(t *testing.T) {
	r := newGenericRand(2)
	for _, size := range []int{16, 24, 32} {
		for range 100 {
			key := randomBytes(r, size)
			std, err := aes.NewCipher(key)
			if err != nil {
				t.Fatal(err)
			}
			var enc, dec schedule
			nr := expandGeneric(&enc, &dec, key)
			var in, want [BlockSize]byte
			r.Read(in[:])
			std.Encrypt(want[:], in[:])
			if got := encryptOne(nr, &enc, in); got != want {
				t.Fatalf("encrypt %x with key %x: got %x, want %x", in, key, got, want)
			}
			std.Decrypt(want[:], in[:])
			if got := decryptOne(nr, &dec, in); got != want {
				t.Fatalf("decrypt %x with key %x: got %x, want %x", in, key, got, want)
			}
		}
	}
}

func TestExpandGenericPanicsOnLength(t *testing.T) {
	for _, size := range []int{0, 15, 17, 20, 28, 31, 33, 64} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("expandGeneric did not panic for a key of %d bytes", size)
				}
			}()
			var enc, dec schedule
			expandGeneric(&enc, &dec, make([]byte, size))
		}()
	}
}

// TestAESGenericLanes has another key and another block in every lane.
func TestAESGenericLanes(t *testing.T) {
	r := newGenericRand(3)
	for _, size := range []int{16, 24, 32} {
		nr := size/4 + 6
		var enc, dec [slicedLanes]schedule
		var encKeys, decKeys [slicedLanes]*schedule
		var in, wantEnc, wantDec [slicedLanes][BlockSize]byte
		for lane := range slicedLanes {
			expandGeneric(&enc[lane], &dec[lane], randomBytes(r, size))
			encKeys[lane], decKeys[lane] = &enc[lane], &dec[lane]
			r.Read(in[lane][:])
			wantEnc[lane] = encryptOne(nr, &enc[lane], in[lane])
			wantDec[lane] = decryptOne(nr, &dec[lane], in[lane])
		}
		var k slicedKeys
		k.load(nr, encKeys[:])
		got := in
		k.encrypt(&got)
		if got != wantEnc {
			t.Errorf("AES-%d, encrypt four lanes: got %x, want %x", 8*size, got, wantEnc)
		}
		k.load(nr, decKeys[:])
		got = in
		k.decrypt(&got)
		if got != wantDec {
			t.Errorf("AES-%d, decrypt four lanes: got %x, want %x", 8*size, got, wantDec)
		}
	}
}

// TestAESGenericLanesApart changes one lane, and wants the other three to give
// what they gave before.
func TestAESGenericLanesApart(t *testing.T) {
	r := newGenericRand(4)
	var enc, dec schedule
	nr := expandGeneric(&enc, &dec, randomBytes(r, KeySize))
	for _, dir := range []struct {
		name  string
		xk    *schedule
		crypt func(*slicedKeys, *[slicedLanes][BlockSize]byte)
	}{
		{"encrypt", &enc, (*slicedKeys).encrypt},
		{"decrypt", &dec, (*slicedKeys).decrypt},
	} {
		var k slicedKeys
		k.load(nr, []*schedule{dir.xk, dir.xk, dir.xk, dir.xk})
		var in [slicedLanes][BlockSize]byte
		for lane := range in {
			r.Read(in[lane][:])
		}
		want := in
		dir.crypt(&k, &want)
		for changed := range slicedLanes {
			for bit := range 8 * BlockSize {
				got := in
				got[changed][bit/8] ^= 1 << (bit % 8)
				dir.crypt(&k, &got)
				for lane := range slicedLanes {
					if same := got[lane] == want[lane]; same != (lane != changed) {
						t.Fatalf("%s: bit %d of lane %d changed, output of lane %d the same: got %t, want %t",
							dir.name, bit, changed, lane, same, lane != changed)
					}
				}
			}
		}
	}
}

// naiveIGE encrypts by the formula c_i = E(p_i ⊕ c_{i-1}) ⊕ p_{i-1}, and decrypts
// when crypt is b.Decrypt and the halves of the iv are exchanged.
func naiveIGE(crypt func(dst, src []byte), prevOut, prevIn, in []byte) []byte {
	var out []byte
	for ; len(in) > 0; in = in[BlockSize:] {
		var x [BlockSize]byte
		for i := range x {
			x[i] = in[i] ^ prevOut[i]
		}
		crypt(x[:], x[:])
		for i := range x {
			x[i] ^= prevIn[i]
		}
		prevOut, prevIn = x[:], in[:BlockSize]
		out = append(out, x[:]...)
	}
	return out
}

func naiveEncrypt(b cipher.Block, iv *[IVSize]byte, plaintext []byte) []byte {
	return naiveIGE(b.Encrypt, iv[:BlockSize], iv[BlockSize:], plaintext)
}

func naiveDecrypt(b cipher.Block, iv *[IVSize]byte, ciphertext []byte) []byte {
	return naiveIGE(b.Decrypt, iv[BlockSize:], iv[:BlockSize], ciphertext)
}

// stateAfter is the iv with which the next part of a message goes on.
func stateAfter(iv [IVSize]byte, ciphertext, plaintext []byte) [IVSize]byte {
	if len(ciphertext) == 0 {
		return iv
	}
	copy(iv[:BlockSize], ciphertext[len(ciphertext)-BlockSize:])
	copy(iv[BlockSize:], plaintext[len(plaintext)-BlockSize:])
	return iv
}

func TestIGEGeneric(t *testing.T) {
	r := newGenericRand(5)
	for _, size := range []int{16, 24, 32} {
		for blocks := range 41 {
			t.Run(fmt.Sprintf("key=%d/blocks=%d", size, blocks), func(t *testing.T) {
				key, src := randomBytes(r, size), randomBytes(r, BlockSize*blocks)
				iv := [IVSize]byte(randomBytes(r, IVSize))
				std, err := aes.NewCipher(key)
				if err != nil {
					t.Fatal(err)
				}
				var enc, dec schedule
				nr := expandGeneric(&enc, &dec, key)

				want := naiveEncrypt(std, &iv, src)
				wantIV := stateAfter(iv, want, src)
				testIGEGeneric(t, "encrypt", encryptGeneric, nr, &enc, iv, src, want, wantIV)

				want = naiveDecrypt(std, &iv, src)
				wantIV = stateAfter(iv, src, want)
				testIGEGeneric(t, "decrypt", decryptGeneric, nr, &dec, iv, src, want, wantIV)
			})
		}
	}
}

// testIGEGeneric runs crypt apart, in place, and in two calls.
func testIGEGeneric(t *testing.T, name string, crypt func(int, *schedule, *[IVSize]byte, []byte, []byte),
	nr int, xk *schedule, iv [IVSize]byte, src, want []byte, wantIV [IVSize]byte) {
	t.Helper()
	check := func(how string, got []byte, gotIV [IVSize]byte) {
		t.Helper()
		if !bytes.Equal(got, want) {
			t.Errorf("%s %s: got %x, want %x", name, how, got, want)
		}
		if gotIV != wantIV {
			t.Errorf("%s %s, iv: got %x, want %x", name, how, gotIV, wantIV)
		}
	}

	original := bytes.Clone(src)
	got, gotIV := make([]byte, len(src)), iv
	crypt(nr, xk, &gotIV, got, src)
	check("apart", got, gotIV)
	if !bytes.Equal(src, original) {
		t.Errorf("%s changed src: got %x, want %x", name, src, original)
	}

	got, gotIV = bytes.Clone(src), iv
	crypt(nr, xk, &gotIV, got, got)
	check("in place", got, gotIV)

	cut := len(src) / BlockSize / 2 * BlockSize
	got, gotIV = bytes.Clone(src), iv
	crypt(nr, xk, &gotIV, got[:cut], got[:cut])
	crypt(nr, xk, &gotIV, got[cut:], got[cut:])
	check("in two calls", got, gotIV)
}

func TestIGEGenericMessage(t *testing.T) {
	r := newGenericRand(6)
	key, iv := [KeySize]byte(randomBytes(r, KeySize)), [IVSize]byte(randomBytes(r, IVSize))
	plaintext := randomBytes(r, 10*BlockSize)
	std, err := aes.NewCipher(key[:])
	if err != nil {
		t.Fatal(err)
	}
	want := naiveEncrypt(std, &iv, plaintext)

	got, gotIV := make([]byte, len(plaintext)), iv
	encryptMessageGeneric(&key, &gotIV, got, plaintext)
	if !bytes.Equal(got, want) {
		t.Errorf("encrypt: got %x, want %x", got, want)
	}
	decryptMessageGeneric(&key, &gotIV, got, got)
	if !bytes.Equal(got, plaintext) {
		t.Errorf("decrypt: got %x, want %x", got, plaintext)
	}
	if gotIV != iv {
		t.Errorf("iv: got %x, want %x as before", gotIV, iv)
	}
}

// TestIGEGenericLanes has one to four messages with their own keys and ivs, every
// other one in place.
func TestIGEGenericLanes(t *testing.T) {
	r := newGenericRand(7)
	for n := 1; n <= slicedLanes; n++ {
		for blocks := range 10 {
			var enc, dec [slicedLanes]schedule
			var iv, encIV, decIV [slicedLanes][IVSize]byte
			var srcs [slicedLanes][]byte
			var stds [slicedLanes]cipher.Block
			encLanes, decLanes := make([]lane, n), make([]lane, n)
			var nr int
			for j := range n {
				key := randomBytes(r, KeySize)
				nr = expandGeneric(&enc[j], &dec[j], key)
				stds[j], _ = aes.NewCipher(key)
				r.Read(iv[j][:])
				encIV[j], decIV[j] = iv[j], iv[j]
				srcs[j] = randomBytes(r, BlockSize*blocks)
				encSrc, decSrc := bytes.Clone(srcs[j]), bytes.Clone(srcs[j])
				encDst, decDst := encSrc, decSrc
				if j%2 == 0 {
					encDst, decDst = make([]byte, len(encSrc)), make([]byte, len(decSrc))
				}
				encLanes[j] = lane{&enc[j], &encIV[j], encDst, encSrc}
				decLanes[j] = lane{&dec[j], &decIV[j], decDst, decSrc}
			}
			encryptLanesGeneric(nr, encLanes)
			decryptLanesGeneric(nr, decLanes)
			for j := range n {
				want := naiveEncrypt(stds[j], &iv[j], srcs[j])
				if got := encLanes[j].dst; !bytes.Equal(got, want) {
					t.Errorf("encrypt %d blocks, lane %d of %d: got %x, want %x", blocks, j, n, got, want)
				}
				if got, want := encIV[j], stateAfter(iv[j], want, srcs[j]); got != want {
					t.Errorf("encrypt %d blocks, iv of lane %d of %d: got %x, want %x", blocks, j, n, got, want)
				}
				want = naiveDecrypt(stds[j], &iv[j], srcs[j])
				if got := decLanes[j].dst; !bytes.Equal(got, want) {
					t.Errorf("decrypt %d blocks, lane %d of %d: got %x, want %x", blocks, j, n, got, want)
				}
				if got, want := decIV[j], stateAfter(iv[j], srcs[j], want); got != want {
					t.Errorf("decrypt %d blocks, iv of lane %d of %d: got %x, want %x", blocks, j, n, got, want)
				}
			}
		}
	}
}

func TestIGEGenericAllocs(t *testing.T) {
	var key [KeySize]byte
	var iv [IVSize]byte
	var enc, dec schedule
	buf := make([]byte, 4*BlockSize)
	allocs := alloctest.PerRun(t, 10, func() {
		nr := expandGeneric(&enc, &dec, key[:])
		encryptGeneric(nr, &enc, &iv, buf, buf)
		decryptGeneric(nr, &dec, &iv, buf, buf)
		encryptMessageGeneric(&key, &iv, buf, buf)
		decryptMessageGeneric(&key, &iv, buf, buf)
		encryptLanesGeneric(nr, []lane{{&enc, &iv, buf, buf}, {&enc, &iv, buf, buf}})
	})
	if allocs != 0 {
		t.Errorf("allocations: got %v, want 0", allocs)
	}
}

func encryptOne(nr int, enc *schedule, block [BlockSize]byte) [BlockSize]byte {
	var k slicedKeys
	k.load(nr, []*schedule{enc})
	x := [slicedLanes][BlockSize]byte{block}
	k.encrypt(&x)
	return x[0]
}

func decryptOne(nr int, dec *schedule, block [BlockSize]byte) [BlockSize]byte {
	var k slicedKeys
	k.load(nr, []*schedule{dec})
	x := [slicedLanes][BlockSize]byte{block}
	k.decrypt(&x)
	return x[0]
}

func fromHex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func BenchmarkExpandGeneric(b *testing.B) {
	key := make([]byte, KeySize)
	var enc, dec schedule
	b.ReportAllocs()
	for b.Loop() {
		expandGeneric(&enc, &dec, key)
	}
}

func BenchmarkLanesGeneric(b *testing.B) {
	for _, dir := range []struct {
		name  string
		crypt func(int, []lane)
	}{
		{"encrypt", encryptLanesGeneric},
		{"decrypt", decryptLanesGeneric},
	} {
		for _, n := range []int{1, 4} {
			for _, size := range []struct {
				name  string
				bytes int
			}{{"64", 64}, {"1K", 1 << 10}, {"16K", 16 << 10}} {
				b.Run(fmt.Sprintf("%s/lanes=%d/size=%s", dir.name, n, size.name), func(b *testing.B) {
					var xk schedule
					lanes := make([]lane, n)
					for j := range lanes {
						buf := make([]byte, size.bytes)
						lanes[j] = lane{&xk, new([IVSize]byte), buf, buf}
					}
					b.SetBytes(int64(n * size.bytes))
					b.ReportAllocs()
					for b.Loop() {
						dir.crypt(maxRounds, lanes)
					}
				})
			}
		}
	}
}
