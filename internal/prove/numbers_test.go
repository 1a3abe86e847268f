package prove

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/mtcore/mtcore/internal/contract"
	"github.com/mtcore/mtcore/internal/machine/x86"
	"github.com/mtcore/mtcore/internal/prove/exec"
	"github.com/mtcore/mtcore/internal/prove/number"
	"github.com/mtcore/mtcore/internal/prove/numexec"
)

// Proofs of the kernels that compute with large numbers, as equations between these: t = x·y, and, for a
// Montgomery reduction by n, z·R = t + n·(something). What is not explained by the equation is bounded: that is
// why carries that are dropped are zero.

// arithmetic is a kernel that computes with numbers, and what is to be proven of it.
type arithmetic struct {
	kernel string
	prove  func(c *computation) error
	// right reports whether the result is right, for numbers that are known.
	right func(c *computation) bool
}

func arithmetics() []arithmetic {
	return []arithmetic{
		{"bigdh.Mul", proveProduct, rightProduct}, {"bigdh.Square", proveProduct, rightProduct},
		{"bigdh.Mul1024", proveProduct, rightProduct}, {"bigdh.Square1024", proveProduct, rightProduct},
		{"bigdh.Reduce", proveReduction, rightReduction}, {"bigdh.Reduce1024", proveReduction, rightReduction},
		{"bigdh.MulIFMA", proveIFMA, rightIFMA}, {"bigdh.MulPairIFMA", proveIFMA, rightIFMA},
		{"bigdh.SquareIFMA", proveSquares, rightIFMA}, {"bigdh.SquarePairIFMA", proveSquares, rightIFMA},
		{"bigdh.Square8IFMA", proveEight, rightEight}, {"bigdh.MulAdd8IFMA", proveEight, rightEight},
		{"bigdh.MulLow8IFMA", proveEight, rightEight}, {"bigdh.Difference8IFMA", proveDifferences, rightDifferences},
		{"bigdh.MulAddKaratsuba8IFMA", proveKaratsuba, rightKaratsuba},
	}
}

// computation is a call of such a kernel.
type computation struct {
	*numexec.Machine // on amd64
	arm64            *numexec.ARM64
	subject          *subject
	facts            *number.Facts
	regions          map[string]*numexec.Region
	vars             map[string]number.Poly // the digits of numbers, by names
	values           map[string]*big.Int    // of numbers, if they are known
	steps            int
}

// compute makes a call with numbers that are variables, or as values says.
func compute(s *subject, values map[string]*big.Int) *computation {
	f := number.New()
	c := &computation{subject: s, facts: f, vars: map[string]number.Poly{}, values: values}
	if s.arm64 != nil {
		c.arm64 = numexec.NewARM64(f, s.kernel, s.arm64, exec.TimingOff)
	} else {
		c.Machine = numexec.New(f, s.code, 0)
	}
	c.setUp(nil, squarings)
	return c
}

// squarings is how many times kernels square that are called with numbers that are known.
const squarings = 3

// again makes the same call, laid out in another way.
func (c *computation) again(overlaps []contract.Overlap, sp, times int) *computation {
	d := *c
	d.Machine = c.Another(c.subject.code, sp)
	d.setUp(overlaps, times)
	return &d
}

func (c *computation) setArgument(word int, v numexec.Value) {
	if c.arm64 != nil {
		c.arm64.SetArgument(word, v)
	} else {
		c.Machine.SetArgument(word, v)
	}
}

func (c *computation) setUp(overlaps []contract.Overlap, times int) {
	c.regions = map[string]*numexec.Region{}
	args := c.subject.contract.Args
	for i := range args {
		a := &args[i]
		switch a.Kind {
		case contract.Public:
			c.setArgument(i, numexec.Value{Kind: numexec.Counter, N: int64(times)})
		case contract.Secret:
			c.setArgument(i, numexec.Poly(c.digit(&a.Numbers[0], 0)))
		default:
			c.setArgument(i, numexec.Value{Kind: numexec.Address, Region: c.region(a, overlaps)})
		}
	}
}

// region is that of an argument, which may be another's.
func (c *computation) region(a *contract.Arg, overlaps []contract.Overlap) *numexec.Region {
	if r := c.regions[a.Name]; r != nil {
		return r
	}
	for _, o := range overlaps {
		if b := c.subject.contract.Arg(o.B); o.A == a.Name {
			r := c.region(b, overlaps)
			r.Writable = r.Writable || a.Access != contract.Reads
			c.regions[a.Name] = r
			return r
		}
	}
	var initial func(word int) numexec.Value
	if a.Access != contract.Writes {
		initial = func(word int) numexec.Value {
			for i := range a.Numbers {
				if j := slices.Index(a.Numbers[i].Words, word); j >= 0 {
					return numexec.Poly(c.digit(&a.Numbers[i], j))
				}
			}
			panic(fmt.Sprintf("read of %s, word %d, which holds nothing", a.Name, word))
		}
	}
	r := numexec.NewRegion(a.Name, a.Bytes, a.Access != contract.Reads, initial)
	c.regions[a.Name] = r
	return r
}

