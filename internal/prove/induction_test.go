package prove

import (
	"fmt"
	"maps"
	"slices"

	"github.com/mtcore/mtcore/internal/contract"
	"github.com/mtcore/mtcore/internal/prove/exec"
	"github.com/mtcore/mtcore/internal/prove/term"
)

// Proofs for all lengths. A message of n blocks is its first block, and then a message of n - 1 with
// another iv; all specifications here are like that, and so are loops. Let S(n) be the state of
// the machine when it comes to the head of its loop for the first time, as terms of what the
// kernel was given. If for every n one turn of the loop
//
//   - makes S(n) to S(n - 1) in which inputs are those of the rest of the message: the iv is what
//     the specification leaves there after a block, and src and dst begin a block later,
//   - and writes the first block of the result, and nothing else,
//
// then a kernel that is right from S(1) on is right from every S(n) on. So no invariant has to be
// written down. That "every n" is meant is because the machine executes the turn with n + t for n,
// where t is any natural number, and refuses what depends on t.
//
// An iv that the kernel only reads is not what the specification leaves there: then it is the rest
// of the specification that begins with another one, and the loop must have the state elsewhere.
//
// What makes no difference is left out of S: registers and memory that are not as they should be after
// the turn are filled with new inputs, at the head of the loop, and it is tried again. If they did
// matter, what comes out will be wrong.
//
// The induction begins when the kernel comes to the head for the first time, or for the second, where the first
// turn is another one: one that adds to zeros what later turns add to results, say.
//
// Loops may take several blocks in a turn (stride): then there is a proof for each remainder. A turn may also come to the head
// several times (visits), if what is in two places changes them each time. And
// they may have begun some blocks before the head: then the smallest n is larger than 1, and what is
// shorter is proven by itself.

// induction proves a goal for one layout and all lengths from one block on.
func (g *goal) induction(p *term.Pool, s *subject, in input, memory specified, finish func(*call)) error {
	l := &loop{goal: g, pool: p, subject: s, input: in, memory: memory, finish: finish}
	if err := l.specification(); err != nil {
		return err
	}
	if err := l.findHead(); err != nil {
		return err
	}
	err := l.all()
	if l.why != nil && err != nil {
		l.passed, l.why = 1, nil
		err = l.all()
	}
	return err
}

// all proves all lengths.
func (l *loop) all() error {
	g := l.goal
	remaining := map[int]bool{}
	for r := range g.stride {
		remaining[r] = true
	}
	for n := 1; len(remaining) > 0; n++ {
		if n > 4*g.stride+l.least() {
			return fmt.Errorf("no induction from %d blocks or less, with %d blocks a turn (is that the goal's stride?): %w", n-1, g.stride, l.why)
		}
		if !remaining[n%g.stride] {
			continue
		}
		done, err := false, error(nil)
		if n >= l.least() {
			done, err = l.from(n)
		}
		if err != nil {
			return fmt.Errorf("from %d blocks on: %w", n, err)
		}
		if done {
			delete(remaining, n%g.stride)
			continue
		}
		c := l.start(n, 0)
		if err := c.run(); err != nil {
			return fmt.Errorf("%d blocks: %w", n, err)
		}
		l.finish(c)
	}
	return nil
}

// loop is a proof by induction.
type loop struct {
	goal    *goal
	pool    *term.Pool
	subject *subject
	input   input
	memory  specified
	finish  func(*call)

	head   int
	passed int // how often a message comes to the head before the induction begins
	// What is left out of the state, and the registers that hold how far the loop has come.
	deadRegs, deadVecs, index map[int]bool
	touched                   map[int]bool            // of deadVecs, those that are not untouched
	deadBytes                 map[string]map[int]bool // by regions
	why                       error                   // there is no induction yet
}

// start makes a call for n + t·stride blocks, where t is unknown, or zero if turns is.
func (l *loop) start(n, turns int) *call {
	g := l.goal
	c := setUp(l.pool, l.subject, l.input.with(g.count, n*g.unit), g.spec, l.memory)
	if turns == 0 {
		return c
	}
	word := 0
	grow := func(word, bytes int) {
		v := c.Argument(word)
		v.T = int64(bytes * g.unit * g.stride)
		c.SetArgument(word, v)
	}
	for i := range l.subject.contract.Args {
		a := &l.subject.contract.Args[i]
		switch {
		case a.Kind == contract.Slice:
			grow(word+1, a.Bytes)
			grow(word+2, a.Bytes)
		case a.Kind == contract.Counts:
			counts := c.Argument(word).Region
			for lane := range a.Lanes {
				if l.input.active == 0 || lane < l.input.active {
					v := counts.Values[8*lane]
					v.T = int64(g.unit * g.stride)
					counts.Values[8*lane] = v
				}
			}
		case a.Name == g.count:
			grow(word, 1)
		}
		word += a.Words()
	}
	return c
}

