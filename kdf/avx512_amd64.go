//go:build gc && !purego

package kdf

import "github.com/mtcore/mtcore/kdf/asm"

const lanes = 16 // of AVX-512

// msgKeyBatchAVX512 is msgKeyBatch for minWide jobs and more.
func msgKeyBatchAVX512(jobs []Job) {
	var all [lanes]digest
	ds := startJobs(all[:], jobs)
	next := len(ds)

	// The kernel wants states next to each other.
	var states [lanes][8]uint32
	var p [lanes]*byte
	for len(ds) >= minWide {
		blocks := maxCall / lanes
		for i := range ds {
			d := &ds[i]
			var n int
			p[i], n = d.next(jobs[d.job].Padded)
			blocks = min(blocks, n)
			states[i] = d.state
		}
		for i := len(ds); i < lanes; i++ {
			p[i] = p[0] // anything that can be read; nobody will look at the result
		}
		asm.Blocks16AVX512(&states, &p, blocks)
		for i := range ds {
			ds[i].state = states[i]
			ds[i].done += blocks
		}
		ds, next = refill(ds, len(ds), jobs, next)
	}
	clear(states[:])
	finishJobs(ds, jobs, next)
}

// deriveBatchAVX512 does as many jobs as it is worth and returns the others.
func deriveBatchAVX512(jobs []Job) (rest []Job) {
	const width = lanes / 2
	var (
		keys, ivs [width]*[32]byte
		authKeys  [width]*byte
		msgKeys   [width]*[MsgKeySize]byte
	)
	for len(jobs) >= minWideDerive {
		n := min(len(jobs), width)
		for i := range width {
			j := &jobs[min(i, n-1)] // the last one again and again, if there are not enough
			keys[i], ivs[i] = &j.Key, &j.IV
			authKeys[i] = &j.AuthKey.derivePart(j.Side)[0]
			msgKeys[i] = (*[MsgKeySize]byte)(&j.MsgKey)
		}
		asm.Derive8AVX512(&keys, &ivs, &authKeys, &msgKeys)
		jobs = jobs[n:]
	}
	return jobs
}
