package limit

import "testing"

// probes returns the probes that can run on this CPU, by name.
func probes() map[string]func(n int) {
	probes := map[string]func(n int){}
	if Available() {
		probes["Blocks"], probes["Parallel"] = Blocks, Parallel
	}
	if AvailableVAES256() {
		probes["ParallelVAES256"] = ParallelVAES256
	}
	if AvailableVAES512() {
		probes["ParallelVAES512"] = ParallelVAES512
	}
	return probes
}

func TestProbes(t *testing.T) {
	if len(probes()) == 0 {
		t.Log("no AES instructions: nothing to run")
		return
	}
	// Zero must return, and the loop over calls must end: chain(0) would not.
	for name, probe := range probes() {
		t.Run(name, func(t *testing.T) {
			for _, n := range []int{0, 1, 14, 15, 16, 59, 60, 61, maxCall - 1, maxCall, maxCall + 1, 3 * maxCall, 61 * maxCall} {
				probe(n)
			}
		})
	}
}

// TestRun checks that a probe does all blocks, in calls that are not too long.
func TestRun(t *testing.T) {
	for _, want := range []int{0, 1, maxCall - 1, maxCall, maxCall + 1, 2 * maxCall, 5*maxCall + 7} {
		got := 0
		run(func(n int) {
			if n < 1 || n > maxCall {
				t.Errorf("call with %d blocks", n)
			}
			got += n
		}, want)
		if got != want {
			t.Errorf("%d blocks, want %d", got, want)
		}
	}
}

func BenchmarkProbes(b *testing.B) {
	const blocks = 3840
	for name, probe := range probes() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(16 * blocks)
			for b.Loop() {
				probe(blocks)
			}
		})
	}
}
