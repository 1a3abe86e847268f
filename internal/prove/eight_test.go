package prove

import (
	"fmt"
	"math/big"

	"github.com/mtcore/mtcore/internal/prove/number"
)

// Kernels with eight numbers at once: digit j of number i is word 8·j + i.

// eightWords are those of n digits of number i, from a vector on.
func eightWords(i, at, n int) (words []int) {
	for j := range n {
		words = append(words, 8*(at+j)+i)
	}
	return words
}

// eight is number i in a region: n digits from a vector on.
func (c *computation) eight(region string, i, at, n int) number.Poly {
	r := c.regions[region]
	return number.Sum(func(j int) number.Poly { return r.At(int64(8 * (8*(at+j) + i))).P }, n, digitBits)
}

// areDigits reports whether words are below 2^52.
func (c *computation) areDigits(region string, words []int) bool {
	for _, w := range words {
		if !c.facts.Below(c.regions[region].At(int64(8*w)).P, digitBits) {
			return false
		}
	}
	return true
}

// lanes runs the call and then has every lane checked.
func (c *computation) lanes(check func(i int, name func(string) number.Poly) error) error {
	if err := c.run(); err != nil {
		return err
	}
	for i := range 8 {
		if err := check(i, c.ofLane(i)); err != nil {
			return fmt.Errorf("lane %d: %w", i, err)
		}
	}
	return nil
}

// ofLane returns numbers of lane i, by name.
func (c *computation) ofLane(i int) func(string) number.Poly {
	return func(s string) number.Poly { return c.number(fmt.Sprint(s, i)) }
}

// proveEight proves z = x·y + z modulo 2^(52·n), with what there is of these, for the n digits that z has, which are
// below 2^52.
func proveEight(c *computation) error {
	n := c.subject.contract.Arg("z").Bytes / 64
	return c.lanes(func(i int, name func(string) number.Poly) error {
		if !c.areDigits("z", eightWords(i, 0, n)) {
			return fmt.Errorf("digits are too large")
		}
		x, y := "x", "y"
		if c.subject.contract.Arg(y) == nil {
			y = x
		}
		want := c.facts.Mul(name(x), name(y))
		if c.subject.contract.Arg("z").Numbers != nil {
			want = want.Plus(name("z"), number.Small(1))
		}
		return c.facts.Congruent(c.eight("z", i, 0, n), want, digitBits*n)
	})
}

func rightEight(c *computation) bool {
	n := c.subject.contract.Arg("z").Bytes / 64
	for i := range 8 {
		value := func(s string) *big.Int {
			if v := c.values[fmt.Sprint(s, i)]; v != nil {
				return v
			}
			return new(big.Int)
		}
		y := "y"
		if c.subject.contract.Arg(y) == nil {
			y = "x"
		}
		want := new(big.Int).Mul(value("x"), value(y))
		want.Add(want, value("z")).And(want, mask(digitBits*n))
		if c.known("z", eightWords(i, 0, n), digitBits).Cmp(want) != 0 {
			return false
		}
	}
	return true
}

// half is W, the weight of the upper ten digits.
func half(n int) number.Coefficient { return number.Pow2(10 * digitBits * n) }

// proveDifferences proves d = x_0 - x_1 + W·b for the digits d, and the bit b behind them.
func proveDifferences(c *computation) error {
	return c.lanes(func(i int, _ func(string) number.Poly) error {
		if !c.areDigits("z", eightWords(i, 0, 10)) {
			return fmt.Errorf("digits are too large")
		}
		x := c.halves(fmt.Sprint("x", i))
		b := c.eight("z", i, 10, 1)
		if !c.facts.Below(b, 1) {
			return fmt.Errorf("no bit")
		}
		// Both sides are between 0 and 2·W.
		return c.facts.Congruent(c.eight("z", i, 0, 10).Plus(x[1], number.Small(1)), x[0].Plus(b, half(1)), 11*digitBits)
	})
}

func rightDifferences(c *computation) bool {
	for i := range 8 {
		d, b := difference(c.values[fmt.Sprint("x", i)], 0, 1)
		if c.known("z", eightWords(i, 0, 10), digitBits).Cmp(d) != 0 || c.known("z", eightWords(i, 10, 1), 1).Cmp(b) != 0 {
			return false
		}
	}
	return true
}

// halves are the lower and the upper ten digits of a number.
func (c *computation) halves(name string) (h [2]number.Poly) {
	n := c.find(name)
	for i := range h {
		h[i] = number.Sum(func(j int) number.Poly { return c.digit(n, 10*i+j) }, 10, digitBits)
	}
	return h
}

