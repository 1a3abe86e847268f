// Package limit measures lower bounds for the time of AES-256-IGE: the latency of the AES
// rounds for one stream, and the maximum throughput of the AES units for many.
//
// Each block of IGE, in both directions, is xored with the result of the block before it
// enters the cipher. So the 14 rounds of a block cannot start before the previous block's
// are done, however clever the code is. Rounds of other streams can run meanwhile, until
// the AES units have no gap left. The probes run such rounds and nothing else. Their time
// depends on the CPU and on its current clock, which is why they have to be measured beside
// whatever is compared with them.
package limit

// maxCall bounds one call of a probe, in blocks of each chain: assembly cannot be
// preempted, and 4096 dependent blocks take about 60 µs.
const maxCall = 4096

// The number of chains that the probes for many streams run side by side.
const (
	parallelChains        = 15
	parallelChainsVAES256 = 2 * 15
	parallelChainsVAES512 = 4 * 15
)

// Available reports whether Blocks and Parallel can run on this CPU.
func Available() bool { return available }

// AvailableVAES256 reports whether ParallelVAES256 can run on this CPU.
func AvailableVAES256() bool { return available && availableVAES256 }

// AvailableVAES512 reports whether ParallelVAES512 can run on this CPU.
func AvailableVAES512() bool { return available && availableVAES512 }

// Blocks runs 14 AES rounds for each of n blocks, one round after the other. If n is small,
// an out-of-order CPU overlaps consecutive calls, which do not depend on each other: a
// measurement needs some thousand blocks.
func Blocks(n int) { run(chain, n) }

// Parallel runs 14 AES rounds for each of n blocks, most of which do not depend on
// each other. It rounds n up to a multiple of 15.
func Parallel(n int) { run(chains, (n+parallelChains-1)/parallelChains) }

// ParallelVAES256 is Parallel with instructions that take two blocks. It rounds n up to a
// multiple of 30.
func ParallelVAES256(n int) {
	run(chainsVAES256, (n+parallelChainsVAES256-1)/parallelChainsVAES256)
}

// ParallelVAES512 is Parallel with instructions that take four blocks. It rounds n up to a
// multiple of 60.
func ParallelVAES512(n int) {
	run(chainsVAES512, (n+parallelChainsVAES512-1)/parallelChainsVAES512)
}

// run calls probe for n blocks of each of its chains.
func run(probe func(n int), n int) {
	for n > 0 {
		call := min(n, maxCall)
		probe(call)
		n -= call
	}
}
