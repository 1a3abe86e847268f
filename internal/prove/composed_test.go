package prove

import (
	"testing"

	"github.com/mtcore/mtcore/internal/contract"
	"github.com/mtcore/mtcore/internal/prove/number"
)

// TestComposed puts the statements about kernels together, as the Go code that calls one after the other needs
// them: a product in Montgomery form is x·y/R modulo n, in the range that the next one asks for. That Go code is
// compared with package math/big by the tests of packages bigdh and internal/rsa2048.
func TestComposed(t *testing.T) {
	for _, suffix := range []string{"", "1024"} {
		for _, product := range []string{"Mul", "Square"} {
			first, second := contract.Find("bigdh", product+suffix), contract.Find("bigdh", "Reduce"+suffix)
			from, to, z := first.Arg("t"), second.Arg("t"), second.Arg("z")
			x, sum, n := &first.Arg("x").Numbers[0], &to.Numbers[0], &second.Arg("n").Numbers[0]
			// Reduce asks nothing of t but its length, and z, any number of its length, is one that Mul takes.
			if from.Bytes != to.Bytes || sum.Bits != 8*to.Bytes || len(sum.Words) != to.Bytes/8 || z.Bytes != first.Arg("x").Bytes ||
				x.Bits != 8*z.Bytes || x.Bits != n.Bits {
				t.Errorf("%v and %v do not fit together", first, second)
			}
			// z·R = t + (q - top·R)·n with t = x·y.
			f := number.New()
			vx, vy, vn := f.Var("x", number.Max(x.Bits)), f.Var("y", number.Max(x.Bits)), f.Var("n", number.Max(n.Bits))
			q, top := f.Var("q", number.Max(n.Bits)), f.Var("top", number.Small(1))
			xy := f.Mul(vx, vy)
			zR := xy.Plus(f.Mul(q.Plus(top, number.Pow2(n.Bits).Neg()), vn), number.Small(1))
			if !f.Multiples(zR.Plus(xy, number.Small(-1)), vn) {
				t.Errorf("%v and %v are not a product in Montgomery form", first, second)
			}
		}
	}
	// The bound that is proven of z is that of x.
	for _, name := range []string{"MulIFMA", "MulPairIFMA"} {
		k := contract.Find("bigdh", name)
		for i, x := range k.Arg("x").Numbers {
			if y := k.Arg("y").Numbers[i]; x.Bits != y.Bits || x.Digit != y.Digit {
				t.Errorf("%v: %s and %s have other bounds", k, x.Name, y.Name)
			}
		}
	}
}
