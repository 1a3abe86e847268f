package prove

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/machine/x86"
	"github.com/mtcore/mtcore/internal/prove/exec"
	"github.com/mtcore/mtcore/internal/prove/term"
)

// Proofs that a kernel chooses an entry of a table, of any number of entries and by any index, zeros included that are
// for indices beyond. Let d be the index less the number of the entry that a turn of the loop looks at, modulo 2^64. The
// state at the head of the loop is d, the bytes chosen so far, A, the address of the entry and how many are left. That is so at
// first, with d the index and A zero. It is shown that a turn, from any such state,
//
//   - if d is not zero, leaves A as it is, and
//   - if d is zero, and A too, makes A the entry;
//   - makes d one less, and goes to the next entry;
//   - and that the last turn does the same, and A is the result.
//
// As d is zero once, for the entry that the index says, if there is one, A is zero until then, and that entry from then on.
// Numbers in vectors that count, up or down, are found by executing a turn, and so are the bytes of A and what makes no
// difference. With two indices, each has bytes of A of its own.

// choice is such a proof.
type choice struct {
	*loop
	counting map[int]bool        // vectors' elements of 64 bits
	chosen   map[int]chosenByte  // vectors' bytes
	dead     map[int]bool        // others that make no difference
	table    map[term.Byte]int   // offsets of the bytes of an entry
	of       func(at int) string // the index that says which entry a byte of the result is of
	size     int                 // of the result
	hits     map[string]bool     // whether d is zero, by indices
	counts   bool                // whether entries are counted, and not d
}

// chosenByte says which byte of an entry is chosen, and by which index.
type chosenByte struct {
	index string
	off   int
}

// The regions of the number of an entry, and of A.
const (
	entryNumber = "number of the entry"
	chosenSoFar = "chosen so far"
)

// choice proves that for any number of entries the result is what of says.
func (g *goal) choice(p *term.Pool, s *subject, in input, memory specified, finish func(*call)) (err error) {
	defer recovered(&err)
	c := &choice{
		loop:     &loop{goal: g, pool: p, subject: s, input: in, memory: memory, finish: finish, deadRegs: map[int]bool{}},
		counting: map[int]bool{}, chosen: map[int]chosenByte{}, dead: map[int]bool{}, of: g.chosenBy, size: g.chosenSize,
	}
	if err := c.findHead(); err != nil {
		return err
	}
	for again := true; again; {
		again = false
		for _, hits := range c.allHits() {
			more, err := c.turn(hits)
			if err != nil {
				return err
			}
			again = again || more
		}
	}
	return c.last()
}

// allHits are what hits may be: none first, then one, then two.
func (c *choice) allHits() (all []map[string]bool) {
	all = append(all, map[string]bool{})
	for _, name := range c.input.unknown {
		for _, hits := range all {
			with := maps.Clone(hits)
			with[name] = true
			all = append(all, with)
		}
	}
	return all
}

// equal is what comparisons of an index come to. It may only be compared with the number of the entry, or with what it
// counts down to.
func (c *choice) equal(x, y exec.Sum) bool {
	number := c.pool.Region(entryNumber)
	for _, name := range c.input.unknown {
		index := c.pool.Region(name)
		if y.Of == index {
			x, y = y, x
		}
		with := 0
		if c.counts {
			with = number
		}
		if x.Of == index && y.Of == with && x.N == y.N {
			return c.hits[name]
		}
	}
	panic("comparison with another number than that of the entry")
}