// beginning makes a call for the first n blocks, which all lanes have.
func (l *loop) beginning(n int) *call {
	in := l.input.with(l.goal.count, n*l.goal.unit)
	in.less = nil
	return setUp(l.pool, l.subject, in, l.goal.spec, l.memory)
}

// least is how many blocks a lane has to have for all others to have one.
func (l *loop) least() int { return 1 + slices.Max(append([]int{0}, l.input.less...)) }

// step is by how much the regions of a call move in n blocks.
func (l *loop) step(c *call, n int) map[*exec.Region]int {
	steps := map[*exec.Region]int{}
	for i := range l.subject.contract.Args {
		if a := &l.subject.contract.Args[i]; a.Per == l.goal.count {
			for lane := range max(1, a.Lanes) {
				steps[c.place(a.Name, lane).Region] = n * l.goal.unit * a.Bytes
			}
		}
	}
	return steps
}

// rest returns the substitution that makes terms of inputs to those for the rest of a message after n
// blocks. c is a call of any length.
func (l *loop) rest(c *call, n int) func(term.Byte) term.Byte {
	first := l.beginning(n)
	steps := l.step(first, n)
	byID := map[int]*exec.Region{}
	for _, r := range first.regions {
		byID[r.ID] = r
	}
	grown := map[int]int{} // by regions of arguments that may be any number
	for name, by := range l.goal.grows {
		grown[l.pool.Region(name)] = n * by
	}
	moved := map[int]exec.Value{} // by regions of goal.continues: where the rest has it
	for name, to := range l.goal.continues {
		for lane := range max(1, first.arg(name).Lanes) {
			at := first.place(to.arg, lane)
			at.N += int64((n-1)*l.goal.unit*first.arg(to.arg).Bytes + to.off)
			moved[first.place(name, lane).Region.ID] = at
		}
	}
	return l.pool.Substitute(func(region, off int) term.Byte {
		if by, ok := grown[region]; ok {
			return l.pool.Input(region, off+8*by)
		}
		if to, ok := moved[region]; ok {
			return first.wants[to.Region][int(to.N)+off]
		}
		r := byID[region]
		if r == nil {
			return l.pool.Input(region, off)
		}
		off += steps[r]
		if b, ok := first.wants[r][off]; ok {
			return b
		}
		if b, ok := first.next[r][off]; ok {
			return b
		}
		return l.pool.Input(region, off)
	})
}

// specification checks that the specification for one block and those of a visit of the head is that for these
// followed by that for one, of the rest.
func (l *loop) specification() error {
	n := l.least()
	visit := l.goal.stride / max(1, l.goal.visits)
	whole, first, second := l.start(n+visit, 0), l.beginning(visit), l.start(n, 0)
	rest, steps := l.rest(whole, visit), l.step(second, visit)
	for i, r := range whole.regions {
		want := maps.Clone(first.wants[first.regions[i]])
		if want == nil {
			want = map[int]term.Byte{}
		}
		for off, b := range second.wants[second.regions[i]] {
			want[off+steps[second.regions[i]]] = rest(b)
		}
		if !maps.Equal(want, whole.wants[r]) {
			return fmt.Errorf("the specification of %d blocks is not that of %d and then of the rest, in %s", n+visit, visit, r.Name)
		}
		for off, b := range whole.next[r] {
			if rest(second.next[second.regions[i]][off]) != b {
				return fmt.Errorf("what %d blocks leave is not what the rest of %d leaves, in %s", n+visit, n, r.Name)
			}
		}
	}
	return nil
}

