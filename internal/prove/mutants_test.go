package prove

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/internal/impltest"
	"github.com/mtcore/mtcore/internal/machine/x86"
	"github.com/mtcore/mtcore/internal/prove/exec"
	"github.com/mtcore/mtcore/internal/prove/numexec"
	"github.com/mtcore/mtcore/internal/prove/term"
)

// mutant is a kernel in which one instruction is another, or two have changed places.
type mutant struct {
	*subject
	original *subject
	from     []*x86.Inst
	to       []*x86.Inst
}

// relatives are instructions that one can be mistaken for.
var relatives = [][]string{
	{"vaesenc", "vaesenclast", "vaesdec", "vaesdeclast"}, {"vpaddd", "vpxor", "vpand", "vpsubd"}, {"vpxorq", "vpandq", "vpaddq"},
	{"vpunpckldq", "vpunpckhdq", "vpunpcklqdq", "vpunpckhqdq"}, {"vpslld", "vpsrld", "vprord"}, {"add", "sub"},
	{"adc", "add"}, {"adcx", "adox"}, {"sbb", "sub"}, {"vpmadd52luq", "vpmadd52huq"}, {"mulx", "adcx"}, {"vpandq", "vpaddq"},
	{"jb", "jae"}, {"je", "jne"}, {"ja", "jbe"}, {"cmove", "cmovb"}, {"sha256msg1", "sha256msg2"}, {"vinserti32x4", "vshufi64x2"},
}

// mutate returns a mutant of a kernel, of which the instructions at addrs, in order, are executed.
func mutate(rng *rand.Rand, s *subject, addrs []int) *mutant {
	var list []*x86.Inst
	for _, addr := range addrs {
		list = append(list, s.code[addr])
	}
	for {
		i := rng.IntN(len(list))
		in := list[i]
		if in.Op == "ret" {
			continue
		}
		out := *in
		out.Args = slices.Clone(in.Args)
		m := &mutant{from: []*x86.Inst{in}, to: []*x86.Inst{&out}}
		ok := true
		switch rng.IntN(6) {
		case 0:
			ok = drop(&out)
		case 1:
			ok = i+1 < len(list) && m.swap(in, list[i+1])
		case 2:
			ok = rename(rng, &out)
		default:
			ok = len(in.Args) > 0 && changeOperand(rng, &out, list) && !slices.Equal(in.Args, out.Args)
		}
		if !ok {
			continue
		}
		code := maps.Clone(s.code)
		for _, in := range m.to {
			code[in.Addr] = in
		}
		m.original = s
		m.subject = &subject{kernel: s.kernel, contract: s.contract, code: code}
		return m
	}
}

// candidate is the mutant as it is judged.
func (m *mutant) candidate(unread func(mutated *subject, last int) bool) *candidate {
	what := fmt.Sprintf("%v: %v becomes %v", m.kernel, m.from, m.to)
	return &candidate{
		subject: m.subject, what: what, where: fmt.Sprintf("at %#x", m.from[0].Addr),
		rule: m.equivalent() != "", listed: listed[what] != "", unread: func() bool { return m.unread(unread) },
	}
}

func isJump(in *x86.Inst) bool { return in.Op[0] == 'j' }

// drop makes an instruction a jump to the next.
func drop(in *x86.Inst) bool {
	if isJump(in) {
		return false
	}
	*in = x86.Inst{Addr: in.Addr, Len: in.Len, Op: "jmp", Args: []x86.Operand{{Kind: x86.Target, Disp: int64(in.Next())}}}
	return true
}

func (m *mutant) swap(a, b *x86.Inst) bool {
	if b.Op == "ret" || isJump(a) || isJump(b) || b.Addr != a.Next() || a.Op == b.Op && slices.Equal(a.Args, b.Args) {
		return false
	}
	first, second := *b, *a
	first.Addr, first.Len, second.Addr, second.Len = a.Addr, a.Len, b.Addr, b.Len
	m.from, m.to = []*x86.Inst{a, b}, []*x86.Inst{&first, &second}
	return true
}

func rename(rng *rand.Rand, in *x86.Inst) bool {
	for _, r := range relatives {
		if slices.Contains(r, in.Op) {
			was := in.Op
			in.Op = r[rng.IntN(len(r))]
			return in.Op != was
		}
	}
	return false
}