// arriveAny executes a call until it comes to the head, for the first time, and makes its state any that it may be there.
func (c *choice) arriveAny(d *call, hits map[string]bool) error {
	c.hits, c.counts = hits, false
	d.Equal = c.equal
	if arrived, err := c.arrive(d, c.subject.kernel.Addr); err != nil || !arrived {
		return fmt.Errorf("does not come to the loop: %w", err)
	}
	d.ForgetFlags()
	d.ForgetMasks()
	for e := range c.counting {
		s, _ := d.Sum(element(d, e))
		if s.Of == 0 { // counts up, from a number
			c.counts, s.Of = true, c.pool.Region(entryNumber)
			b := d.Unknown(s).Eight()
			copy(d.Vecs[e/8][8*(e%8):], b[:])
		}
	}
	junk := exec.NewRegion(c.pool, "what is left out")
	for i := range c.dead {
		d.Vecs[i/64][i%64] = junk.Initial(i)
	}
	for i := range c.deadRegs {
		v := exec.Value{Secret: true}
		for j := range v.Bytes {
			v.Bytes[j] = junk.Initial(1<<16 + 8*i + j)
		}
		d.Regs[i] = v
	}
	for i, b := range c.chosen {
		if d.Vecs[i/64][i%64] != 0 {
			return fmt.Errorf("byte %d of vector %d, which is chosen, is not zero at first", i%64, i/64)
		}
		if !hits[b.index] {
			d.Vecs[i/64][i%64] = c.soFar(i)
		}
	}
	c.table = map[term.Byte]int{}
	for off := range d.arg("table").Bytes {
		c.table[d.bytes("table", 0, off, 1)[0]] = off
	}
	return nil
}

func (c *choice) soFar(i int) term.Byte { return c.pool.Input(c.pool.Region(chosenSoFar), i) }

// element is an element of 64 bits of a vector.
func element(d *call, e int) [8]term.Byte { return [8]term.Byte(d.Vecs[e/8][8*(e%8):]) }

// turn executes a turn of which more are to follow. It reports whether it has found more that counts, is chosen or makes
// no difference; if not, the turn does what it should.
func (c *choice) turn(hits map[string]bool) (more bool, err error) {
	d := c.start(2, 1)
	if err := c.arriveAny(d, hits); err != nil {
		return false, err
	}
	before := c.snapshot(d)
	first := map[int]exec.Sum{}
	for e := range 8 * len(d.Vecs) {
		if s, ok := d.Sum(element(d, e)); ok {
			first[e] = s
		}
	}
	if arrived, err := c.arrive(d, c.head); err != nil || !arrived {
		return false, fmt.Errorf("does not come to the loop again: %w", err)
	}
	c.finish(d)
	after := c.snapshot(d)

	steps := c.step(d, 1)
	for i, v := range before.regs {
		v.N += int64(steps[v.Region]) - v.T
		if v != after.regs[i] && !c.deadRegs[i] {
			c.deadRegs[i], more = true, true
		}
	}
	for _, r := range c.places(d) {
		if !maps.Equal(before.bytes[r.Name], after.bytes[r.Name]) || !maps.Equal(before.values[r.Name], after.values[r.Name]) {
			return false, fmt.Errorf("a turn writes to %s", r.Name)
		}
	}
	moved := map[int]int64{} // by how much sums of a number grow
	for e := range 8 * len(d.Vecs) {
		was, ok := first[e]
		is, ok2 := d.Sum(element(d, e))
		switch by := is.N - was.N; {
		case c.dead[8*e]:
		case ok && ok2 && was.Of == is.Of && was.Of != 0:
			if old, known := moved[was.Of]; known && old != by {
				return false, fmt.Errorf("a number is counted in two ways")
			}
			moved[was.Of] = by
			continue
		case ok && ok2 && was.Of == 0 && is.Of == 0 && (by == 1 || by == -1) && len(hits) == 0:
			c.counting[e], more = true, true
			continue
		}
		for i := 8 * e; i < 8*e+8; i++ {
			more = c.byte(i, before.vecs[i/64][i%64], after.vecs[i/64][i%64]) || more
		}
	}
	for _, name := range c.input.unknown {
		if by := moved[c.pool.Region(name)] - moved[c.pool.Region(entryNumber)]; by != -1 && !more {
			return false, fmt.Errorf("what is left of %s becomes more by %d", name, by)
		}
	}
	return more, nil
}

// byte looks at byte i of the vectors, and reports whether it has become known what it is for.
func (c *choice) byte(i int, before, after term.Byte) bool {
	if c.dead[i] {
		return false
	}
	b, chosen := c.chosen[i]
	off, ofEntry := c.table[after]
	switch {
	case chosen && c.hits[b.index]:
		if !ofEntry || off != b.off {
			panic(fmt.Sprintf("byte %d of vector %d is not that of the entry", i%64, i/64))
		}
	case before == after:
	case chosen:
		panic(fmt.Sprintf("byte %d of vector %d is changed by another entry", i%64, i/64))
	case before == 0 && ofEntry && len(c.hits) == 1:
		for name := range c.hits {
			c.chosen[i] = chosenByte{name, off}
		}
		return true
	default:
		c.dead[i] = true
		return true
	}
	return false
}

