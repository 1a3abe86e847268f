//go:build gc && !purego

package kdf

import (
	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/kdfspec"
	"github.com/mtcore/mtcore/kdf/asm"
)

const lanes = 16 // of AVX-512

// minWide is from how many hashes on the sixteen lanes of AVX-512, all of which take as long as
// one, are faster than two by two, and minWideBlocks how long they have to be to pay for what
// that takes to prepare. In cycles for a block of a hash, with all lanes in use: two by two 81,
// in lanes 45 on Zen 5; 66 and 63 on Zen 4.
var minWide, minWideBlocks = wide()

func wide() (least, blocks int) {
	if cpuid.X86HalfAVX512 {
		return lanes, 8
	}
	return 9, 2
}

// worthWide reports whether there are enough jobs that are long enough.
func worthWide(jobs []Job) bool {
	n := 0
	for i := range jobs {
		if paddedBlocks(len(jobs[i].Padded)) >= minWideBlocks {
			n++
		}
	}
	return n >= minWide
}

// msgKeyAVX512 does as many of the jobs whose indices are in order, the longest first, as it is
// worth, and returns the others.
func msgKeyAVX512(jobs []Job, order []uint8) (rest []uint8) {
	for {
		n := 0
		for n < min(len(order), lanes) && paddedBlocks(len(jobs[order[n]].Padded)) >= minWideBlocks {
			n++
		}
		if n < minWide {
			return order
		}
		msgKeyGroup(jobs, order[:n])
		order = order[n:]
	}
}

// msgKeyGroup does so many jobs, which begin together: so the longest of them are the first ones
// until the end, and those that are done are the last.
func msgKeyGroup(jobs []Job, order []uint8) {
	var g group
	ds := g.ds[:len(order)]
	for l, i := range order {
		ds[l].startJob(jobs, int(i))
	}
	finishJobs(g.doTogether(ds, jobs), jobs, nil)
}

// group is up to sixteen hashes.
type group struct {
	ds [lanes]digest
	h  [8][lanes]uint32 // the states, while all of them work, word by word
}

// doTogether hashes as long as it is worth all lanes, and returns what is still to be done.
func (g *group) doTogether(ds []digest, jobs []Job) []digest {
	g.h = initialStates
	for len(ds) >= minWide {
		var p [lanes]*byte
		blocks := maxCall / lanes
		for l := range ds {
			d := &ds[l]
			var n int
			p[l], n = d.next(jobs[d.job].Padded)
			blocks = min(blocks, n)
		}
		for l := len(ds); l < lanes; l++ {
			p[l] = p[0] // anything that can be read; nobody will look at the result
		}
		asm.Blocks16AVX512(&g.h, &p, blocks)
		for l := range ds {
			ds[l].done += blocks
		}
		for l := len(ds) - 1; l >= 0 && ds[l].done == ds[l].total; l-- {
			g.takeState(&ds[l], l)
			ds[l].msgKey(&jobs[ds[l].job].MsgKey)
			ds[l].wipe()
			ds = ds[:l]
		}
	}
	for l := range ds {
		g.takeState(&ds[l], l)
	}
	g.h = [8][lanes]uint32{}
	return ds
}

// takeState lets d continue from where lane l is.
func (g *group) takeState(d *digest, l int) {
	for i := range d.state {
		d.state[i] = g.h[i][l]
	}
}

// initialStates is the initial state in all lanes.
var initialStates = func() (h [8][lanes]uint32) {
	for i, word := range kdfspec.Initial {
		for l := range h[i] {
			h[i][l] = word
		}
	}
	return h
}()

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
