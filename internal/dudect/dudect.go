// Package dudect asks, by statistics, whether the time that something takes depends on
// its input, for tests of this module's packages (Reparaz, Balasch, Verbauwhede: Dude, is
// my code constant time?, 2017).
//
// It measures all that the machine does, with the instructions whose time depends on
// numbers, and whatever else runs on it. So tests that use it have the build tag timing, are
// not among those that pass or fail in CI, and begin with a leak that was planted: if
// that is not found, the machine is too busy for the rest to mean anything.
package dudect

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Threshold is dudect's: a larger |t| is no accident.
const Threshold = 4.5

const rounds = 5

// T measures f with inputs from two lists, of which all are equally long, and returns |t|
// of Welch's test: how far the mean times are apart, as a multiple of how far they would be
// by accident. It calls f that many times, in each of five rounds, and returns the
// median: a leak has the same sign each time, and a neighbour on the machine has not.
func T(calls int, a, b [][]byte, f func(input []byte)) float64 {
	var scores []float64
	for round := range rounds {
		scores = append(scores, welch(measure(uint64(round), calls, a, b, f)))
	}
	slices.Sort(scores)
	return math.Abs(scores[rounds/2])
}

// measure returns the times of f with inputs of a and of b, which come in random order.
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

// welch returns Welch's t. What was interrupted says nothing: it leaves out the slowest
// tenth of all.
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
