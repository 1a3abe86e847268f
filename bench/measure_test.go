package main

import (
	"math"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		xs   []float64
		want float64
	}{
		{[]float64{7}, 7},
		{[]float64{4, 2}, 3},
		{[]float64{9, 1, 2}, 2},
		{[]float64{1000, 1, 2, 3}, 2.5},
	} {
		first := tt.xs[0]
		if got := median(tt.xs); got != tt.want {
			t.Errorf("median(%v) = %v, want %v", tt.xs, got, tt.want)
		}
		if tt.xs[0] != first {
			t.Errorf("median changed its argument to %v", tt.xs)
		}
	}
}

func TestDisturbed(t *testing.T) {
	if got, want := disturbed([]float64{14, 10, 16, 14.9, 40}), 0.4; got != want {
		t.Errorf("disturbed: %v, want %v", got, want)
	}
}

func TestMedianRatio(t *testing.T) {
	// The clock halves after the first round and something interrupts the last:
	// the ratio within each of the others is 2.
	own := []float64{10, 20, 20, 20, 900}
	other := []float64{20, 40, 40, 40, 40}
	if got, want := medianRatio(column{}, own, other), 2.0; got != want {
		t.Errorf("faster: %v, want %v", got, want)
	}
	if got, want := medianRatio(column{multiple: true}, own, other), 0.5; got != want {
		t.Errorf("multiple: %v, want %v", got, want)
	}
}

func TestMeasure(t *testing.T) {
	work := func() { time.Sleep(100 * time.Microsecond) }
	faster := column{title: "faster"}
	calls := 0
	var rounds []int
	results := measure("suite", benchCase{name: "case", bytes: 1000, contenders: []contender{
		{who: "a", how: "once", op: work, versus: map[column][]id{faster: {{"b", "ten times"}, {"nobody", ""}}, ofLimit: {{"nobody", ""}}}},
		{who: "b", how: "ten times", op: func() { work(); calls++ }, worth: 10},
	}}, 0, func(round int) { rounds = append(rounds, round) })

	if got, want := len(rounds), 1+minRounds; got != want {
		t.Errorf("%d rounds, want %d: %v", got, want, rounds)
	}
	if calls < minRounds {
		t.Errorf("%d calls, want at least %d", calls, minRounds)
	}
	if got, want := len(results), 2; got != want {
		t.Fatalf("%d results, want %d", got, want)
	}
	a, b := results[0], results[1]
	if a.Suite != "suite" || a.Case != "case" || a.Who != "a" || a.How != "once" || a.Rounds != minRounds {
		t.Errorf("wrong labels: %+v", a)
	}
	// Sleep takes at least what it is told: this much is certain on any machine.
	if a.Ns < 100e3 || b.Ns < 10e3 {
		t.Errorf("a takes %v ns and b %v ns, want at least 100000 and 10000", a.Ns, b.Ns)
	}
	if got, want := a.MBPerSecond()*a.Ns, 1000*1e3; math.Abs(got-want) > 1 {
		t.Errorf("%v MB/s at %v ns, want the product to be %v", a.MBPerSecond(), a.Ns, want)
	}
	if _, ok := a.Ratio(faster.title); !ok || len(a.Ratios) != 1 {
		t.Errorf("ratios %v, want only %q", a.Ratios, faster.title)
	}
}

// TestFloor: a row takes at least the given share of another in each round.
func TestFloor(t *testing.T) {
	faster := column{title: "faster"}
	all, part := id{"all", ""}, id{"part", ""}
	for _, tt := range []struct {
		share float64
		want  float64 // how many times faster than all, at most
	}{{0.25, 4}, {1, 1}} {
		results := measure("suite", benchCase{bytes: 1, contenders: []contender{
			{who: all.who, op: func() { time.Sleep(100 * time.Microsecond) }},
			{who: part.who, op: func() {}, atLeast: floor{all, tt.share}, versus: map[column][]id{faster: {all}}},
		}}, 0, func(int) {})
		if got := results[1].Ratios[0].Value; math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("share %v: %v times faster, want %v", tt.share, got, tt.want)
		}
	}
}

func TestAllocations(t *testing.T) {
	var sink []byte
	for _, tt := range []struct {
		op   func()
		want float64
	}{
		{func() {}, 0},
		{func() { sink = make([]byte, 1000) }, 1},
	} {
		if got := newRunner(contender{op: tt.op}).allocs; got != tt.want {
			t.Errorf("%v allocs, want %v", got, tt.want)
		}
	}
	_ = sink
}

func TestRunEntersState(t *testing.T) {
	for _, s := range settingsOf("ige") {
		r := newRunner(contender{setting: &s, op: func() {
			if got := bestBackend(); got != s.name {
				t.Errorf("runs with %s, want %s", got, s.name)
			}
		}})
		r.run(1)
	}
}
