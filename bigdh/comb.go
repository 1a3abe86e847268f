package bigdh

// A comb makes powers of a fixed base cheap (Lim and Lee, "More flexible exponentiation
// with precomputation", CRYPTO '94). The exponent is cut into teeth of equal length,
// and each tooth into blocks of equal length:
//
//	bit (t, b, i) of the exponent is bit number t·toothBits + b·blockBits + i
//
// For each block there is a table of the products of the base's powers that belong to
// the lowest bits (t, b, 0) of the teeth, one product for each value of these bits.
// Then, with one squaring for all blocks,
//
//	for i from blockBits-1 down to 0:
//		z = z²
//		for each block b:
//			z = z · table[b][bits (0, b, i), (1, b, i), …]
//
// which is 102 squarings and 411 multiplications instead of exp's 2060 and 424. Another
// tooth means fewer of both, and tables twice as large. Lookups must read all of a table,
// and these are about as much as the caches closest to a core hold: 40 KiB with IFMA, and
// 32 KiB of them with limbs of 64 bits. So every other round takes the blocks from the last to
// the first, to begin with the table that was read last (5 % on Zen 4, whose cache has 32 KiB: in
// a cycle, each table would have been replaced when its turn comes).
const (
	teeth     = 5
	blocks    = 4
	blockBits = 103
	toothBits = blocks * blockBits // and teeth·toothBits = 2060 ≥ 2048
)

type comb [blocks][1 << teeth]elem

// build makes the tables for base, in about the time of one exponentiation.
func (c *comb) build(m *modulus, base *nat) {
	// The powers that belong to the lowest bits (t, b, 0), in order: they are
	// blockBits apart from each other.
	var power elem
	enter(m, &power, base)
	for t := range teeth {
		for b := range blocks {
			c[b][1<<t] = power
			square(m, &power, &power, blockBits)
		}
	}
	for b := range c {
		table := &c[b]
		enter(m, &table[0], &nat{1})
		for i := 3; i < len(table); i++ {
			if lowest := i & -i; lowest != i {
				mul(m, &table[i], &table[i-lowest], &table[lowest])
			}
		}
	}
}

// exp sets z = base^e mod n, in constant time. z may be e.
func (c *comb) exp(m *modulus, z, e *nat) {
	var acc, factor elem
	selectElem(&acc, c[0][:], combBits(e, 0, blockBits-1))
	for n := 1; n < blocks*blockBits; n++ {
		round, b := n/blocks, n%blocks
		if b == 0 {
			square(m, &acc, &acc, 1)
		}
		if round%2 == 1 {
			b = blocks - 1 - b
		}
		selectElem(&factor, c[b][:], combBits(e, b, blockBits-1-round))
		mul(m, &acc, &acc, &factor)
	}
	leave(m, z, &acc)
	clear(acc[:])
	clear(factor[:])
}

// combBits returns the bits (0, b, i), (1, b, i), … of e.
func combBits(e *nat, b, i int) (index int) {
	for t := range teeth {
		bit := t*toothBits + b*blockBits + i
		if bit < 64*len(e) {
			index |= int(e[bit/64]>>(bit%64)&1) << t
		}
	}
	return index
}