// difference is half i minus half j of v, plus W if that is negative, and whether it is.
func difference(v *big.Int, i, j uint) (d, negative *big.Int) {
	part := func(i uint) *big.Int {
		p := new(big.Int).Rsh(v, 10*digitBits*i)
		return p.And(p, mask(10*digitBits))
	}
	d, negative = part(i), new(big.Int)
	if d.Sub(d, part(j)); d.Sign() < 0 {
		d.Add(d, new(big.Int).Lsh(big.NewInt(1), 10*digitBits))
		negative.SetInt64(1)
	}
	return d, negative
}

// fitDifferences makes d, b, e and s what they have to be.
func fitDifferences(all map[string]*big.Int) {
	for i := range 8 {
		set := func(of, d, negative string, high, low uint) {
			all[fmt.Sprint(d, i)], all[fmt.Sprint(negative, i)] = difference(all[fmt.Sprint(of, i)], high, low)
		}
		set("x", "d", "b", 0, 1)
		set("y", "e", "s", 1, 0)
	}
}

// proveKaratsuba proves, with δ = d - b·W and ε = e - s·W,
//
//	z = z + t·W³ + x_0·y_0 + (x_0·y_0 + x_1·y_1 + δ·ε)·W + x_1·y_1·W²
//
// where t is the last ten digits of z, before. As δ is x_0 - x_1, and ε is y_1 - y_0, what is in brackets is
// x_0·y_1 + x_1·y_0, and x·y is added.
//
// The kernel subtracts b + s from what it carries out of the digits before the last ten. That this leaves a
// natural number r follows from an equation that holds for any integer r:
//
//	(those 30 digits of z) + r·W³ = (those before) + x_0·y_0 + (x_0·y_1 + x_1·y_0)·W + h·W²
//
// where h is what the ten lower columns of x_1·y_1 add up to, x_1·y_1 less those above. Nothing on the right is
// negative, and the digits are less than W³, so that r > -1.
func proveKaratsuba(c *computation) error {
	right := func(i int) (low, middle, high number.Poly) {
		x, y := c.halves(fmt.Sprint("x", i)), c.halves(fmt.Sprint("y", i))
		name, f := c.ofLane(i), c.facts
		delta, epsilon := name("d").Plus(name("b"), half(1).Neg()), name("e").Plus(name("s"), half(1).Neg())
		low, high = f.Mul(x[0], y[0]), f.Mul(x[1], y[1])
		return low, low.Plus(high, number.Small(1)).Plus(f.Mul(delta, epsilon), number.Small(1)), high
	}
	var err error
	lane := 0
	c.Natural = func(r number.Poly) bool {
		i := lane
		lane++
		low, middle, high := right(i)
		high = high.Plus(c.eight("scratch", i, 10, 10), half(1).Neg())
		want := c.ofLane(i)("z").Plus(low, number.Small(1)).Plus(middle, half(1)).Plus(high, half(2))
		err = c.facts.Congruent(c.eight("z", i, 0, 30).Plus(r, half(3)), want, 60*digitBits)
		return err == nil && c.areDigits("z", eightWords(i, 0, 30))
	}
	runErr := c.lanes(func(i int, name func(string) number.Poly) error {
		for _, w := range eightWords(i, 30, 10) {
			if !c.facts.Below(c.regions["z"].At(int64(8*w)).P, c.find("z0").Sum) {
				return fmt.Errorf("sums are too large")
			}
		}
		low, middle, high := right(i)
		want := name("z").Plus(name("t"), half(3)).Plus(low, number.Small(1)).Plus(middle, half(1)).Plus(high, half(2))
		return c.facts.Congruent(c.eight("z", i, 0, 40), want, 60*digitBits)
	})
	if err != nil {
		return fmt.Errorf("what is carried: %w", err)
	}
	return runErr
}

func rightKaratsuba(c *computation) bool {
	for i := range 8 {
		want := new(big.Int).Mul(c.values[fmt.Sprint("x", i)], c.values[fmt.Sprint("y", i)])
		want.Add(want, c.values[fmt.Sprint("z", i)])
		want.Add(want, new(big.Int).Lsh(c.values[fmt.Sprint("t", i)], digitBits*30))
		got := c.known("z", eightWords(i, 0, 30), digitBits)
		for j := range 10 {
			top := c.known("z", eightWords(i, 30+j, 1), 57)
			got.Add(got, top.Lsh(top, uint(digitBits*(30+j))))
		}
		if got.Cmp(want) != 0 {
			return false
		}
	}
	return true
}
