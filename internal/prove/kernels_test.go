package prove

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/mtcore/mtcore/internal/contract"
	"github.com/mtcore/mtcore/internal/prove/term"
)

// goal is what is to be proven of a kernel: that it does what a specification says, for some inputs by
// executing them, and for the others by induction.
type goal struct {
	kernel string
	with   string // another kernel that it is proven with, if any
	spec   func(*call)
	cases  []input
	loops  []input // all lengths of each, which are in numbers[count]
	count  string
	unit   int // of numbers[count] that a block or chunk is
	stride int // blocks or chunks that a turn of the loop does
	visits int // how often a turn comes to the head of the loop; 0 if once
	// tried are more inputs that mutants are tried with: they would take too long to prove.
	tried []input
	// chosenBy says which argument is the index of the entry that a byte of the result is of, and chosenSize how large the result
	// is, of a kernel that chooses entries: loops are then proven by choice_test.go.
	chosenBy   func(at int) string
	chosenSize int
	// grows says by how much an argument that may be any number is larger for the rest of a message, per block.
	grows map[string]int
	// continues says where the rest of a message has what an argument points to, if not where the message had it.
	continues map[string]position
}

// position is a place in the last block, of those before the rest, of an argument.
type position struct {
	arg string
	off int
}

// goals are those of all kernels that are proven.
func goals() (all []goal) {
	for _, d := range []string{"Encrypt", "Decrypt"} {
		all = append(all, single("ige."+d, d == "Encrypt", 10, 12, 14), single("ige."+d+"Key", d == "Encrypt", 0))
		for _, s := range strings.Fields("1 2VAES256 4VAES512") {
			all = append(all, expansion(d, s))
		}
		for _, s := range strings.Fields("2 4 8 4VAES256 8VAES256 8VAES512 12VAES512 16VAES512") {
			all = append(all, batch("ige."+d+"Batch"+s, d == "Encrypt"))
		}
		for _, s := range strings.Fields("2 2VAES256 4VAES512 8VAES512 12VAES512 16VAES512") {
			all = append(all, oneShot("ige."+d+"Keys"+s, d == "Encrypt"))
		}
	}
	all = append(all, goal{kernel: "ige.Expand", spec: expandSpec, cases: []input{{}}})
	for _, k := range []struct {
		name  string
		lanes int
	}{{"kdf.Blocks", 1}, {"kdf.Blocks2", 2}, {"kdf.Blocks16AVX512", 16}, {"envelope.Hash", 1}, {"envelope.Hash2SHANI", 2}} {
		all = append(all, goal{kernel: k.name, spec: hashSpec(k.lanes), loops: []input{{}}, count: "blocks", unit: 1, stride: 1})
	}
	all = append(all,
		goal{kernel: "kdf.Derive", spec: deriveSpec, cases: []input{{}}},
		goal{kernel: "kdf.Derive8AVX512", spec: deriveSpec, cases: []input{{}}},
		goal{kernel: "envelope.ExpandDecrypt16VAES512", spec: expandSixteenSpec, cases: []input{{}}},
		batch("envelope.Decrypt16VAES512", false),
		goal{kernel: "envelope.DecryptStart", spec: startSpec, cases: layouts(input{}, inPlace)},
		goal{kernel: "envelope.DecryptStart2VAES", spec: startSpec, cases: layouts(input{}, inPlace)},
		goal{kernel: "envelope.DecryptStart4VAES512", spec: startFourSpec, cases: layouts(input{}, inPlace)},
		goal{kernel: "envelope.Hash16AVX512", spec: hashSixteenSpec, cases: []input{{}}},
		stitched("envelope.DecryptHash", contract.Blocks, 1),
		stitched("envelope.DecryptHash2VAESSHANI", "n", 64),
		stitchedFour(),
		tail("envelope.DecryptTail", contract.Blocks, 1),
		tail("envelope.DecryptTail2VAESSHANI", "n", 16),
		keystream("envelope.Keystream"), keystream("envelope.KeystreamVAES512"),
		sixteen(),
		wipe(),
		choose("bigdh.Select", 256), choose("bigdh.SelectIFMA", 320), choosePair("bigdh.SelectPair", func(word int) bool { return word >= 16 }, 32),
		choosePair("bigdh.SelectPairIFMA", func(word int) bool { return word%2 == 1 }, 40),
		chooseEight(),
	)
	return all
}

