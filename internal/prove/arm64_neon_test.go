package prove

import (
	"fmt"
	"slices"

	"github.com/mtcore/mtcore/internal/contract"
	"github.com/mtcore/mtcore/internal/prove/exec"
	"github.com/mtcore/mtcore/internal/prove/term"
)

// Kernels of NEON have round keys, and states between rounds, in a representation of their own: bytes are written
// in another basis. PrepareEncryptNEON and PrepareDecryptNEON make such keys, which only the kernels that
// encrypt and decrypt take. So these are proven with what comes out of them, for round keys of
// which all that is known is that they are those of a cipher, and that is what Prepare… is for.

// neonGoals are those of NEON.
func neonGoals(all map[string]*subject) (list []goal) {
	for _, d := range []string{"Encrypt", "Decrypt"} {
		encryption := d == "Encrypt"
		g := single("ige."+d+"NEON", encryption, 10, 12, 14)
		g.with = "ige.Prepare" + d + "NEON"
		g.spec = func(c *call) {
			represent(c.Pool, all, encryption)
			rk, keys := prepare(c, all[g.with], encryption)
			c.define("keys", 0, 0, keys)
			c.ige(encryption, rk, 0, c.input.numbers[contract.Blocks])
		}
		list = append(list, g)
	}
	return append(list, goal{kernel: "ige.ExpandNEON", cases: []input{{}}, spec: func(c *call) {
		represent(c.Pool, all, true)
		c.want("xk", 0, 0, join(expand(c.Pool, c.bytes("key", 0, 0, 32))...))
	}})
}

// prepare executes a kernel that prepares round keys, and returns those of the cipher and the prepared ones.
func prepare(c *call, s *subject, encryption bool) (rk []block, keys []term.Byte) {
	for timing := range exec.TimingOn + 1 {
		before := newCall(c.Pool, s, input{seed: c.input.seed, timing: timing}.with("nr", c.input.numbers["nr"]))
		rk = before.roundKeys(encryption)
		prepared := before.prepared()
		if keys != nil && !slices.Equal(keys, prepared) {
			panic(fmt.Sprintf("%v: other keys with timing %d", s.kernel, timing))
		}
		keys = prepared
	}
	return rk, keys
}

// prepared executes a kernel that prepares round keys, which are all that it may leave, and returns them.
func (c *call) prepared() []term.Byte {
	if _, err := c.Run(c.subject.kernel.Addr); err != nil {
		panic(fmt.Sprintf("%v: %v", c.subject.kernel, err))
	}
	at := c.place("keys", 0).Region
	keys := make([]term.Byte, 16*(c.input.numbers["nr"]+1))
	for i := range keys {
		b, written := at.Bytes[i]
		if !written {
			panic(fmt.Sprintf("%v does not write byte %d", c.subject.kernel, i))
		}
		keys[i] = b
	}
	if len(at.Bytes) != len(keys) {
		panic(fmt.Sprintf("%v writes more than keys", c.subject.kernel))
	}
	return keys
}

// prepareGoal is that a kernel prepares what the original does. It is for mutants.
func prepareGoal(original *subject, encryption bool, all map[string]*subject) goal {
	g := goal{kernel: original.kernel.String(), spec: func(c *call) {
		represent(c.Pool, all, encryption)
		c.want("keys", 0, 0, newCall(c.Pool, original, c.input).prepared())
	}}
	for _, nr := range []int{10, 12, 14} {
		g.cases = append(g.cases, input{}.with("nr", nr))
	}
	g.cases = timed(g.cases)
	return g
}

// represent tells a pool in which basis bytes are written, as prepared keys are, if it does not know.
func represent(p *term.Pool, all map[string]*subject, encryption bool) {
	if p.Represented() {
		return
	}
	// The S-box's constant is in the round keys: in those that are added to its results, and in those that are
	// added before the inverse.
	s, constant := all["ige.PrepareDecryptNEON"], byte(0)
	if encryption {
		s, constant = all["ige.PrepareEncryptNEON"], 0x63
	}
	var of [256]byte // a byte, by how it is written
	for x := range 256 {
		c := newCall(term.New(), s, input{}.with("nr", 10))
		for i := range 240 {
			c.define("xk", 0, i, []term.Byte{term.Byte(x)})
		}
		if _, err := c.Run(s.kernel.Addr); err != nil {
			panic(err.Error())
		}
		of[c.place("keys", 0).Region.Bytes[16]] = byte(x) ^ constant
	}
	p.Represent(func(x byte) byte { return of[x] }, !encryption)
}
