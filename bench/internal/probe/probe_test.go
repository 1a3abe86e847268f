package probe

import (
	"math"
	"strings"
	"testing"

	"github.com/mtcore/mtcore/internal/results"
)

// Readings of a virtual machine with two Zen 5 cores.
var (
	quiet     = results.Reading{Throughput: 0.0650, Latency: 0.2756} // alone
	slower    = results.Reading{Throughput: 0.0669, Latency: 0.2838} // alone, at another clock
	neighbour = results.Reading{Throughput: 0.0794, Latency: 0.2844} // somebody on the other half of the core
	partly    = results.Reading{Throughput: 0.0713, Latency: 0.2813} // the same, for less than half of the time
)

func TestDisturbances(t *testing.T) {
	repeat := func(n int, r results.Reading, rest ...results.Reading) []results.Reading {
		for range n {
			rest = append(rest, r)
		}
		return rest
	}
	for _, tt := range []struct {
		name          string
		before, after results.Reading
		during        []results.Reading
		reference     float64
		steal, slow   float64
		want          []string
	}{
		{"quiet", quiet, quiet, repeat(10, quiet), 0, 0, 0, nil},
		{"clock", quiet, slower, repeat(5, quiet, repeat(5, slower)...), 0, 0, 0, nil},
		{"a moment", quiet, quiet, repeat(1, neighbour, repeat(19, quiet)...), 0, 0.005, 0.05, nil},
		{"before", neighbour, quiet, repeat(10, quiet), 0, 0, 0, []string{"before the run, independent instructions took 1.18 times"}},
		{"after", quiet, partly, repeat(10, quiet), 0, 0, 0, []string{"after the run"}},
		{"during", quiet, quiet, repeat(3, neighbour, repeat(7, quiet)...), 0, 0, 0, []string{"in 30 % of the readings, 1.18 times as long at worst"}},
		{"all along", neighbour, neighbour, repeat(10, neighbour), 0, 0, 0, nil}, // this cannot be noticed
		{"all along, known before", neighbour, neighbour, repeat(10, neighbour), 0.2358, 0, 0, []string{"before", "after", "100 %"}},
		{"a reference that is worse", quiet, quiet, repeat(10, quiet), 0.279, 0, 0, nil},
		{"hypervisor", quiet, quiet, repeat(10, quiet), 0, 0.03, 0, []string{"the hypervisor took 3 % of the time"}},
		{"slices", quiet, quiet, repeat(10, quiet), 0, 0, 0.2, []string{"in 20 % of the slices"}},
		{"not finished", neighbour, results.Reading{}, nil, 0.2358, 0, 0, []string{"before"}},
		{"nothing", results.Reading{}, results.Reading{}, nil, 0, 0, 0, nil},
	} {
		p := results.Probe{Before: tt.before, During: tt.during, After: tt.after, Steal: tt.steal}
		p.Quiet = Quiet(p, tt.reference)
		got := Disturbances(p, tt.slow)
		if len(got) != len(tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
			continue
		}
		for i, want := range tt.want {
			if !strings.Contains(got[i], want) {
				t.Errorf("%s: %q, want %q in it", tt.name, got[i], want)
			}
		}
	}
}

func TestParseStat(t *testing.T) {
	for _, tt := range []struct {
		text         string
		steal, total float64
	}{
		{"cpu  100 1 50 800 5 0 4 40 7 0\ncpu0 1 2 3 4 5 6 7 8\n", 40, 1000},
		{"cpu  100 1 50 800\n", 0, 0}, // from before steal existed
		{"cpu  100 1 50 800 5 0 4 x\n", 0, 0},
		{"", 0, 0},
	} {
		if steal, total := parseStat([]byte(tt.text)); steal != tt.steal || total != tt.total {
			t.Errorf("parseStat(%q) = %v, %v, want %v, %v", tt.text, steal, total, tt.steal, tt.total)
		}
	}
}

// TestLoops: both loops do the work that their times stand for.
func TestLoops(t *testing.T) {
	const n, k = 3, 5
	want := uint64(k)
	for range 8 * n {
		want = (want ^ k) + k
	}
	if got := chain(n, k); got != want {
		t.Errorf("chain: %d, want %d", got, want)
	}
	want = 0
	for i := range uint64(8) {
		x := k + i
		for range n {
			x = (x ^ k) + k
		}
		want ^= x
	}
	if got := independent(n, k); got != want {
		t.Errorf("independent: %d, want %d", got, want)
	}
}

// TestWatch: a run has all of its readings, whatever their values.
func TestWatch(t *testing.T) {
	w := Start(0)
	w.Look()
	if p := w.SoFar(); p.After != (results.Reading{}) || len(p.During) != 1 || p.Quiet <= 0 {
		t.Errorf("so far %+v", p)
	}
	w.Look()
	p := w.Finish()
	if len(p.During) != 2 || p.Before.Latency <= 0 || p.After.Throughput <= 0 || p.Steal < 0 || p.Steal > 1 {
		t.Errorf("finished %+v", p)
	}
	least := math.Inf(1)
	for _, r := range append(p.During, p.Before, p.After) {
		least = min(least, Ratio(r))
	}
	if p.Quiet != least {
		t.Errorf("quiet is %v, want %v", p.Quiet, least)
	}
}