var (
	inPlace = []contract.Overlap{{A: "dst", B: "src"}}
	behind  = []contract.Overlap{{A: "hashed", B: "dst", Offset: -64}}
	both    = append(append([]contract.Overlap{}, inPlace...), behind...)
)

// layouts are an input without overlaps, and with each of some.
func layouts(in input, overlaps ...[]contract.Overlap) []input {
	all := []input{in}
	for _, o := range overlaps {
		in.overlaps = o
		all = append(all, in)
	}
	return all
}

// with is an input with another number.
func (in input) with(name string, n int) input {
	numbers := map[string]int{name: n}
	for k, v := range in.numbers {
		if k != name {
			numbers[k] = v
		}
	}
	in.numbers = numbers
	return in
}

// roundKeys are what the round keys of a call are: of its key, or else those of the schedule xk
// that a kernel for decryption has to be given the inverse of.
func (c *call) roundKeys(encryption bool) []block {
	if c.subject.contract.Arg("key") != nil {
		return expand(c.Pool, c.bytes("key", 0, 0, 32))
	}
	rk := blocks(c.bytes("xk", 0, 0, 16*(c.input.numbers["nr"]+1)))
	if !encryption {
		c.define("xk", 0, 0, join(inverseKeys(c.Pool, rk)...))
	}
	return rk
}

// ige does IGE from src to dst, and updates iv unless its contract forbids it.
func (c *call) ige(encryption bool, rk []block, lane, n int) (out []block) {
	iv := blocks(c.bytes("iv", lane, 0, 32))
	state := chain{iv[0], iv[1]}
	out, state = ige(c.Pool, encryption, rk, blocks(c.bytes("src", lane, 0, 16*n)), state)
	c.want("dst", lane, 0, join(out...))
	if after := join(state.cipher, state.plain); c.arg("iv").Access == contract.Updates {
		c.want("iv", lane, 0, after)
	} else {
		c.leave("iv", lane, 0, after)
	}
	return out
}

func single(kernel string, encryption bool, rounds ...int) goal {
	g := goal{kernel: kernel, count: contract.Blocks, unit: 1, stride: 1}
	g.spec = func(c *call) {
		c.ige(encryption, c.roundKeys(encryption), 0, c.input.numbers[contract.Blocks])
	}
	for _, nr := range rounds {
		g.loops = append(g.loops, layouts(input{}.with("nr", nr), inPlace)...)
	}
	return g
}

// oneShot is single for several messages, the last of which may be the first once more.
func oneShot(kernel string, encryption bool) goal {
	g := goal{kernel: kernel, count: "blocks", unit: 1, stride: 1}
	k := contract.Find(strings.Split(kernel, ".")[0], strings.Split(kernel, ".")[1])
	lanes := k.Arg("dst").Lanes
	g.spec = func(c *call) {
		for l := range lanes {
			if n := c.count("blocks", l); n > 0 {
				c.ige(encryption, expand(c.Pool, c.bytes("key", l, 0, 32)), l, n)
			}
		}
		c.countDown()
	}
	if k.Arg("blocks").Kind == contract.Counts {
		g.stride = 4
		g.loops = raggedLoops(lanes)
		g.cases = []input{farApart(lanes)}
		for n := 5; n < 8; n++ { // all are done at the same block of a chunk
			g.cases = append(g.cases, input{}.with("blocks", n))
		}
		g.tried = []input{farAhead(lanes)}
	} else {
		g.loops = append(layouts(input{}, inPlace), layouts(input{active: lanes - 1}, inPlace)...)
	}
	return g
}

