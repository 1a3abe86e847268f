package suite

import (
	"math"
	"slices"
	"time"

	"github.com/mtcore/mtcore/bench/internal/probe"
	"github.com/mtcore/mtcore/internal/results"
)

// A CycleRow is a row of the table of core cycles. Its columns are contenders of one case: mtcore at
// its best, the same messages one at a time if that is something else, and somebody else's.
type CycleRow struct {
	Name     string
	Case     results.CaseID // its suite is filled in
	Contends [CycleColumns]Row
}

// CycleColumns is how many contenders a row can have.
const CycleColumns = 3

// CyclesLegend explains the table.
const CyclesLegend = `Core cycles for each message, in the fastest of the rounds in which the columns of a row took turns. A
cycle is what one of many dependent additions takes, just before.`

const (
	// CycleRounds is how many rounds there are.
	CycleRounds = 100
	cycleSlice  = 100 * time.Microsecond // short enough to be left alone now and then on a busy machine
)

// MeasureCycles returns how many core cycles each contender of the row takes for a message, or 0 if it
// is not there. It is not ok if the case is not.
func (s *Suite) MeasureCycles(r CycleRow, rounds int) (cycles [CycleColumns]float64, ok bool) {
	i := slices.IndexFunc(s.Cases, func(c Case) bool { return c.Op == r.Case.Op && c.Count == r.Case.Count && c.Size == r.Case.Size })
	if i < 0 {
		return cycles, false
	}
	var runners [CycleColumns]*runner
	for _, c := range s.Cases[i].Contenders {
		if column := slices.Index(r.Contends[:], c.Row()); column >= 0 {
			runners[column] = newRunner(c, cycleSlice)
			cycles[column] = math.Inf(1)
		}
	}
	for range rounds {
		for column, runner := range runners {
			if runner != nil {
				cycle := probe.Cycle()
				cycles[column] = min(cycles[column], runner.run(runner.n)/cycle/float64(max(1, r.Case.Count)))
			}
		}
	}
	return cycles, true
}
