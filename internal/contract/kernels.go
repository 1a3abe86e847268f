package contract

import (
	"fmt"
	"slices"
)

func public(name string) Arg { return Arg{Name: name, Kind: Public} }
func secret(name string) Arg { return Arg{Name: name, Kind: Secret} }

func reads(name string, bytes int) Arg {
	return Arg{Name: name, Kind: Pointer, Access: Reads, Bytes: bytes}
}
func writes(name string, bytes int) Arg {
	return Arg{Name: name, Kind: Pointer, Access: Writes, Bytes: bytes}
}
func updates(name string, bytes int) Arg {
	return Arg{Name: name, Kind: Pointer, Access: Updates, Bytes: bytes}
}

// per multiplies the size of a region by an argument.
func (a Arg) per(name string) Arg { a.Per = name; return a }

// slice makes a slice of a region.
func (a Arg) slice() Arg { a.Kind, a.Per = Slice, Blocks; return a }

// table makes a table of pointers to regions.
func (a Arg) table(lanes int) Arg { a.Kind, a.Lanes = Table, lanes; return a }

// counts are a number for each lane, which the kernel counts down to zero.
func counts(name string, lanes int) Arg {
	return Arg{Name: name, Kind: Counts, Access: Updates, Bytes: 8 * lanes, Lanes: lanes}
}

// idle lets lanes share a region in which nobody looks.
func (a Arg) idle() Arg { a.Idle = true; return a }

var inPlace = []Overlap{{A: "dst", B: "src"}}

// Kernels has the contracts of all kernels.
var Kernels = slices.Concat(single, batches(), sha, stitched, sixteen, numbers)

// otherBackend has the backends of kernels that belong to another than the one that they are named
// after, see Kernel.Backend, or to none, since nothing changes without them.
var otherBackend = map[string]string{
	"envelope.Hash2SHANI": "VAES", "envelope.Hash16AVX512": "VAES",
	"envelope.WipeAVX512": "",
}

// single are the kernels for one IGE stream. xk holds the round keys, for decryption those of
// the equivalent inverse cipher.
var single = []Kernel{
	{"ige", "Expand", []Arg{writes("enc", 240), writes("dec", 240), reads("key", 32)}, nil},
	{"ige", "Encrypt", []Arg{public("nr"), reads("xk", 240), updates("iv", 32), writes("dst", 16).slice(), reads("src", 16).slice()}, inPlace},
	{"ige", "Decrypt", []Arg{public("nr"), reads("xk", 240), updates("iv", 32), writes("dst", 16).slice(), reads("src", 16).slice()}, inPlace},
	{"ige", "EncryptKey", []Arg{reads("key", 32), reads("iv", 32), writes("dst", 16).slice(), reads("src", 16).slice()}, inPlace},
	{"ige", "DecryptKey", []Arg{reads("key", 32), reads("iv", 32), writes("dst", 16).slice(), reads("src", 16).slice()}, inPlace},

	{"ige", "ExpandNEON", []Arg{writes("xk", 240), reads("key", 32)}, nil},
	{"ige", "PrepareEncryptNEON", []Arg{writes("keys", 240), public("nr"), reads("xk", 240)}, nil},
	{"ige", "PrepareDecryptNEON", []Arg{writes("keys", 240), public("nr"), reads("xk", 240)}, nil},
	{"ige", "EncryptNEON", []Arg{public("nr"), reads("keys", 240), updates("iv", 32), writes("dst", 16).slice(), reads("src", 16).slice()}, inPlace},
	{"ige", "DecryptNEON", []Arg{public("nr"), reads("keys", 240), updates("iv", 32), writes("dst", 16).slice(), reads("src", 16).slice()}, inPlace},
}

// group is the size of the round keys of four lanes, which are interleaved. A schedule for
// several lanes consists of groups.
const group = 15 * 4 * 16