// countDown lets counts be anything at the end.
func (c *call) countDown() {
	for i := range c.subject.contract.Args {
		if a := &c.subject.contract.Args[i]; a.Kind == contract.Counts {
			counts := c.Argument(i).Region
			c.any[counts] = map[int]bool{}
			for off := range 8 * a.Lanes {
				c.any[counts][off] = true
			}
		}
	}
}

// farApart are messages, one less than lanes, of which each four have so many more blocks than the next four that the
// loop for the lanes that are left comes through all of its branches.
func farApart(lanes int) input {
	const more = 11
	in := input{active: lanes - 1}
	for l := range lanes {
		in.less = append(in.less, more*(l/4)+l%4)
	}
	return in.with("blocks", 4+more*(lanes/4-1))
}

// farAhead are messages of which in each loop the last is done soon, when all others have more blocks to go than a
// mask of bits for them would have room for.
func farAhead(lanes int) (in input) {
	const more = 128
	most := lanes / 4 * more
	for l := range lanes {
		blocks := most - l/4*more
		if l%4 == 3 {
			blocks += 3 - more
		}
		in.less = append(in.less, most-blocks)
	}
	return in.with("blocks", most)
}

// raggedLoops are messages of one length, then of lengths such that each number of blocks comes in each place of a
// chunk, and one message less than lanes, of which the last has nothing to do and the pointers of the first.
func raggedLoops(lanes int) []input {
	stairs, fewer := input{overlaps: inPlace}, input{active: lanes - 1}
	for l := range lanes {
		stairs.less = append(stairs.less, 7*l/(lanes-1))
		fewer.less = append(fewer.less, 3*l/(lanes-1))
	}
	if lanes > 8 { // which takes time
		return []input{stairs, fewer}
	}
	return []input{{}, stairs, fewer}
}

func expandSpec(c *call) {
	rk := expand(c.Pool, c.bytes("key", 0, 0, 32))
	c.want("enc", 0, 0, join(rk...))
	c.want("dec", 0, 0, join(inverseKeys(c.Pool, rk)...))
}

// inGroups is where the key of a round is, of a lane.
func inGroups(lane, round int) int { return 960*(lane/4) + 64*round + 16*(lane%4) }

func expansion(direction, suffix string) goal {
	g := goal{kernel: "ige.Expand" + direction + suffix}
	lanes := int(suffix[0] - '0')
	g.spec = func(c *call) {
		for l := range lanes {
			rk := expand(c.Pool, c.bytes("key", l, 0, 32))
			if direction == "Decrypt" {
				rk = inverseKeys(c.Pool, rk)
			}
			for r, k := range rk {
				c.want("keys", 0, inGroups(c.input.numbers["lane"]+l, r), k[:])
			}
		}
	}
	for first := 0; first+lanes <= 4; first += lanes {
		g.cases = append(g.cases, input{}.with("lane", first))
	}
	return g
}

func expandSixteenSpec(c *call) {
	for l := range 16 {
		for r, k := range inverseKeys(c.Pool, expand(c.Pool, c.bytes("key", l, 0, 32))) {
			c.want("keys", 0, inGroups(l, r), k[:])
		}
		iv := blocks(c.bytes("iv", l, 0, 32))
		c.want("state", 0, 16*l, iv[1][:])
		c.want("state", 0, 256+16*l, iv[0][:])
	}
}

