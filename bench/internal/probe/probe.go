// Package probe detects whether something else uses the machine during a measurement: another program
// on the same core, another virtual machine on its other half, or the hypervisor itself.
//
// Whatever shares a core takes issue slots but adds no latency: code that keeps the core's units busy
// takes 1.35 to 1.5 times as long beside a busy neighbour, and a chain of dependent instructions as
// long as ever. So then even ratios are wrong. The probe measures both and takes their ratio, in which
// the clock cancels out. A neighbour who is there all the time looks like a narrower core. Only an
// earlier run on the same machine can tell the difference: its Quiet shows what the core can do.
package probe

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/mtcore/mtcore/internal/results"
)

const (
	sliceOps  = 1 << 16 // of about 0.1 ns to 0.3 ns: too short to be interrupted often
	longTime  = 60 * time.Millisecond
	shortTime = 3 * time.Millisecond
)

// A Watch watches a run.
type Watch struct {
	probe                     results.Probe
	reference, total0, steal0 float64
}

// Start takes the reading before a run. reference is Quiet of an earlier run on this machine, or 0.
func Start(reference float64) *Watch {
	w := &Watch{reference: reference}
	w.steal0, w.total0 = cpuTimes()
	w.probe.Before = read(longTime)
	return w
}

// Look takes a reading during the run.
func (w *Watch) Look() { w.probe.During = append(w.probe.During, read(shortTime)) }

// SoFar returns the readings taken so far.
func (w *Watch) SoFar() results.Probe {
	p := w.probe
	p.During = slices.Clone(p.During)
	p.Quiet = Quiet(p, w.reference)
	return p
}

// Finish takes the reading after the run, and returns all of them.
func (w *Watch) Finish() results.Probe {
	w.probe.After = read(longTime)
	p := w.SoFar()
	if steal, total := cpuTimes(); total > w.total0 {
		p.Steal = (steal - w.steal0) / (total - w.total0)
	}
	return p
}

// Ratio is throughput time over latency, which a neighbour increases. It is 0 if there is no reading.
func Ratio(r results.Reading) float64 {
	if r.Latency == 0 {
		return 0
	}
	return r.Throughput / r.Latency
}

// Quiet is the lowest ratio among the readings and the reference.
func Quiet(p results.Probe, reference float64) float64 {
	quiet := reference
	for _, r := range slices.Concat([]results.Reading{p.Before, p.After}, p.During) {
		if x := Ratio(r); x > 0 && (quiet == 0 || x < quiet) {
			quiet = x
		}
	}
	return quiet
}

// Thresholds below which a machine counts as quiet. Readings on an idle machine differ by less
// than 1 %.
const (
	tolerableRatio = 1.05 // times Quiet
	tolerableShare = 0.1  // of the readings during the run, and of the slices of the benchmark
	tolerableSteal = 0.01
)

// Disturbances returns the evidence against the results of a run, or nothing if it was quiet. slow is
// the share of the benchmark's own slices that took much longer than others of their row.
func Disturbances(p results.Probe, slow float64) []string {
	var why []string
	over := func(r results.Reading) float64 { return Ratio(r) / p.Quiet }
	for _, x := range []struct {
		when string
		r    results.Reading
	}{{"before", p.Before}, {"after", p.After}} {
		if Ratio(x.r) > 0 && over(x.r) > tolerableRatio {
			why = append(why, fmt.Sprintf("%s the run, independent instructions took %.2f times as long as on a quiet core", x.when, over(x.r)))
		}
	}
	n, worst := 0, 0.0
	for _, r := range p.During {
		if over(r) > tolerableRatio {
			n++
		}
		worst = max(worst, over(r))
	}
	if share := float64(n) / float64(max(1, len(p.During))); share > tolerableShare {
		why = append(why, fmt.Sprintf("during the run, independent instructions took too long in %.0f %% of the readings, %.2f times as long at worst", 100*share, worst))
	}
	if p.Steal > tolerableSteal {
		why = append(why, fmt.Sprintf("the hypervisor took %.0f %% of the time", 100*p.Steal))
	}
	if slow > tolerableShare {
		why = append(why, fmt.Sprintf("in %.0f %% of the slices, something else seems to have had the CPU", 100*slow))
	}
	return why
}

// read takes a reading of about the given duration: medians of short slices that alternate.
func read(d time.Duration) results.Reading {
	var throughput, latency []float64
	for start := time.Now(); time.Since(start) < d || len(latency) < 16; {
		latency = append(latency, timeOf(chain))
		throughput = append(throughput, timeOf(independent))
	}
	return results.Reading{Throughput: median(throughput), Latency: median(latency)}
}

// Cycle returns the length of a core cycle in nanoseconds, at the clock of this moment: each operation
// of a chain takes one. The least of a few readings, of which each takes some microseconds, is one that
// nothing interrupted.
func Cycle() float64 {
	const ops = 1 << 13
	least := math.Inf(1)
	for range 3 {
		start := time.Now()
		sink += chain(ops/16, sink|1)
		least = min(least, float64(time.Since(start))/ops)
	}
	return least
}

// sink keeps the compiler from removing the work.
var sink uint64

// timeOf returns the time of an operation in nanoseconds.
func timeOf(loop func(n int, k uint64) uint64) float64 {
	start := time.Now()
	sink += loop(sliceOps/16, sink|1)
	return float64(time.Since(start)) / sliceOps
}

// independent does 16n operations, of which no more than two in a row wait for each other.
//
//go:noinline
func independent(n int, k uint64) uint64 {
	a, b, c, d, e, f, g, h := k, k+1, k+2, k+3, k+4, k+5, k+6, k+7
	for range n {
		a, b, c, d = (a^k)+k, (b^k)+k, (c^k)+k, (d^k)+k
		e, f, g, h = (e^k)+k, (f^k)+k, (g^k)+k, (h^k)+k
	}
	return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h
}

// chain does as many, each of which waits for the one before.
//
//go:noinline
func chain(n int, k uint64) uint64 {
	a := k
	for range n {
		a = (a ^ k) + k
		a = (a ^ k) + k
		a = (a ^ k) + k
		a = (a ^ k) + k
		a = (a ^ k) + k
		a = (a ^ k) + k
		a = (a ^ k) + k
		a = (a ^ k) + k
	}
	return a
}

func median(xs []float64) float64 {
	slices.Sort(xs)
	return xs[len(xs)/2]
}

// cpuTimes returns the time in which the hypervisor had the CPUs, and the total time since the machine
// started, both in the same unit; 0 and 0 where the system does not tell.
func cpuTimes() (steal, total float64) {
	text, _ := os.ReadFile("/proc/stat")
	return parseStat(text)
}

// parseStat reads the first line of /proc/stat: "cpu user nice system idle iowait irq softirq steal …".
func parseStat(text []byte) (steal, total float64) {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	fields := bytes.Fields(line)
	if len(fields) < 9 || string(fields[0]) != "cpu" {
		return 0, 0
	}
	for i, field := range fields[1:9] { // the fields after them are part of user and nice
		x, err := strconv.ParseFloat(string(field), 64)
		if err != nil {
			return 0, 0
		}
		total += x
		if i == 7 {
			steal = x
		}
	}
	return steal, total
}
