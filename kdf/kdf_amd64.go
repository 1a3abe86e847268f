//go:build gc && !purego

package kdf

import (
	"github.com/mtcore/mtcore/internal/cpuid"
	"github.com/mtcore/mtcore/internal/impl"
	"github.com/mtcore/mtcore/kdf/asm"
)

var (
	// useSHA asks for AVX too, since the kernels use its three-operand forms.
	useSHA = cpuid.X86HasSHA && cpuid.X86HasAVX
	// useAVX512 is for batches only, and leaves the rest to useSHA.
	useAVX512 = useSHA && cpuid.X86HasAVX512F && cpuid.X86HasAVX512BW && cpuid.X86HasAVX512VL
)

var backends = impl.New("kdf").Add("SHA-NI", &useSHA).Add("AVX-512", &useAVX512)

// The kernels for SHA-256, under the names that kdf_asm.go and lane_asm.go dispatch to
// on every architecture.

func blocksSHA(h *[8]uint32, p *byte, blocks int) { asm.BlocksSHANI(h, p, blocks) }

func blocks2SHA(h0, h1 *[8]uint32, p0, p1 *byte, blocks int) {
	asm.Blocks2SHANI(h0, h1, p0, p1, blocks)
}

func deriveSHA(key, iv *[32]byte, part *[96]byte, m *MsgKey) {
	asm.DeriveSHANI(key, iv, &part[0], (*[MsgKeySize]byte)(m))
}

const (
	lanes = 16 // of AVX-512

	// minWide is from how many hashes on the sixteen lanes are faster than two by two.
	// All lanes take as long as one.
	minWide = 9
	// minWideDerive is the same for derivations, of which each needs two lanes.
	minWideDerive = 5
)

func msgKeyBatchSHA(jobs []Job) {
	if useAVX512 && len(jobs) >= minWide {
		msgKeyWide(jobs)
		return
	}
	msgKeyPairs(jobs)
}

func deriveBatchSHA(jobs []Job) {
	if useAVX512 {
		jobs = deriveWide(jobs)
	}
	deriveEach(jobs)
}

// msgKeyWide is msgKeyBatch with AVX-512, for minWide jobs and more.
func msgKeyWide(jobs []Job) {
	var all [lanes]lane
	ls := startJobs(all[:], jobs)
	next := len(ls)

	// The kernel wants states next to each other.
	var states [lanes][8]uint32
	var p [lanes]*byte
	for len(ls) >= minWide {
		blocks := maxCall / lanes
		for i := range ls {
			l := &ls[i]
			var n int
			p[i], n = l.next(jobs[l.job].Padded)
			blocks = min(blocks, n)
			states[i] = l.state
		}
		for i := len(ls); i < lanes; i++ {
			p[i] = p[0] // anything that can be read; nobody will look at the result
		}
		asm.Blocks16AVX512(&states, &p, blocks)
		for i := range ls {
			ls[i].state = states[i]
			ls[i].done += blocks
		}
		ls, next = refill(ls, len(ls), jobs, next)
	}
	clear(states[:])
	finishJobs(ls, jobs, next)
}

// deriveWide does as many jobs as it is worth and returns the others.
func deriveWide(jobs []Job) (rest []Job) {
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
