// Command neon_arm64 generates the kernels of package ige/asm for arm64 CPUs without AES
// instructions, such as those of the Raspberry Pi 3 and 4. They compute AES with
// lookups in registers, which take the same time for every index: package tower has
// the algebra.
//
// IGE is one long chain, so latency is what counts. A round has eleven steps here, of three
// cycles each on Cortex-A57 and A72, and the work beside them fills both vector pipes for
// most of the time: llvm-mca (see mca.sh) counts 39 cycles for encryption and 43 for
// decryption, where the table-based AES of crypto/aes takes 43. With the whole S-box in 16
// registers it would be about 66, of which a lookup in four registers alone takes 15.
//
// On these cores a lookup of 8 bytes (TBL with an arrangement of B8) takes half as long
// as one of 16 bytes. So a block is in two registers of 8 bytes each:
//
//	A has the rows 0 and 2 of the state, column by column; B has the rows 1 and 3.
//
// MixColumns has, for rows 0 and 2, with s exchanging the two rows of a half,
//
//	A' = c₀A ⊕ c₁B ⊕ c₂s(A) ⊕ c₃s(B)
//
// and for rows 1 and 3
//
//	B' = c₃A ⊕ c₀B ⊕ c₁s(A) ⊕ c₂s(B)
//
// with c = 2 3 1 1, and e b d 9 for the inverse. ShiftRows rotates rows and stays in each
// half. It is merged into the permutations that a sum of terms needs anyway: P, which is
// ShiftRows of a half, or sP.
//
// Rounds work on another representation of bytes than FIPS 197: τ = ToTower for encryption,
// and for decryption ToTower of the inverse affine map, so that what is to be inverted has
// i and k in its two halves. All maps between them are linear, and part of tables. The
// constant of the S-box goes into the round keys. So does P⁻¹, since they are added before
// the permutation, where there is time:
//
//	A' = P(c₀A ⊕ P⁻¹k) ⊕ …
//
// IGE needs the output of the last round twice, for dst as it is, and for the first
// state of the following block in the representation of rounds:
//
//	out_i     = r_i ⊕ k_N ⊕ in_{i-1}
//	state_i+1 = τ(out_i ⊕ in_{i+1} ⊕ k_0) = τ(r_i) ⊕ w
//	w         = τ(in_{i-1} ⊕ in_{i+1} ⊕ k_0 ⊕ k_N)
//
// The second has its own tables, and w is known early: neither out_i nor the map of the
// input is on the critical path.
package main

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/mtcore/mtcore/gen/internal/a64"
	"github.com/mtcore/mtcore/gen/internal/tower"
)

//go:generate go -C ../.. run ./ige/neon_arm64

const (
	blockSize = 16
	maxRounds = 14
)

// A direction holds what differs between encryption and decryption.
type direction struct {
	verb    string        // the kernels' prefix
	cipher  string        // for their docs
	mix     [4]byte       // c
	turn    int           // columns by which ShiftRows takes row 1 from the right
	toState tower.ByteMap // τ
	output  tower.ByteMap // of the inverse in GF(2⁸), apart from AffineConstant
}

var (
	encrypt = direction{
		verb: "Encrypt", cipher: "AES",
		mix: [4]byte{2, 3, 1, 1}, turn: 1,
		toState: tower.ToTower,
		output:  tower.Affine,
	}
	decrypt = direction{
		verb: "Decrypt", cipher: "the equivalent inverse cipher",
		mix: [4]byte{0xe, 0xb, 0xd, 9}, turn: 3,
		toState: func(x byte) byte { return tower.ToTower(tower.AffineInverse(x)) },
		output:  func(x byte) byte { return x },
	}
)

// inverse reports whether d is the inverse cipher.
func (d direction) inverse() bool { return d.turn != 1 }

func main() {
	file := a64.NewFile()
	expandKernel(file)
	for _, d := range []direction{encrypt, decrypt} {
		prepareKernel(file, d)
		cryptKernel(file, d)
	}
	file.Generate()
}