// findHead looks for the outermost loop that a long message is in: of the targets of jumps backwards
// the one that is visited least, of those visited about once every stride.
func (l *loop) findHead() error {
	const turns = 6
	in := l.input.with(l.goal.count, (turns*l.goal.stride+l.least()-1)*l.goal.unit)
	in.seed = 1 // constants will do
	c := setUp(l.pool, l.subject, in, l.goal.spec, l.memory)
	visits, targets := map[int]int{}, map[int]bool{}
	c.Trace = func(m *exec.Machine, addr int) bool {
		visits[addr]++
		for _, a := range m.Targets(addr) {
			if a <= addr {
				targets[a] = true
			}
		}
		return false
	}
	if err := c.run(); err != nil {
		return fmt.Errorf("%d blocks: %w", turns*l.goal.stride, err)
	}
	l.finish(c)
	for a := range targets {
		if v := visits[a]; v >= turns-2 && (l.head == 0 || v < visits[l.head] || v == visits[l.head] && a < l.head) {
			l.head = a
		}
	}
	if l.head == 0 {
		return fmt.Errorf("there is no loop")
	}
	return nil
}

// arrive executes a call until it is at the head: from there, for the next time, and from the
// beginning, for the first time that counts.
func (l *loop) arrive(c *call, from int) (bool, error) {
	visits := -l.passed
	if from == l.head {
		visits = -max(1, l.goal.visits)
	}
	c.Trace = func(m *exec.Machine, addr int) bool {
		if addr == l.head {
			visits++
		}
		return visits > 0
	}
	done, err := c.Run(from)
	c.Trace = nil
	return !done, err
}

// from proves all lengths n + t·stride, and reports whether it could.
func (l *loop) from(n int) (bool, error) {
	l.deadRegs, l.deadVecs, l.touched = map[int]bool{}, map[int]bool{}, map[int]bool{}
	l.index, l.deadBytes = map[int]bool{}, map[string]map[int]bool{}
	for {
		again, err := l.turn(n)
		if err != nil {
			l.why = err
			return false, nil
		}
		if !again {
			break
		}
	}
	return l.base(n)
}

// turn executes a turn from n + stride·(t + 1) blocks on. again is whether more has to be left out.
func (l *loop) turn(n int) (again bool, err error) {
	defer recovered(&err)
	c := l.start(n+l.goal.stride, 1)
	if arrived, err := l.arrive(c, l.subject.kernel.Addr); err != nil || !arrived {
		return false, fmt.Errorf("does not come to the loop: %w", err)
	}
	l.forget(c)
	before := l.snapshot(c)
	if arrived, err := l.arrive(c, l.head); err != nil || !arrived {
		return false, fmt.Errorf("does not come to the loop again: %w", err)
	}
	l.finish(c)
	return l.compare(c, before, l.snapshot(c), l.goal.stride)
}

// base executes n blocks from the head on, where the state has to be what turn began with but for
// the number of turns.
func (l *loop) base(n int) (ok bool, err error) {
	long := l.start(n+l.goal.stride, 1)
	if _, err := l.arrive(long, l.subject.kernel.Addr); err != nil {
		return false, err
	}
	c := l.start(n, 0)
	arrived, err := l.arrive(c, l.subject.kernel.Addr)
	if err != nil {
		return false, err
	}
	if !arrived {
		l.why = fmt.Errorf("does not come to the loop with %d blocks", n)
		return false, nil
	}
	l.forget(long)
	l.forget(c)
	again, err := l.compare(c, l.snapshot(long), l.snapshot(c), 0)
	if again {
		err = fmt.Errorf("comes to the loop in another state with %d blocks", n)
	}
	if err != nil {
		l.why = err
		return false, nil
	}
	// The head may be visited again, for what is left of a turn. Then nothing is left out that
	// matters.
	if done, err := c.Run(l.head); err != nil || !done {
		return false, err
	}
	l.finish(c)
	return true, c.check()
}

// state is what a machine holds at the head of a loop.
type state struct {
	regs      []exec.Value
	vecs      [32]exec.Vec
	untouched [32][64]bool // see exec.Machine
	masks     [8]uint64
	bytes     map[string]map[int]term.Byte
	values    map[string]map[int]exec.Value
}

func (l *loop) snapshot(c *call) *state {
	s := &state{regs: slices.Clone(c.Regs[:]), vecs: c.Vecs, masks: c.Masks, bytes: map[string]map[int]term.Byte{}, values: map[string]map[int]exec.Value{}}
	for i := range s.vecs {
		for j := range s.vecs[i] {
			s.untouched[i][j] = c.Untouched(i, j)
		}
	}
	for _, r := range l.places(c) {
		s.bytes[r.Name], s.values[r.Name] = maps.Clone(r.Bytes), maps.Clone(r.Values)
	}
	return s
}

