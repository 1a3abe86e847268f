package prove

import (
	"fmt"
	"math/big"
	"math/rand/v2"

	"github.com/mtcore/mtcore/internal/contract"
)

// Kernels on numbers that are known: few calls find most of what is wrong, and the statements that are proven are
// compared with package math/big.

// tries is how many calls there are, with extreme numbers among theirs.
const tries = 6

// refute calls a kernel with numbers that are known. It returns an error that says how it is wrong, or nil.
func (a *arithmetic) refute(s *subject) (err error) {
	defer recovered(&err)
	for seed := range uint64(tries) {
		c := compute(s, values(s.contract, seed))
		if err := c.run(); err != nil {
			return err
		}
		if !a.right(c) {
			return fmt.Errorf("another result for the numbers of seed %d", seed)
		}
	}
	return nil
}

// values are numbers that a kernel may be given.
func values(k *contract.Kernel, seed uint64) map[string]*big.Int {
	rng, all := rand.New(rand.NewPCG(seed, 1)), map[string]*big.Int{}
	for i := range k.Args {
		for _, n := range k.Args[i].Numbers {
			all[n.Name] = someNumber(rng, n.Bits, seed)
			if len(n.Name) <= 2 && n.Name[0] == 'n' { // a modulus
				all[n.Name].SetBit(all[n.Name], 0, 1).SetBit(all[n.Name], n.Bits-1, 1)
			}
		}
	}
	for i := range k.Args {
		for _, n := range k.Args[i].Numbers {
			switch {
			case n.Inverse != "":
				m := new(big.Int).Lsh(big.NewInt(1), uint(n.Digit))
				inverse := new(big.Int).ModInverse(all[n.Inverse], m)
				all[n.Name] = inverse.Sub(m, inverse)
			case n.Of != "":
				power := new(big.Int).Lsh(big.NewInt(1), uint(n.Shift))
				all[n.Name] = power.ModInverse(power, all[n.Of])
			}
		}
	}
	if k.Name == "MulAddKaratsuba8IFMA" {
		fitDifferences(all)
	}
	return all
}

// someNumber is a number of so many bits. Its words are random, or mostly all ones and zeros.
func someNumber(rng *rand.Rand, bits int, seed uint64) *big.Int {
	n := new(big.Int)
	for range (bits + 63) / 64 {
		w := rng.Uint64()
		switch {
		case seed == 1 || seed > 1 && rng.IntN(3) > 0:
			w = 1<<64 - 1
		case seed > 1 && rng.IntN(2) > 0:
			w = 0
		}
		n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(w))
	}
	return n.And(n, mask(bits))
}

// known is the number in words of a region, each a digit of so many bits.
func (c *computation) known(region string, words []int, digit int) *big.Int {
	sum := new(big.Int)
	for j, word := range words {
		v, ok := c.regions[region].At(int64(8 * word)).P.Constant()
		if !ok || v.BitLen() > digit {
			return big.NewInt(-1)
		}
		sum.Add(sum, v.Lsh(v, uint(digit*j)))
	}
	return sum
}

func upTo(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}

func rightProduct(c *computation) bool {
	x, y := c.factors("")
	want := new(big.Int).Mul(c.values[x], c.values[y])
	return c.known("t", upTo(2*len(c.find("x").Words)), 64).Cmp(want) == 0
}

func rightReduction(c *computation) bool {
	n := len(c.find("n").Words)
	z := c.known("z", upTo(n), 64)
	return z.Sign() >= 0 && congruent(z.Lsh(z, uint(64*n)), c.values["t"], c.values["n"])
}

func rightIFMA(c *computation) bool {
	for i := range c.subject.contract.Arg("x").Numbers {
		x, y := c.factors(fmt.Sprint(i))
		place, n := c.find(x), c.values[fmt.Sprint("n", i)]
		r := new(big.Int).Lsh(big.NewInt(1), uint(digitBits*len(place.Words)))
		r.ModInverse(r, n)
		v, w := c.values[x], c.values[y]
		for range squarings {
			v = new(big.Int).Mul(v, w)
			v.Mul(v, r).Mod(v, n)
			if w = v; c.subject.contract.Arg("times") == nil {
				break
			}
		}
		z := c.known("z", place.Words, digitBits)
		if z.Sign() < 0 || z.BitLen() > place.Bits || !congruent(z, v, n) {
			return false
		}
	}
	return true
}

func congruent(x, y, n *big.Int) bool {
	d := new(big.Int).Sub(x, y)
	return d.Mod(d, n).Sign() == 0
}