// lanes does IGE of so many blocks in each lane, and returns what comes out of each. For
// decryption the chaining values in state are the other way round.
func (c *call) lanes(encryption bool, n int) [][]block {
	count := c.arg("dst").Lanes
	outs := make([][]block, count)
	for l := range count {
		if c.idle(l) {
			c.wantAny("state", 16*l, 16)
			c.wantAny("state", 256+16*l, 16)
			continue
		}
		from := l // whose keys and state it has
		if c.input.active > 0 && l >= c.input.active {
			from = 0
			for r := range 15 {
				c.define("keys", 0, inGroups(l, r), c.bytes("keys", 0, inGroups(0, r), 16))
			}
			c.define("state", 0, 16*l, c.bytes("state", 0, 0, 16))
			c.define("state", 0, 256+16*l, c.bytes("state", 0, 256, 16))
		}
		var rk []block
		for r := range 15 {
			rk = append(rk, block(c.inputs("keys", inGroups(from, r), 16)))
		}
		first, second := block(c.bytes("state", 0, 16*l, 16)), block(c.bytes("state", 0, 256+16*l, 16))
		state := chain{first, second}
		if !encryption {
			for r, k := range inverseKeys(c.Pool, rk) {
				c.define("keys", 0, inGroups(l, r), k[:])
			}
			state = chain{second, first}
		}
		outs[l], state = ige(c.Pool, encryption, rk, blocks(c.bytes("src", l, 0, 16*n)), state)
		c.want("dst", l, 0, join(outs[l]...))
		if encryption {
			first, second = state.cipher, state.plain
		} else {
			first, second = state.plain, state.cipher
		}
		c.want("state", 0, 16*l, first[:])
		c.want("state", 0, 256+16*l, second[:])
	}
	return outs
}

// inputs are n bytes of an argument as they are without define.
func (c *call) inputs(name string, off, n int) []term.Byte {
	at := c.place(name, 0)
	out := make([]term.Byte, n)
	for i := range out {
		if off := int(at.N) + off + i; c.input.seed != 0 {
			out[i] = constant(c.input.seed, at.Region.ID, off)
		} else {
			out[i] = c.Pool.Input(at.Region.ID, off)
		}
	}
	return out
}

func batch(kernel string, encryption bool) goal {
	g := goal{kernel: kernel, count: "blocks", unit: 1, stride: strideOf[kernel]}
	if g.stride == 0 {
		g.stride = 4
	}
	g.spec = func(c *call) { c.lanes(encryption, c.input.numbers["blocks"]) }
	for sp := 0; sp < 64; sp += 8 {
		in := input{sp: sp}
		if sp%16 == 8 {
			in.overlaps = inPlace
		}
		g.loops = append(g.loops, in)
	}
	lanes := contract.Find(strings.Split(kernel, ".")[0], strings.Split(kernel, ".")[1]).Arg("dst").Lanes
	g.loops = append(g.loops, input{overlaps: inPlace, active: 1}, input{active: 1, idle: true})
	if lanes > 2 {
		g.loops = append(g.loops, input{overlaps: inPlace, active: lanes - 2, idle: true})
	}
	return g
}

// strideOf has the kernels whose loop does not take four blocks at a time.
var strideOf = map[string]int{
	"envelope.Decrypt16VAES512": 1, "ige.EncryptBatch2": 1, "ige.DecryptBatch2": 1, "ige.EncryptBatch4": 1, "ige.DecryptBatch4": 1,
	"ige.EncryptBatch4VAES256": 1, "ige.DecryptBatch4VAES256": 1, "ige.EncryptBatch8VAES256": 1, "ige.DecryptBatch8VAES256": 1,
}

// hashSpec hashes a message in each of so many lanes, with states at h, or h0 and h1, or in one array.
func hashSpec(lanes int) func(*call) {
	return func(c *call) {
		for l := range lanes {
			h, p, lane := "h", "p", 0
			at := func(i int) int { return 4 * i } // where a word of the state is
			switch lanes {
			case 2:
				if c.subject.contract.Arg("h") == nil {
					h, p = fmt.Sprint("h", l), fmt.Sprint("p", l)
				} else {
					lane = l
				}
			case 16:
				lane, at = l, func(i int) int { return 64*i + 4*l }
			}
			state := lane
			if lanes == 16 {
				state = 0 // all in one array
			}
			var s hash
			for i := range s {
				s[i] = term.Word(c.bytes(h, state, at(i), 4))
			}
			for i := range c.input.numbers["blocks"] {
				s = compress(c.Pool, s, c.bytes(p, lane, 64*i, 64))
			}
			for i, w := range s {
				c.want(h, state, at(i), w[:])
			}
		}
	}
}