// settle makes bytes of numbers in memory, as far as they are known when there is a turn less.
func (s *state) settle(less func(exec.Value) exec.Value) {
	for name, values := range s.values {
		for off, v := range values {
			if v = less(v); v != exec.Number(v.N) {
				continue
			}
			delete(values, off)
			for i := range 8 {
				s.bytes[name][off+i] = term.Byte(v.N >> (8 * i) & 255)
			}
		}
	}
}

func (l *loop) places(c *call) []*exec.Region { return append(slices.Clone(c.regions), c.Stack) }

// forget fills what is left out with new inputs, and lets what counts be any number. Flags are
// always left out.
func (l *loop) forget(c *call) {
	c.ForgetFlags()
	junk := exec.NewRegion(l.pool, "what is left out")
	secret := func(at int) exec.Value {
		v := exec.Value{Secret: true}
		for i := range v.Bytes {
			v.Bytes[i] = junk.Initial(at + i)
		}
		return v
	}
	for i := range l.deadRegs {
		c.Regs[i] = secret(8 * i)
	}
	for i := range l.deadVecs {
		if c.Untouched(i/64, i%64) && !l.touched[i] {
			c.SetUntouched(i/64, i%64)
		} else {
			c.Vecs[i/64][i%64] = junk.Initial(1024 + i)
		}
	}
	at := 1 << 16
	for _, r := range l.places(c) {
		for _, off := range slices.Sorted(maps.Keys(l.deadBytes[r.Name])) {
			if _, ok := r.Values[off]; ok {
				r.Values[off] = secret(at)
			} else {
				r.Bytes[off] = junk.Initial(at)
			}
			at += 8
		}
	}
	if len(l.index) > 0 {
		for i := range l.index {
			c.Regs[i].I = 1
		}
		for r := range l.step(c, 1) {
			r.Moves = true
		}
	}
}

// findIndex looks for registers that count how far the loop has come, by as much as regions move,
// and for those that hold a length to compare with: what is left and how far it has come. It
// reports whether there are new ones.
func (l *loop) findIndex(before, after *state, step int) (found bool) {
	for i, v := range after.regs {
		was := before.regs[i]
		was.N += int64(step)
		if !l.index[i] && v.Region == nil && !v.Secret && v.T == 0 && v.I == 0 && v == was {
			l.index[i], found = true, true
		}
	}
	for i, v := range after.regs {
		if len(l.index) > 0 && !l.index[i] && v.Region == nil && v.I == 0 && v.T == int64(step) && v == before.regs[i] {
			l.index[i], found = true, true
		}
	}
	return found
}

// compare compares the state after n blocks with what it should be, which is the state before
// in terms of the rest of the message. What differs is left out from then on; again is whether there
// was any. If n is zero, the states are those of two lengths, a turn apart.
func (l *loop) compare(c *call, before, after *state, n int) (again bool, err error) {
	x := l.comparison(c, before, after, n)
	if n == 0 {
		before.settle(x.expected)
		after.settle(func(v exec.Value) exec.Value { return v })
	}
	if x.step > 0 && l.findIndex(before, after, x.step) {
		return true, nil
	}
	x.registers()
	if after.masks != before.masks {
		return false, fmt.Errorf("masks are not the same after a turn")
	}
	for _, r := range l.places(c) {
		moved := x.steps[r]
		if r.Moves {
			moved = x.step
		}
		switch {
		case moved == 0:
			x.memory(r)
		case r != c.shared:
			if err := x.results(r, moved); err != nil {
				return false, err
			}
		}
	}
	return x.again, nil
}

// comparison is what compare works on.
type comparison struct {
	*loop
	c             *call
	before, after *state
	n             int
	rest          func(term.Byte) term.Byte // makes terms to those for the rest of the message
	steps         map[*exec.Region]int      // by how much regions move
	step          int                       // and the registers that count
	regions       map[string]*exec.Region   // of c, by name
	again         bool                      // more is left out than before
}

