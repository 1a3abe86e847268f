package exec

import (
	"fmt"

	"github.com/mtcore/mtcore/internal/prove/term"
)

// Value is what a general register or eight bytes of memory hold: an address, if Region is not nil;
// bytes, if Secret; else a number.
type Value struct {
	Region *Region
	N      int64 // the number, or the offset
	// Turns and Index stand for natural numbers t and i that are not known: T·t and I·i are
	// added to N. t is how many more turns of a loop there are, in a proof by induction; i
	// is how far a loop has come.
	T, I   int64
	Secret bool
	Bytes  [8]term.Byte
}

// Number returns a number.
func Number(n int64) Value { return Value{N: n} }

// Address returns the address of a region.
func Address(r *Region) Value { return Value{Region: r} }

// number reports whether v is a number that is known.
func (v Value) number() bool {
	return v.Region == nil && !v.Secret && v.T == 0 && v.I == 0
}

// bytes returns v as bytes. Addresses and what is not known have none.
func (v Value) bytes() (out [8]term.Byte) {
	if v.Secret {
		return v.Bytes
	}
	if !v.number() {
		panic("an address or an unknown number is used as bytes")
	}
	for i := range out {
		out[i] = term.Byte(v.N >> (8 * i) & 255)
	}
	return out
}

// fromBytes returns bytes as a value, which is a number if they are constant.
func fromBytes(b [8]term.Byte) Value {
	n := uint64(0)
	for i, x := range b {
		if !x.IsConst() {
			return Value{Secret: true, Bytes: b}
		}
		n |= uint64(x) << (8 * i)
	}
	return Number(int64(n))
}

// Region is memory that overlaps no other region.
type Region struct {
	Name          string
	ID            int // in terms
	Reads, Writes Range
	// Moves is whether offsets count from the index of a loop; see Value.
	Moves bool
	// Align is a power of two, of which the address is a multiple plus AlignOffset; 0 if nothing
	// is known.
	Align, AlignOffset int64

	// Bytes has the bytes that were written, and Values the words that stay in one piece:
	// addresses, unknown numbers, and what was pushed.
	Bytes  map[int]term.Byte
	Values map[int]Value
	word   int // bytes
	// Initial is what was there before.
	Initial func(offset int) term.Byte
}

// Range is the offsets from Start up to, but not including, End.
type Range struct{ Start, End int }

// Has reports whether an offset is in the range.
func (r Range) Has(off int) bool { return off >= r.Start && off < r.End }

// Add extends the range to another one, which has to adjoin or overlap it.
func (r *Range) Add(s Range) {
	if r.Start == r.End {
		*r = s
	}
	r.Start, r.End = min(r.Start, s.Start), max(r.End, s.End)
}

// NewRegion returns memory that holds inputs, and of which nothing may be read or written yet.
func NewRegion(p *term.Pool, name string) *Region {
	r := &Region{Name: name, ID: p.Region(name), Bytes: map[int]term.Byte{}, Values: map[int]Value{}, word: 8}
	r.Initial = func(off int) term.Byte { return p.Input(r.ID, off) }
	return r
}

// At is the byte at an offset.
func (r *Region) At(off int) term.Byte {
	if b, ok := r.Bytes[off]; ok {
		return b
	}
	for i := range r.word {
		if v, ok := r.Values[off-i]; ok {
			return v.bytes()[i]
		}
	}
	if !r.Reads.Has(off) {
		panic(fmt.Sprintf("read of %s, byte %d, which is outside or not yet written", r.Name, off))
	}
	return r.Initial(off)
}

func (r *Region) load(off, n int) Value {
	if n == r.word {
		if v, ok := r.Values[off]; ok {
			return v
		}
	}
	var b [8]term.Byte
	for i := range n {
		b[i] = r.At(off + i)
	}
	return fromBytes(b)
}

func (r *Region) set(off int, b term.Byte) {
	if !r.Writes.Has(off) {
		panic(fmt.Sprintf("write to %s, byte %d", r.Name, off))
	}
	for i := range r.word {
		if v, ok := r.Values[off-i]; ok { // in pieces from here on
			delete(r.Values, off-i)
			if v.number() || v.Secret {
				b := v.bytes()
				for j := range r.word {
					r.Bytes[off-i+j] = b[j]
				}
			}
		}
	}
	r.Bytes[off] = b
}

// store writes a value of n bytes.
func (r *Region) store(off, n int, v Value) {
	if v.Secret || v.number() {
		b := v.bytes()
		for i := range n {
			r.set(off+i, b[i])
		}
		return
	}
	if n != r.word {
		panic("part of an address is stored")
	}
	r.put(off, v)
}

// put writes a value of a word that stays in one piece until it is overwritten.
func (r *Region) put(off int, v Value) {
	for i := range r.word {
		r.set(off+i, 0)
		delete(r.Bytes, off+i)
	}
	r.Values[off] = v
}