// Permutations, in the form of lookups: the byte at each place comes from the place that
// the table names.

// place returns the position of the byte of a row and a column in A followed by B.
func place(row, column int) int { return row%2*8 + row/2*4 + column%4 }

// shiftRows is ShiftRows of A followed by B.
func (d direction) shiftRows() (t tower.Table) {
	for row := range 4 {
		for column := range 4 {
			t[place(row, column)] = byte(place(row, column+row*d.turn))
		}
	}
	return t
}

// turned is P or, with swap, sP for A (0) or B (1).
func (d direction) turned(h int, swap bool) (t tower.Table) {
	p := d.shiftRows()
	for i := range 8 {
		from := i
		if swap {
			from ^= 4
		}
		t[i] = p[8*h+from] % 8
	}
	return t
}

// split takes a block to P⁻¹ of its halves.
func (d direction) split() (t tower.Table) {
	p := d.shiftRows()
	for row := range 4 {
		for column := range 4 {
			t[p[place(row, column)]] = byte(4*column + row)
		}
	}
	return t
}

// join takes the halves before ShiftRows to a block.
func (d direction) join() (t tower.Table) {
	p := d.shiftRows()
	for row := range 4 {
		for column := range 4 {
			t[4*column+row] = p[place(row, column)]
		}
	}
	return t
}

func repeat(x byte) (t tower.Table) {
	for i := range t {
		t[i] = x
	}
	return t
}

var data = map[string]*a64.Data{}

// constants returns the tables called name, which it adds to the file once.
func constants(file *a64.File, name string, tables ...tower.Table) *a64.Data {
	if data[name] == nil {
		var words []uint32
		for _, t := range tables {
			for i := 0; i < len(t); i += 4 {
				words = append(words, binary.LittleEndian.Uint32(t[i:]))
			}
		}
		data[name] = file.Words(name, words...)
	}
	return data[name]
}

// loadConstants loads n tables from data into consecutive registers.
func loadConstants(f *a64.Func, data *a64.Data, n int) []a64.V {
	regs := f.VecN(n)
	p := f.GP()
	f.MOVDAddress(data, p)
	for list := range slices.Chunk(regs, 4) {
		f.VLD1P(p, list...)
	}
	f.FreeGP(p)
	return regs
}

// field has the tables that every inversion needs.
type field struct {
	*a64.Func
	nibble, reciprocal, quotient a64.V
}

func loadField(file *a64.File, f *a64.Func) field {
	t := loadConstants(f, constants(file, "field", repeat(0xf), tower.Reciprocals(), tower.Quotients()), 3)
	return field{f, t[0], t[1], t[2]}
}

func (f field) free() { f.FreeVec(f.nibble, f.reciprocal, f.quotient) }

// vecs returns n registers, which need not be consecutive.
func (f field) vecs(n int) []a64.V {
	regs := make([]a64.V, n)
	for i := range regs {
		regs[i] = f.Vec()
	}
	return regs
}

// apply replaces the bytes of half x by a linear map, whose tables are low and high.
func (f field) apply(low, high, x a64.V) {
	t := f.Vec()
	f.VANDHalf(f.nibble, x, t)
	f.VUSHRHalf(4, x, x)
	f.VTBLHalf(t, low, t)
	f.VTBLHalf(x, high, x)
	f.VEORHalf(t, x, x)
	f.FreeVec(t)
}

