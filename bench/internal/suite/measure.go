package suite

import (
	"cmp"
	"maps"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mtcore/mtcore/internal/results"
)

// The machine is assumed to be busy with other things and to change its clock as it likes. So
// contenders take turns, each for a slice of time that is short compared with such changes,
// and ratios are taken between slices of the same round. Medians over all rounds then ignore
// the slices in which something else had the CPU.

const (
	slice     = 3 * time.Millisecond
	MinRounds = 5 // even if they take longer than the budget
)

// MethodLegend explains the columns of every table.
const MethodLegend = `Each row ran for about 3 ms in each round, the rows of a case in random order. ns/op and MB/s (of
10⁶ bytes) are medians over the rounds; half of the rounds were within ± of them. The columns on the
right are medians of the ratios within each round.`

// Measure runs the contenders of a case against each other for about the given budget. It
// calls each with the number of a round before the round begins; 0 is preparation.
func Measure(suite string, c Case, budget time.Duration, each func(round int)) []results.Result {
	deadline := time.Now().Add(budget)
	each(0)
	runners := make([]*runner, len(c.Contenders))
	for i, contender := range c.Contenders {
		runners[i] = newRunner(contender, cmp.Or(c.Slice, slice))
	}

	order := slices.Clone(runners)
	rounds := 0
	for rounds < MinRounds || time.Now().Before(deadline) {
		rounds++
		each(rounds)
		// The order is random, so that no contender always follows the one that heats the CPU
		// or fills its caches most.
		rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, r := range order {
			r.ns = append(r.ns, r.run(r.n))
		}
	}

	byRow := map[Row]*runner{}
	for _, r := range runners {
		byRow[r.Row()] = r
	}
	for _, r := range runners {
		r.adjust(byRow)
	}
	var rows []results.Result
	for _, r := range runners {
		rows = append(rows, r.result(suite, c, byRow))
	}
	return rows
}

// A runner is a contender during its measurement.
type runner struct {
	Contender
	slice  time.Duration
	n      int // calls of op in a slice
	allocs float64
	ns     []float64 // of the work, by round
}

func newRunner(c Contender, slice time.Duration) *runner {
	if c.Worth == 0 {
		c.Worth = 1
	}
	r := &runner{Contender: c, slice: slice}
	defer r.enter()()
	r.allocs = r.countAllocs()
	r.calibrate()
	return r
}

// longOp is the duration up to which an operation is run an extra time just to count
// allocations.
const longOp = 50 * time.Millisecond

// countAllocs returns the number of allocations of op.
func (r *runner) countAllocs() float64 {
	if r.Elsewhere != nil {
		_, allocs := r.Elsewhere(3)
		return allocs / 3
	}
	start := time.Now()
	r.Op()
	if time.Since(start) > longOp {
		return testing.AllocsPerRun(1, r.Op)
	}
	return testing.AllocsPerRun(3, r.Op)
}

// enter enters the setting of the contender, and returns a function that leaves it.
func (r *runner) enter() (leave func()) {
	if r.Setting == nil {
		return func() {}
	}
	return r.Setting.Enter()
}

// adjust corrects the times of the rounds by the times of other contenders.
func (r *runner) adjust(byRow map[Row]*runner) {
	if other, ok := byRow[r.AtLeast.Of]; ok {
		for i := range r.ns {
			r.ns[i] = max(r.ns[i], r.AtLeast.Share*other.ns[i])
		}
	}
	if other, ok := byRow[r.Less]; ok {
		for i := range r.ns {
			r.ns[i] -= other.ns[i]
		}
	}
}

// MaxSamples is enough to tell whether two runs differ, and few enough to store.
const MaxSamples = 20

