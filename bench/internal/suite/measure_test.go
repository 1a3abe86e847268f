package suite

import (
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mtcore/mtcore/ige"
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
		if got := Median(tt.xs); got != tt.want {
			t.Errorf("Median(%v) = %v, want %v", tt.xs, got, tt.want)
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
	// The clock halves after the first round, and something interrupts the last: the ratio
	// within each of the others is 2.
	own := []float64{10, 20, 20, 20, 900}
	other := []float64{20, 40, 40, 40, 40}
	if got, want := Median(ratios(Column{}, own, other)), 2.0; got != want {
		t.Errorf("faster: %v, want %v", got, want)
	}
	if got, want := Median(ratios(Column{Multiple: true}, own, other)), 0.5; got != want {
		t.Errorf("multiple: %v, want %v", got, want)
	}
}

func TestMeasure(t *testing.T) {
	work := func() { time.Sleep(100 * time.Microsecond) }
	faster := Column{ID: "faster"}
	calls := 0
	var rounds []int
	rows := Measure("suite", Case{Name: "case", Op: "op", Bytes: 1000, Contenders: []Contender{
		{Label: Label{"a.once", "a", "once"}, Op: work, Versus: map[Column][]Row{faster: {"b.ten", "nobody"}, OfLimit: {"nobody"}}},
		{Label: Label{"b.ten", "b", "ten times"}, Op: func() { work(); calls++ }, Worth: 10},
	}}, 0, func(round int) { rounds = append(rounds, round) })

	if got, want := len(rounds), 1+MinRounds; got != want {
		t.Errorf("%d rounds, want %d: %v", got, want, rounds)
	}
	if calls < MinRounds {
		t.Errorf("%d calls, want at least %d", calls, MinRounds)
	}
	if got, want := len(rows), 2; got != want {
		t.Fatalf("%d results, want %d", got, want)
	}
	a, b := rows[0], rows[1]
	if a.Suite != "suite" || a.Case != "case" || a.Op != "op" || a.Way != "a.once" || a.Who != "a" || a.How != "once" || a.Rounds != MinRounds {
		t.Errorf("wrong labels: %+v", a)
	}
	// Sleep takes at least as long as asked, on any machine.
	if a.Ns < 100e3 || b.Ns < 10e3 {
		t.Errorf("a takes %v ns and b %v ns, want at least 100000 and 10000", a.Ns, b.Ns)
	}
	if got, want := a.MBPerSecond()*a.Ns, 1000*1e3; math.Abs(got-want) > 1 {
		t.Errorf("%v MB/s at %v ns, want the product to be %v", a.MBPerSecond(), a.Ns, want)
	}
	if a.Min > a.Low || a.Low > a.Ns || a.Ns > a.High || a.High > a.Max {
		t.Errorf("from %v over %v, %v, %v to %v", a.Min, a.Low, a.Ns, a.High, a.Max)
	}
	q := a.Ratio(faster.ID)
	if q == nil || len(a.Ratios) != 1 || q.Of != "b.ten" || q.Who != "b" || q.Low > q.Value || q.High < q.Value {
		t.Errorf("ratios %+v, want only %q", a.Ratios, faster.ID)
	}
}

// TestFloor: a row takes at least the given share of another in each round.
func TestFloor(t *testing.T) {
	faster := Column{ID: "faster"}
	const all, part = "all", "part"
	for _, tt := range []struct {
		share float64
		want  float64 // how many times faster than all, at most
	}{{0.25, 4}, {1, 1}} {
		rows := Measure("suite", Case{Bytes: 1, Contenders: []Contender{
			{Label: Label{Way: all}, Op: func() { time.Sleep(100 * time.Microsecond) }},
			{Label: Label{Way: part}, Op: func() {}, AtLeast: Floor{all, tt.share}, Versus: map[Column][]Row{faster: {all}}},
		}}, 0, func(int) {})
		if got := rows[1].Ratios[0].Value; math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("share %v: %v times faster, want %v", tt.share, got, tt.want)
		}
	}
}

