package limit

import "testing"

func TestBlocks(t *testing.T) {
	if !Available() {
		t.Log("no AES instructions: nothing to run")
		return
	}
	// Zero must return, and the cut into calls must end: chain(0) would not.
	for _, n := range []int{0, 1, maxCall - 1, maxCall, maxCall + 1, 3 * maxCall} {
		Blocks(n)
	}
}

func BenchmarkBlocks(b *testing.B) {
	if !Available() {
		b.Skip("no AES instructions")
	}
	b.SetBytes(16 << 10)
	for b.Loop() {
		Blocks(1024)
	}
}