func (r *runner) result(suite string, c Case, byRow map[Row]*runner) results.Result {
	sorted := slices.Sorted(slices.Values(r.ns))
	res := results.Result{
		Suite: suite, Case: c.Name, Op: c.Op, Count: c.Count, Size: c.Size, Bytes: c.Bytes,
		Kind: r.kind(), Way: r.Way, Who: r.who(), How: r.How,
		Rounds: len(sorted), Ns: Median(sorted), Low: sorted[len(sorted)/4], High: sorted[len(sorted)*3/4],
		Min: sorted[0], Max: sorted[len(sorted)-1],
		Samples: samples(r.ns, MaxSamples), Allocs: r.allocs,
		Disturbed: disturbed(r.ns),
	}
	if r.NoRate {
		res.Bytes = 0
	}
	if r.Setting != nil {
		res.Backend = r.Setting.Name
	}
	for _, column := range slices.SortedFunc(maps.Keys(r.Versus), byID) {
		if o := fastest(byRow, r.Versus[column]); o != nil {
			ratios := ratios(column, r.ns, o.ns)
			res.Ratios = append(res.Ratios, results.Ratio{
				ID: column.ID, Title: column.Title, Multiple: column.Multiple,
				Of: string(o.Row()), Who: o.who(), How: o.How,
				Value: Median(ratios), Low: ratios[len(ratios)/4], High: ratios[len(ratios)*3/4],
			})
		}
	}
	return res
}

func byID(a, b Column) int { return strings.Compare(string(a.ID), string(b.ID)) }

// fastest returns the fastest of the runners that exist, or nil.
func fastest(byRow map[Row]*runner, among []Row) (best *runner) {
	least := math.Inf(1)
	for _, row := range among {
		if r, ok := byRow[row]; ok && Median(r.ns) < least {
			best, least = r, Median(r.ns)
		}
	}
	return best
}

// samples returns at most n medians, each over consecutive values.
func samples(ns []float64, n int) []float64 {
	n = min(n, len(ns))
	medians := make([]float64, n)
	for i := range medians {
		medians[i] = Median(ns[i*len(ns)/n : (i+1)*len(ns)/n])
	}
	return medians
}

// calibrate chooses n so that a run fills a slice.
func (r *runner) calibrate() {
	for r.n = 1; ; r.n *= 2 {
		first := r.run(r.n) * r.Worth * float64(r.n)
		if first >= float64(max(longOp, r.slice)) {
			return
		}
		// Take the shorter of two runs: one that was interrupted would seem to fill the slice
		// with a few calls, which would then measure the clock.
		ns := min(first, r.run(r.n)*r.Worth*float64(r.n))
		if ns >= float64(r.slice)/2 {
			r.n = max(1, int(float64(r.n)*float64(r.slice)/ns))
			return
		}
	}
}

// run calls op n times and returns how many nanoseconds the work took.
func (r *runner) run(n int) float64 {
	if r.Elsewhere != nil {
		ns, _ := r.Elsewhere(n)
		return ns / (float64(n) * r.Worth)
	}
	defer r.enter()()
	start := time.Now()
	for range n {
		r.Op()
	}
	took := time.Since(start)
	if r.allocs > 0 {
		// A contender that leaves garbage pays for most of its collection in its own slice;
		// the next one must not have to pay for the rest.
		runtime.GC()
	}
	return float64(took) / (float64(n) * r.Worth)
}

// ratios returns the value of the column in each round, in ascending order.
func ratios(c Column, own, other []float64) []float64 {
	all := make([]float64, len(own))
	for i := range own {
		all[i] = c.ratio(own[i], other[i])
	}
	slices.Sort(all)
	return all
}

// disturbed returns the share of the slices that were so much slower than the best one that
// something else must have had the CPU: clocks do not vary that much.
func disturbed(ns []float64) float64 {
	slow := 0
	for _, x := range ns {
		if x > 1.5*slices.Min(ns) {
			slow++
		}
	}
	return float64(slow) / float64(len(ns))
}

// Median returns the middle of xs, or the mean of the two in the middle.
func Median(xs []float64) float64 {
	xs = slices.Sorted(slices.Values(xs))
	n := len(xs)
	return (xs[(n-1)/2] + xs[n/2]) / 2
}