// deriveSpec is MTProto 2.0's derivation of aes_key and aes_iv:
//
//	a = SHA-256(msg_key + auth_key[x:x+36]), b = SHA-256(auth_key[40+x:76+x] + msg_key)
//	key = a[0:8] + b[8:24] + a[24:32], iv = b[0:8] + a[8:24] + b[24:32]
func deriveSpec(c *call) {
	cat := func(parts ...[]term.Byte) (out []term.Byte) {
		for _, p := range parts {
			out = append(out, p...)
		}
		return out
	}
	for l := range max(1, c.arg("key").Lanes) {
		msgKey := c.bytes("msgKey", l, 0, 16)
		a := sum256(c.Pool, cat(msgKey, c.bytes("authKey", l, 0, 36)))
		b := sum256(c.Pool, cat(c.bytes("authKey", l, 40, 36), msgKey))
		c.want("key", l, 0, cat(a[:8], b[8:24], a[24:]))
		c.want("iv", l, 0, cat(b[:8], a[8:24], b[24:]))
	}
}

func startSpec(c *call) {
	for l := range max(1, c.arg("key").Lanes) {
		rk := expand(c.Pool, c.bytes("key", l, 0, 32))
		c.want("xk", l, 0, join(inverseKeys(c.Pool, rk)...))
		c.ige(false, rk, l, 2)
	}
}

// hashed is what the hash of stitched kernels is of, chunk i of a lane: of memory of its own, or a
// chunk behind what comes out.
func (c *call) hashed(lane, i int, out []block) []term.Byte {
	if i > 0 && c.overlap("hashed", "dst") {
		return join(out[4*i-4 : 4*i]...)
	}
	return c.bytes("hashed", lane, 64*i, 64)
}

func stitched(kernel, count string, unit int) goal {
	g := goal{kernel: kernel, count: count, unit: unit, stride: 1}
	g.spec = func(c *call) {
		chunks := c.input.numbers[count] / unit
		for l := range max(1, c.arg("h").Lanes) {
			rk := blocks(c.bytes("xk", l, 0, 240))
			c.define("xk", l, 0, join(inverseKeys(c.Pool, rk)...))
			out := c.ige(false, rk, l, 4*chunks)
			s := words(c.bytes("h", l, 0, 32))
			for i := range chunks {
				s = compress(c.Pool, s, c.hashed(l, i, out))
			}
			c.want("h", l, 0, unwords(s))
		}
	}
	g.loops = layouts(input{sp: 8}, inPlace, behind, both)
	return g
}

// fourIGE does IGE of n blocks in one of four lanes, whose iv and round keys are next to each other,
// and returns what comes out.
func (c *call) fourIGE(lane, n int, rk []block, iv []block) []block {
	out, state := ige(c.Pool, false, rk, blocks(c.bytes("src", lane, 0, 16*n)), chain{iv[0], iv[1]})
	c.want("dst", lane, 0, join(out...))
	c.want("iv", 0, 16*lane, state.cipher[:])
	c.want("iv", 0, 64+16*lane, state.plain[:])
	return out
}

func startFourSpec(c *call) {
	for l := range 4 {
		rk := expand(c.Pool, c.bytes("key", l, 0, 32))
		for r, k := range inverseKeys(c.Pool, rk) {
			c.want("xk", 0, inGroups(l, r), k[:])
		}
		c.fourIGE(l, 2, rk, blocks(c.bytes("ivs", l, 0, 32)))
	}
}