// last executes the turn of the last entry, from a state that is that of turns that are followed by others, and looks at
// what comes out.
func (c *choice) last() error {
	from := map[int]int{} // bytes of vectors by what they are of the result
	for i, b := range c.chosen {
		if b.off < c.size && c.of(b.off) == b.index {
			from[b.off] = i
		}
	}
	left := remains{}
	for _, hits := range c.allHits() {
		long, d := c.start(2, 1), c.start(1, 0)
		if err := c.arriveAny(long, hits); err != nil {
			return err
		}
		if err := c.arriveAny(d, hits); err != nil {
			return err
		}
		if again, err := c.compareEnds(long, d); err != nil || again {
			return fmt.Errorf("comes to the loop in another state with one entry: %v", err)
		}
		want := map[int]term.Byte{}
		for off := range c.size {
			i, ok := from[off]
			switch {
			case !ok:
				return fmt.Errorf("byte %d of the entry is not chosen", off)
			case hits[c.of(off)]:
				want[off] = d.bytes("table", 0, off, 1)[0]
			default:
				want[off] = c.soFar(i)
			}
		}
		d.wants[d.place("z", 0).Region] = want
		if done, err := d.Run(c.head); err != nil || !done {
			return fmt.Errorf("does not return: %w", err)
		}
		if err := d.check(); err != nil {
			return err
		}
		if err := left.compare(d); err != nil {
			return err
		}
		c.finish(d)
	}
	return nil
}

// compareEnds compares the states of calls at the head of the loop, but for how many turns there are to come.
func (c *choice) compareEnds(long, short *call) (again bool, err error) {
	c.deadVecs, c.touched, c.index, c.deadBytes = map[int]bool{}, map[int]bool{}, map[int]bool{}, map[string]map[int]bool{}
	dead := maps.Clone(c.deadRegs)
	again, err = c.compare(short, c.snapshot(long), c.snapshot(short), 0)
	return again || !maps.Equal(dead, c.deadRegs), err
}

// TestChoiceFindsFaults plants faults in a turn, which small tables and indices need not show.
func TestChoiceFindsFaults(t *testing.T) {
	impltest.SkipShort(t, "links programs")
	const kernel, number, chosen = "bigdh.SelectPairIFMA", 1, 3 // vectors
	original := subjects(t)[kernel]
	var counted *x86.Inst // once in a turn
	for _, in := range original.code {
		if in.Op == "dec" {
			counted = in
		}
	}
	list := goals()
	g := list[slices.IndexFunc(list, func(g goal) bool { return g.kernel == kernel })]
	g.cases = nil
	skips := func(m *exec.Machine, e int) {
		if s, ok := m.Sum([8]term.Byte(m.Vecs[number][8*e:])); ok {
			s.N++
			b := exec.Number(s.N).Eight()
			if s.Of != 0 {
				b = m.Unknown(s).Eight()
			}
			copy(m.Vecs[number][8*e:], b[:])
		}
	}
	for name, fault := range map[string]func(m *exec.Machine){
		"no fault": func(*exec.Machine) {},
		"skips a number": func(m *exec.Machine) {
			for e := range 8 {
				skips(m, e)
			}
		},
		"skips a number for one of the words": func(m *exec.Machine) { skips(m, 5) },
		"skips an entry":                      func(m *exec.Machine) { m.Regs[x86.RAX].N += 320 },
		"forgets a byte":                      func(m *exec.Machine) { m.Vecs[chosen][17] = 0 },
		"takes bytes for others": func(m *exec.Machine) {
			m.Vecs[chosen][0], m.Vecs[chosen][16] = m.Vecs[chosen][16], m.Vecs[chosen][0]
		},
		"takes a byte of the other index": func(m *exec.Machine) { m.Vecs[chosen][0] = m.Vecs[chosen][8] },
		"leaves out the last entry":       func(m *exec.Machine) { m.Regs[x86.RCX].N-- },
	} {
		with := *original
		with.after = map[int]func(*exec.Machine){counted.Addr: fault}
		if _, err := g.prove(&with); (err == nil) != (name == "no fault") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
