// Package dudect tests statistically whether the running time of a function depends on its
// input (Reparaz, Balasch, Verbauwhede: Dude, is my code constant time?, 2017). It is for
// tests of this module's packages.
//
// It measures everything that affects the time: instructions whose time depends on their
// operands, but also whatever else runs on the machine. Tests that use it therefore have
// the build tag timing, do not decide whether CI passes, and begin with a planted leak: if
// that is not found, the machine is too busy for the rest to mean anything.
package dudect

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Threshold is the one that dudect uses: a larger |t| is no coincidence.
const Threshold = 4.5

const rounds = 5

// T measures f with inputs from two lists, all of the same length, and returns |t| of
// Welch's test: how far apart the mean times are, as a multiple of what chance would make
// of them. It calls f that many times in each of five rounds and returns the median,
// because a leak has the same sign in every round and a noisy neighbour has not.
func T(calls int, a, b [][]byte, f func(input []byte)) float64 {
	var scores []float64
	for round := range rounds {
		scores = append(scores, welch(measure(uint64(round), calls, a, b, f)))
	}
	slices.Sort(scores)
	return math.Abs(scores[rounds/2])
}

// measure returns the times of f with inputs from a and from b, which are called in random
// order.
func measure(seed uint64, calls int, a, b [][]byte, f func(input []byte)) (times [2][]float64) {
	r := rand.New(rand.NewPCG(seed, 0))
	input := make([]byte, len(a[0])) // one address for all
	for range calls/50 + 1 {
		copy(input, a[0])
		f(input)
	}
	for range calls {
		class := r.IntN(2)
		list := [2][][]byte{a, b}[class]
		copy(input, list[r.IntN(len(list))])
		start := time.Now()
		f(input)
		times[class] = append(times[class], float64(time.Since(start)))
	}
	return times
}

// welch returns Welch's t. It ignores the slowest tenth of all times, since a call that was
// interrupted says nothing.
func welch(times [2][]float64) float64 {
	all := slices.Sorted(slices.Values(slices.Concat(times[0], times[1])))
	limit := all[len(all)*9/10]
	var mean, variance [2]float64 // the variance of the mean
	for class, list := range times {
		list = slices.DeleteFunc(slices.Clone(list), func(x float64) bool { return x > limit })
		n := float64(len(list))
		for _, x := range list {
			mean[class] += x / n
		}
		for _, x := range list {
			variance[class] += (x - mean[class]) * (x - mean[class]) / (n - 1) / n
		}
	}
	return (mean[0] - mean[1]) / math.Sqrt(variance[0]+variance[1])
}
