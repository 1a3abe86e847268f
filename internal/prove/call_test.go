package prove

import (
	"fmt"
	"slices"

	"github.com/mtcore/mtcore/internal/contract"
	"github.com/mtcore/mtcore/internal/machine"
	"github.com/mtcore/mtcore/internal/machine/a32"
	"github.com/mtcore/mtcore/internal/machine/a64"
	"github.com/mtcore/mtcore/internal/machine/x86"
	"github.com/mtcore/mtcore/internal/prove/exec"
	"github.com/mtcore/mtcore/internal/prove/term"
)

// subject is a kernel that is to be proven.
type subject struct {
	kernel   *machine.Kernel
	contract *contract.Kernel
	code     map[int]*x86.Inst           // on amd64
	arm64    map[int]*a64.Inst           // on arm64
	arm      map[int]*a32.Inst           // on arm
	after    map[int]func(*exec.Machine) // see exec.Machine
}

// input is what a call of a kernel is given, apart from the values of bytes.
type input struct {
	numbers  map[string]int // by the names of arguments; contract.Blocks for the length of slices
	overlaps []contract.Overlap
	// active is how many lanes of tables have something to do, if not all. The others repeat the first, or have its
	// pointers and nothing to do where there are counts, or, if idle, have keys and states of their own, and share one buffer for texts. What is in that and in their
	// states in the end is of no interest.
	active int
	idle   bool
	less   []int       // by how many blocks lanes have less than the first, but for those that have none then
	sp     int         // stack pointer modulo 64
	timing exec.Timing // on arm64
	// unknown are the arguments that may be any number, by names.
	unknown []string
	seed    int // of what bytes are, or 0 for all values
}

func (in input) String() string {
	s := fmt.Sprint(in.numbers)
	for _, o := range in.overlaps {
		s += fmt.Sprintf(", %s at %s%+d", o.A, o.B, o.Offset)
	}
	if in.active != 0 {
		s += fmt.Sprintf(", %d lanes", in.active)
	}
	if in.idle {
		s += ", the others idle"
	}
	if in.less != nil {
		s += fmt.Sprintf(", less by %d", in.less)
	}
	if len(in.unknown) > 0 {
		s += fmt.Sprintf(", any %v", in.unknown)
	}
	if in.timing != exec.NoTiming {
		s += fmt.Sprintf(", timing %d", in.timing)
	}
	return fmt.Sprintf("%s, SP at %d, seed %d", s, in.sp, in.seed)
}

// call is a call of a kernel: a machine about to execute it, and what has to come out.
type call struct {
	*exec.Machine
	subject *subject
	input   input
	places  map[place]exec.Value
	// regions are in the order in which they were made.
	regions []*exec.Region
	wants   map[*exec.Region]map[int]term.Byte
	defined map[*exec.Region]map[int]term.Byte
	any     map[*exec.Region]map[int]bool // what may be anything at the end
	// next is what the rest of a message finds in a region that the kernel only reads: the iv after so many
	// blocks, which is not stored anywhere.
	next   map[*exec.Region]map[int]term.Byte
	shared *exec.Region // texts of idle lanes
}

// place is an argument, and a lane if it is a table.
type place struct {
	arg  string
	lane int
}

// setUp makes a call and says, by a specification, what has to come out.
func setUp(p *term.Pool, s *subject, in input, spec func(*call), memory specified) *call {
	c := newCall(p, s, in)
	in.sp, in.timing = 0, exec.NoTiming // make no difference
	known, ok := memory[in.String()]
	if !ok {
		spec(c)
		for _, r := range c.regions {
			known = append(known, contents{c.wants[r], c.defined[r], c.next[r], c.any[r]})
		}
		memory[in.String()] = known
		return c
	}
	for i, r := range c.regions {
		c.wants[r], c.any[r], c.next[r] = known[i].want, known[i].any, known[i].next
		if known[i].initial != nil {
			c.initial(r, known[i].initial)
		}
	}
	return c
}

// specified remembers what specifications say, by inputs, since it takes longer to say than to execute.
type specified map[string][]contents

// contents is what a region has to hold at the end, what it holds at first, as far as that is
// defined, and what the rest of a message finds there.
type contents struct {
	want, initial, next map[int]term.Byte
	any                 map[int]bool
}

// machine is one that is about to execute the kernel.
func (s *subject) machine(p *term.Pool, in input) *exec.Machine {
	switch {
	case s.arm64 != nil:
		return exec.NewARM64(p, s.kernel, s.arm64, in.timing)
	case s.arm != nil:
		return exec.NewARM(p, s.kernel, s.arm)
	}
	return exec.New(p, s.kernel, s.code, in.sp)
}

