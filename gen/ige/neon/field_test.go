package main

import "testing"

// at is a lookup as registers do it.
func (t table) at(i byte) byte {
	if i >= 16 {
		return 0
	}
	return t[i]
}

// TestSBox computes the S-box of FIPS 197 and its inverse, for all bytes, in the way of
// the kernels.
func TestSBox(t *testing.T) {
	reciprocal, quotient := inverseTable(), quotientTable()
	inverse := func(d direction, x byte) byte {
		low, high := halfByteTables(d.toState)
		x = low.at(x&15) ^ high.at(x>>4)
		i, k := x>>4, x&15
		j := i ^ k
		io := reciprocal.at(reciprocal.at(i)^quotient.at(k)) ^ j
		jo := reciprocal.at(reciprocal.at(j)^quotient.at(k)) ^ i
		ioTable, joTable := outputTables(d.output)
		return ioTable.at(io) ^ joTable.at(jo)
	}
	for x := range 256 {
		x := byte(x)
		field := search(func(y byte) bool { return mul(x, y) == 1 || x == 0 })
		want := affine(field) ^ affineConstant
		if got := inverse(encrypt, x) ^ affineConstant; got != want {
			t.Errorf("S-box of %#02x: got %#02x, want %#02x", x, got, want)
		}
		if got := inverse(decrypt, want^affineConstant); got != x {
			t.Errorf("inverse S-box of %#02x: got %#02x, want %#02x", want, got, x)
		}
	}
}
