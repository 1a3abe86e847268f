package term

import (
	"math/bits"
	"math/rand/v2"
	"testing"
)

// inputs are words and bytes of inputs, and their values.
func inputs(p *Pool, rng *rand.Rand) (w [4]Word, value [4]uint32, eval func(Byte) byte) {
	r := p.Region("input")
	data := make([]byte, 16)
	for i := range data {
		data[i] = byte(rng.Uint32())
		w[i/4][i%4] = p.Input(r, i)
		value[i/4] |= uint32(data[i]) << (8 * (i % 4))
	}
	return w, value, p.Eval(func(region, offset int) byte { return data[offset] })
}

// TestEval compares terms of random programs with what the programs compute on numbers.
func TestEval(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		p := New()
		w, value, eval := inputs(p, rng)
		for range 1 + rng.IntN(8) {
			to, a, b := rng.IntN(4), rng.IntN(4), rng.IntN(4)
			n := 1 + rng.IntN(31)
			switch rng.IntN(7) {
			case 0:
				w[to], value[to] = p.XorWord(w[a], w[b]), value[a]^value[b]
			case 1:
				w[to], value[to] = p.AndWord(w[a], w[b]), value[a]&value[b]
			case 2:
				c := rng.Uint32()
				w[to], value[to] = p.Add(w[a], w[b], c), value[a]+c*value[b]
			case 3:
				w[to], value[to] = p.Rotate(w[a], n), bits.RotateLeft32(value[a], -n)
			case 4:
				w[to], value[to] = Word(p.Shift(w[a][:], n)), value[a]<<n
			case 5:
				w[to], value[to] = Word(p.Shift(w[a][:], -n)), value[a]>>n
			case 6:
				table := &sbox
				if n%2 == 0 {
					table = &inverseSbox
				}
				from, v := w[a], value[a]
				value[to] = 0
				for i := range 4 {
					w[to][i] = p.Sbox(from[i], n%2 == 0)
					value[to] |= uint32(table[byte(v>>(8*i))]) << (8 * i)
				}
			}
			for i, b := range w[to] {
				if got, want := eval(b), byte(value[to]>>(8*i)); got != want {
					t.Fatalf("byte %d is %02x, want %02x", i, got, want)
				}
			}
		}
	}
}

// TestNormalForm: what is equal has one form, and what is not has several.
func TestNormalForm(t *testing.T) {
	p := New()
	w, _, _ := inputs(p, rand.New(rand.NewPCG(3, 4)))
	x, y, z := w[0], w[1], w[2]
	not := func(a Word) Word { return p.XorWord(a, Const(0xffffffff)) }
	state := [16]Byte{}
	for i := range state {
		state[i] = p.Input(p.Region("state"), i)
	}
	for _, tt := range []struct {
		name string
		a, b any
		same bool
	}{
		{"Ch two ways", p.XorWord(p.AndWord(x, y), p.AndWord(not(x), z)), p.XorWord(z, p.AndWord(x, p.XorWord(y, z))), true},
		{"Maj two ways", p.XorWord(p.XorWord(p.AndWord(x, y), p.AndWord(x, z)), p.AndWord(y, z)), p.XorWord(p.AndWord(p.XorWord(x, y), p.XorWord(y, z)), y), true},
		{"Ch and Maj", p.XorWord(z, p.AndWord(x, p.XorWord(y, z))), p.XorWord(p.AndWord(p.XorWord(x, y), p.XorWord(y, z)), y), false},
		{"sum in another order", p.Add(p.Add(x, y, 1), z, 1), p.Add(z, p.Add(y, x, 1), 1), true},
		{"difference", p.Add(p.Add(x, y, 1), y, 1<<32-1), x, true},
		{"sum is not exclusive or", p.Add(x, y, 1), p.XorWord(x, y), false},
		{"rotations", p.Rotate(p.Rotate(x, 7), 25), x, true},
		{"another rotation", p.Rotate(x, 7), p.Rotate(x, 8), false},
		{"rotation of a sum", p.Rotate(p.Add(x, y, 1), 3), p.Rotate(p.Add(y, x, 1), 3), true},
		{"shifts are no rotation", Word(p.Shift(p.Shift(x[:], 8), -8)), x, false},
		{"columns back", p.MixColumns(p.MixColumns(state, true), false), state, true},
		{"rounds back", p.Round(p.Round(state, false, false), true, false), state, true},
		{"boxes", p.Sbox(x[0], false), p.Sbox(x[0], true), false},
		{"mixed columns are linear", p.MixColumns(p.XorBlock(state, state), false), [16]Byte{}, true},
	} {
		if (tt.a == tt.b) != tt.same {
			t.Errorf("%s: the same is %v", tt.name, tt.a == tt.b)
		}
	}
}

// TestSubstitute: a term with terms in the place of its inputs is the term made of them.
func TestSubstitute(t *testing.T) {
	p := New()
	w, _, _ := inputs(p, rand.New(rand.NewPCG(5, 6)))
	f := func(a, b Word) Word {
		s := p.Add(p.Rotate(a, 5), p.AndWord(a, b), 3)
		s[1] = p.Sbox(s[0], false)
		return p.XorWord(p.Add(s, b, 1), p.AndWord(p.Rotate(s, 9), b))
	}
	substitute := p.Substitute(func(region, offset int) Byte {
		if offset < 4 {
			return w[2][offset]
		}
		return p.Xor(w[3][offset-4], w[0][offset-4])
	})
	got := f(w[0], w[1])
	for i := range got {
		got[i] = substitute(got[i])
	}
	if got != f(w[2], p.XorWord(w[3], w[0])) {
		t.Error("not the same")
	}
}

func TestMatrices(t *testing.T) {
	for a := range 256 {
		for _, b := range []byte{0, 1, 2, 0x53, 0xff} {
			if got := times[a].apply(b); got != Mul(byte(a), b) {
				t.Fatalf("%02x·%02x = %02x", a, b, got)
			}
			if times[a].mul(times[b]) != times[Mul(byte(a), b)] {
				t.Fatalf("product of matrices of %02x and %02x", a, b)
			}
		}
		if inverseSbox[sbox[a]] != byte(a) {
			t.Fatalf("S-box of %02x", a)
		}
	}
	if sbox[0] != 0x63 || sbox[0x53] != 0xed { // FIPS 197, 5.1.1
		t.Error("not the S-box")
	}
}