func stitchedFour() goal {
	g := goal{kernel: "envelope.DecryptHash4VAES512SHANI", count: "n", unit: 64, stride: 1}
	g.spec = func(c *call) {
		chunks := c.input.numbers["n"] / 64
		for l := range 4 {
			if c.idle(l) {
				c.wantAny("iv", 16*l, 16)
				c.wantAny("iv", 64+16*l, 16)
				c.wantAnyOf("h", l, 0, 32)
				continue
			}
			var rk []block
			for r := range 15 {
				rk = append(rk, block(c.inputs("xk", inGroups(l, r), 16)))
			}
			for r, k := range inverseKeys(c.Pool, rk) {
				c.define("xk", 0, inGroups(l, r), k[:])
			}
			iv := []block{block(c.bytes("iv", 0, 16*l, 16)), block(c.bytes("iv", 0, 64+16*l, 16))}
			out := c.fourIGE(l, 4*chunks, rk, iv)
			s := words(c.bytes("h", l, 0, 32))
			for i := range chunks {
				s = compress(c.Pool, s, c.hashed(l, i, out))
			}
			c.want("h", l, 0, unwords(s))
		}
	}
	g.loops = append(layouts(input{}, inPlace, behind, both), input{overlaps: both, active: 2, idle: true})
	return g
}

func tail(kernel, count string, unit int) goal {
	g := goal{kernel: kernel}
	g.spec = func(c *call) {
		for l := range max(1, c.arg("h").Lanes) {
			rk := blocks(c.bytes("xk", l, 0, 240))
			c.define("xk", l, 0, join(inverseKeys(c.Pool, rk)...))
			c.ige(false, rk, l, c.input.numbers[count]/unit)
			c.want("h", l, 0, unwords(compress(c.Pool, words(c.bytes("h", l, 0, 32)), c.bytes("hashed", l, 0, 64))))
		}
	}
	for n := 1; n <= 3; n++ { // all that it is for
		g.cases = append(g.cases, layouts(input{}.with(count, n*unit), inPlace, behind, both)...)
	}
	return g
}

func keystream(kernel string) goal {
	g := goal{kernel: kernel, count: "turns", unit: 1, stride: 1, loops: []input{{unknown: []string{"counter"}}}}
	g.grows = map[string]int{"counter": 8} // blocks of AES
	g.spec = func(c *call) {
		rk := c.roundKeys(true)
		c.want("xk", 0, 0, join(rk...))
		for i := range 8 * c.input.numbers["turns"] {
			var number block
			counter := c.unknown("counter", i).Eight()
			copy(number[:], counter[:])
			out := encrypt(c.Pool, rk, number)
			c.want("dst", 0, 16*i, out[:])
		}
	}
	return g
}

// interleaved is where word i of the state of a lane is, of sixteen.
func interleaved(lane, i int) int { return 64*i + 4*(4*(lane%4)+lane/4) }

// stateOf is the state of a lane of sixteen.
func (c *call) stateOf(lane int) (s hash) {
	for i := range s {
		s[i] = term.Word(c.bytes("h", 0, interleaved(lane, i), 4))
	}
	return s
}

func (c *call) wantState(lane int, s hash) {
	for i, w := range s {
		c.want("h", 0, interleaved(lane, i), w[:])
	}
}

// halves is the block whose halves are at hashed0 and hashed1.
func (c *call) halves(lane int) []term.Byte {
	return append(c.bytes("hashed0", lane, 0, 32), c.bytes("hashed1", lane, 0, 32)...)
}

func hashSixteenSpec(c *call) {
	for l := range 16 {
		c.wantState(l, compress(c.Pool, c.stateOf(l), c.halves(l)))
	}
}

func sixteen() goal {
	g := goal{kernel: "envelope.DecryptHash16VAES512", count: "chunks", unit: 1, stride: 2, visits: 2} // schedules change places
	// What is hashed is in memory of its own at first, and later a chunk that has been decrypted.
	g.continues = map[string]position{"hashed0": {"dst", 0}, "hashed1": {"dst", 32}}
	g.spec = func(c *call) {
		chunks := c.input.numbers["chunks"]
		outs := c.lanes(false, 4*chunks)
		for l := range 16 {
			if c.idle(l) {
				for i := range 8 {
					c.wantAny("h", interleaved(l, i), 4)
				}
				continue
			}
			s := compress(c.Pool, c.stateOf(l), c.halves(l))
			for i := 1; i < chunks; i++ {
				s = compress(c.Pool, s, join(outs[l][4*i-4:4*i]...))
			}
			c.wantState(l, s)
		}
	}
	g.loops = layouts(input{sp: 8}, inPlace)
	g.loops = append(g.loops, input{sp: 16, active: 5, idle: true})
	return g
}

