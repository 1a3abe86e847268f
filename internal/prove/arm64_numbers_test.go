package prove

import (
	"fmt"

	"github.com/mtcore/mtcore/internal/machine/a64"
	"github.com/mtcore/mtcore/internal/prove/exec"
	"github.com/mtcore/mtcore/internal/prove/number"
	"github.com/mtcore/mtcore/internal/prove/numexec"
)

// arithmeticsARM64 are the kernels of arm64 that compute with large numbers.
func arithmeticsARM64() []arithmetic {
	return []arithmetic{
		{"bigdh.Mul", proveProductARM64, rightProduct}, {"bigdh.Square", proveProductARM64, rightProduct},
		{"bigdh.Mul1024", proveProductARM64, rightProduct}, {"bigdh.Square1024", proveProductARM64, rightProduct},
		{"bigdh.Reduce", proveReductionARM64, rightReduction}, {"bigdh.Reduce1024", proveReductionARM64, rightReduction},
	}
}

// proveProductARM64 proves t = x·y. It takes no hints: the kernel does it as one does at school.
func proveProductARM64(c *computation) error {
	if err := c.isProduct(); err != nil {
		return err
	}
	return c.timed("t", func(*computation) {})
}

// proveReductionARM64 proves what proveReduction does.
func proveReductionARM64(c *computation) error {
	r := c.reduction()
	if err := c.run(); err != nil {
		return err
	}
	if err := c.isReduced(r.q, r.top, r.u); err != nil {
		return err
	}
	return c.timed("z", func(d *computation) { d.reduction() })
}

// reduction is what a reduction finds: the limbs of q, and the sum before n is taken off, with its highest bit apart.
type reduction struct {
	q      []number.Poly
	top, u number.Poly
}

// reduction watches a call. The kernel does not compute the sum s that vanishes, of a limb x and of the lower half of
// q·n_0. It takes the carry of x compared with one for what is carried out of s. That is right: s is 0 or 2^64, and
// it is 0 only if x is; and if x is zero, then s is below 2^64.
func (c *computation) reduction() *reduction {
	r, v := &reduction{}, c.vanishing()
	c.arm64.After = func(in *a64.Inst, p number.Poly) {
		switch {
		case in.Op == "mul" && c.arm64.Regs[in.Args[2].Reg].P.Same(v.k0):
			r.q = append(r.q, p)
			c.facts.Freeze(p)
		case in.Op == "neg": // the sum is complete
			r.top, _ = p.Divide(number.Max(64))
			r.u = c.result("z", 0, len(r.q))
		}
	}
	c.arm64.Carry = func(x number.Poly) number.Poly {
		last := r.q[len(r.q)-1]
		limb, carry := c.facts.Split(x.Plus(v.product(last), number.Small(1)), 64)
		v.vanish(limb, last)
		return carry
	}
	return r
}

// timed makes the same call without PSTATE.DIT, and where it is set already, and compares the results in a region: what
// has the same terms is the same.
func (c *computation) timed(region string, watch func(*computation)) error {
	for _, timing := range []exec.Timing{exec.NoTiming, exec.TimingOn} {
		d := *c
		d.arm64 = numexec.NewARM64(c.facts, c.subject.kernel, c.subject.arm64, timing)
		d.setUp(nil, 1)
		watch(&d)
		if err := d.run(); err != nil {
			return err
		}
		for off, v := range c.regions[region].Words {
			if !d.regions[region].At(off).P.Same(v.P) {
				return fmt.Errorf("another result with timing %d", timing)
			}
		}
	}
	return nil
}