// batches are the kernels for several IGE streams. state has the chaining values of sixteen
// lanes: the ciphertext block of each, then the plaintext block of each.
func batches() (all []Kernel) {
	for _, d := range []string{"Encrypt", "Decrypt"} {
		all = append(all,
			Kernel{"ige", "Expand" + d + "1", []Arg{writes("keys", group), public("lane"), reads("key", 32)}, nil},
			Kernel{"ige", "Expand" + d + "2VAES256", []Arg{writes("keys", group), public("lane"), reads("key", 32).table(2)}, nil},
			Kernel{"ige", "Expand" + d + "4VAES512", []Arg{writes("keys", group), reads("key", 32).table(4)}, nil})
		for _, s := range []struct {
			isa   string
			lanes []int
		}{{"", []int{2, 4, 8}}, {"VAES256", []int{4, 8}}, {"VAES512", []int{8, 12, 16}}} {
			for _, lanes := range s.lanes {
				all = append(all, Kernel{"ige", fmt.Sprint(d, "Batch", lanes, s.isa), []Arg{
					reads("keys", group*((lanes+3)/4)), updates("state", 512),
					writes("dst", 16).per("blocks").table(lanes).idle(), reads("src", 16).per("blocks").table(lanes).idle(), public("blocks"),
				}, inPlace})
			}
		}
		for _, s := range []struct {
			suffix string
			lanes  int
		}{{"2", 2}, {"2VAES256", 2}, {"4VAES512", 4}, {"8VAES512", 8}, {"12VAES512", 12}, {"16VAES512", 16}} {
			blocks := public("blocks")
			if s.lanes > 4 {
				blocks = counts("blocks", s.lanes)
			}
			all = append(all, Kernel{"ige", d + "Keys" + s.suffix, []Arg{
				reads("key", 32).table(s.lanes), reads("iv", 32).table(s.lanes),
				writes("dst", 16).per("blocks").table(s.lanes), reads("src", 16).per("blocks").table(s.lanes), blocks,
			}, inPlace})
		}
	}
	return all
}

var sha = []Kernel{
	{"kdf", "Blocks", []Arg{updates("h", 32), reads("p", 64).per("blocks"), public("blocks")}, nil},
	{"kdf", "Blocks2", []Arg{updates("h0", 32), updates("h1", 32), reads("p0", 64).per("blocks"), reads("p1", 64).per("blocks"), public("blocks")}, nil},
	{"kdf", "Blocks16AVX512", []Arg{updates("h", 512), reads("p", 64).per("blocks").table(16), public("blocks")}, nil},
	{"kdf", "Derive", []Arg{writes("key", 32), writes("iv", 32), reads("authKey", 76), reads("msgKey", 16)}, nil},
	// Bytes 76 to 87 are read, as the rest of a vector, and not used. An authorization key goes on
	// for longer than that.
	{"kdf", "Derive8AVX512", []Arg{
		writes("key", 32).table(8), writes("iv", 32).table(8), reads("authKey", 88).table(8), reads("msgKey", 16).table(8),
	}, nil},
	{"envelope", "Hash", []Arg{updates("h", 32), reads("p", 64).per("blocks"), public("blocks")}, nil},
	{"envelope", "Hash2SHANI", []Arg{updates("h", 32).table(2), reads("p", 64).per("blocks").table(2), public("blocks")}, nil},
}

// behind is where what is hashed may lie, besides in memory of its own: a chunk before what is
// decrypted, for which src and dst may be the same, too.
var behind = []Overlap{{A: "dst", B: "src"}, {A: "hashed", B: "dst", Offset: -64}}

var stitched = []Kernel{
	{"envelope", "DecryptStart", []Arg{writes("xk", 240), reads("key", 32), updates("iv", 32), writes("dst", 32), reads("src", 32)}, inPlace},
	{"envelope", "DecryptStart2VAES", []Arg{
		writes("xk", 240).table(2), reads("key", 32).table(2), updates("iv", 32).table(2), writes("dst", 32).table(2), reads("src", 32).table(2),
	}, inPlace},
	{"envelope", "DecryptStart4VAES512", []Arg{
		writes("xk", group), writes("iv", 128), reads("key", 32).table(4), reads("ivs", 32).table(4), writes("dst", 32).table(4), reads("src", 32).table(4),
	}, inPlace},
	{"envelope", "DecryptHash", []Arg{
		reads("xk", 240), updates("iv", 32), writes("dst", 64).slice(), reads("src", 64).slice(), updates("h", 32), reads("hashed", 64).per(Blocks),
	}, behind},
	{"envelope", "DecryptHash2VAESSHANI", []Arg{
		reads("xk", 240).table(2), updates("iv", 32).table(2), writes("dst", 1).per("n").table(2), reads("src", 1).per("n").table(2), public("n"),
		updates("h", 32).table(2), reads("hashed", 1).per("n").table(2),
	}, behind},
	{"envelope", "DecryptHash4VAES512SHANI", []Arg{
		reads("xk", group), updates("iv", 128), writes("dst", 1).per("n").table(4).idle(), reads("src", 1).per("n").table(4).idle(), public("n"),
		updates("h", 32).table(4), reads("hashed", 1).per("n").table(4).idle(),
	}, behind},
	{"envelope", "DecryptTail", []Arg{
		reads("xk", 240), reads("iv", 32), writes("dst", 16).slice(), reads("src", 16).slice(), updates("h", 32), reads("hashed", 64),
	}, []Overlap{{A: "dst", B: "src"}, {A: "hashed", B: "dst", Offset: -64}}},
	{"envelope", "DecryptTail2VAESSHANI", []Arg{
		reads("xk", 240).table(2), reads("iv", 32).table(2), writes("dst", 1).per("n").table(2), reads("src", 1).per("n").table(2), public("n"),
		updates("h", 32).table(2), reads("hashed", 64).table(2),
	}, []Overlap{{A: "dst", B: "src"}, {A: "hashed", B: "dst", Offset: -64}}},
	{"envelope", "Keystream", []Arg{writes("xk", 240), reads("key", 32), writes("dst", 128).per("turns"), public("turns"), public("counter")}, nil},
	{"envelope", "KeystreamVAES512", []Arg{writes("xk", 240), reads("key", 32), writes("dst", 128).per("turns"), public("turns"), public("counter")}, nil},
}