func newCall(p *term.Pool, s *subject, in input) *call {
	c := &call{
		Machine: s.machine(p, in), subject: s, input: in, places: map[place]exec.Value{},
		wants: map[*exec.Region]map[int]term.Byte{}, defined: map[*exec.Region]map[int]term.Byte{},
		any: map[*exec.Region]map[int]bool{}, next: map[*exec.Region]map[int]term.Byte{},
	}
	c.After = s.after
	word := 0
	for i := range s.contract.Args {
		a := &s.contract.Args[i]
		switch a.Kind {
		case contract.Public, contract.Secret:
			n, ok := in.numbers[a.Name]
			if slices.Contains(in.unknown, a.Name) {
				if c.SetArgument(word, c.unknown(a.Name, 0)); a.Kind == contract.Public {
					c.SetPublic(c.Pool.Region(a.Name))
				}
				break
			}
			if !ok {
				panic("no value of " + a.Name)
			}
			c.SetArgument(word, exec.Number(int64(n)))
		case contract.Table:
			table := c.newRegion(a.Name + " table")
			table.Reads = exec.Range{Start: 0, End: 8 * a.Lanes}
			for l := range a.Lanes {
				table.Values[8*l] = c.place(a.Name, l)
			}
			c.SetArgument(word, exec.Address(table))
		case contract.Counts:
			counts := c.newRegion(a.Name)
			counts.Reads = exec.Range{Start: 0, End: 8 * a.Lanes}
			counts.Writes = counts.Reads
			for l := range a.Lanes {
				counts.Values[8*l] = exec.Number(int64(c.count(a.Name, l)))
			}
			c.SetArgument(word, exec.Address(counts))
		default:
			c.SetArgument(word, c.place(a.Name, 0))
		}
		if a.Kind == contract.Slice {
			c.SetArgument(word+1, exec.Number(int64(c.size(a, 0))))
			c.SetArgument(word+2, exec.Number(int64(c.size(a, 0))))
		}
		word += a.Words()
	}
	return c
}

// unknown is n plus an argument that may be any number, or one that the seed determines.
func (c *call) unknown(name string, n int) exec.Value {
	region := c.Pool.Region(name)
	if c.input.seed == 0 {
		return c.Unknown(exec.Sum{Of: region, N: int64(n)})
	}
	x := int64(n)
	for j := range 8 {
		x += int64(constant(c.input.seed, region, j)) << (8 * j)
	}
	return exec.Number(x)
}

func (c *call) newRegion(name string) *exec.Region {
	r := exec.NewRegion(c.Pool, name)
	if c.input.seed != 0 {
		r.Initial = func(off int) term.Byte { return constant(c.input.seed, r.ID, off) }
	}
	c.regions = append(c.regions, r)
	return r
}

func (c *call) arg(name string) *contract.Arg {
	a := c.subject.contract.Arg(name)
	if a == nil {
		panic("no argument " + name)
	}
	return a
}

// size is how many bytes an argument points to, in a lane.
func (c *call) size(a *contract.Arg, lane int) int {
	if a.Per == "" {
		return a.Bytes
	}
	return c.count(a.Per, lane) * a.Bytes
}

// count is what a number is, or counts are for a lane.
func (c *call) count(name string, lane int) int {
	n, ok := c.input.numbers[name]
	if !ok {
		panic("no value of " + name)
	}
	switch a := c.subject.contract.Arg(name); {
	case a == nil || a.Kind != contract.Counts:
		return n
	case c.input.active > 0 && lane >= c.input.active:
		return 0
	case lane < len(c.input.less):
		return max(0, n-c.input.less[lane])
	}
	return n
}

// place returns the address of an argument's region.
func (c *call) place(name string, lane int) exec.Value {
	a := c.arg(name)
	switch {
	case c.idle(lane) && a.Idle:
		lane = a.Lanes // what they share
	case c.input.active > 0 && !c.input.idle && lane >= c.input.active:
		lane = 0
	}
	at, ok := c.places[place{name, lane}]
	if ok {
		return at
	}
	at.Region = nil
	for _, o := range c.input.overlaps {
		if o.A == name {
			at = c.place(o.B, lane)
			at.N += int64(o.Offset)
		}
	}
	switch {
	case lane > 0 && lane == a.Lanes:
		if c.shared == nil {
			c.shared = c.newRegion("what idle lanes share")
		}
		at = exec.Address(c.shared)
	case at.Region == nil:
		at = exec.Address(c.newRegion(fmt.Sprint(name, lane)))
	}
	all := exec.Range{Start: int(at.N), End: int(at.N) + c.size(a, lane)}
	if a.Access != contract.Writes {
		at.Region.Reads.Add(all)
	}
	if a.Access != contract.Reads {
		at.Region.Writes.Add(all)
	}
	c.places[place{name, lane}] = at
	return at
}

