// Package limit measures a lower bound for the time of AES-256-IGE: the latency of
// the AES rounds.
//
// Each block of IGE, in both directions, enters the cipher xored with the result
// of the block before. So the 14 rounds of a block cannot start before the 14 of
// the last one are through, however clever the code is. The probe runs such rounds
// and nothing else. What it takes depends on the CPU and its clock of this moment,
// which is why it has to be measured beside whatever is compared with it.
package limit

// maxCall bounds one call of the probe, in blocks: assembly cannot be preempted,
// and 4096 blocks take some 60 µs.
const maxCall = 4096

// Available reports whether Blocks can run on this CPU.
func Available() bool { return available }

// Blocks runs 14 AES rounds for each of n blocks, one round after the other. Where
// n is small, a CPU that reorders overlaps consecutive calls, which do not depend
// on each other: some thousand blocks are needed for a measurement.
func Blocks(n int) {
	for n > 0 {
		call := min(n, maxCall)
		chain(call)
		n -= call
	}
}