// digit is digit i of a number.
func (c *computation) digit(n *contract.Number, i int) number.Poly {
	if v := c.values[n.Name]; v != nil {
		d := new(big.Int).Rsh(v, uint(n.Digit*i))
		return number.Const(number.Of(d.And(d, mask(n.Digit)), 0))
	}
	name := fmt.Sprintf("%s[%d].", n.Name, i)
	if c.vars[name] == nil {
		c.vars[name] = c.facts.Var(name, number.Max(max(n.Digit, n.Sum)))
	}
	return c.vars[name]
}

func mask(bits int) *big.Int {
	m := new(big.Int).Lsh(big.NewInt(1), uint(bits))
	return m.Sub(m, big.NewInt(1))
}

// find returns the number of that name.
func (c *computation) find(name string) *contract.Number {
	for i := range c.subject.contract.Args {
		numbers := c.subject.contract.Args[i].Numbers
		for j := range numbers {
			if numbers[j].Name == name {
				return &numbers[j]
			}
		}
	}
	panic("no number " + name)
}

// number is the number of that name, as it was at first.
func (c *computation) number(name string) number.Poly {
	n := c.find(name)
	return number.Sum(func(i int) number.Poly { return c.digit(n, i) }, max(1, len(n.Words)), n.Digit)
}

// result is the number in so many words of a region.
func (c *computation) result(region string, first, n int) number.Poly {
	r := c.regions[region]
	return number.Sum(func(i int) number.Poly { return r.At(int64(8 * (first + i))).P }, n, 64)
}

// run executes the whole call.
func (c *computation) run() error {
	if c.arm64 != nil {
		err := c.arm64.Run(c.subject.kernel.Addr)
		c.steps = c.arm64.Steps
		return err
	}
	done, err := c.Run(c.subject.kernel.Addr)
	c.steps = c.Steps
	if err == nil && !done {
		return fmt.Errorf("does not return")
	}
	return err
}

// factors are the numbers that are multiplied.
func (c *computation) factors(i string) (x, y string) {
	if c.subject.contract.Arg("y") == nil {
		return "x" + i, "x" + i
	}
	return "x" + i, "y" + i
}

// proveProduct proves t = x·y.
func proveProduct(c *computation) error {
	hinted := false
	c.Before = func(in *x86.Inst) bool {
		if !hinted && in.Op == "vmovdqu" { // here the three products of Karatsuba's method are complete
			hinted = true
			limbs := func(region string, first int) func(int) number.Poly {
				r := c.regions[region]
				return func(i int) number.Poly { return r.At(int64(8 * (first + i))).P }
			}
			c.facts.Group(limbs("t", 0), 32)
			c.facts.Group(limbs("t", 32), 32)
			c.facts.Group(limbs("k", 32), 32)
		}
		return false
	}
	return c.isProduct()
}

// isProduct runs the call and proves the equation.
func (c *computation) isProduct() error {
	if err := c.run(); err != nil {
		return err
	}
	x, y := c.factors("")
	n := len(c.find(x).Words)
	return c.facts.Congruent(c.result("t", 0, 2*n), c.facts.Mul(c.number(x), c.number(y)), 128*n)
}

// proveReduction proves two equations for natural numbers q, u < R and a bit top:
//
//	R·(u + top·R) = t + q·n
//	z = u - top·n modulo R
//
// As t < R² and q < R, from the first follows u + top·R < R + n. So u + top·R - top·n is less than R, and not
// negative, and from the second follows that it is z. Therefore z·R = t + (q - top·R)·n, and z < R.
//
// Each limb of q is a limb of the sum times k0, so that that limb is zero when that times n has been added.
func proveReduction(c *computation) error {
	v := c.vanishing()
	var q []number.Poly
	var top number.Poly
	added := true // the product with the last limb of q
	c.After = func(in *x86.Inst, p number.Poly) {
		switch {
		case in.Op == "imul":
			q, added = append(q, p), false
		case in.Op == "movzx" && in.Args[0].Reg == x86.RDX:
			top = p
		case in.Op == "adcx" && !added:
			added = true
			v.vanish(p, q[len(q)-1])
		}
	}
	if err := c.run(); err != nil {
		return err
	}
	return c.isReduced(q, top, c.result("t", len(q), len(q)))
}

// vanishing is what is known of limbs that a reduction makes to vanish: n·k0 = -1 + 2^64·κ.
type vanishing struct {
	facts              *number.Facts
	n0, k0, toMinusOne number.Poly
}

