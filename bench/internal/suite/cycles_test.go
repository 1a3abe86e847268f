package suite

import (
	"testing"
	"time"

	"github.com/mtcore/mtcore/internal/results"
)

// TestMeasureCycles: a contender that sleeps takes at least as many cycles for each of its messages as
// there are in that time at 100 MHz, twice as long takes more, and what is not there has none.
func TestMeasureCycles(t *testing.T) {
	const slowest = 0.1 // cycles in a nanosecond
	const rounds = 10   // in one of which a nap of 200 µs does not become one of 20 ms, on a busy machine
	nap := 200 * time.Microsecond
	s := Suite{Cases: []Case{{Op: "op", Count: 2, Contenders: []Contender{
		{Label: Label{Way: "a"}, Op: func() { time.Sleep(nap) }},
		{Label: Label{Way: "b"}, Op: func() { time.Sleep(100 * nap) }},
	}}}}
	id := results.CaseID{Op: "op", Count: 2}
	got, ok := s.MeasureCycles(CycleRow{Case: id, Contends: [CycleColumns]Row{"a", "", "b"}}, rounds)
	if least := slowest * float64(nap) / 2; !ok || got[0] < least || got[1] != 0 || got[2] < got[0] {
		t.Errorf("%v cycles, %v; want %.0f at least, then none, then more", got, ok, least)
	}
	// Cycles are those of a message: a thousand of them in the same time take a thousandth. No
	// clock changes by that much.
	s.Cases[0].Count = 1000
	id.Count = 1000
	if many, ok := s.MeasureCycles(CycleRow{Case: id, Contends: [CycleColumns]Row{"b"}}, 3); !ok || many[0] > got[2]/10 {
		t.Errorf("%v cycles for each of 1000 messages, %v; want far less than %v", many[0], ok, got[2])
	}
	if _, ok := s.MeasureCycles(CycleRow{Case: results.CaseID{Op: "other"}}, 3); ok {
		t.Error("cycles of a case that is not there")
	}
}