// invert replaces i and k in the halves x by jo, and returns io in new registers. It
// takes all halves through each step before the next one.
func (f field) invert(x ...a64.V) (io []a64.V) {
	i, n := x, len(x)
	k, quotient, temp := f.vecs(n), f.vecs(n), f.vecs(n)
	io = f.vecs(n)
	each := func(step func(h int)) {
		for h := range n {
			step(h)
		}
	}
	each(func(h int) { f.VANDHalf(f.nibble, x[h], k[h]) })
	each(func(h int) { f.VUSHRHalf(4, x[h], i[h]) })
	each(func(h int) { f.VTBLHalf(k[h], f.quotient, quotient[h]) })
	j := k
	each(func(h int) { f.VEORHalf(i[h], k[h], j[h]) })
	each(func(h int) { f.VTBLHalf(i[h], f.reciprocal, io[h]) })
	each(func(h int) { f.VTBLHalf(j[h], f.reciprocal, temp[h]) })
	each(func(h int) { f.VEORHalf(quotient[h], io[h], io[h]) })
	each(func(h int) { f.VEORHalf(quotient[h], temp[h], temp[h]) })
	each(func(h int) { f.VTBLHalf(io[h], f.reciprocal, io[h]) })
	each(func(h int) { f.VTBLHalf(temp[h], f.reciprocal, temp[h]) })
	each(func(h int) { f.VEORHalf(j[h], io[h], io[h]) })
	each(func(h int) { f.VEORHalf(temp[h], i[h], x[h]) })
	f.FreeVec(k...)
	f.FreeVec(quotient...)
	f.FreeVec(temp...)
	return io
}

// lookup returns, for each half, the sum of the entries of two tables at io and jo.
func (f field) lookup(ioTable, joTable a64.V, io, jo []a64.V) []a64.V {
	sum, t := f.vecs(len(io)), f.vecs(len(io))
	for h := range sum {
		f.VTBLHalf(io[h], ioTable, sum[h])
	}
	for h := range sum {
		f.VTBLHalf(jo[h], joTable, t[h])
		f.VEORHalf(t[h], sum[h], sum[h])
	}
	f.FreeVec(t...)
	return sum
}

// expandKernel emits ExpandNEON: the key schedule of FIPS 197, 5.2. With
// pre(k) = k ⊕ k≪32 ⊕ k≪64 ⊕ k≪96, whose column j is the xor of the columns 0 … j of k,
//
//	k_i = pre(k_{i-2}) ⊕ rcon_i ⊕ SubWord(RotWord(last column of k_{i-1}))    i even
//	k_i = pre(k_{i-2})          ⊕ SubWord(        last column of k_{i-1} )    i odd
//
// with the last term in all four columns.
func expandKernel(file *a64.File) {
	f := file.Func("ExpandNEON", "func(xk *[240]byte, key *[32]byte)",
		"ExpandNEON expands an AES-256 key into the schedule of AES.")

	xk, key := f.LoadParam("xk"), f.LoadParam("key")
	fd := loadField(file, f)
	low, high := tower.HalfByteTables(tower.ToTower)
	io, jo := tower.OutputTables(tower.Affine)
	tables := constants(file, "expand", low, high, io, jo, repeat(tower.AffineConstant), word(13, 14, 15, 12), word(12, 13, 14, 15))
	t := loadConstants(f, tables, 7)
	constant, rotated, plain := t[4], t[5], t[6]
	rcon, zero, shifted, sub := f.Vec(), f.Vec(), f.Vec(), f.Vec()
	keys := f.VecN(3) // round key i at i%3
	one := f.GP()
	f.MOVD(1, one) // the round constants are its doublings, up to 1<<6
	f.VDUP(one, rcon)
	f.VEOR(zero, zero, zero)
	f.VLD1P(key, keys[0])
	f.VLD1(key, keys[1])
	f.VST1P(xk, keys[:2]...)
	for i := 2; i <= maxRounds; i++ {
		older, newer, k := keys[(i-2)%3], keys[(i-1)%3], keys[i%3]
		f.Comment(fmt.Sprintf("Round key %d", i))
		f.VEXT(12, older, zero, shifted)
		f.VEOR(shifted, older, k)
		f.VEXT(8, k, zero, shifted)
		f.VEOR(shifted, k, k)
		f.VEOR(constant, k, k)
		column := plain
		if i%2 == 0 {
			f.VEOR(rcon, k, k)
			f.VSHLWords(1, rcon, rcon)
			column = rotated
		}
		f.VTBLHalf(column, newer, sub)
		fd.apply(t[0], t[1], sub)
		io := fd.invert(sub)
		sum := fd.lookup(t[2], t[3], io, []a64.V{sub})
		f.VMOVDouble(sum[0], 0, sum[0], 1)
		f.VEOR(sum[0], k, k)
		f.VST1P(xk, k)
		f.FreeVec(io...)
		f.FreeVec(sum...)
	}
	f.RET()
	fd.free()
	f.FreeVec(t...)
	f.FreeVec(keys...)
	f.FreeVec(rcon, zero, shifted, sub)
	f.FreeGP(xk, key, one)
}