func (c *computation) vanishing() *vanishing {
	if c.vars["kappa"] == nil {
		c.vars["kappa"] = c.facts.Var("kappa", number.Max(64))
	}
	kappa := c.vars["kappa"]
	return &vanishing{c.facts, c.digit(c.find("n"), 0), c.number("k0"), kappa.Times(number.Pow2(64)).Plus(number.Int(-1), number.Small(1))}
}

// product is the lower half of a limb of q times the lowest limb of n.
func (v *vanishing) product(q number.Poly) number.Poly {
	lo, _ := v.facts.Split(v.facts.Mul(q, v.n0), 64)
	return lo
}

// vanish proves that a limb is zero: the lower half of the sum of that product and what q is of.
func (v *vanishing) vanish(limb, q number.Poly) {
	sum, _ := v.facts.Definition(limb)
	if !v.facts.Multiple(sum, 64, []number.Poly{v.product(q), q}, v.n0, v.k0, v.toMinusOne) {
		panic("a limb does not vanish")
	}
	v.facts.Vanish(limb)
}

// isReduced proves the two equations, for the limbs of q and for u.
func (c *computation) isReduced(q []number.Poly, top, u number.Poly) error {
	n, f := len(c.find("n").Words), c.facts
	if len(q) != n {
		return fmt.Errorf("%d limbs of a multiple", len(q))
	}
	modulus, r, one := c.number("n"), number.Pow2(64*n), number.Small(1)
	multiple := number.Sum(func(i int) number.Poly { return q[i] }, n, 64)
	if !f.Below(top, 1) || !f.Below(u, 64*n) || !f.Below(multiple, 64*n) {
		return fmt.Errorf("what was carried out is more than a bit")
	}
	// Both sides are less than 2·R².
	if err := f.Congruent(u.Plus(top, r).Times(r), c.number("t").Plus(f.Mul(multiple, modulus), one), 128*n+1); err != nil {
		return err
	}
	return f.Congruent(c.result("z", 0, n).Plus(f.Mul(top, modulus), one), u, 64*n)
}

// IFMA: numbers of 40 or 20 digits of 52 bits.
const digitBits = 52

// ifma is what a reduction computes with, of each of count numbers.
type ifma struct {
	*computation
	count, digits int
	sums          []number.Poly // of all columns: what is divided by 2^52
}

func newIFMA(c *computation) *ifma {
	i := &ifma{computation: c, count: len(c.subject.contract.Arg("x").Numbers)}
	i.digits = 40 / i.count
	c.Before = i.watch
	return i
}

// watch collects the sums.
func (c *ifma) watch(in *x86.Inst) bool {
	if in.Op == "shr" {
		c.sums = append(c.sums, c.Regs[in.Args[0].Reg].P)
	}
	return false
}

func proveIFMA(c *computation) error {
	var first *ifma
	return c.layouts(func(overlaps []contract.Overlap, sp int) error {
		i := newIFMA(c.again(overlaps, sp, 1))
		if err := i.run(); err != nil {
			return err
		}
		c.steps += i.Steps
		z := func(word int) number.Poly { return i.regions["z"].At(int64(8 * word)).P }
		if first == nil {
			first = i
			return i.check(z)
		}
		for off, v := range first.regions["z"].Words { // what has the same terms is the same
			if !z(int(off / 8)).Same(v.P) {
				return fmt.Errorf("another result")
			}
		}
		return nil
	})
}

// layouts calls f for all values of the stack pointer, and all overlaps of what is written.
func (c *computation) layouts(f func(overlaps []contract.Overlap, sp int) error) error {
	for sp := 0; sp < 64; sp += 8 {
		if err := f(nil, sp); err != nil {
			return fmt.Errorf("stack at %d: %w", sp, err)
		}
	}
	for _, o := range c.subject.contract.Overlaps {
		if o.A == "z" {
			if err := f([]contract.Overlap{o}, 0); err != nil {
				return fmt.Errorf("%s at %s: %w", o.A, o.B, err)
			}
		}
	}
	return nil
}

// check proves that the words of z hold numbers that are right.
func (c *ifma) check(z func(word int) number.Poly) error {
	if len(c.sums) != c.count*c.digits {
		return fmt.Errorf("%d columns", len(c.sums))
	}
	for i := range c.count {
		if err := c.checkNumber(i, z); err != nil {
			return err
		}
	}
	return nil
}

