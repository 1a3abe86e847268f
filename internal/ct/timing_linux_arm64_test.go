package ct

import (
	"slices"
	"strings"
	"testing"
)

// TestTimingProblem has a program of kernels at 0x1000 and 0x2000, and Go code elsewhere.
func TestTimingProblem(t *testing.T) {
	kernelAt := func(pc uint64) string { return map[uint64]string{1: "F", 2: "G"}[pc>>12] }
	const (
		other   = 0x9000
		nothing = 0xd503201f
	)
	run := func(at uint64, words ...uint32) (steps []step, code map[uint64]uint32) {
		code = map[uint64]uint32{}
		for i, w := range words {
			pc := at + 4*uint64(i)
			steps, code[pc] = append(steps, step{pc, 0}, step{pc, 8}), w
		}
		return steps, code
	}
	many := make([]uint32, maxWithout+1)
	for i := range many {
		many[i] = nothing
	}
	body := func(first, last []uint32) []uint32 {
		return append(append(append([]uint32{}, first...), many...), last...)
	}
	set, cleared := []uint32{nothing, setDIT}, []uint32{clearDIT, nothing}
	for _, tt := range []struct {
		name string
		code []uint32 // of F; that of G is right
		want string
	}{
		{"right", body(set, cleared), ""},
		{"short", []uint32{nothing, nothing}, ""},
		{"not set", body(nil, nil), "F runs without DIT"},
		{"set too late", body(nil, append(set, cleared...)), "F runs without DIT"},
		{"cleared too early", body(append(set, cleared...), nil), "F runs without DIT"},
		{"not cleared", body(set, nil), "F leaves DIT set"},
	} {
		go1, code := run(other, nothing, nothing)
		f, codeF := run(0x1000, tt.code...)
		g, codeG := run(0x2000, body(set, cleared)...)
		for _, more := range []map[uint64]uint32{codeF, codeG} {
			for pc, w := range more {
				code[pc] = w
			}
		}
		var steps []step
		for _, part := range [][]step{go1, g, go1, f, go1, f, go1, g, go1} {
			steps = append(steps, part...)
		}
		got := timingProblem(slices.Values(steps), kernelAt, func(pc uint64) uint32 { return code[pc] })
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