// sixteen are those of sixteen messages at once, whose schedules, states and hashes are
// interleaved.
var sixteen = []Kernel{
	{"envelope", "ExpandDecrypt16VAES512", []Arg{writes("keys", 4*group), writes("state", 512), reads("key", 32).table(16), reads("iv", 32).table(16)}, nil},
	{"envelope", "Decrypt16VAES512", []Arg{
		reads("keys", 4*group), updates("state", 512), writes("dst", 16).per("blocks").table(16).idle(), reads("src", 16).per("blocks").table(16).idle(), public("blocks"),
	}, inPlace},
	{"envelope", "DecryptHash16VAES512", []Arg{
		reads("keys", 4*group), updates("state", 512), updates("h", 512), writes("dst", 64).per("chunks").table(16).idle(), reads("src", 64).per("chunks").table(16).idle(),
		reads("hashed0", 32).table(16).idle(), reads("hashed1", 32).table(16).idle(), public("chunks"),
	}, inPlace},
	{"envelope", "Hash16AVX512", []Arg{updates("h", 512), reads("hashed0", 32).table(16).idle(), reads("hashed1", 32).table(16).idle()}, nil},
	{"envelope", "WipeAVX512", []Arg{writes("p", 1).per("n"), public("n")}, nil},
}

// limbs are a number of so many words of 64 bits.
func (a Arg) limbs(n int) Arg {
	a.Numbers = []Number{{Name: a.Name, Words: words(n, 0, 1), Digit: 64, Bits: 64 * n}}
	return a
}

// inverse is -1/n modulo 2^64, for the number n.
func (a Arg) inverse() Arg {
	a.Numbers = []Number{{Name: a.Name, Digit: 64, Bits: 64, Inverse: "n"}}
	return a
}

func words(n, first, step int) (all []int) {
	for i := range n {
		all = append(all, first+step*i)
	}
	return all
}

// digits are count numbers of 40 digits of 52 bits together, below 2^bits each: digit j is in one of five
// registers, where the digits of the numbers alternate.
func (a Arg) digits(count, bits int) Arg {
	for i := range count {
		a.Numbers = append(a.Numbers, digitsOf(fmt.Sprint(a.Name, i), 0, i, count, bits))
	}
	return a
}

func digitsOf(name string, at, i, count, bits int) Number {
	n := Number{Name: name, Digit: 52, Bits: bits}
	for j := range 40 / count {
		n.Words = append(n.Words, at+8*(j%5)+count*(j/5)+i)
	}
	return n
}

// eight are numbers of n digits of 52 bits, one in each lane of the vectors from the given one on.
func (a Arg) eight(name string, at, n int) Arg {
	for i := range 8 {
		a.Numbers = append(a.Numbers, Number{Name: fmt.Sprint(name, i), Words: words(n, 8*at+i, 8), Digit: 52, Bits: 52 * n})
	}
	return a
}

// eightBits are a bit in each lane of a vector.
func (a Arg) eightBits(name string, at int) Arg {
	for i := range 8 {
		a.Numbers = append(a.Numbers, Number{Name: fmt.Sprint(name, i), Words: []int{8*at + i}, Digit: 1, Bits: 1})
	}
	return a
}

// sums allows that the digits are as large as sums below 2^bits.
func (a Arg) sums(bits int) Arg {
	for i := range a.Numbers {
		a.Numbers[i].Sum = bits
	}
	return a
}

// constants are what IFMA knows of so many moduli below 2^bits: n, 2^(-52·d) mod n for d = 1 … 4, and -1/n modulo 2^52.
func (a Arg) constants(count, bits int) Arg {
	for i := range count {
		n := fmt.Sprint("n", i)
		a.Numbers = append(a.Numbers, digitsOf(n, 0, i, count, bits))
		for d := 1; d <= 4; d++ {
			f := digitsOf(fmt.Sprint("f", d, i), 40*d, i, count, bits)
			f.Of, f.Shift = n, 52*d
			a.Numbers = append(a.Numbers, f)
		}
		a.Numbers = append(a.Numbers, Number{Name: fmt.Sprint("k", i), Words: []int{200 + i}, Digit: 52, Bits: 52, Inverse: n})
	}
	return a
}

