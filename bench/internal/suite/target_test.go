package suite

import (
	"reflect"
	"testing"

	"github.com/mtcore/mtcore/internal/results"
)

func TestJudge(t *testing.T) {
	const us, best = "mtcore.somehow@backend", "limit.anyhow"
	id := results.CaseID{Op: "op", Count: 2, Size: 64}
	vsGotd := Column{ID: results.VsGotd, Title: "vs gotd"}
	s := Suite{Name: "suite", Cases: []Case{{
		Name: "the case", Op: id.Op, Count: id.Count, Size: id.Size,
		Contenders: []Contender{{Label: Label{Way: "mtcore.somehow", How: "somehow"}, Setting: &Setting{Name: "backend"}}},
	}}}
	rows := []results.Result{
		{
			Suite: "suite", Op: "op", Count: 2, Size: 64, Way: "mtcore.somehow", Backend: "backend", Ns: 999, Allocs: 1,
			Ratios: []results.Ratio{{ID: results.VsGotd, Value: 1.5}, {ID: results.OfLimit, Value: 1.03}, {ID: results.VsOne, Value: 11.96}},
		},
		{Suite: "suite", Op: "op", Count: 2, Size: 64, Way: best, Ratios: []results.Ratio{{ID: results.VsOne, Value: 12}}},
	}
	for _, tt := range []struct {
		column Column
		bound  float64
		limit  Row
		what   string
		value  float64
		met    bool
		best   float64
	}{
		{vsGotd, 1.5, "", "vs gotd ≥ 1.50", 1.5, true, 0},
		{vsGotd, 1.51, "", "vs gotd ≥ 1.51", 1.5, false, 0},
		{OfLimit, 1.02, "", "× limit ≤ 1.02", 1.03, false, 0},
		{OfLimit, 1.04, "", "× limit ≤ 1.04", 1.03, true, 0},
		{VsOne, 12, best, "vs one ≥ 12.00", 11.96, false, 12},
		{VsOne, 11, "limit.absent", "vs one ≥ 11.00", 11.96, true, 0},
		{NsPerOp, 1000, "", "ns/op ≤ 1000", 999, true, 0},
		{NsPerOp, 998, "", "ns/op ≤ 998", 999, false, 0},
		{AllocsPerOp, 0, "", "allocs/op ≤ 0", 1, false, 0},
	} {
		s.Targets = []Target{{id, us, tt.column, tt.bound, tt.limit}}
		want := []results.Target{{
			Suite: "suite", Row: "suite/op/2x64/mtcore.somehow@backend",
			What: "the case, mtcore backend, somehow: " + tt.what, ID: tt.column.ID, Column: tt.column.Title, Bound: tt.bound,
			Measured: true, Value: tt.value, Met: tt.met, Limit: tt.best,
		}}
		if got := s.Judge(rows); !reflect.DeepEqual(got, want) {
			t.Errorf("judged %+v, want %+v", got, want)
		}
	}
	other := results.CaseID{Op: "other", Count: 1}
	s.Targets = []Target{{other, us, vsGotd, 1, ""}, {id, us, VsPeer, 2, ""}}
	for _, got := range s.Judge(rows) {
		if got.Measured || got.Met {
			t.Errorf("%+v is measured", got)
		}
	}
}