// word is the permutation that takes four bytes to each word.
func word(bytes ...byte) (t tower.Table) {
	for i := range t {
		t[i] = bytes[i%4]
	}
	return t
}

// prepareKernel emits PrepareEncryptNEON or PrepareDecryptNEON.
func prepareKernel(file *a64.File, d direction) {
	name := "Prepare" + d.verb + "NEON"
	f := file.Func(name, "func(keys *[240]byte, nr int, xk *[240]byte)",
		name+" turns the schedule of "+d.cipher+" with nr rounds into\n"+
			"what "+d.verb+"NEON takes.")

	keys, n, xk := f.LoadParam("keys"), f.LoadParam("nr"), f.LoadParam("xk")
	fd := loadField(file, f)
	t := loadConstants(f, constants(file, "constant", repeat(tower.AffineConstant)), 1)
	constant, k := t[0], f.Vec()
	// The constant is in the output of each S-box, and in the input of each inverse.
	f.VLD1P(xk, k)
	if d.inverse() {
		f.VEOR(constant, k, k)
	}
	f.VST1P(keys, k)
	f.SUB(1, n, n)
	f.Label("loop")
	f.VLD1P(xk, k)
	f.VEOR(constant, k, k)
	half := fd.halves(file, d, k)
	f.VST1HalfP(keys, half[0], half[1])
	f.FreeVec(half...)
	f.SUBS(1, n, n)
	f.BNE("loop")
	f.VLD1(xk, k)
	if !d.inverse() {
		f.VEOR(constant, k, k)
	}
	f.VST1(keys, k)
	f.RET()
	fd.free()
	f.FreeVec(t...)
	f.FreeVec(k)
	f.FreeGP(keys, n, xk)
}

// halves returns P⁻¹ of the halves of τ(x).
func (f field) halves(file *a64.File, d direction, x a64.V) []a64.V {
	low, high := tower.HalfByteTables(d.toState)
	t := loadConstants(f.Func, constants(file, "input"+d.verb, d.split(), low, high), 3)
	half := f.VecN(2)
	f.VTBL(t[0], x, half[0])
	f.VEXT(8, half[0], half[0], half[1])
	for _, h := range half {
		f.apply(t[1], t[2], h)
	}
	f.FreeVec(t...)
	return half
}

// cryptKernel emits EncryptNEON or DecryptNEON.
func cryptKernel(file *a64.File, d direction) {
	f := file.Func(d.verb+"NEON", "func(nr int, keys *[240]byte, iv *[32]byte, dst, src []byte)",
		d.verb+"NEON is one IGE stream without AES instructions:\n"+
			d.cipher+" with nr rounds and the keys from Prepare"+d.verb+"NEON.")

	m := &message{
		field: loadField(file, f), direction: d, file: file,
		nr: f.LoadParam("nr"), keys: f.LoadParam("keys"), iv: f.LoadParam("iv"),
		dst: f.LoadBase("dst"), src: f.LoadBase("src"), n: f.LoadLen("src"),
		ahead: f.GP(), key: f.GP(), round: f.GP(), last: f.GP(),
	}
	m.loadTables()
	m.in, m.before = f.Vec(), f.Vec()
	m.start()
	f.Label("block")
	m.rounds()
	m.lastRound()
	f.BNE("block")
	m.finish()
	m.free()
}