func changeOperand(rng *rand.Rand, in *x86.Inst, list []*x86.Inst) bool {
	switch a := &in.Args[rng.IntN(len(in.Args))]; a.Kind {
	case x86.Register, x86.Mask:
		a.Reg ^= 1 << rng.IntN(3)
	case x86.Vector:
		a.Reg ^= 1 << rng.IntN(4)
	case x86.Immediate:
		a.Disp ^= 1 << rng.IntN(8)
	case x86.Target:
		a.Disp = int64(list[rng.IntN(len(list))].Addr)
	case x86.Memory:
		if a.Base >= 0 && rng.IntN(3) == 0 {
			a.Base ^= 1 << rng.IntN(3)
		} else {
			a.Disp += int64(2*rng.IntN(2)-1) << rng.IntN(7)
		}
	}
	return true
}

// trials are the inputs that mutants are tried with, before anything is proven: lengths to beyond where loops
// repeat, with constants for all bytes.
func (g *goal) trials() []input {
	all := g.fewCases()
	for i, in := range g.loops {
		for _, n := range []int{1, 2, 3, 4, 5, 7, 8, 9, 13} {
			if (n+i)%2 == 0 || n < 3 || g.stride == 1 && n > 5 || g.visits > 0 && n > 3 {
				continue
			}
			all = append(all, in.with(g.count, n*g.unit))
		}
		all = append(all, in.with(g.count, (1+i%2)*g.unit))
		if i == 3 {
			break
		}
	}
	all = append(all, g.tried...)
	for i := range all {
		all[i].seed = i + 1
	}
	return all
}

// fewCases are the cases, or those of some tables.
func (g *goal) fewCases() (few []input) {
	for _, in := range g.cases {
		if n := in.numbers["entries"]; n == 0 || n == 1 || n == 3 || n == 8 {
			few = append(few, in)
		}
	}
	return few
}

// refute tries a mutant. It returns an error that says how it is wrong, or nil.
func (g *goal) refute(s *subject, p *term.Pool, memory specified) (err error) {
	defer recovered(&err)
	left := remains{}
	for _, in := range g.trials() {
		c := setUp(p, s, in, g.spec, memory)
		if err := c.run(); err != nil {
			return err
		}
		in.seed = 0
		if err := left.compare(c); err != nil {
			return err
		}
	}
	return nil
}

// visited are the addresses of the instructions that trials execute.
func (g *goal) visited(s *subject, p *term.Pool, memory specified) ([]int, error) {
	all := map[int]bool{}
	for _, in := range g.trials() {
		c := setUp(p, s, in, g.spec, memory)
		c.Trace = func(m *exec.Machine, addr int) bool {
			all[addr] = true
			return false
		}
		if err := c.run(); err != nil {
			return nil, fmt.Errorf("%v: %w", in, err)
		}
	}
	return slices.Sorted(maps.Keys(all)), nil
}

// significant are the bits of immediates that make a difference, of instructions that do not look
// at all.
var significant = map[string]int64{
	"vextractf128": 1, "vextracti128": 1, "vinserti128": 1, "vinserti32x4": 3, "vextracti32x4": 3, "vprord": 31, "valignq": 7,
}

// equivalent returns the rule by which a mutant does the same, or "".
func (m *mutant) equivalent() string {
	a, b := m.from[0], m.to[0]
	switch {
	case len(m.from) == 1 && isJump(a) && a.Op == b.Op && m.sameCode(int(a.Args[0].Disp), int(b.Args[0].Disp)):
		return "a jump to the same instructions in another place"
	case len(m.from) == 2:
		if independent(m.from[0], m.from[1]) {
			return "two instructions that do not depend on each other change places"
		}
	case a.Op == b.Op && significant[a.Op] != 0:
		x, y := a.Args[len(a.Args)-1], b.Args[len(b.Args)-1]
		if mask := significant[a.Op]; slices.Equal(a.Args[:len(a.Args)-1], b.Args[:len(b.Args)-1]) && x.Disp&mask == y.Disp&mask {
			return "bits of an immediate that the instruction ignores"
		}
	}
	return ""
}

// sameCode reports whether what is executed from two addresses on is the same, without jumps, until the kernel
// returns.
func (m *mutant) sameCode(x, y int) bool {
	// Jumps by the condition that made the first one jump are made.
	through := func(at int) int {
		for in := m.original.code[at]; in != nil && in.Op == m.from[0].Op; in = m.original.code[at] {
			at = int(in.Args[0].Disp)
		}
		return at
	}
	for x, y = through(x), through(y); ; {
		a, b := m.original.code[x], m.original.code[y]
		if a == nil || b == nil || isJump(a) || a.Op != b.Op || a.Mask != b.Mask || a.Zero != b.Zero || a.Length != b.Length || !slices.Equal(a.Args, b.Args) {
			return false
		}
		if a.Op == "ret" {
			return true
		}
		x, y = a.Next(), b.Next()
	}
}