func wipe() goal {
	g := goal{kernel: "envelope.WipeAVX512", count: "n", unit: 64, stride: 1, loops: []input{{}}}
	g.spec = func(c *call) { c.want("p", 0, 0, make([]term.Byte, c.input.numbers["n"])) }
	return g
}

// entry is entry i of a table, or zeros.
func (c *call) entry(i, off, n int) []term.Byte {
	if i < 0 || i >= c.input.numbers["entries"] {
		return make([]term.Byte, n)
	}
	return c.bytes("table", 0, 320*i+off, n)
}

// fewEntries are numbers of entries of tables that are proven for every index; larger ones are by induction.
var fewEntries = []int{1, 2, 3, 8}

// beyond are indices that tables of n entries do not have.
func beyond(n int) []int { return []int{n, n + 1, math.MaxInt32, -1, math.MinInt} }

// index is the value of an argument that is an index. If it may be any, choice_test.go says what comes out.
func (c *call) index(name string) int {
	if !slices.Contains(c.input.unknown, name) {
		return c.input.numbers[name]
	}
	if c.input.seed == 0 {
		return -1
	}
	return int(c.unknown(name, 0).N)
}

func choose(kernel string, size int) goal {
	g := goal{kernel: kernel, count: "entries", unit: 1, stride: 1, loops: []input{{unknown: []string{"index"}}}}
	g.chosenBy, g.chosenSize = func(int) string { return "index" }, size
	g.spec = func(c *call) { c.want("z", 0, 0, c.entry(c.index("index"), 0, size)) }
	for _, n := range fewEntries {
		for i := range n {
			g.cases = append(g.cases, input{}.with("entries", n).with("index", i))
		}
		for _, i := range beyond(n) {
			g.cases = append(g.cases, input{}.with("entries", n).with("index", i))
		}
	}
	return g
}

// choosePair is for words of two entries: of entry j those that second says, and of entry i the
// others.
func choosePair(kernel string, second func(word int) bool, size int) goal {
	g := goal{kernel: kernel, count: "entries", unit: 1, stride: 1, loops: []input{{unknown: []string{"i", "j"}}}}
	g.chosenSize = 8 * size
	g.chosenBy = func(at int) string {
		if second(at / 8) {
			return "j"
		}
		return "i"
	}
	g.spec = func(c *call) {
		for w := range size {
			c.want("z", 0, 8*w, c.entry(c.index(g.chosenBy(8*w)), 8*w, 8))
		}
	}
	for _, n := range fewEntries {
		indices := beyond(n)
		for i := range n {
			indices = append(indices, i)
		}
		for k, i := range indices {
			in := input{}.with("entries", n)
			g.cases = append(g.cases, in.with("i", i).with("j", indices[(k*7+3)%len(indices)]))
		}
	}
	return g
}

// chooseEight is for tables of 1 to 16 entries, of which every lane may select another one. Only the lowest bits of
// indices count.
func chooseEight() goal {
	g := goal{kernel: "bigdh.Select8IFMA"}
	g.spec = func(c *call) {
		n, first := c.input.numbers["entries"], c.input.numbers["first"]
		for i := range 8 {
			index := uint64(first + 5*i)
			if first < 0 {
				index *= 0x9e3779b97f4a7c15
			}
			var b []term.Byte
			for k := range 8 {
				b = append(b, term.Byte(byte(index>>(8*k))))
			}
			c.define("index", 0, 8*i, b)
			for j := range 40 {
				at := 8 * (8*j + i)
				c.want("z", 0, at, c.bytes("table", 0, 2560*int(index%uint64(n))+at, 8))
			}
		}
	}
	for n := 1; n <= 16; n *= 2 {
		for first := -2; first < n; first++ {
			g.cases = append(g.cases, input{}.with("entries", n).with("first", first))
		}
	}
	return g
}