// message is the state of a kernel while it works.
type message struct {
	field
	direction
	file *a64.File

	nr, keys, iv a64.R
	dst, src, n  a64.R // of the current block, and bytes from there to the end
	ahead        a64.R // address of the block after src
	key, round   a64.R // address of the next round key, rounds to go
	last         a64.R // address of k_N

	p, swapped [2]a64.V // P and sP of each half
	ioMix      map[byte]a64.V
	joMix      map[byte]a64.V // by element of c

	x               []a64.V // A and B
	in, before, out a64.V   // in_i, in_{i-1}, out_i
}

// loadTables loads what all rounds but the last use.
func (m *message) loadTables() {
	tables := []tower.Table{m.turned(0, false), m.turned(0, true), m.turned(1, false), m.turned(1, true)}
	for _, c := range m.factors() {
		io, jo := tower.OutputTables(func(x byte) byte { return m.toState(tower.Mul(c, m.output(x))) })
		tables = append(tables, io, jo)
	}
	t := loadConstants(m.Func, constants(m.file, "rounds"+m.verb, tables...), len(tables))
	m.p, m.swapped = [2]a64.V{t[0], t[2]}, [2]a64.V{t[1], t[3]}
	m.ioMix, m.joMix = map[byte]a64.V{}, map[byte]a64.V{}
	for i, c := range m.factors() {
		m.ioMix[c], m.joMix[c] = t[4+2*i], t[5+2*i]
	}
}

// start loads iv and the first block, and computes the first state.
func (m *message) start() {
	out := m.Vec()
	m.ADDShifted(m.nr, 4, m.keys, m.last)
	first, second := out, m.before
	if m.inverse() {
		first, second = second, first
	}
	m.VLD1P(m.iv, first)
	m.VLD1(m.iv, second)
	m.SUB(blockSize, m.iv, m.iv)
	m.VLD1(m.src, m.in)
	k := m.Vec()
	m.VLD1(m.keys, k)
	m.VEOR(m.in, out, out)
	m.VEOR(k, out, out)
	m.FreeVec(k)
	m.x = m.halves(m.file, m.direction, out)
	m.FreeVec(out)
	for h, x := range m.x {
		m.VTBLHalf(m.p[h], x, x)
	}
}

// rounds emits all rounds of a block except the last.
func (m *message) rounds() {
	m.ADD(blockSize, m.keys, m.key)
	m.SUB(1, m.nr, m.round)
	m.Label("round")
	m.SUBS(1, m.round, m.round)
	io, jo := m.invert(m.x...), m.x
	m.mixColumns(io, jo)
	m.BNE("round")
}

// mixColumns sets x to the state after a round, from io and jo.
func (m *message) mixColumns(io, jo []a64.V) {
	// terms are c_n of the inverse, with the round key in c_0. io comes before jo.
	terms := map[byte][]a64.V{}
	for _, c := range m.factors() {
		terms[c] = m.vecs(2)
		for h, term := range terms[c] {
			m.VTBLHalf(io[h], m.ioMix[c], term)
		}
	}
	m.FreeVec(io...)
	k := m.VecN(2)
	m.VLD1HalfP(m.key, k[0], k[1])
	for h, term := range terms[m.mix[0]] {
		m.VEORHalf(k[h], term, term)
	}
	m.FreeVec(k...)
	for _, c := range m.factors() {
		t := m.vecs(2)
		for h, term := range terms[c] {
			m.VTBLHalf(jo[h], m.joMix[c], t[h])
			m.VEORHalf(t[h], term, term)
		}
		m.FreeVec(t...)
	}

	// sums are what each half adds to itself, and what it adds to the other.
	turns := [4][2]a64.V{ // of c_n, for A and B
		{m.p[0], m.p[1]},
		{m.swapped[0], m.p[1]},
		{m.swapped[0], m.swapped[1]},
		{m.p[0], m.swapped[1]},
	}
	var sums [2][2]a64.V
	for n, c := range m.mix {
		for h, term := range terms[c] {
			t := m.Vec()
			m.VTBLHalf(turns[n][h], term, t)
			if n < 2 {
				sums[n][h] = t
				continue
			}
			m.VEORHalf(t, sums[n-2][h], sums[n-2][h])
			m.FreeVec(t)
		}
	}
	for h, x := range m.x {
		m.VEORHalf(sums[0][h], sums[1][1-h], x)
	}
	for _, c := range m.factors() {
		m.FreeVec(terms[c]...)
	}
	m.FreeVec(sums[0][:]...)
	m.FreeVec(sums[1][:]...)
}