// unread reports whether the mutant leaves the same as the original, wherever it is executed in a few
// calls, but for bytes of registers that nobody reads: with anything in those, the original is proven, too.
func (m *mutant) unread(unread func(mutated *subject, last int) bool) bool {
	last := m.from[len(m.from)-1]
	if isJump(last) || last.Op != m.to[len(m.to)-1].Op && isJump(m.to[len(m.to)-1]) && m.to[len(m.to)-1].Args[0].Disp != int64(last.Next()) {
		return false
	}
	return unread(m.subject, last.Addr)
}

// unread is the method of that name, for the goal of the original and a mutant whose last instruction that is another is at
// an address.
func unread(g *goal, original, mutated *subject, last int) bool {
	p := term.New()
	states := func(s *subject) (all []*exec.Machine, memory []string) {
		var c *call
		with := *s
		with.after = map[int]func(*exec.Machine){last: func(m *exec.Machine) {
			now, text := *m, fmt.Sprint(m.Stack.Bytes, len(m.Stack.Values))
			for _, r := range c.regions {
				text += fmt.Sprint(r.Bytes)
			}
			all, memory = append(all, &now), append(memory, text)
		}}
		inputs := some(g.cases, 12)
		for _, in := range some(g.loops, 2) {
			if g.chosenBy != nil { // which a call does not say, if the index may be any
				break
			}
			inputs = append(inputs, in.with(g.count, (2*g.stride+1)*g.unit))
		}
		for _, in := range inputs {
			if c = setUp(p, &with, in, g.spec, specified{}); c.run() != nil {
				return nil, nil
			}
		}
		return all, memory
	}
	want, wantMemory := states(original)
	got, gotMemory := states(mutated)
	if len(want) == 0 || !slices.Equal(wantMemory, gotMemory) {
		return false
	}
	regs, secret, vecs, touched := map[int]bool{}, map[int]bool{}, map[int]bool{}, map[int]bool{}
	for i := range want {
		if want[i].Masks != got[i].Masks {
			return false
		}
		for r, v := range want[i].Regs {
			if v.Region != nil && got[i].Regs[r].Region != nil && v.Region.Name == got[i].Regs[r].Region.Name {
				v.Region = got[i].Regs[r].Region
			}
			regs[r] = regs[r] || v != got[i].Regs[r]
			secret[r] = secret[r] || v.Secret || got[i].Regs[r].Secret || v.Region != nil || got[i].Regs[r].Region != nil
		}
		for v := range want[i].Vecs {
			for j, b := range want[i].Vecs[v] {
				vecs[64*v+j] = vecs[64*v+j] || b != got[i].Vecs[v][j]
				for _, m := range []*exec.Machine{want[i], got[i]} { // constants may be left as well
					touched[64*v+j] = touched[64*v+j] || !m.Untouched(v, j) && !m.Vecs[v][j].IsConst()
				}
			}
		}
	}
	with := *original
	with.after = map[int]func(*exec.Machine){last: func(m *exec.Machine) {
		junk := exec.NewRegion(m.Pool, "what is not read")
		for r, differs := range regs {
			if differs && !secret[r] { // constants may be left
				m.Regs[r] = exec.Number(0x6a09e667f3bcc908)
			} else if differs {
				m.Regs[r] = exec.Value{Secret: true}
				for i := range 8 {
					m.Regs[r].Bytes[i] = junk.Initial(8*r + i)
				}
			}
		}
		for v, differs := range vecs {
			switch {
			case differs && !touched[v]: // a constant, or as it was when the kernel was called
				m.SetUntouched(v/64, v%64)
			case differs:
				m.Vecs[v/64][v%64] = junk.Initial(1024 + v)
			}
		}
	}}
	_, err := g.prove(&with)
	return err == nil
}

