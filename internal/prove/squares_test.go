package prove

import (
	"fmt"
	"slices"

	"github.com/mtcore/mtcore/internal/contract"
	"github.com/mtcore/mtcore/internal/machine/x86"
	"github.com/mtcore/mtcore/internal/prove/number"
	"github.com/mtcore/mtcore/internal/prove/numexec"
)

// The kernels that square k times are proven for all k by induction. At the head of their loop, some registers hold a
// number x, and others what is the same in every turn; the rest is forgotten before a turn, so that
// it makes no difference. A turn is right if x becomes x²/R modulo n, within the bounds of x, and what is the
// same in every turn still is. The counter is only compared with zero.

// placeOfState is a place of a machine: a register, a lane, a mask, a word of the frame.
type placeOfState struct {
	kind string
	i, j int
}

// head is the target of the only jump backwards.
func head(code map[int]*x86.Inst) (addr int, err error) {
	for _, in := range code {
		if isJump(in) && in.Op != "jmp" && int(in.Args[0].Disp) < in.Addr {
			if addr != 0 {
				return 0, fmt.Errorf("two loops")
			}
			addr = int(in.Args[0].Disp)
		}
	}
	if addr == 0 {
		return 0, fmt.Errorf("no loop")
	}
	return addr, nil
}

func proveSquares(c *computation) error {
	head, err := head(c.subject.code)
	if err != nil {
		return err
	}
	// What is the same after a turn, to begin with.
	trial := c.again(nil, 0, 2)
	if err := trial.arrive(head); err != nil {
		return err
	}
	kept := trial.places()
	if err := trial.arrive(head); err != nil {
		return err
	}
	after := trial.places()
	for p, v := range kept {
		if !sameValue(v, after[p]) {
			delete(kept, p)
		}
	}

	var first []numexec.Value
	return c.layouts(func(overlaps []contract.Overlap, sp int) error {
		turn := newIFMA(c.again(overlaps, sp, 2))
		z, err := turn.turn(head, kept)
		if err != nil {
			return err
		}
		if first == nil {
			if err := turn.check(func(word int) number.Poly { return z[word].P }); err != nil {
				return err
			}
			first = z
		}
		last := c.again(overlaps, sp, 1)
		if err := last.last(head, kept, z); err != nil {
			return err
		}
		c.steps += turn.Steps + last.Steps
		if !slices.EqualFunc(z, first, sameValue) {
			return fmt.Errorf("another result")
		}
		return nil
	})
}

// begin executes to the head of the loop and forgets what is not kept. It returns where the number is.
func (c *computation) begin(head int, kept map[placeOfState]numexec.Value) (x map[placeOfState]int, err error) {
	if err := c.arrive(head); err != nil {
		return nil, err
	}
	if x = c.lanesOf("x"); len(x) != 40 {
		return nil, fmt.Errorf("%d digits at the head of the loop", len(x))
	}
	// In later turns, memory does not hold the number.
	c.regions["x"].Initial = nil
	c.Keep(func(kind string, i, j int) bool {
		p := placeOfState{kind, i, j}
		_, isX := x[p]
		_, isKept := kept[p]
		return isX || isKept
	})
	return x, nil
}

// turn executes a turn, and returns the number after it.
func (c *computation) turn(head int, kept map[placeOfState]numexec.Value) ([]numexec.Value, error) {
	x, err := c.begin(head, kept)
	if err != nil {
		return nil, err
	}
	before := c.places()
	if err := c.arrive(head); err != nil {
		return nil, err
	}
	after := c.places()
	for p := range kept {
		if _, isX := x[p]; !isX && !sameValue(before[p], after[p]) {
			return nil, fmt.Errorf("%v is not as before the turn", p)
		}
	}
	if len(c.regions["z"].Words) > 0 {
		return nil, fmt.Errorf("writes in a turn")
	}
	z := make([]numexec.Value, 40)
	for p, word := range x {
		z[word] = after[p]
	}
	return z, nil
}

// last executes the last turn, after which the number is to be z, in memory.
func (c *computation) last(head int, kept map[placeOfState]numexec.Value, z []numexec.Value) error {
	if _, err := c.begin(head, kept); err != nil {
		return err
	}
	if done, err := c.Run(head); err != nil || !done {
		return fmt.Errorf("does not return: %w", err)
	}
	for word, v := range z {
		if !sameValue(c.regions["z"].At(int64(8*word)), v) {
			return fmt.Errorf("word %d is not the result", word)
		}
	}
	return nil
}

// arrive executes until the machine is at an address, at which it may be now.
func (c *computation) arrive(head int) error {
	from, watch, started := c.subject.kernel.Addr, c.Before, false
	if c.Steps > 0 {
		from = head
	}
	c.Before = func(in *x86.Inst) bool {
		if in.Addr == head && (started || from != head) {
			return true
		}
		started = true
		return watch != nil && watch(in)
	}
	done, err := c.Run(from)
	c.Before = watch
	if err == nil && done {
		err = fmt.Errorf("does not come to the loop")
	}
	return err
}

// places are what a machine holds.
func (c *computation) places() map[placeOfState]numexec.Value {
	all := map[placeOfState]numexec.Value{}
	for i, v := range c.Regs {
		all[placeOfState{"register", i, 0}] = v
	}
	for i := range c.Vecs {
		for j, v := range c.Vecs[i] {
			all[placeOfState{"vector", i, j}] = v
		}
	}
	for off, v := range c.Stack.Words {
		all[placeOfState{"frame", int(off), 0}] = v
	}
	for i := range 8 {
		if bits, ok := c.MaskBits(i); ok {
			all[placeOfState{"mask", i, 0}] = numexec.Poly(bits)
		}
	}
	return all
}

// lanesOf are the lanes of vectors that hold the words of a region, and which.
func (c *computation) lanesOf(region string) map[placeOfState]int {
	found, r := map[placeOfState]int{}, c.regions[region]
	for i := range c.Vecs {
		for j, v := range c.Vecs[i] {
			for word := range r.Size / 8 {
				if v.Kind == numexec.Number && len(v.P) > 0 && v.P.Same(r.Initial(word).P) {
					found[placeOfState{"vector", i, j}] = word
				}
			}
		}
	}
	return found
}

func sameValue(a, b numexec.Value) bool {
	if a.Kind == numexec.Counter && b.Kind == numexec.Counter {
		return true
	}
	return a.Kind == b.Kind && (a.Region == nil || a.Region.Name == b.Region.Name) && a.N == b.N && a.P.Same(b.P) &&
		slices.EqualFunc(a.And, b.And, number.Poly.Same) && sameFunction(a.Of, b.Of)
}

// sameFunction compares functions of the bits of at most two masks.
func sameFunction(f, g func(uint32) uint64) bool {
	if f == nil || g == nil {
		return f == nil && g == nil
	}
	for bits := range uint32(1 << 16) {
		if f(bits) != g(bits) {
			return false
		}
	}
	return true
}