// numbers are those of 2048-bit arithmetic. Moduli are secret, too, in RSA, and with them k0.
// Tables are of 40 words an entry.
var numbers = []Kernel{
	{"bigdh", "Mul", []Arg{writes("t", 512), reads("x", 256).limbs(32), reads("y", 256).limbs(32), writes("k", 512)}, []Overlap{{A: "x", B: "y"}}},
	{"bigdh", "Square", []Arg{writes("t", 512), reads("x", 256).limbs(32), writes("k", 512)}, nil},
	{"bigdh", "Reduce", []Arg{writes("z", 256), updates("t", 512).limbs(64), reads("n", 256).limbs(32), secret("k0").inverse()}, nil},
	{"bigdh", "Select", []Arg{writes("z", 256), reads("table", 320).per("entries"), public("entries"), secret("index")}, nil},
	{"bigdh", "Mul1024", []Arg{writes("t", 256), reads("x", 128).limbs(16), reads("y", 128).limbs(16)}, []Overlap{{A: "x", B: "y"}}},
	{"bigdh", "Square1024", []Arg{writes("t", 256), reads("x", 128).limbs(16)}, nil},
	{"bigdh", "Reduce1024", []Arg{writes("z", 128), updates("t", 256).limbs(32), reads("n", 128).limbs(16), secret("k0").inverse()}, nil},
	{"bigdh", "SelectPair", []Arg{writes("z", 256), reads("table", 320).per("entries"), public("entries"), secret("i"), secret("j")}, nil},

	{"bigdh", "MulIFMA", []Arg{reads("c", 1608).constants(1, 2048), writes("z", 320), reads("x", 320).digits(1, 2051), reads("y", 320).digits(1, 2051)}, []Overlap{{A: "x", B: "y"}, {A: "z", B: "x"}, {A: "z", B: "y"}}},
	{"bigdh", "SquareIFMA", []Arg{reads("c", 1608).constants(1, 2048), writes("z", 320), reads("x", 320).digits(1, 2051), public("times")}, []Overlap{{A: "z", B: "x"}}},
	{"bigdh", "SelectIFMA", []Arg{writes("z", 320), reads("table", 320).per("entries"), public("entries"), secret("index")}, nil},
	{"bigdh", "MulPairIFMA", []Arg{reads("c", 1616).constants(2, 1024), writes("z", 320), reads("x", 320).digits(2, 1027), reads("y", 320).digits(2, 1027)}, []Overlap{{A: "x", B: "y"}, {A: "z", B: "x"}, {A: "z", B: "y"}}},
	{"bigdh", "SquarePairIFMA", []Arg{reads("c", 1616).constants(2, 1024), writes("z", 320), reads("x", 320).digits(2, 1027), public("times")}, []Overlap{{A: "z", B: "x"}}},
	{"bigdh", "SelectPairIFMA", []Arg{writes("z", 320), reads("table", 320).per("entries"), public("entries"), secret("i"), secret("j")}, nil},

	{"bigdh", "Square8IFMA", []Arg{writes("z", 5120), reads("x", 2560).eight("x", 0, 40)}, nil},
	{"bigdh", "MulAdd8IFMA", []Arg{updates("z", 3200).eight("z", 0, 50).sums(57), reads("x", 2560).eight("x", 0, 40), reads("y", 640).eight("y", 0, 10)}, nil},
	{"bigdh", "MulLow8IFMA", []Arg{writes("z", 640), reads("x", 640).eight("x", 0, 10), reads("y", 640).eight("y", 0, 10)}, nil},
	{"bigdh", "Difference8IFMA", []Arg{writes("z", 704), reads("x", 1280).eight("x", 0, 20)}, nil},
	{"bigdh", "MulAddKaratsuba8IFMA", []Arg{
		updates("z", 2560).eight("z", 0, 30).sums(57).eight("t", 30, 10), reads("x", 1280).eight("x", 0, 20),
		reads("d", 704).eight("d", 0, 10).eightBits("b", 10), reads("c", 1984).eight("y", 0, 20).eight("e", 20, 10).eightBits("s", 30), writes("scratch", 1280),
	}, nil},
	{"bigdh", "Select8IFMA", []Arg{writes("z", 2560), reads("table", 2560).per("entries"), public("entries"), reads("index", 64)}, nil},
}
