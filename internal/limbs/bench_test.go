package limbs

import "testing"

func BenchmarkMul(b *testing.B) {
	x, y, t := numbers(newRand(1), 32)[5], numbers(newRand(1), 32)[6], make([]uint64, 64)
	for b.Loop() {
		Mul(t, x, y)
	}
}

func BenchmarkSquare(b *testing.B) {
	x, t := numbers(newRand(1), 32)[5], make([]uint64, 64)
	for b.Loop() {
		Square(t, x)
	}
}

func BenchmarkReduce(b *testing.B) {
	x, t, n := numbers(newRand(1), 32)[5], make([]uint64, 64), numbers(newRand(1), 32)[6]
	for b.Loop() {
		Reduce(x, t, n, 5)
	}
}
