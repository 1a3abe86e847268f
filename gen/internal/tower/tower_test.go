package tower

import "testing"

// at looks up an entry as registers do.
func (t Table) at(i byte) byte {
	if i >= 16 {
		return 0
	}
	return t[i]
}

// TestSBox computes the S-box of FIPS 197 and its inverse, for all bytes, as the kernels
// do.
func TestSBox(t *testing.T) {
	reciprocal, quotient := Reciprocals(), Quotients()
	inverse := func(toState, output ByteMap, x byte) byte {
		low, high := HalfByteTables(toState)
		x = low.at(x&15) ^ high.at(x>>4)
		i, k := x>>4, x&15
		j := i ^ k
		io := reciprocal.at(reciprocal.at(i)^quotient.at(k)) ^ j
		jo := reciprocal.at(reciprocal.at(j)^quotient.at(k)) ^ i
		ioTable, joTable := OutputTables(output)
		return ioTable.at(io) ^ joTable.at(jo)
	}
	fromAffine := func(x byte) byte { return ToTower(AffineInverse(x)) }
	identity := func(x byte) byte { return x }
	for x := range 256 {
		x := byte(x)
		field := search(func(y byte) bool { return Mul(x, y) == 1 || x == 0 })
		want := Affine(field) ^ AffineConstant
		if got := inverse(ToTower, Affine, x) ^ AffineConstant; got != want {
			t.Errorf("S-box of %#02x: got %#02x, want %#02x", x, got, want)
		}
		if got := inverse(fromAffine, identity, want^AffineConstant); got != x {
			t.Errorf("inverse S-box of %#02x: got %#02x, want %#02x", want, got, x)
		}
	}
}
