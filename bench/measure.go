package main

import (
	"maps"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mtcore/mtcore/bench/internal/report"
)

// The machine is taken to be busy with other things and to change its clock as it
// likes. So contenders run in turn, each for a slice of time that is short compared
// with such changes, and a ratio is taken between slices of one round. Medians
// over all rounds then ignore the slices in which something else had the CPU.

const (
	slice     = 3 * time.Millisecond
	minRounds = 5 // even if they take longer than what there is time for
)

const methodLegend = `Each row ran for about 3 ms in each round, the rows of a case in random order. ns/op and MB/s (of 10⁶
bytes) are medians over the rounds; the columns to the right are medians of the ratios within a round.`

// A result is what one contender did in one case.
type result = report.Result

// measure runs the contenders of a case against each other, for about as long as
// budget, and calls each with the number of each round before it begins, 0 being preparation.
func measure(suite string, c benchCase, budget time.Duration, each func(round int)) []result {
	deadline := time.Now().Add(budget)
	each(0)
	runners := make([]*runner, len(c.contenders))
	for i, contender := range c.contenders {
		runners[i] = newRunner(contender)
	}

	order := slices.Clone(runners)
	rounds := 0
	for rounds < minRounds || time.Now().Before(deadline) {
		rounds++
		each(rounds)
		// In random order, so that none always follows the one that heats the CPU
		// or fills its caches most.
		rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, r := range order {
			r.ns = append(r.ns, r.run(r.n))
		}
	}

	byID := map[id]*runner{}
	for _, r := range runners {
		byID[r.id()] = r
	}
	for _, r := range runners {
		r.adjust(byID)
	}
	var results []result
	for _, r := range runners {
		results = append(results, r.result(suite, c, byID))
	}
	return results
}

// A runner is a contender while it is measured.
type runner struct {
	contender
	n      int // calls of op in a slice
	allocs float64
	ns     []float64 // that the work took, by round
}

func newRunner(c contender) *runner {
	if c.worth == 0 {
		c.worth = 1
	}
	r := &runner{contender: c}
	defer r.enter()()
	r.allocs = r.countAllocs()
	r.calibrate()
	return r
}

// longOp is how long an operation may take to be run more than once only to count.
const longOp = 50 * time.Millisecond

// countAllocs returns how often op allocates.
func (r *runner) countAllocs() float64 {
	start := time.Now()
	r.op()
	if time.Since(start) > longOp {
		return testing.AllocsPerRun(1, r.op)
	}
	return testing.AllocsPerRun(3, r.op)
}

// enter enters the setting of the contender and returns what leaves it.
func (r *runner) enter() (leave func()) {
	if r.setting == nil {
		return func() {}
	}
	return r.setting.enter()
}

// adjust corrects the times of the rounds by those of others.
func (r *runner) adjust(byID map[id]*runner) {
	if other, ok := byID[r.atLeast.of]; ok {
		for i := range r.ns {
			r.ns[i] = max(r.ns[i], r.atLeast.share*other.ns[i])
		}
	}
	if other, ok := byID[r.less]; ok {
		for i := range r.ns {
			r.ns[i] -= other.ns[i]
		}
	}
}

// maxSamples is enough to tell whether two runs differ, and little enough to keep.
const maxSamples = 20

func (r *runner) result(suite string, c benchCase, byID map[id]*runner) result {
	sorted := slices.Sorted(slices.Values(r.ns))
	res := result{
		Suite: suite, Case: c.name, Op: c.op, Count: c.count, Size: c.size, Bytes: c.bytes,
		Kind: r.kindOf(), Who: r.who, How: r.how,
		Rounds: len(r.ns), Ns: median(r.ns), Low: sorted[len(sorted)/4], High: sorted[len(sorted)*3/4],
		Samples: samples(r.ns, maxSamples), Allocs: r.allocs,
		Disturbed: disturbed(r.ns),
	}
	if r.noRate {
		res.Bytes = 0
	}
	if r.setting != nil {
		res.Backend = r.setting.name
	}
	for _, column := range slices.SortedFunc(maps.Keys(r.versus), byTitle) {
		if o := fastest(byID, r.versus[column]); o != nil {
			res.Ratios = append(res.Ratios, report.Ratio{
				Title: column.title, Multiple: column.multiple, Who: o.who, How: o.how,
				Value: medianRatio(column, r.ns, o.ns),
			})
		}
	}
	return res
}

func byTitle(a, b column) int { return strings.Compare(a.title, b.title) }

// fastest returns that of the runners which are there, or nil.
func fastest(byID map[id]*runner, among []id) (best *runner) {
	least := math.Inf(1)
	for _, id := range among {
		if r, ok := byID[id]; ok && median(r.ns) < least {
			best, least = r, median(r.ns)
		}
	}
	return best
}

// samples returns at most n medians, each over consecutive values.
func samples(ns []float64, n int) []float64 {
	n = min(n, len(ns))
	medians := make([]float64, n)
	for i := range medians {
		medians[i] = median(ns[i*len(ns)/n : (i+1)*len(ns)/n])
	}
	return medians
}

// calibrate sets n so that it fills a slice.
func (r *runner) calibrate() {
	for r.n = 1; ; r.n *= 2 {
		first := r.run(r.n) * r.worth * float64(r.n)
		if first >= float64(longOp) {
			return
		}
		// The shorter of two runs: one that was interrupted would seem to fill the
		// slice with a few calls, which then measured the clock.
		ns := min(first, r.run(r.n)*r.worth*float64(r.n))
		if ns >= float64(slice)/2 {
			r.n = max(1, int(float64(r.n)*float64(slice)/ns))
			return
		}
	}
}

// run calls op n times and returns how many nanoseconds the work took.
func (r *runner) run(n int) float64 {
	defer r.enter()()
	start := time.Now()
	for range n {
		r.op()
	}
	took := time.Since(start)
	if r.allocs > 0 {
		// Who leaves garbage pays for most of its collection in its own slice; the
		// next contender must not have to pay for the rest.
		runtime.GC()
	}
	return float64(took) / (float64(n) * r.worth)
}

// medianRatio returns the median of what the column says in each round.
func medianRatio(c column, own, other []float64) float64 {
	ratios := make([]float64, len(own))
	for i := range own {
		ratios[i] = c.ratio(own[i], other[i])
	}
	return median(ratios)
}

// disturbed returns the share of the slices that were so much slower than the best
// one that something else must have had the CPU meanwhile: clocks do not vary that
// much.
func disturbed(ns []float64) float64 {
	slow := 0
	for _, x := range ns {
		if x > 1.5*slices.Min(ns) {
			slow++
		}
	}
	return float64(slow) / float64(len(ns))
}

// median returns the middle of xs, or the mean of the two in the middle.
func median(xs []float64) float64 {
	xs = slices.Sorted(slices.Values(xs))
	n := len(xs)
	return (xs[(n-1)/2] + xs[n/2]) / 2
}