// idle reports whether a lane has nothing to do.
func (c *call) idle(lane int) bool { return c.input.idle && lane >= c.input.active }

// wantAny lets so many bytes of an argument be anything at the end.
func (c *call) wantAny(name string, off, n int) { c.wantAnyOf(name, 0, off, n) }

// wantAnyOf is wantAny for a lane.
func (c *call) wantAnyOf(name string, lane, off, n int) {
	at := c.place(name, lane)
	if c.any[at.Region] == nil {
		c.any[at.Region] = map[int]bool{}
	}
	for i := range n {
		c.any[at.Region][int(at.N)+off+i] = true
	}
}

// overlap reports whether a overlaps b in this call.
func (c *call) overlap(a, b string) bool {
	return slices.ContainsFunc(c.input.overlaps, func(o contract.Overlap) bool { return o.A == a && o.B == b })
}

// bytes are n bytes of an argument's region at first, from an offset on.
func (c *call) bytes(name string, lane, off, n int) []term.Byte {
	at := c.place(name, lane)
	out := make([]term.Byte, n)
	for i := range out {
		out[i] = at.Region.Initial(int(at.N) + off + i)
	}
	return out
}

// define says what is in a region at first.
func (c *call) define(name string, lane, off int, b []term.Byte) {
	at := c.place(name, lane)
	r := at.Region
	if c.defined[r] == nil {
		c.initial(r, map[int]term.Byte{})
	}
	for i := range b {
		c.defined[r][int(at.N)+off+i] = b[i]
	}
}

// initial lets a region hold values at first, where there are any.
func (c *call) initial(r *exec.Region, values map[int]term.Byte) {
	c.defined[r] = values
	inputs := r.Initial
	r.Initial = func(off int) term.Byte {
		if b, ok := values[off]; ok {
			return b
		}
		return inputs(off)
	}
}

// want says what has to be in a region at the end.
func (c *call) want(name string, lane, off int, b []term.Byte) {
	c.put(c.wants, name, lane, off, b)
}

// leave says what the rest of a message finds in a region that the kernel only reads.
func (c *call) leave(name string, lane, off int, b []term.Byte) {
	c.put(c.next, name, lane, off, b)
}

func (c *call) put(in map[*exec.Region]map[int]term.Byte, name string, lane, off int, b []term.Byte) {
	at := c.place(name, lane)
	if in[at.Region] == nil {
		in[at.Region] = map[int]term.Byte{}
	}
	for i := range b {
		in[at.Region][int(at.N)+off+i] = b[i]
	}
}

// check compares what regions hold with what they have to hold, and looks for what else was
// written.
func (c *call) check() (err error) {
	defer recovered(&err)
	for _, r := range c.regions {
		for off, want := range c.wants[r] {
			if got := r.At(off); got != want {
				return c.difference(fmt.Sprintf("%s[%d]", r.Name, off), got, want)
			}
		}
		if r.Writes == (exec.Range{}) {
			continue // the machine refuses to write there, and an induction leaves out what is no longer read
		}
		for off, b := range r.Bytes {
			if _, wanted := c.wants[r][off]; !wanted && b != r.Initial(off) && !c.any[r][off] && r != c.shared {
				return fmt.Errorf("%s[%d] is changed", r.Name, off)
			}
		}
	}
	return nil
}

// recovered makes an error of the panics of package exec, which are strings.
func recovered(err *error) {
	switch r := recover().(type) {
	case nil:
	case string:
		*err = fmt.Errorf("%s", r)
	default:
		panic(r)
	}
}

// constant is a byte of a region that a seed determines.
func constant(seed, region, offset int) term.Byte {
	x := uint64(seed)<<48 ^ uint64(region)<<32 ^ uint64(uint32(offset))
	for range 3 { // splitmix64
		x += 0x9e3779b97f4a7c15
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
	}
	return term.Byte(x >> 56)
}

// difference looks for inputs for which two terms differ.
func (c *call) difference(what string, got, want term.Byte) error {
	for seed := range 20 {
		eval := c.Pool.Eval(func(region, offset int) byte { return byte(constant(seed, region, offset)) })
		if x, y := eval(got), eval(want); x != y {
			return fmt.Errorf("%s is %02x and should be %02x, for inputs of seed %d", what, x, y, seed)
		}
	}
	return fmt.Errorf("%s: no difference found, but terms differ: %s, should be %s", what, c.Pool.String(got, 1), c.Pool.String(want, 1))
}

// run executes the call, and checks what comes out.
func (c *call) run() error {
	if _, err := c.Run(c.subject.kernel.Addr); err != nil {
		return err
	}
	return c.check()
}