// independent reports whether two instructions can be executed in any order: neither writes what the
// other uses, and stores have memory for themselves.
func independent(a, b *x86.Inst) bool {
	writes := func(in *x86.Inst) []x86.Operand {
		switch {
		case in.Op == "cmp" || in.Op == "test" || len(in.Args) == 0:
			return nil
		case in.Op == "mulx":
			return in.Args[:2]
		}
		return in.Args[:1]
	}
	flags := func(in *x86.Inst) bool {
		return len(in.Args) > 0 && in.Args[0].Kind != x86.Vector && !strings.HasPrefix(in.Op, "mov") && in.Op != "lea" && !strings.HasPrefix(in.Op, "v")
	}
	uses := func(in *x86.Inst, w *x86.Operand) bool {
		for _, x := range in.Args {
			if x.Kind == w.Kind && x.Reg == w.Reg && (w.Kind == x86.Register || w.Kind == x86.Vector || w.Kind == x86.Mask) ||
				w.Kind == x86.Register && x.Kind == x86.Memory && (x.Base == w.Reg || x.Index == w.Reg) {
				return true
			}
		}
		if in.Op == "mulx" && w.Kind == x86.Register && w.Reg == x86.RDX {
			return true
		}
		return in.Mask != 0 && w.Kind == x86.Mask && in.Mask == w.Reg || in.Op == "push" || in.Op == "pop" || in.Op == "vzeroupper"
	}
	for _, pair := range [][2]*x86.Inst{{a, b}, {b, a}} {
		for _, w := range writes(pair[0]) {
			if uses(pair[1], &w) {
				return false
			}
		}
	}
	return !(flags(a) && flags(b)) && !overlapping(a, b)
}

// overlapping reports whether one instruction may store where the other loads or stores. Two places
// are different if they are so many bytes apart from one register.
func overlapping(a, b *x86.Inst) bool {
	for i, x := range a.Args {
		for j, y := range b.Args {
			if x.Kind != x86.Memory || y.Kind != x86.Memory || i != 0 && j != 0 {
				continue
			}
			if x.Base == x86.RIP || y.Base == x86.RIP { // constants
				continue
			}
			if x.Base != y.Base || x.Index != y.Index || x.Scale != y.Scale || x.Disp < y.Disp+int64(y.Size) && y.Disp < x.Disp+int64(x.Size) {
				return true
			}
		}
	}
	return false
}

// listed are mutants that do the same, of which no rule says so, and why.
var listed = map[string]string{
	"envelope.DecryptStart: [mov rsi,0x10] becomes [mov rsi,0x0]":                     "which block is loaded after the last, where any will do",
	"ige.DecryptKeys16VAES512: [vmovdqa64 zmm0,zmm21] becomes [vmovdqa64 zmm0,zmm20]": "in place of blocks that there are not, which are not stored",
	"ige.DecryptKeys16VAES512: [vmovdqa64 zmm1,zmm22] becomes [vmovdqa64 zmm1,zmm23]": "in place of blocks that there are not, which are not stored",
	"ige.EncryptKeys12VAES512: [cmovb r11,rdi] becomes [cmovb r15,rdi]":               "at least 0, of the longest message, which has more than is subtracted there",
	"ige.EncryptKeys16VAES512: [cmova r11,r8] becomes [cmova r11,r9]":                 "four and 255 blocks make the same mask",
	"bigdh.SquareIFMA: [vpxorq zmm17,zmm0,zmm0] becomes [vpaddq zmm17,zmm0,zmm0]":     "zero plus zero in place of zero xor zero",
}

var mutants = flag.Int("mutants", 2, "how many mutants there are of each kernel")

// verdicts count mutants by why they are no threat.
type verdicts struct{ refuted, disproven, same, unread int }

func (v verdicts) String() string {
	return fmt.Sprintf("%d mutants: %d refuted by values, %d not proven, %d the same by rule, %d in what is not read",
		v.refuted+v.disproven+v.same+v.unread, v.refuted, v.disproven, v.same, v.unread)
}

// candidate is a mutant that is to be judged.
type candidate struct {
	*subject
	what, where string
	rule        bool        // whether it does the same by a rule
	unread      func() bool // whether it does, for that it changes nothing that is read
	listed      bool
}

// judge makes mutants of a kernel and adds to the verdicts.
func (v *verdicts) judge(t *testing.T, next func(*rand.Rand) *candidate, refute, prove func(*subject) error) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range *mutants {
		m := next(rng)
		switch {
		case refute(m.subject) != nil:
			v.refuted++
		case m.rule:
			v.same++
		case prove(m.subject) != nil:
			v.disproven++
		case m.listed || m.unread():
			v.unread++
		default:
			t.Errorf("survives: %s, %s", m.what, m.where)
		}
	}
}

// judge makes mutants of the kernel of a goal.
func (g *goal) judge(t *testing.T, v *verdicts, s *subject, next func(addrs []int, unread func(mutated *subject, last int) bool) func(*rand.Rand) *candidate) {
	p, memory := term.New(), specified{}
	addrs, err := g.visited(s, p, memory)
	if err != nil {
		t.Fatal(err)
	}
	small := g.small()
	v.judge(t, next(addrs, func(mutated *subject, last int) bool { return unread(&small, s, mutated, last) }),
		func(s *subject) error { return g.refute(s, p, memory) },
		func(s *subject) error { _, err := small.prove(s); return err })
}