// factors are the elements of c, each once.
func (m *message) factors() []byte { return slices.Compact(slices.Clone(m.mix[:])) }

// lastRound emits the last round and the first state of the following block. After the last
// block there is none, so in_i is loaded again instead of in_{i+1}, which cannot fault. It
// leaves flags for the end of the loop, and out_i and in_i in out and before.
func (m *message) lastRound() {
	m.Comment("Input of the next block")
	m.SUBS(blockSize, m.n, m.n)
	m.ADD(blockSize, m.src, m.ahead)
	m.CSEL(a64.NE, m.ahead, m.src, m.src)
	next, last, w := m.Vec(), m.Vec(), m.Vec()
	m.VLD1(m.src, next)
	m.VLD1(m.last, last)
	m.VLD1(m.keys, w)
	m.VEOR(last, m.before, last) // k_N ⊕ in_{i-1}
	m.VEOR(next, w, w)
	m.VEOR(last, w, w)
	states := m.halves(m.file, m.direction, w)
	m.FreeVec(w)

	m.Comment("Last round")
	io, jo := m.invert(m.x...), m.x
	chainIO, chainJO := tower.OutputTables(func(x byte) byte { return m.toState(m.output(x)) })
	chain := loadConstants(m.Func, constants(m.file, "chain"+m.verb, chainIO, chainJO), 2)
	for h, state := range m.lookup(chain[0], chain[1], io, jo) {
		m.VEORHalf(state, states[h], states[h])
		m.FreeVec(state)
	}
	m.FreeVec(chain...)
	outIO, outJO := tower.OutputTables(m.output)
	plain := loadConstants(m.Func, constants(m.file, "out"+m.verb, outIO, outJO), 2)
	out := m.lookup(plain[0], plain[1], io, jo)
	for h, state := range states {
		m.VTBLHalf(m.p[h], state, m.x[h])
	}
	m.FreeVec(plain...)
	m.FreeVec(io...)
	m.FreeVec(states...)

	m.Comment("Output")
	join := loadConstants(m.Func, constants(m.file, "join"+m.verb, m.join()), 1)
	m.VMOVDouble(out[1], 0, out[0], 1)
	m.VTBL(join[0], out[0], out[0])
	m.VEOR(last, out[0], out[0])
	m.VST1P(m.dst, out[0])
	m.VMOV(m.in, m.before)
	m.VMOV(next, m.in)
	m.out = out[0]
	m.FreeVec(join...)
	m.FreeVec(next, last, out[1])
}

// finish stores iv and returns.
func (m *message) finish() {
	first, second := m.out, m.before
	if m.inverse() {
		first, second = second, first
	}
	m.VST1P(m.iv, first)
	m.VST1(m.iv, second)
	m.RET()
}

func (m *message) free() {
	m.field.free()
	for _, c := range m.factors() {
		m.FreeVec(m.ioMix[c], m.joMix[c])
	}
	m.FreeVec(m.p[:]...)
	m.FreeVec(m.swapped[:]...)
	m.FreeVec(m.x...)
	m.FreeVec(m.in, m.before, m.out)
	m.FreeGP(m.nr, m.keys, m.iv, m.dst, m.src, m.n, m.ahead, m.key, m.round, m.last)
}