// TestLess: the time of another row is subtracted, in every round.
func TestLess(t *testing.T) {
	takes := func(ns float64) func(n int) (float64, float64) {
		return func(n int) (float64, float64) { return ns * float64(n), 0 }
	}
	rows := Measure("suite", Case{Contenders: []Contender{
		{Label: Label{Way: "all"}, Elsewhere: takes(1e6), Less: "part"},
		{Label: Label{Way: "part"}, Elsewhere: takes(4e5)},
	}}, 0, func(int) {})
	if all, part := rows[0], rows[1]; all.Ns != 6e5 || all.Min != 6e5 || part.Ns != 4e5 {
		t.Errorf("%v ns, at least %v, without %v; want 6e5 both, without 4e5", all.Ns, all.Min, part.Ns)
	}
}

// TestFastest: of several rows the fastest counts, and those that are missing do not.
func TestFastest(t *testing.T) {
	byRow := map[Row]*runner{}
	for row, ns := range map[Row]float64{"slow": 3, "fast": 1, "other": 2} {
		byRow[row] = &runner{ns: []float64{ns}}
	}
	if got := fastest(byRow, []Row{"missing", "other", "fast", "slow"}); got != byRow["fast"] {
		t.Errorf("%v, want the fastest", got)
	}
	if got := fastest(byRow, []Row{"missing"}); got != nil {
		t.Errorf("%v, want none", got)
	}
}

// TestRunCollects: what leaves garbage has it collected before the next contender runs.
func TestRunCollects(t *testing.T) {
	var sink []byte
	for _, tt := range []struct {
		name string
		op   func()
		want bool
	}{
		{"garbage", func() { sink = make([]byte, 1000) }, true},
		{"none", func() {}, false},
	} {
		r := newRunner(Contender{Op: tt.op}, time.Microsecond)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r.run(1)
		runtime.ReadMemStats(&after)
		if got := after.NumForcedGC > before.NumForcedGC; got != tt.want {
			t.Errorf("%s: collected is %v, want %v", tt.name, got, tt.want)
		}
	}
	_ = sink
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
		if got := newRunner(Contender{Op: tt.op}, slice).allocs; got != tt.want {
			t.Errorf("%v allocs, want %v", got, tt.want)
		}
	}
	_ = sink
}

// TestElsewhere: what another process did counts as it says, whatever a clock here says.
func TestElsewhere(t *testing.T) {
	most := 0
	rows := Measure("suite", Case{Slice: time.Second, Contenders: []Contender{
		{Label: Label{Way: "a.elsewhere"}, Elsewhere: func(n int) (ns, allocs float64) {
			most = max(most, n)
			return 1e6 * float64(n), 7 * float64(n)
		}},
	}}, 0, func(int) {})
	if got := rows[0]; got.Ns != 1e6 || got.Allocs != 7 || most != 1000 {
		t.Errorf("%v ns, %v allocations, at most %d times in a row; want 1e6, 7 and 1000", got.Ns, got.Allocs, most)
	}
}

func TestRunEntersState(t *testing.T) {
	for _, s := range SettingsOf("ige") {
		r := newRunner(Contender{Setting: &s, Op: func() {
			if got, _, _ := strings.Cut(ige.Backend(), "+"); got != s.Name {
				t.Errorf("runs with %s, want %s", got, s.Name)
			}
		}}, slice)
		r.run(1)
	}
}

// TestSamples: consecutive rounds stay together.
func TestSamples(t *testing.T) {
	got := samples([]float64{1, 2, 3, 10, 20, 30, 7}, 2)
	if len(got) != 2 || got[0] != 2 || got[1] != 15 {
		t.Errorf("samples are %v, want 2 and 15", got)
	}
	if got := samples([]float64{5, 6}, 20); len(got) != 2 || got[0] != 5 || got[1] != 6 {
		t.Errorf("samples are %v, want 5 and 6", got)
	}
}