func (l *loop) comparison(c *call, before, after *state, n int) *comparison {
	x := &comparison{loop: l, c: c, before: before, after: after, n: n, steps: map[*exec.Region]int{}}
	x.rest = func(b term.Byte) term.Byte { return b }
	if n > 0 {
		x.rest, x.steps = l.rest(c, n), l.step(c, n)
	}
	for _, s := range x.steps {
		x.step = s
	}
	x.regions = map[string]*exec.Region{c.Constants.Name: c.Constants}
	for _, r := range l.places(c) {
		x.regions[r.Name] = r
	}
	return x
}

// leaveOut leaves i out of the state.
func (x *comparison) leaveOut(dead map[int]bool, i int) {
	if !dead[i] {
		dead[i], x.again = true, true
	}
}

// expected is what a value of the state before should become.
func (x *comparison) expected(v exec.Value) exec.Value {
	v.N -= v.T
	if x.n == 0 {
		v.T = 0
	}
	switch {
	case v.Secret:
		for i, b := range v.Bytes {
			v.Bytes[i] = x.rest(b)
		}
	case v.I != 0:
		v.N += int64(x.step) * v.I
	case v.Region != nil && x.regions[v.Region.Name] != nil:
		v.Region = x.regions[v.Region.Name]
		if !v.Region.Moves {
			v.N += int64(x.steps[v.Region])
		}
	}
	return v
}

// registers compares general and vector registers.
func (x *comparison) registers() {
	for i, v := range x.after.regs {
		if v != x.expected(x.before.regs[i]) {
			x.leaveOut(x.deadRegs, i)
		}
	}
	for i := range x.after.vecs {
		for j, b := range x.after.vecs[i] {
			if b != x.rest(x.before.vecs[i][j]) {
				x.leaveOut(x.deadVecs, 64*i+j)
			}
			if x.before.untouched[i][j] && !x.after.untouched[i][j] {
				x.leaveOut(x.touched, 64*i+j)
			}
		}
	}
}

// memory compares a region that does not move.
func (x *comparison) memory(r *exec.Region) {
	if x.deadBytes[r.Name] == nil {
		x.deadBytes[r.Name] = map[int]bool{}
	}
	dead := x.deadBytes[r.Name]
	was, is := x.before.bytes[r.Name], x.after.bytes[r.Name]
	// What is in memory that nothing was written to is what the rest begins with only if
	// the rest's is the same.
	changes := r.Writes != (exec.Range{}) || x.c.next[r] != nil
	for off := r.Reads.Start; off < r.Reads.End && changes; off++ {
		old, ok := was[off]
		if !ok {
			old = r.Initial(off)
		}
		now, ok := is[off]
		if !ok {
			now = r.Initial(off)
		}
		if now != x.rest(old) {
			x.leaveOut(dead, off)
		}
	}
	for off, b := range is {
		if old, ok := was[off]; !r.Reads.Has(off) && (!ok || b != x.rest(old)) {
			x.leaveOut(dead, off)
		}
	}
	for off, v := range x.after.values[r.Name] {
		if old, ok := x.before.values[r.Name][off]; !ok || v != x.expected(old) {
			x.leaveOut(dead, off)
		}
	}
}

// results compares a region that moves: it has the results of before, moved, and those of the turn,
// which have to be right.
func (x *comparison) results(r *exec.Region, moved int) error {
	was, is := x.before.bytes[r.Name], x.after.bytes[r.Name]
	for off, b := range is {
		old, ok := was[off-moved]
		switch want := x.c.wants[r][off]; {
		case ok && x.rest(old) != b:
			return fmt.Errorf("%s[%d] is not that of the rest", r.Name, off)
		case !ok && (x.n == 0 || off < 0 || off >= moved):
			return fmt.Errorf("%s[%d] is written too early", r.Name, off)
		case !ok && b != want:
			return x.c.difference(fmt.Sprintf("%s[%d]", r.Name, off), b, want)
		}
	}
	for off := range was {
		if _, ok := is[off+moved]; !ok {
			return fmt.Errorf("%s[%d] is not written", r.Name, off+moved)
		}
	}
	if x.n == 0 {
		return nil
	}
	for off := range moved {
		if _, wanted := x.c.wants[r][off]; wanted {
			if _, ok := is[off]; !ok {
				return fmt.Errorf("%s[%d] is not written in a turn", r.Name, off)
			}
		}
	}
	return nil
}
