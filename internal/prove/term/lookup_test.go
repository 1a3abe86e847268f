package term

import (
	"math/rand/v2"
	"testing"
)

// TestLookups computes S-boxes in steps, by halves of bytes, and compares them with S-boxes; and random
// functions by their values.
func TestLookups(t *testing.T) {
	p := New()
	of := func(x byte) byte { return Mul(x, 3) ^ 0x63 } // what is written x
	written := func(y byte) byte { return Mul(y^0x63, 0xf6) }
	p.Represent(of, false)
	p.Represent(of, true)
	r := p.Region("r")
	y := p.Xor(p.apply(times[7], p.Input(r, 0)), p.Input(r, 1))
	x := p.Xor(p.apply(times[0xf6], y), Byte(Mul(0x63, 0xf6)))
	name := p.Name(x)
	low, high := p.And(name, 15), p.Shift([]Byte{name}, -4)[0]
	for _, inverse := range []bool{false, true} {
		box := &sbox
		if inverse {
			box = &inverseSbox
		}
		rng := rand.New(rand.NewPCG(1, 2))
		// Two functions, of all of the byte, whose sum is an S-box, written in the other way.
		var mask [256]byte
		for i := range mask {
			mask[i] = byte(rng.Uint32())
		}
		whole := p.Xor(low, p.Shift([]Byte{high}, 4)[0])
		first := p.Lookup(func(i byte) byte { return mask[i] }, whole)
		second := p.Lookup(func(i byte) byte { return mask[i] ^ written(box[of(i)]) }, whole)
		if got, want := p.Xor(first, second), p.Xor(p.apply(times[0xf6], p.Sbox(y, inverse)), Byte(Mul(0x63, 0xf6))); got != want {
			t.Errorf("inverse %v: %s, want %s", inverse, p.String(got, 2), p.String(want, 2))
		}
		// With one value changed it is another one.
		other := p.Lookup(func(i byte) byte {
			if i == 200 {
				return mask[i] ^ written(box[of(i)]) ^ 1
			}
			return mask[i] ^ written(box[of(i)])
		}, whole)
		if got, want := p.Xor(first, other), p.Xor(first, second); got == want {
			t.Errorf("inverse %v: another function is the same", inverse)
		}
		for seed := range 300 {
			input := func(_, off int) byte { return byte(seed*7 + off*13) }
			eval := p.Eval(input)
			v := eval(x)
			if eval(low) != v&15 || eval(high) != v>>4 || eval(whole) != v || eval(first) != mask[v] || eval(p.Xor(first, second)) != written(box[of(v)]) {
				t.Fatalf("seed %d: values are wrong", seed)
			}
			constant := p.Substitute(func(_, off int) Byte { return Byte(input(0, off)) })
			if constant(first) != Byte(mask[v]) || constant(p.Xor(first, low)) != Byte(mask[v]^v&15) {
				t.Fatalf("seed %d: substitution is wrong", seed)
			}
		}
	}
	// Affine functions are no lookups.
	sum := p.Xor(p.Lookup(func(i byte) byte { return Mul(i, 5) }, low), p.Lookup(func(i byte) byte { return Mul(i<<4, 5) ^ 9 }, high))
	if want := p.Xor(p.apply(times[5], x), 9); sum != want {
		t.Errorf("%s, want %s", p.String(sum, 2), p.String(want, 2))
	}
	if got := p.Xor(p.Lookup(func(i byte) byte { return sbox[i] }, low), p.Lookup(func(i byte) byte { return sbox[i] }, low)); got != 0 {
		t.Errorf("a sum of the same is %s", p.String(got, 2))
	}
}