// checkNumber proves, with w = 2^52, R = w^digits and d = 4, or last - i if that is less,
//
//	z·R = x·y + Σ q_i·w^i·(w^d·F_d - 1) + q_last·n·w^last
//
// for the digits q_i that the kernel finds. As w^d·F_d is 1 modulo n, and all else is a multiple of n, z is x·y/R
// modulo n.
func (c *ifma) checkNumber(i int, z func(word int) number.Poly) error {
	f, last, one, minusOne := c.facts, c.digits-1, number.Small(1), number.Small(-1)
	w := func(n int) number.Coefficient { return number.Pow2(digitBits * n) }
	sum := func(j int) number.Poly { return c.sums[c.count*j+i] }
	name := func(s string) string { return fmt.Sprint(s, i) }

	nx, ny := c.factors(fmt.Sprint(i))
	place := c.find(nx).Words
	result := number.Sum(func(j int) number.Poly { return z(place[j]) }, c.digits, digitBits)
	for j := range c.digits {
		if !f.Below(z(place[j]), digitBits) {
			return fmt.Errorf("digit %d is not below 2^52", j)
		}
	}
	right := f.Mul(c.number(nx), c.number(ny))
	for j := range last {
		q, _ := f.Split(sum(j), digitBits)
		d := min(4, last-j)
		fold := c.number(fmt.Sprint("f", d, i)).Times(w(d)).Plus(number.Int(-1), one)
		right = right.Plus(f.Mul(q, fold), w(j))
	}

	// The last column is s and the lower half of q·n_0, together a multiple of w; the kernel computes
	// (s + w - 1)/w, which is the same, rounded. What is added to s is w - 1.
	s := sum(last).Plus(number.Const(number.Max(digitBits)), minusOne)
	n0, k0 := c.digit(c.find(name("n")), 0), c.number(name("k"))
	sLow, _ := f.Split(s, digitBits)
	q, _ := f.Split(f.Mul(sLow, k0), digitBits)
	f.Freeze(q)
	product, _ := f.Split(f.Mul(q, n0), digitBits)
	kappa := f.Var("kappa", number.Max(digitBits)) // n·k0 = -1 + w·κ
	toMinusOne := kappa.Times(w(1)).Plus(number.Int(-1), one)
	column := s.Plus(product, one)
	if !f.Multiple(column, digitBits, []number.Poly{product, q, sLow}, n0, k0, toMinusOne) {
		return fmt.Errorf("the last column is not a multiple of 2^52")
	}
	rest, carry := f.Split(sum(last), digitBits)
	// w·carry - column, an integer times w, with carry as what it is of.
	difference := sum(last).Plus(rest, minusOne).Plus(column, minusOne)
	if lo, hi := f.Bounds(difference); !w(1).Neg().Less(lo) || !hi.Less(w(1)) {
		return fmt.Errorf("the carry of the last column is not what is rounded up")
	}
	right = right.Plus(f.Mul(q, c.number(name("n"))), w(last)).Plus(carry, w(last+1)).Plus(column, w(last).Neg())

	if err := c.bounds(i); err != nil {
		return err
	}
	return f.Congruent(result.Times(w(c.digits)), right, 2*digitBits*c.digits)
}

// bounds proves that the right side of the equation above is a natural number, congruent to x·y modulo n, less than R
// times the bound on x: so then is z. It is less than R², too, so that the equation may be proven modulo that.
func (c *ifma) bounds(i int) error {
	f, last := number.New(), c.digits-1
	x, y := c.factors(fmt.Sprint(i))
	variable := func(name string) number.Poly { return f.Var(name, number.Max(c.find(name).Bits)) }
	n := variable(fmt.Sprint("n", i))
	product := f.Mul(variable(x), variable(y))
	more, multiple := product, product
	for j := range c.digits {
		q, d := f.Var("q", number.Max(digitBits)), min(4, last-j)
		if j == last {
			more = more.Plus(f.Mul(q, n), number.Pow2(digitBits*j))
			multiple = multiple.Plus(f.Mul(q, n), number.Pow2(digitBits*j))
			break
		}
		known := c.find(fmt.Sprint("f", d, i))
		if known.Of != fmt.Sprint("n", i) || known.Shift != digitBits*d {
			return fmt.Errorf("%s is not 2^-%d modulo n", known.Name, digitBits*d)
		}
		// Since F is below n, q·w^j·(w^d·F - 1) is at most this.
		more = more.Plus(f.Mul(q, n), number.Pow2(digitBits*(j+d)))
		// And since w^d·F is 1 + n·g for some g.
		g := f.Var("g", number.Max(digitBits*d))
		multiple = multiple.Plus(f.Mul(f.Mul(q, n), g), number.Pow2(digitBits*j))
	}
	lo, _ := f.Bounds(multiple)
	if lo.Less(number.Small(0)) || !f.Multiples(multiple.Plus(product, number.Small(-1)), n) {
		return fmt.Errorf("not x·y modulo n")
	}
	if _, hi := f.Bounds(more); !hi.Less(number.Pow2(digitBits*c.digits + c.find(x).Bits)) {
		return fmt.Errorf("the result may be too large")
	}
	return nil
}