// judge makes mutants of the kernel that computes with large numbers.
func (a *arithmetic) judge(t *testing.T, v *verdicts, next func(*rand.Rand) *candidate) {
	v.judge(t, next, a.refute, func(s *subject) error { _, err := a.proven(s); return err })
}

// TestMutants shows that proofs do not hold of what is wrong: every mutant is refused, or does the same
// by a rule.
func TestMutants(t *testing.T) {
	impltest.SkipShort(t, "links programs")
	all := subjects(t)
	var v verdicts
	for _, g := range goals() {
		t.Run(g.kernel, func(t *testing.T) {
			s := all[g.kernel]
			g.judge(t, &v, s, func(addrs []int, unread func(*subject, int) bool) func(*rand.Rand) *candidate {
				return func(rng *rand.Rand) *candidate { return mutate(rng, s, addrs).candidate(unread) }
			})
		})
	}
	t.Log(v)
}

// commuted reports whether the mutant adds two numbers to a register the other way round. If it is proven, what
// is carried is the same.
func (m *mutant) commuted() bool {
	if len(m.from) != 2 {
		return false
	}
	adds := func(in *x86.Inst) bool {
		return slices.Contains([]string{"adcx", "adox", "add", "sub"}, in.Op) || in.Op == "lea" && in.Args[1].Base == in.Args[0].Reg
	}
	a, b := m.from[0], m.from[1]
	return adds(a) && adds(b) && a.Args[0] == b.Args[0]
}

// sameTerms reports whether the mutant leaves the same as the original, wherever it is executed: the same terms
// everywhere.
func (m *mutant) sameTerms() bool {
	last := m.from[len(m.from)-1]
	if isJump(last) {
		return false
	}
	c := compute(m.original, nil)
	want, ok := c.after(m.original, last.Addr)
	got, ok2 := c.after(m.subject, last.Addr)
	if !ok || !ok2 || len(want) == 0 || len(want) != len(got) {
		return false
	}
	for i := range want {
		if !maps.EqualFunc(want[i], got[i], sameValue) {
			return false
		}
	}
	return true
}

// after is what a machine and its memory hold each time that an instruction has been executed.
func (c *computation) after(s *subject, addr int) (all []map[placeOfState]numexec.Value, ok bool) {
	d := *c
	d.subject = s
	e := d.again(nil, 0, 2)
	done := false
	e.Before = func(in *x86.Inst) bool {
		if done {
			now := e.places()
			for i, v := range e.Flags() {
				now[placeOfState{"flag", i, 0}] = v
			}
			for name, r := range e.regions {
				for off, v := range r.Words {
					now[placeOfState{name, int(off), 0}] = v
				}
			}
			for off, p := range e.Stack.Bytes {
				now[placeOfState{"byte", int(off), 0}] = numexec.Poly(p)
			}
			all = append(all, now)
		}
		done = in.Addr == addr
		return false
	}
	return all, e.run() == nil
}

// TestMutantsOfNumbers is TestMutants for kernels that compute with large numbers.
func TestMutantsOfNumbers(t *testing.T) {
	impltest.SkipShort(t, "links programs")
	all := subjects(t)
	var v verdicts
	for _, a := range arithmetics() {
		t.Run(a.kernel, func(t *testing.T) {
			s := all[a.kernel]
			addrs := slices.Sorted(maps.Keys(s.code))
			a.judge(t, &v, func(rng *rand.Rand) *candidate {
				m := mutate(rng, s, addrs)
				c := m.candidate(nil)
				c.unread = func() bool { return m.commuted() || m.sameTerms() }
				return c
			})
		})
	}
	t.Log(v)
}

// small is a goal for less: all numbers of rounds, and some layouts of batches.
func (g goal) small() goal {
	g.cases = g.fewCases()
	if len(g.loops) > 6 {
		g.loops = some(g.loops, 2)
	}
	if g.visits > 0 { // which takes long
		g.loops = g.loops[1:2]
	}
	return g
}

// some are at most n of a list, from all of it.
func some(list []input, n int) []input {
	if len(list) <= n {
		return list
	}
	var out []input
	for i := range n {
		out = append(out, list[i*(len(list)-1)/(n-1)])
	}
	return out
}
